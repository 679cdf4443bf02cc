"""One node in a process of its own: to freeze, kill and debug."""

import signal
from types import FrameType

from winter_wire import topics

from winter_river.emulator.fleet import Fleet
from winter_river.engine import CALIBRATIONS
from winter_river.facility.model import Facility, Node


def run_node(node: Node, broker_url: str, *, root: str = topics.ROOT, seed: int = 0) -> None:
    """Run one node until SIGINT or SIGTERM, then let it say goodbye. Call it in the main thread.

    Raises ValueError for a broker URL that is none.
    """
    alone = Facility(name=node.id, calibration=CALIBRATIONS[0], nodes={node.id: node})
    fleet = Fleet(alone, broker_url, root=root, seed=seed)

    def stop(number: int, frame: FrameType | None) -> None:
        fleet.request_stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        fleet.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
