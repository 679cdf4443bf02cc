"""The meter: passes power on and counts the energy, each way by itself."""

from dataclasses import dataclass

from winter_river.engine.equipment.table import CURRENT_A_MAX, Equipment, Rating, feed_ratings

METER = Equipment(
    type="meter",
    ratings=(
        Rating("rated_a", None, 0.1, CURRENT_A_MAX, "nameplate: of its current transformers"),
        *feed_ratings("feed", "the cable to it"),
    ),
    feeds_min=1,
    feeds_max=1,
    fed_by=("utility", "transformer", "switchgear", "distribution", "meter"),
)


@dataclass(slots=True, frozen=True)
class MeterPlan:
    node: int
    rated_pu: float
