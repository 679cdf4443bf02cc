"""One node in a process of its own: to freeze, kill and debug."""

import secrets
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType

from winter_wire import topics

from winter_river.address import Address
from winter_river.emulator.fleet import Fleet
from winter_river.emulator.slots import HasBundle, HasSettings


@dataclass(frozen=True)
class _Alone:
    """A facility of one node."""

    name: str
    nodes: Mapping[str, HasSettings]


def run_node(
    node: HasSettings,
    broker: str | Address,
    *,
    root: str = topics.ROOT,
    seed: int | None = None,
    bundle: HasBundle | None = None,
) -> None:
    """Run one node until SIGINT or SIGTERM, then let it say goodbye. Call it in the main thread.

    node: a facility's Node. seed: None draws one, for a boot number that comes back makes a restarted node sound like
    a late message of its former self. bundle: its own, at a secured site. Raises ValueError for a broker that it cannot join.
    """
    node_id = str(node.settings()["id"])
    chosen = secrets.randbits(64) if seed is None else seed
    bundles = None if bundle is None else {node_id: bundle}
    fleet = Fleet(_Alone(node_id, {node_id: node}), broker, root=root, seed=chosen, bundles=bundles)

    def stop(number: int, frame: FrameType | None) -> None:
        fleet.request_stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        fleet.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
