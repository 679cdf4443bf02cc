"""The cooling unit: a base load and fans whose power goes with the cube of their speed."""

from winter_river.engine.equipment.table import POWER_KVA_MAX, Equipment, Rating, breaker_ratings, feed_ratings

COOLING = Equipment(
    type="cooling",
    ratings=(
        Rating("fans", 55.0, 1.0, 10000.0, "chosen: 29 m3/s for 384 kW at 11 K"),
        Rating("fan_kw", 0.8, 0.0, 1000.0, "chosen: each fan at full speed"),
        Rating("base_kw", 4.0, 0.0, POWER_KVA_MAX, "chosen: pumps and controls"),
        Rating("power_factor", 0.95, 0.5, 1.0, "chosen: fans with electronic drives"),
        *breaker_ratings(),
        *feed_ratings("feed", "the cable to it"),
    ),
    feeds_min=1,
    feeds_max=1,
    fed_by=("switchgear", "distribution", "transformer", "utility", "ups", "pdu"),
)
