"""The server: a row of racks, or what else is a load, that draws its power through one cord or two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from winter_river.engine.equipment import itic
from winter_river.engine.equipment.table import (
    POWER_KVA_MAX,
    Combination,
    Equipment,
    Rating,
    breaker_ratings,
    feed_ratings,
    fuse_combinations,
)
from winter_river.engine.units import ALWAYS_S, NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.calibration import Calibration


# What a load holds when its voltage is not the nominal one (load_models.py); in a file the word.
LOAD_MODELS = ("power", "current", "impedance")
POWER, CURRENT, IMPEDANCE = range(3)
RIDES_THROUGH = ("itic", "anything")


def _combinations(ratings: Mapping[str, float]) -> tuple[Combination, ...]:
    found = fuse_combinations(ratings)
    if ratings["load_kw"] > ratings["load_kw_max"]:
        why = f"{ratings['load_kw']:g} kW is more than load_kw_max, {ratings['load_kw_max']:g} kW"
        found = (("load_kw", why), *found)
    return found


SERVER = Equipment(
    type="server",
    ratings=(
        Rating("load_kw", None, 0.0, POWER_KVA_MAX, "nameplate, until the node says otherwise"),
        Rating("load_kw_max", None, 0.0, POWER_KVA_MAX, "nameplate, the most that load_set_kw may ask"),
        Rating("power_factor", 0.98, 0.5, 1.0, "chosen: power supplies with correction"),
        Rating(
            *("load_model", 0.0, 0.0, 2.0),
            "chosen: power supplies hold their power; lamps and chargers hold their current, heaters their impedance; "
            "load_kw is at nominal voltage",
            LOAD_MODELS,
        ),
        Rating(
            *("ride_through", 0.0, 0.0, 1.0),
            "chosen: itic, as power supplies do; anything: a heater or lamp never lets go, whatever voltage is left to it",
            RIDES_THROUGH,
        ),
        Rating("cabinets", 16.0, 1.0, 100000.0, "chosen: a row of 16 of 6 kW; how much heat the room holds"),
        Rating("heat_shutdown", 1.0, 0.0, 1.0, "chosen: servers turn themselves off when it is too hot", ("off", "on")),
        *breaker_ratings(fuse=True),
        *feed_ratings("feed", "each cord"),
    ),
    feeds_min=1,
    feeds_max=2,
    fed_by=("ups", "pdu", "distribution", "switchgear", "transformer", "utility", "meter"),
    combinations=_combinations,
)


@dataclass(slots=True, frozen=True)
class ServerPlan:
    """bus_2: the second cord, NONE with one. place: its turn among the racks behind the same feeder. room: NONE where
    nothing here cools it. rides: through whatever voltage comes."""

    node: int
    bus_1: int
    bus_2: int
    load_kw: float
    load_kw_max: float
    kvar_per_kw: float
    load_model: int
    rides: bool
    rated_pu: float
    place: int
    room: int
    heat_shutdown: bool
    profile: int  # NONE: it draws what it is set to at any time


@dataclass(slots=True)
class ServerState:
    load_set_kw: float = 0.0
    load_kw: float = 0.0
    running: bool = True
    lost: bool = False
    dose: float = 0.0  # of the ride-through of its supply (itic.py)
    dose_rate: float = 0.0
    dose_since_s: float = 0.0
    stopped_s: float = ALWAYS_S
    due_s: float = NEVER_S


def run_server(
    s: ServerState,
    c: Calibration,
    t_s: float,
    *,
    closed: bool,
    supplied: bool,
    supply_pu: float,
    rides: bool,
    hot: bool,
    place: int,
) -> None:
    """Stops when the supply stays away for longer than ITIC asks for, or in a room that is too hot; comes back in its
    turn among the racks behind the same feeder.

    closed: switched on, unfaulted, a cord's breaker closed. supplied: a cord is live; supply_pu: the best voltage at
    the cords while it runs, in front of them while it does not. rides: no supply is too poor for it.
    """
    dose_rate = 0.0 if rides else itic.dose_rate(supply_pu)
    if not closed:
        s.running, s.lost, s.due_s = True, False, NEVER_S  # closing it starts it at once: nothing to take turns with
        _ride(s, t_s, 0.0)
        return
    if s.running:
        _ride(s, t_s, 0.0 if hot else dose_rate)
        if hot or t_s >= s.due_s:
            s.running, s.lost, s.due_s = False, supplied and not hot, NEVER_S
            s.stopped_s = t_s
            _ride(s, t_s, 0.0)
        else:
            return
    if hot or dose_rate > 0.0:
        s.due_s = NEVER_S
        return
    if s.due_s == NEVER_S:
        s.due_s = t_s + place * c.stagger_s + (c.restart_s if s.lost else 0.0)
    if t_s >= s.due_s:
        s.running, s.lost, s.due_s = True, False, NEVER_S


def _ride(s: ServerState, t_s: float, rate: float) -> None:
    """Runs the ride-through used up so far, and says when it is all used at this rate; a good supply restores it."""
    if rate != s.dose_rate:
        s.dose = s.dose + s.dose_rate * (t_s - s.dose_since_s) if rate > 0.0 else 0.0
        s.dose_rate = rate
        s.dose_since_s = t_s
        if s.running:
            s.due_s = t_s + (1.0 - s.dose) / rate if rate > 0.0 else NEVER_S
