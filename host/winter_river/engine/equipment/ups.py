"""The UPS: rectifier, battery and inverter in a row, with a static bypass around them."""

from winter_river.engine.equipment.table import (
    POWER_KVA_MAX,
    Equipment,
    Rating,
    breaker_ratings,
    feed_ratings,
)

UPS = Equipment(
    type="ups",
    ratings=(
        Rating("power_kva", None, 0.1, POWER_KVA_MAX, "nameplate"),
        Rating("power_kw", None, 0.1, POWER_KVA_MAX, "nameplate"),
        Rating("input_power_factor", 0.99, 0.5, 1.0, "chosen: an active rectifier"),
        Rating("input_kw_max", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means 1.3 x power_kw, as 650 kW of 500 kW"),
        Rating("loss_fixed_pu", 0.010, 0.0, 0.2, "chosen: 96.3 % at 77 % load, inside 94 to 97 % of data sheets"),
        Rating("loss_linear_pu", 0.008, 0.0, 0.2, "chosen: with loss_fixed_pu"),
        Rating("loss_square_pu", 0.022, 0.0, 0.2, "chosen: with loss_fixed_pu"),
        Rating("loss_on_battery_ratio", 0.6, 0.0, 1.0, "chosen: the rectifier's part is gone"),
        Rating("bypass_loss_kw", 0.0, 0.0, 1000.0, "chosen: 0; 3 kW for 500 kW"),
        Rating("charge_kw", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means a fifth of power_kw, as 100 kW of 500 kW"),
        Rating("charge_kw_on_generator", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means half of charge_kw"),
        Rating("charge_efficiency", 0.90, 0.1, 1.0, "chosen: lead-acid, AC side to stored energy"),
        Rating("battery_kwh", None, 0.0001, 1e6, "nameplate, at battery_kw; realistic calibration takes six times"),
        Rating("battery_kw", 0.0, 0.0, POWER_KVA_MAX, "chosen: 0 means power_kw; the rate battery_kwh is stated at"),
        *breaker_ratings("input_"),
        *breaker_ratings("output_"),
        *feed_ratings("feed", "the cable to its input"),
        *feed_ratings("output", "the busway behind its output breaker"),
    ),
    feeds_min=1,
    feeds_max=1,
    fed_by=("utility", "transformer", "switchgear", "distribution", "generator", "pdu"),
)
