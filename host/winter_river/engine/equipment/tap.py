"""The taps of a transformer: how many turns of its primary winding are in use, set off load or changed under load.

Fewer turns under the same voltage are more volts a turn, so the secondary voltage rises, and so do the flux and the
no-load loss. An off-load tap is set while the transformer is dead and stays; an on-load tap changer keeps the secondary
voltage inside a band: when it has been outside for a while, the motor drive takes a step, and further ones soon after.

Two in parallel are master and follower: the one watches the voltage, the other takes the tap that gives it as many volts
a turn, at the same instant, so that no current circulates between them. The master waits for a follower that cannot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from winter_river.engine.equipment.table import Combination, Rating
from winter_river.engine.units import NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.equipment.transformer import TransformerPlan, TransformerState

TAP_DRIVE_S = 5.0  # chosen: from one step to the next while it is still outside; motor drives take 3 to 10 s
TAP_STUCK = 4  # bit of the malfunctions of a transformer

TAP_RATINGS = (
    Rating(
        "tap_pct",
        0.0,
        -20.0,
        20.0,
        "chosen: the nominal turns of the primary; usual are -5, -2.5, 0, 2.5 and 5, and fewer turns raise the secondary",
    ),
    Rating(
        "tap_changer",
        0.0,
        0.0,
        1.0,
        "chosen: off-load taps; auto: an on-load tap changer keeps the secondary voltage; of two behind closed mains one follows",
        ("fixed", "auto"),
    ),
    Rating(
        "tap_step_pct",
        0.625,
        0.1,
        5.0,
        "chosen: 32 steps of 5/8 % over +-10 %, which IEEE C57.12.10 suggests (IEEE's tutorial on taps)",
    ),
    Rating("tap_steps_max", 16.0, 1.0, 40.0, "chosen: each way, as tap_step_pct"),
    Rating("tap_target_pct", 100.0, 80.0, 120.0, "chosen: the nominal secondary voltage, which auto keeps"),
    Rating(
        "tap_band_pct", 2.0, 0.2, 10.0, "chosen: the whole band around it, three steps wide, so that it cannot hunt"
    ),
    Rating("tap_delay_s", 30.0, 1.0, 600.0, "chosen: usual on tap changers; shorter sags are left alone"),
)


def tap_combinations(ratings: Mapping[str, float]) -> tuple[Combination, ...]:
    """The band must be wider than a step, and turns must be left at the end of the range."""
    if ratings["tap_changer"] == 0.0:
        return ()
    found = []
    step_pct, band_pct = ratings["tap_step_pct"], ratings["tap_band_pct"]
    if band_pct < 1.2 * step_pct:
        why = f"{band_pct:g} % is too narrow for steps of {step_pct:g} %: it would hunt; at least {1.2 * step_pct:g} %"
        found.append(("tap_band_pct", why))
    most_pct = step_pct * ratings["tap_steps_max"]
    if most_pct > 30.0:
        found.append(("tap_steps_max", f"steps of {step_pct:g} % make {most_pct:g} %; at most 30 % each way"))
    return tuple(found)


def tap_ratio(tap_pct: float, step_pct: float, position: int) -> float:
    """The secondary voltage with nothing drawn, of the nominal one, under nominal voltage.

    tap_pct: primary turns beside the nominal ones by the off-load tap. position: of the tap changer, positive raises.
    """
    return 1.0 / (1.0 + (tap_pct - position * step_pct) / 100.0)


def tap_like(r: TransformerPlan, master: TransformerPlan, position: int) -> int:
    """The position that brings the turns of a follower nearest to those of its master in this one, in its range."""
    turns_pct = r.tap_pct - master.tap_pct + position * master.tap_step_pct
    nearest = math.floor(turns_pct / r.tap_step_pct + 0.5)
    return max(-r.tap_steps_max, min(r.tap_steps_max, nearest))


def follow_tap(o: TransformerState, t_s: float, *, to: int) -> int:
    """How far the tap changer of a follower moves now: -1, 0 or 1; as fast as its drive goes."""
    way = 0 if o.tap == to else 1 if o.tap < to else -1
    if way == 0:
        rest_tap(o)
        return 0
    if o.tap_way == 0 or o.tap_s == NEVER_S:
        o.tap_s = t_s
    o.tap_way = way
    if t_s < o.tap_s:
        return 0
    o.tap += way
    o.tap_s = t_s + TAP_DRIVE_S
    return way


def rest_tap(o: TransformerState) -> None:
    """Nothing asks it to move."""
    o.tap_way = 0
    o.tap_s = NEVER_S


def run_tap(r: TransformerPlan, o: TransformerState, t_s: float, *, live: bool, secondary_pu: float) -> int:
    """How far the tap changer moves now: -1, 0 or 1. Notes in which direction the voltage is off, and since when.

    live: fed and its drive not stuck.
    """
    way = 0
    if live and secondary_pu < r.tap_low_pu:
        way = 1
    elif live and secondary_pu > r.tap_high_pu:
        way = -1
    if way != o.tap_way:
        o.tap_way = way
        o.tap_s = t_s + r.tap_delay_s
    at_end = way == 0 or not -r.tap_steps_max <= o.tap + way <= r.tap_steps_max
    if at_end:
        o.tap_s = NEVER_S
    elif t_s >= o.tap_s:
        o.tap += way
        o.tap_s = t_s + TAP_DRIVE_S
        return way
    return 0
