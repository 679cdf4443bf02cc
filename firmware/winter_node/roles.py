"""What differs from type to type on the node itself; fields, states and verbs are rows of the schema.

One row a type: the two positions the long press moves between, and the rows of the main page. A type without one has
those of the type it acts as, as far as it has their fields; else the usual: its first and last position, and voltage,
current, power and load.
"""

from winter_wire import schema

# A row of the main page is one or two cells (field, decimals, unit), or a bar (BAR, label, field, full).
BAR = "bar"
TIME = "left"  # unit of a cell that shows seconds as time left

_VOLT_AMP = (("voltage_out", 0, "V"), ("current", 1, "A"))
_POWER = (("power_kw", 1, "kW"),)
_POWER_LOAD = (("power_kw", 1, "kW"), ("load_pct", 0, "%"))
_POWER_AMP = (("power_kw", 1, "kW"), ("current", 1, "A"))
_LOAD_BAR = (BAR, "LOAD", "load_pct", 100)
_THROUGH = (_VOLT_AMP, _POWER, _LOAD_BAR)  # whatever passes power on through a breaker

# The long press moves between (at rest, put aside). A generator is taken out of service, a UPS goes to its
# bypass: the positions a technician in front of the device reaches for. Neither drops a load.
_BREAKER = ("closed", "open")
_SWITCH = ("on", "off")

PRESS, ROWS = range(2)  # columns
_OWN = {
    "utility": (_SWITCH, ((("voltage_out", 0, "V"), ("frequency_hz", 2, "Hz")), _POWER, (("current", 2, "A"),))),
    "transformer": (_BREAKER, ((("voltage_in", 0, "V"), ("voltage_out", 0, "V")), _POWER, _LOAD_BAR)),
    "switchgear": (_BREAKER, _THROUGH),
    "generator": (
        ("auto", "off"),
        ((("rpm", 0, "rpm"), ("frequency_hz", 1, "Hz")), _POWER_LOAD, (BAR, "FUEL", "fuel_pct", 100)),
    ),
    "distribution": (_BREAKER, _THROUGH),
    "ups": (
        ("online", "bypass"),
        (_POWER_LOAD, (("runtime_s", 0, TIME), ("voltage_out", 0, "V")), (BAR, "BATT", "soc_pct", 100)),
    ),
    "pdu": (_BREAKER, _THROUGH),
    "server": (_SWITCH, (_POWER_AMP, (("voltage_in", 0, "V"), ("load_set_kw", 0, "kW set")), _LOAD_BAR)),
    "cooling": (_SWITCH, (_POWER_AMP, (("voltage_in", 0, "V"), ("fans_running", 0, " fans")), _LOAD_BAR)),
    "bess": (
        ("auto", "hold"),
        (
            (("power_kw", 1, "kW"), ("temperature_c", 0, "C")),
            (("voltage_in", 0, "V"), ("setpoint_kw", 0, " set")),
            (BAR, "SOC", "soc_pct", 100),
        ),
    ),
    "pv": (_SWITCH, (_POWER_AMP, (("sun_w_m2", 0, "W/m2"), ("setpoint_kw", 0, " max")), _LOAD_BAR)),
}


def _complete(own, usual):
    """The rows of all types."""

    def having(fields, page):
        """A page without the cells whose fields there are not."""
        rows = []
        for row in page:
            if row[0] != BAR:
                row = tuple([cell for cell in row if cell[0] in fields])
                if row:
                    rows.append(row)
            elif row[2] in fields:
                rows.append(row)
        return tuple(rows)

    rows = {}
    for name in schema.TYPES:
        handles, acts_as = schema.TYPES[name][schema.HANDLES], schema.TYPES[name][schema.ACTS_AS]
        press, page = own.get(acts_as or name) or ((handles[0], handles[-1]), usual)
        rows[name] = (press, having(schema.fields("status", name), page) if acts_as else page)
    return rows


TYPES = _complete(_OWN, _THROUGH)

del _complete, _OWN, _VOLT_AMP, _POWER, _POWER_LOAD, _POWER_AMP, _LOAD_BAR, _THROUGH, _BREAKER, _SWITCH

# Moving a handle to one of these closes a circuit; the interlock looks at such moves only.
CLOSING = ("closed", "on")

# verb of one type -> (point, parameter, +1 or -1 times which it is set to); without a parameter to what stands there
SETS = {
    "start": ("handle", "", "run"),
    "hold": ("handle", "", "hold"),
    "set_load": ("load_set_kw", "power_kw", 1),
    "set_fans": ("fans_running", "running", 1),
    "set_setpoint": ("setpoint_kw", "power_kw", 1),
    "charge": ("setpoint_kw", "power_kw", 1),
    "discharge": ("setpoint_kw", "power_kw", -1),
}

# point -> the setting that limits it from above, where the settings name one
LIMITS = {"load_set_kw": "load_kw_max", "fans_running": "fans_max"}


def press_positions(type_name):
    """(at rest, put aside): what the long press moves the handle between."""
    return TYPES[type_name][PRESS]


def rows(type_name):
    """The rows of the main page."""
    return TYPES[type_name][ROWS]


def keep_only(type_name):
    """Lets go, for good, of the rows of other types: a board is one node and has little memory."""
    for other in list(TYPES):
        if other != type_name:
            del TYPES[other]
    for verb in list(SETS):
        if verb not in schema.verbs(type_name):
            del SETS[verb]
