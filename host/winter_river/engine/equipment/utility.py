"""The utility: a voltage behind the short-circuit impedance of the grid."""

from winter_river.engine.equipment.table import VOLTAGE_V_MAX, Equipment, Rating

UTILITY = Equipment(
    type="utility",
    ratings=(
        Rating("voltage_v", None, 100.0, VOLTAGE_V_MAX, "nameplate, line to line"),
        Rating("short_circuit_mva", 5000.0, 0.1, 1_000_000.0, "chosen: a strong transmission bus"),
        Rating("x_over_r", 12.0, 0.01, 1000.0, "chosen: usual at transmission voltage"),
        Rating("frequency_hz", 60.0, 45.0, 65.0, "chosen: North America"),
    ),
    feeds_min=0,
    feeds_max=0,
    fed_by=(),
)
