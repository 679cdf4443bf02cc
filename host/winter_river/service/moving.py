"""A service leaves its broker for another one, or stays where it is."""

from __future__ import annotations

from collections.abc import Callable

from winter_river.address import Address
from winter_river.service.bus import Bus, BusError
from winter_river.service.messages import Message

MOVE_S_MAX = 10.0  # chosen: as long as a start may take to connect


def move(bus: Bus, broker: Address, *, goodbye: Callable[[], Message], timeout_s: float = MOVE_S_MAX) -> None:
    """Leaves with a goodbye and returns once the other broker has let us in. Raises BusError where it does not; then
    we are on our way back to the one before.

    Whoever else is on the old broker stays there: the nodes have to be moved after us, so that we do not hear their
    last wills.
    """
    before = bus.address
    bus.move(broker, [goodbye()])
    try:
        bus.wait_connected(timeout_s)
    except BusError:
        bus.move(before)
        raise
