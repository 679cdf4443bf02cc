"""The server: a row of racks that draws constant power through one cord or two."""

from collections.abc import Mapping

from winter_river.engine.equipment.table import (
    POWER_KVA_MAX,
    Combination,
    Equipment,
    Rating,
    breaker_ratings,
    feed_ratings,
)


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
