"""The server: a row of racks that draws constant power through one cord or two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from winter_river.engine.equipment.table import (
    POWER_KVA_MAX,
    Combination,
    Equipment,
    Rating,
    breaker_ratings,
    feed_ratings,
)
from winter_river.engine.units import NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.calibration import Calibration
    from winter_river.engine.world import ServerState

DROP_OUT_PU = 0.70  # ITIC: below 70 % for half a second a supply gives up; sags here are steady, so at once
STEADY_LOW_PU, STEADY_HIGH_PU = 0.90, 1.10  # ITIC's steady band


def _combinations(ratings: Mapping[str, float]) -> tuple[Combination, ...]:
    if ratings["load_kw"] > ratings["load_kw_max"]:
        return (("load_kw", f"{ratings['load_kw']:g} kW is more than load_kw_max, {ratings['load_kw_max']:g} kW"),)
    return ()


SERVER = Equipment(
    type="server",
    ratings=(
        Rating("load_kw", None, 0.0, POWER_KVA_MAX, "nameplate, until the node says otherwise"),
        Rating("load_kw_max", None, 0.0, POWER_KVA_MAX, "nameplate, the most that load_set_kw may ask"),
        Rating("power_factor", 0.98, 0.5, 1.0, "chosen: power supplies with correction"),
        *breaker_ratings(),
        *feed_ratings("feed", "each cord"),
    ),
    feeds_min=1,
    feeds_max=2,
    fed_by=("ups", "pdu", "distribution", "switchgear", "transformer", "utility"),
    combinations=_combinations,
)


def run_server(
    s: ServerState, c: Calibration, t_s: float, *, closed: bool, supplied: bool, supply_pu: float, place: int
) -> None:
    """Stops when the supply is lost; comes back in its turn among the racks behind the same feeder.

    closed: switched on, unfaulted, a cord's breaker closed. supplied: a cord is live; supply_pu: the best voltage at
    the cords while it runs, in front of them while it does not.
    """
    if not closed:
        s.running, s.lost, s.due_s = True, False, NEVER_S  # closing it starts it at once: nothing to take turns with
        return
    if supply_pu < DROP_OUT_PU:
        if s.running:
            s.running, s.lost = False, supplied
        s.due_s = NEVER_S
        return
    if s.running:
        return
    if s.due_s == NEVER_S:
        s.due_s = t_s + place * c.stagger_s + (c.restart_s if s.lost else 0.0)
    if t_s >= s.due_s:
        s.running, s.lost, s.due_s = True, False, NEVER_S
