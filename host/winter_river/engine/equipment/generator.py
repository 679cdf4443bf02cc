"""The generator: a regulated voltage at its terminals, an engine that must be cranked, and fuel."""

from winter_river.engine.equipment.table import POWER_KVA_MAX, VOLTAGE_V_MAX, Equipment, Rating

GENERATOR = Equipment(
    type="generator",
    ratings=(
        Rating("power_kw", None, 0.1, POWER_KVA_MAX, "nameplate, standby"),
        Rating("power_kva", None, 0.1, POWER_KVA_MAX, "nameplate, standby"),
        Rating("voltage_v", None, 100.0, VOLTAGE_V_MAX, "nameplate, line to line"),
        Rating("frequency_hz", 60.0, 45.0, 65.0, "chosen: North America"),
        Rating("poles", 4.0, 2.0, 64.0, "chosen: 1800 rpm at 60 Hz, usual for standby sets"),
        Rating("fuel_gal", 800.0, 0.1, 1e6, "chosen: about 25 h at 75 % of 600 kW, US gallons"),
    ),
    feeds_min=0,
    feeds_max=0,
    fed_by=(),
)
