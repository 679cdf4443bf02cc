"""The tables of the contract: every field, type and verb, each in one row. Data only, read through winter_wire.schema.

They are a module of their own so that a board, which is one node of one type, can let go of the rows it never reads.
"""

VERSION = 1

# Form of a value: NUMBER is written with the row's decimals, INTEGER as it is, TEXT has a length
# limit, FLAG is true or false, OBJECT is a nested object (only `params`).
NUMBER = "number"
INTEGER = "integer"
TEXT = "text"
FLAG = "flag"
OBJECT = "object"

COUNT_MAX = 0x7FFFFFFF  # counters and ids stay in 31 bits: exact in every dialect

# name, form, decimals, low, high, unit. For TEXT low and high are lengths.
FIELDS = (
    ("v", INTEGER, 0, 1, VERSION, ""),
    ("node_id", TEXT, 0, 1, 32, ""),
    ("type", TEXT, 0, 1, 16, ""),
    ("status", TEXT, 0, 1, 8, ""),
    ("state", TEXT, 0, 0, 12, ""),
    # electrical: echoed in a status, computed in a view
    ("voltage_in", NUMBER, 1, 0, 1000000, "V"),
    ("voltage_out", NUMBER, 1, 0, 1000000, "V"),
    ("current", NUMBER, 3, 0, 1000000, "A"),
    ("power_kw", NUMBER, 3, -1000000, 1000000, "kW"),
    ("power_factor", NUMBER, 4, -1, 1, ""),
    ("power_in_kw", NUMBER, 3, -1000000, 1000000, "kW"),
    ("reactive_kvar", NUMBER, 3, -1000000, 1000000, "kvar"),
    ("loss_kw", NUMBER, 3, 0, 1000000, "kW"),
    ("battery_kw", NUMBER, 3, -1000000, 1000000, "kW"),
    ("frequency_hz", NUMBER, 2, 0, 100, "Hz"),
    ("load_pct", NUMBER, 1, 0, 100000, "%"),
    # of one type or another
    ("soc_pct", NUMBER, 2, 0, 100, "%"),
    ("runtime_s", INTEGER, 0, 0, COUNT_MAX, "s"),
    ("battery_kwh", NUMBER, 4, 0, 1000000, "kWh"),
    ("fuel_pct", NUMBER, 2, 0, 100, "%"),
    ("rpm", INTEGER, 0, 0, 100000, "rpm"),
    ("energy_kwh", NUMBER, 3, 0, 1000000000, "kWh"),
    ("returned_kwh", NUMBER, 3, 0, 1000000000, "kWh"),
    ("temperature_c", NUMBER, 1, -100, 1000, "C"),
    ("sun_w_m2", NUMBER, 0, 0, 10000, "W/m2"),
    ("oil_c", NUMBER, 1, -100, 1000, "C"),
    ("hot_spot_c", NUMBER, 1, -100, 1000, "C"),
    ("aged_h", NUMBER, 4, 0, 1000000000, "h"),
    ("health_pct", NUMBER, 2, 0, 100, "%"),
    ("tap", INTEGER, 0, -40, 40, ""),
    ("source", INTEGER, 0, 0, 3, ""),
    ("inlet_c", NUMBER, 1, -100, 1000, "C"),
    ("supply_c", NUMBER, 1, -100, 1000, "C"),
    ("flow_m3s", NUMBER, 2, 0, 1000000, "m3/s"),
    # the node's own
    ("handle", TEXT, 0, 1, 8, ""),
    ("mode", TEXT, 0, 1, 8, ""),
    ("fault", TEXT, 0, 0, 255, ""),  # spelled by winter_wire.faults
    ("resets", INTEGER, 0, 0, COUNT_MAX, ""),
    ("load_set_kw", NUMBER, 3, 0, 100000, "kW"),
    ("fans_running", INTEGER, 0, 0, 10000, ""),
    ("setpoint_kw", NUMBER, 3, -100000, 100000, "kW"),
    ("source_set", TEXT, 0, 1, 8, ""),
    ("fuel_set_pct", NUMBER, 2, 0, 100, "%"),
    ("refuels", INTEGER, 0, 0, COUNT_MAX, ""),
    # of the virtual nodes
    ("tick", INTEGER, 0, 0, COUNT_MAX, ""),
    ("lag_ms", NUMBER, 1, 0, 1000000000, "ms"),
    ("step_ms", NUMBER, 3, 0, 1000000000, "ms"),
    ("speed", NUMBER, 2, 0, 1000, ""),
    ("frozen", FLAG, 0, 0, 1, ""),
    ("seed", INTEGER, 0, 0, COUNT_MAX, ""),
    ("nodes", INTEGER, 0, 0, COUNT_MAX, ""),
    ("online", INTEGER, 0, 0, COUNT_MAX, ""),
    ("received", INTEGER, 0, 0, COUNT_MAX, ""),
    ("rejected", INTEGER, 0, 0, COUNT_MAX, ""),
    ("unknown", INTEGER, 0, 0, COUNT_MAX, ""),
    ("dropped", INTEGER, 0, 0, COUNT_MAX, ""),
    ("late", INTEGER, 0, 0, COUNT_MAX, ""),
    ("laws_broken", INTEGER, 0, 0, COUNT_MAX, ""),
    ("it_kw", NUMBER, 3, 0, 1000000, "kW"),
    ("cooling_kw", NUMBER, 3, 0, 1000000, "kW"),
    ("source_kw", NUMBER, 3, -1000000, 1000000, "kW"),
    ("storage_kw", NUMBER, 3, -1000000, 1000000, "kW"),
    ("pue", NUMBER, 3, 0, 1000, ""),
    ("it_kwh", NUMBER, 3, 0, 1000000000, "kWh"),
    ("served_pct", NUMBER, 3, 0, 100, "%"),
    ("source_kwh", NUMBER, 3, -1000000000, 1000000000, "kWh"),
    ("lost_kwh", NUMBER, 3, 0, 1000000000, "kWh"),
    ("balance_kw", NUMBER, 3, -1000000, 1000000, "kW"),
    ("outdoor_c", NUMBER, 1, -100, 1000, "C"),
    ("humidity_pct", NUMBER, 1, 0, 100, "%"),
    ("preset", INTEGER, 0, 0, 6, ""),
    ("cold_aisle_c", NUMBER, 1, -100, 1000, "C"),
    ("hot_aisle_c", NUMBER, 1, -100, 1000, "C"),
    ("air_mode", TEXT, 0, 0, 16, ""),
    # health of the node
    ("wifi_rssi", INTEGER, 0, -200, 0, "dBm"),
    ("uptime", INTEGER, 0, 0, COUNT_MAX, "s"),
    ("ts", INTEGER, 0, 0, 4102444800, "s"),  # whole seconds since 1970, 0 while the clock is unset
    ("boot", INTEGER, 0, 0, COUNT_MAX, ""),
    ("seq", INTEGER, 0, 0, COUNT_MAX, ""),
    ("timeline", INTEGER, 0, 0, COUNT_MAX, ""),
    ("heap_free", INTEGER, 0, 0, COUNT_MAX, "B"),
    ("reset_cause", TEXT, 0, 0, 12, ""),
    ("fw", TEXT, 0, 0, 16, ""),
    # of a view and an event
    ("t_s", NUMBER, 3, 0, 10000000000, "s"),
    ("tripped", FLAG, 0, 0, 1, ""),
    ("permit_close", FLAG, 0, 0, 1, ""),
    ("event", TEXT, 0, 1, 32, ""),
    ("from", TEXT, 0, 0, 255, ""),  # as much as "fault": an event tells of all malfunctions of a node at once
    ("to", TEXT, 0, 0, 255, ""),
    ("cause", INTEGER, 0, 0, COUNT_MAX, ""),
    # of a command and an ack
    ("command", TEXT, 0, 1, 16, ""),
    ("params", OBJECT, 0, 0, 8, ""),
    ("result", TEXT, 0, 1, 8, ""),
    ("reason", TEXT, 0, 0, 12, ""),
    ("applied", TEXT, 0, 0, 64, ""),
    ("by", TEXT, 0, 0, 32, ""),
    ("priority", INTEGER, 0, 1, 16, ""),
    ("deadline", INTEGER, 0, 0, COUNT_MAX, "ms"),
    ("epoch", INTEGER, 0, 0, COUNT_MAX, ""),
    ("mac", TEXT, 0, 32, 32, ""),
)

_BREAKER = ("closed", "open")
_SHORT = ("short_circuit", None)
_BREAKER_MALFUNCTIONS = (
    ("fault", None), ("fail_to_open", None), ("fail_to_close", None), ("nuisance_trip", None), _SHORT,
)  # fmt: skip
_ON_OFF = ("on", "off")
SOURCES = ("auto", "first", "second")  # source_set of a two-source switchgear

# type -> (handles, the first is the default; states as (word, health), the first is the healthy one;
#          malfunctions as (kind, severity when none is given or None where it has none), the first is the default;
#          the type's own fields: computed in the view; set on the node; verbs beyond COMMON;
#          the type whose part it plays, "" for its own: then handles and what is set on the node are that one's, states
#          are as many, malfunctions at most as many, in its order and by words of one's own; fields and verbs some of its)
TYPES = {
    "utility": (
        _ON_OFF,
        (
            ("GRID_OK", "ok"), ("SAG", "warning"), ("SWELL", "warning"), ("OUTAGE", "fault"), ("FAULT", "fault"),
            ("FREQUENCY", "warning"),
        ),
        (
            ("outage", None), ("sag", 0.3), ("swell", 0.15), ("fault", None), ("frequency_low", 0.4),
            ("frequency_high", 0.4),
        ),
        ("energy_kwh", "returned_kwh"),
        (),
        ("open", "close", "reset"),
        "",
    ),
    "transformer": (
        _BREAKER,
        (("NORMAL", "ok"), ("WARNING", "warning"), ("FAULT", "fault"), ("NO_INPUT", "off")),
        (("fault", None), ("cooling_lost", 0.5), ("tap_stuck", None), _SHORT),
        ("oil_c", "hot_spot_c", "aged_h", "tap"),
        (),
        ("reset",),
        "",
    ),
    "switchgear": (
        _BREAKER,
        (
            ("CLOSED", "ok"), ("GENERATOR", "warning"), ("OPEN", "off"), ("TRIPPED", "fault"),
            ("FAULT", "fault"), ("NO_INPUT", "off"), ("SECOND", "warning"),
        ),
        _BREAKER_MALFUNCTIONS,
        ("source",),
        ("source_set",),
        ("open", "close", "reset", "transfer"),
        "",
    ),
    "generator": (
        ("auto", "run", "off"),
        (("STANDBY", "ok"), ("STARTING", "warning"), ("RUNNING", "ok"), ("COOLDOWN", "ok"), ("FAULT", "fault")),
        (
            ("fault", None), ("fail_to_start", None), ("low_oil", 0.8), ("over_speed", 0.2), ("fuel_leak", 0.5),
            ("heater_lost", None), ("cooling_lost", 0.5),
        ),
        ("fuel_pct", "rpm", "energy_kwh", "temperature_c"),
        ("fuel_set_pct", "refuels"),
        ("start", "stop", "reset", "set_fuel"),
        "",
    ),
    "distribution": (
        _BREAKER,
        (
            ("NORMAL", "ok"), ("OVERLOAD", "warning"), ("TRIPPED", "fault"), ("OPEN", "off"),
            ("NO_INPUT", "off"), ("FAULT", "fault"),
        ),
        _BREAKER_MALFUNCTIONS,
        ("source",),
        (),
        ("open", "close", "reset"),
        "",
    ),
    "ups": (
        ("online", "bypass", "off", "eco", "service"),
        (
            ("NORMAL", "ok"), ("ON_BATTERY", "warning"), ("CHARGING", "ok"), ("BYPASS", "warning"),
            ("OFF", "off"), ("FAULT", "fault"), ("ECO", "ok"),
        ),
        (
            ("fault", None), ("battery_lost", None), ("battery_aged", 0.5), ("charger_limit", 0.5),
            ("bypass_lost", None),
        ),
        ("soc_pct", "runtime_s", "battery_kwh", "aged_h", "health_pct"),
        (),
        ("reset", "bypass"),
        "",
    ),
    "pdu": (
        _BREAKER,
        (
            ("NORMAL", "ok"), ("OVERLOAD", "warning"), ("TRIPPED", "fault"), ("OPEN", "off"),
            ("NO_INPUT", "off"), ("FAULT", "fault"),
        ),
        _BREAKER_MALFUNCTIONS,
        ("source",),
        (),
        ("open", "close", "reset"),
        "",
    ),
    "server": (
        _ON_OFF,
        (("NORMAL", "ok"), ("DEGRADED", "warning"), ("OFF", "off"), ("FAULT", "fault")),
        (("fault", None), ("cord_1_lost", None), ("cord_2_lost", None), _SHORT),
        ("energy_kwh", "inlet_c"),
        ("load_set_kw",),
        ("open", "close", "reset", "set_load"),
        "",
    ),
    "cooling": (
        _ON_OFF,
        (("NORMAL", "ok"), ("DEGRADED", "warning"), ("OFF", "off"), ("FAULT", "fault")),
        (("fault", None), ("fans_lost", 0.5), ("water_lost", 1.0), _SHORT),
        ("supply_c", "flow_m3s"),
        ("fans_running",),
        ("open", "close", "reset", "set_fans"),
        "",
    ),
    "bess": (
        ("auto", "hold"),
        (("IDLE", "ok"), ("CHARGING", "ok"), ("DISCHARGING", "ok"), ("FAULT", "fault")),
        (("fault", None), ("cooling_lost", 0.5), ("power_limit", 0.5)),
        ("soc_pct", "energy_kwh", "returned_kwh", "temperature_c"),
        ("setpoint_kw",),
        ("charge", "discharge", "hold", "set_setpoint", "reset"),
        "",
    ),
    "meter": (
        ("closed",),
        (("NORMAL", "ok"), ("NO_INPUT", "off"), ("FAULT", "fault")),
        (("fault", None),),
        ("energy_kwh", "returned_kwh"),
        (),
        (),
        "",
    ),
    "pv": (
        _ON_OFF,
        (("NORMAL", "ok"), ("IDLE", "ok"), ("CURTAILED", "warning"), ("FAULT", "fault")),
        (("fault", None), ("clouded", 0.7), ("power_limit", 0.5)),
        ("sun_w_m2", "energy_kwh"),
        ("setpoint_kw",),
        ("open", "close", "set_setpoint", "reset"),
        "",
    ),
}  # fmt: skip

# verb -> its parameters as (name, form, required, low, high); TEXT may list its words instead of lengths.
VERBS = {
    "set_fault": (
        ("state", FLAG, True, 0, 1), ("kind", TEXT, False, 1, 16), ("severity", NUMBER, False, 0, 1),
        ("ramp_s", NUMBER, False, 0, 86400), ("delay_s", NUMBER, False, 0, 86400),
    ),
    "set_handle": (("to", TEXT, True, 1, 8),),
    "open": (),
    "close": (),
    "reset": (),
    "start": (),
    "stop": (),
    "bypass": (("state", FLAG, False, 0, 1),),
    "transfer": (("to", TEXT, True, 1, 8),),
    "set_load": (("power_kw", NUMBER, True, 0, 100000),),
    "set_fans": (("running", INTEGER, True, 0, 10000),),
    "set_fuel": (("pct", NUMBER, True, 0, 100),),
    "charge": (("power_kw", NUMBER, True, 0, 100000),),
    "discharge": (("power_kw", NUMBER, True, 0, 100000),),
    "hold": (),
    "set_setpoint": (("power_kw", NUMBER, True, -100000, 100000),),
    "release": (("priority", INTEGER, False, 1, 16),),
    "restore": (
        ("timeline", INTEGER, True, 0, COUNT_MAX), ("handle", TEXT, False, 1, 8), ("fault", TEXT, False, 0, 255),
        ("load_set_kw", NUMBER, False, 0, 100000), ("fans_running", INTEGER, False, 0, 10000),
        ("source_set", TEXT, False, 1, 8), ("setpoint_kw", NUMBER, False, -100000, 100000),
    ),
    "identify": (),
    "page": (("to", INTEGER, False, 0, 9),),
    "press": (("long", FLAG, False, 0, 1),),
    "restart": (),
    "config": (
        ("wifi_ssid", TEXT, False, 1, 32), ("wifi_password", TEXT, False, 0, 63), ("broker_host", TEXT, False, 1, 64),
        ("broker_port", INTEGER, False, 1, 65535), ("broker_user", TEXT, False, 0, 64),
        ("broker_password", TEXT, False, 0, 64), ("ntp", TEXT, False, 0, 64), ("status_s", INTEGER, False, 1, 5),
    ),
    "factory_reset": (),
    "select": (("command", TEXT, True, 1, 16),),
    "update": (("version", TEXT, False, 1, 16),),
}  # fmt: skip

# Select-before-operate in profile `secured`: these verbs, and setting a handle to one of these.
DANGEROUS = ("close", "transfer", "start", "factory_reset", "update")
DANGEROUS_HANDLES = ("closed", "on", "run")

# What the engine itself obeys, in the form of VERBS: time is its own. A snapshot is known by its id or its name.
ENGINE_VERBS = {
    "run": (),
    "freeze": (),
    "step": (("seconds", NUMBER, False, 0.001, 3600),),
    "speed": (("times", NUMBER, True, 0.1, 1000),),
    "back": (("seconds", NUMBER, True, 0.001, 3600),),
    "go_to": (("t_s", NUMBER, True, 0, 10000000000),),
    "snapshot": (("name", TEXT, True, 1, 64),),
    "restore": (("snapshot", TEXT, True, 1, 64),),
    "load": (("condition", TEXT, True, 1, 64),),
}  # fmt: skip

# And of its alarms, each known as rule/node; acknowledging none means all that wait.
ALARM_VERBS = {
    "acknowledge": (("alarm", TEXT, False, 1, 65),),
    "shelve": (("alarm", TEXT, True, 1, 65), ("minutes", NUMBER, True, 0.001, 1440), ("reason", TEXT, True, 1, 120)),
    "unshelve": (("alarm", TEXT, True, 1, 65),),
}  # fmt: skip

# What the virtual node `weather` obeys: a preset, or air of one's own; the rest stays as it is.
WEATHER_VERBS = {
    "set_weather": (
        ("preset", INTEGER, False, 1, 6), ("outdoor_c", NUMBER, False, -60, 60), ("humidity_pct", NUMBER, False, 1, 100),
    ),
}  # fmt: skip

# Fields of the virtual nodes beyond the envelope.
WEATHER = ("preset", "outdoor_c", "humidity_pct")
COUNTERS = (
    "tick", "lag_ms", "step_ms", "speed", "frozen", "seed", "nodes", "online", "received",
    "rejected", "unknown", "dropped", "late", "laws_broken",
)  # fmt: skip
BALANCE = (
    "it_kw", "cooling_kw", "source_kw", "loss_kw", "storage_kw", "pue", "it_kwh", "served_pct", "source_kwh",
    "lost_kwh", "balance_kw", "outdoor_c", "cold_aisle_c", "hot_aisle_c",
    "air_mode", "fans_running",
)  # fmt: skip

STATUSES = ("ok", "warning", "fault", "off", "offline")
MODES = ("auto", "manual", "local")
REASONS = (
    "retained", "size", "schema", "mac", "authority", "epoch", "boot", "expired", "duplicate",
    "priority", "interlock", "not_selected", "busy", "unknown",
)  # fmt: skip
