"""The schema: what a message of each kind carries, what a type has, which verbs it obeys. The rows are in `tables`.

Encoding, checking, screens, the facility checks and the generated reference all read them from here.
A new kind of equipment is one row of TYPES and one equipment file in the engine.
"""

import sys

from winter_wire import tables

VERSION = tables.VERSION
COUNT_MAX = tables.COUNT_MAX
NUMBER = tables.NUMBER
INTEGER = tables.INTEGER
TEXT = tables.TEXT
FLAG = tables.FLAG
OBJECT = tables.OBJECT
FIELDS = tables.FIELDS
TYPES = tables.TYPES
TYPE_NAMES = tuple(sorted(TYPES))
VERBS = tables.VERBS
SOURCES = tables.SOURCES
STATUSES = tables.STATUSES
MODES = tables.MODES
REASONS = tables.REASONS
DANGEROUS = tables.DANGEROUS
DANGEROUS_HANDLES = tables.DANGEROUS_HANDLES

STATUS_BYTES_MAX = 1024
COMMAND_BYTES_MAX = 512
BYTES_MAX = {"status": 1024, "view": 1024, "event": 1024, "ack": 512, "command": COMMAND_BYTES_MAX}

# `id` is text in a command and an ack (who asked, which try) and a number in an event.
_COMMAND_ID = ("id", TEXT, 0, 1, 48, "")
_EVENT_ID = ("id", INTEGER, 0, 1, COUNT_MAX, "")

ELECTRICAL = (
    "voltage_in", "voltage_out", "current", "power_kw", "power_factor", "power_in_kw",
    "reactive_kvar", "loss_kw", "battery_kw", "frequency_hz", "load_pct",
)  # fmt: skip
_OWN = ("handle", "mode", "fault", "resets")
_HEALTH = (
    "wifi_rssi", "uptime", "ts", "boot", "seq", "timeline", "heap_free", "reset_cause", "fw",
)  # fmt: skip
_ENVELOPE = ("v", "node_id", "type", "status", "state")

# What a message must carry to be believed at all.
REQUIRED = {
    "status": ("v", "node_id", "status"),
    "view": ("v", "node_id", "timeline", "t_s"),
    "event": ("v", "node_id", "id", "event"),
    "command": ("command",),
    "ack": ("v", "id", "node_id", "result"),
}

COMMAND_FIELDS = (
    "v", "command", "params", "id", "by", "priority", "boot", "deadline", "epoch", "mac",
)  # fmt: skip
ACK_FIELDS = ("v", "id", "node_id", "result", "reason", "applied", "boot", "uptime")
EVENT_FIELDS = ("v", "node_id", "id", "timeline", "t_s", "event", "from", "to", "cause")

RESULTS = ("done", "rejected", "failed")
RESULT_DONE, RESULT_REJECTED, RESULT_FAILED = RESULTS
PRIORITY_DEFAULT = 8  # operator, as in BACnet
PRIORITY_LOCAL = 1  # the button: nothing on the bus beats a hand on the device

HANDLES, STATES, MALFUNCTIONS, COMPUTED, SETPOINTS, OWN_VERBS, ACTS_AS = range(7)  # columns of a row of TYPES

VIRTUAL_FIELDS = {"engine": tables.COUNTERS, "facility": tables.BALANCE, "weather": tables.WEATHER}

COMMON_VERBS = (
    "set_fault", "set_handle", "release", "restore", "identify", "page", "press", "restart", "config", "factory_reset",
    "update", "select",
)  # fmt: skip


def _rows():
    table = {}
    for row in FIELDS:
        table[row[0]] = row
    return table


def _shapes():
    table, known = {}, {}
    for row in FIELDS:
        shape = row[1:5]
        table[row[0]] = known.setdefault(shape, shape)
    return table


ROWS = _rows()
SHAPES = _shapes()  # field -> (form, decimals, low, high): all that a node needs; equal ones are one and the same


def row(kind, name):
    """The row of a field in one kind of message, or None where that message has no such field."""
    if name == "id":
        return _EVENT_ID if kind == "event" else _COMMAND_ID
    return ROWS.get(name)


def shape(kind, name):
    """(form, decimals, low, high) of a field in one kind of message, or None where that message has no such field."""
    if name == "id":
        return (_EVENT_ID if kind == "event" else _COMMAND_ID)[1:5]
    return SHAPES.get(name)


def own_fields(type_name):
    """The fields only one type has: (computed, set on the node); empty for the virtual nodes."""
    entry = TYPES.get(type_name)
    return (entry[COMPUTED], entry[SETPOINTS]) if entry else ((), ())


def fields(kind, type_name=None):
    """The names a message of this kind may carry, in the order they are written.

    kind: status, view, command, ack or event; type_name matters for status and view.
    """
    if kind == "command":
        return COMMAND_FIELDS
    if kind == "ack":
        return ACK_FIELDS
    if kind == "event":
        return EVENT_FIELDS
    computed, setpoints = own_fields(type_name)
    if kind == "view":
        return (
            ("v", "node_id", "timeline", "t_s", "state") + ELECTRICAL + computed + ("tripped", "permit_close", "speed")
        )
    if type_name in VIRTUAL_FIELDS:
        return _ENVELOPE + VIRTUAL_FIELDS[type_name] + ("uptime", "ts", "boot", "seq", "timeline", "t_s", "fw")
    return _ENVELOPE + ELECTRICAL + computed + _OWN + setpoints + _HEALTH


def health(type_name, state):
    """The one-word health of a state: ok, warning, fault or off. An unknown state is a fault."""
    entry = TYPES.get(type_name)
    if entry:
        for word, how in entry[STATES]:
            if word == state:
                return how
    return "fault"


def verbs(type_name):
    """The verbs a node of this type obeys."""
    entry = TYPES.get(type_name)
    return COMMON_VERBS + entry[OWN_VERBS] if entry else ()


def keep_only(type_name):
    """Lets go, for good, of every row that a node of one type never reads: a board has little memory.

    From then on this process is that node and nothing else: fields and verbs of others are unknown to it.
    """
    wanted = ["params"]
    for kind in REQUIRED:
        wanted.extend(fields(kind, type_name))
    _only(ROWS, wanted)
    _only(SHAPES, wanted)
    _only(VERBS, verbs(type_name))
    _only(TYPES, (type_name,))
    _only(VIRTUAL_FIELDS, ())
    for name in ("FIELDS", "MODES", "REASONS", "STATUSES", "tables"):
        delattr(sys.modules["winter_wire.schema"], name)
    forget("winter_wire", "tables")


def _only(table, wanted):
    for name in list(table):
        if name not in wanted:
            del table[name]


def forget(package, name):
    """Lets go of a module that has done its work; whoever still holds one of its objects keeps that."""
    del sys.modules[package + "." + name]
    delattr(sys.modules[package], name)
