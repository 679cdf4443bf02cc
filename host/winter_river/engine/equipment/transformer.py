"""The transformer: a series impedance between two halves of its magnetising branch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from winter_river.engine.equipment.table import (
    POWER_KVA_MAX,
    VOLTAGE_V_MAX,
    Combination,
    Equipment,
    Rating,
    feed_ratings,
)
from winter_river.engine.equipment.tap import TAP_RATINGS, tap_combinations
from winter_river.engine.units import NEVER_S


@dataclass(slots=True, frozen=True)
class TransformerPlan:
    """size, loss_ratio: which column of transformer_heat's tables, and load loss over no-load loss. ages: whether its
    loss of life is added up. tap_steps_max: of its tap changer each way, 0 without one; tap_low_pu to tap_high_pu: the
    secondary voltage that it keeps. master: the row of the one whose tap changer its own follows while both mains of
    tie are closed, NONE for none."""

    node: int
    power_pu: float
    size: int
    loss_ratio: float
    ages: bool
    tap_pct: float
    tap_step_pct: float
    tap_steps_max: int
    tap_low_pu: float
    tap_high_pu: float
    tap_delay_s: float
    master: int
    tie: int


@dataclass(slots=True)
class TransformerState:
    """Oil and winding as of since_s, and where they run from there (transformer_heat.py).

    cooling_lost_pu: of its malfunction; blocked_pu: as the oil knows it. hot: beyond a limit. tap: position of its tap
    changer; tap_way: which way the voltage asks it to go; tap_s: when it goes (tap.py). held: it waits for
    one that follows it. aged_h: its loss of life up to
    since_s (transformer_life.py).
    """

    oil_c: float = 0.0
    fast_k: float = 0.0
    slow_k: float = 0.0
    oil_end_c: float = 0.0
    gradient_end_k: float = 0.0
    since_s: float = 0.0
    load_pu: float = 0.0
    ambient_c: float = 0.0
    cooling_lost_pu: float = 0.0
    blocked_pu: float = 0.0
    aged_h: float = 0.0
    hot: bool = False
    tap: int = 0
    tap_way: int = 0
    tap_s: float = NEVER_S
    held: bool = False
    due_s: float = NEVER_S


def transformer_pi(
    *, impedance_pu: float, load_loss_pu: float, no_load_current_pu: float, no_load_loss_pu: float
) -> tuple[complex, complex]:
    """(series impedance, half of the magnetising branch) in per unit of its own rating.

    The magnetising branch is a conductance that takes the no-load loss and an inductance that brings the current up to
    the no-load current (no inductance where the loss alone takes as much); one half lies on each side of the impedance.
    So have it power-grid-model (its component `transformer`, read in its source) and pandapower (`trafo_model="pi"`).
    impedance_pu must be at least load_loss_pu.
    """
    reactance = math.sqrt(impedance_pu**2 - load_loss_pu**2)
    susceptance = math.sqrt(max(0.0, no_load_current_pu**2 - no_load_loss_pu**2))
    return complex(load_loss_pu, reactance), complex(no_load_loss_pu, -susceptance) / 2.0


def _combinations(ratings: Mapping[str, float]) -> tuple[Combination, ...]:
    power_w = ratings["power_kva"] * 1000.0
    resistance_pct = ratings["load_loss_w"] / power_w * 100.0
    if resistance_pct > ratings["impedance_pct"]:
        message = (
            f"{ratings['load_loss_w']:g} W at {ratings['power_kva']:g} kVA is a resistance of {resistance_pct:.3g} %, "
            f"more than the whole impedance of {ratings['impedance_pct']:g} %"
        )
        return (("load_loss_w", message), *tap_combinations(ratings))
    return tap_combinations(ratings)


TRANSFORMER = Equipment(
    type="transformer",
    ratings=(
        Rating("power_kva", None, 0.1, POWER_KVA_MAX, "nameplate"),
        Rating("primary_voltage_v", None, 100.0, VOLTAGE_V_MAX, "nameplate, line to line"),
        Rating("secondary_voltage_v", None, 100.0, VOLTAGE_V_MAX, "nameplate, line to line"),
        Rating("impedance_pct", 5.75, 0.1, 50.0, "chosen: usual for 750 to 2500 kVA at medium voltage"),
        Rating("no_load_loss_w", 0.0, 0.0, 1e7, "chosen: 0, a loss is stated or it is not there"),
        Rating("load_loss_w", 0.0, 0.0, 1e8, "chosen: 0, a loss is stated or it is not there"),
        Rating("no_load_current_pct", 0.0, 0.0, 50.0, "chosen: 0, as the losses"),
        *TAP_RATINGS,
        *feed_ratings("feed", "the cable to its primary"),
    ),
    feeds_min=1,
    feeds_max=1,
    fed_by=("utility", "transformer", "switchgear", "distribution", "generator", "ups", "pdu", "meter"),
    combinations=_combinations,
)
