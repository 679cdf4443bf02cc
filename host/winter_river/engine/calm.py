"""Who need not be asked again.

What a device decides hangs on what it is told and connected to, on the voltages and currents at it, and on instants that it
has named itself (`due_s`). A settling that nothing but time called for finds all the rest as the last one left it. It
is *calm*: whoever has no instant of its own now, and whose island was not solved in it, or was and left it a voltage that
everybody takes, decides as it did, and is passed by.

What moves the network (a switch, a tap, a tripped breaker) ends the calm, for those who come later in the pass too. Who
only goes on along its own way (a rectifier, a set between two modes) is due once more and asks for another pass (`again`).
A world that asks everybody comes to the same, to the bit: tests/engine/test_calm.py has one.
"""

from __future__ import annotations

from winter_river.engine.equipment.cooling import DROP_OUT_PU
from winter_river.engine.equipment.itic import STEADY_HIGH_PU, STEADY_LOW_PU
from winter_river.engine.equipment.static_switch import HIGH_GOOD_PU
from winter_river.engine.equipment.switchgear import GOOD_PU
from winter_river.engine.equipment.ups import (
    BYPASS_HIGH_PU,
    BYPASS_LOW_PU,
    RECTIFIER_GOOD_HIGH_PU,
    RECTIFIER_GOOD_LOW_PU,
)
from winter_river.engine.world import World

# Inside the steady band of ITIC nobody lets go, and nobody waits to take more; held off its edges by a rounding.
assert max(DROP_OUT_PU, GOOD_PU, RECTIFIER_GOOD_LOW_PU, BYPASS_LOW_PU) <= STEADY_LOW_PU
assert min(HIGH_GOOD_PU, RECTIFIER_GOOD_HIGH_PU, BYPASS_HIGH_PU) >= STEADY_HIGH_PU
ROUNDING_PU = 1e-6
LOW2, HIGH2 = (STEADY_LOW_PU + ROUNDING_PU) ** 2, (STEADY_HIGH_PU - ROUNDING_PU) ** 2


def is_unsettled(w: World) -> bool:
    """Whether something was done to the world since the last settling."""
    return w.unsettled or w.touched


def is_solved(w: World, bus: int) -> bool:
    """Whether the island of a bus was solved in this settling."""
    island = w.island_of[bus]
    return island >= 0 and w.wiring[island].solved


def is_fine(w: World, bus: int) -> bool:
    """Whether a bus has a voltage that everybody takes."""
    v = w.v[bus]
    return LOW2 < v.real * v.real + v.imag * v.imag < HIGH2


def holds(w: World, feed: int, bus: int, good: bool) -> bool:
    """Whether a supply is as it was: the island that feeds it was not solved, or it was good and its voltage is fine.
    feed: the bus it comes from; bus: the one that is looked at, `feed` itself or one behind it."""
    return not is_solved(w, feed) or (good and is_fine(w, bus))


def end_calm(w: World, moved: bool) -> bool:
    """Ends the calm where something moved; gives `moved` back."""
    w.calm = w.calm and not moved
    return moved
