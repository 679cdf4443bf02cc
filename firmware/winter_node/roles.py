"""What differs from type to type on the node itself; fields, states and verbs are rows of the schema.

One row a type: the two positions the long press moves between, and the rows of the main page.
"""

# A row of the main page is a tuple of cells (field, decimals, unit), or a bar (BAR, field, full, decimals, unit).
BAR = "bar"

_VOLT_AMP = (("voltage_out", 0, "V"), ("current", 1, "A"))
_POWER = (("power_kw", 1, "kW"), ("load_pct", 0, "%"))
_LOAD_BAR = (BAR, "load_pct", 100, 0, "%")

# The long press moves between (at rest, put aside). A generator is taken out of service, a UPS goes to its
# maintenance bypass: the positions a technician in front of the device reaches for. Neither drops a load.
_BREAKER = ("closed", "open")
_SWITCH = ("on", "off")

PRESS, ROWS = range(2)  # columns
TYPES = {
    "utility": (_SWITCH, ((("voltage_out", 0, "V"), ("frequency_hz", 2, "Hz")), (("power_kw", 1, "kW"),), (("current", 2, "A"),))),
    "transformer": (_BREAKER, ((("voltage_in", 0, "V"), ("voltage_out", 0, "V")), _POWER, _LOAD_BAR)),
    "switchgear": (_BREAKER, (_VOLT_AMP, (("power_kw", 1, "kW"),), _LOAD_BAR)),
    "generator": (("auto", "off"), ((("rpm", 0, "rpm"), ("frequency_hz", 1, "Hz")), _POWER, (BAR, "fuel_pct", 100, 0, "% fuel"))),
    "distribution": (_BREAKER, (_VOLT_AMP, (("power_kw", 1, "kW"),), _LOAD_BAR)),
    "ups": (("online", "bypass"), (_POWER, (("runtime_s", 0, "time"), ("battery_kw", 1, "kW")), (BAR, "soc_pct", 100, 0, "%"))),
    "pdu": (_BREAKER, (_VOLT_AMP, (("power_kw", 1, "kW"),), _LOAD_BAR)),
    "server": (_SWITCH, ((("power_kw", 1, "kW"), ("current", 1, "A")), (("voltage_in", 0, "V"),), _LOAD_BAR)),
    "cooling": (_SWITCH, ((("power_kw", 1, "kW"), ("current", 1, "A")), (("fans_running", 0, "fans"),), _LOAD_BAR)),
}  # fmt: skip

# Moving a handle to one of these closes a circuit; the interlock looks at such moves only.
CLOSING = ("closed", "on")

# point -> the setting that limits it from above, where the settings name one
LIMITS = {"load_set_kw": "load_kw_max", "fans_running": "fans_max"}


def press_positions(type_name):
    """(at rest, put aside): what the long press moves the handle between."""
    return TYPES[type_name][PRESS]


def rows(type_name):
    """The rows of the main page."""
    return TYPES[type_name][ROWS]
