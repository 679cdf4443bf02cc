"""How a state looks on the one-line diagram: what the page, the debrief and the documents all put on the same SVG. Pure.

A painting says what becomes of elements of the SVG, by their id:
 - `node-ID`, `edge-FROM-TO`, `bar-ID`: the value of `class`;
 - `val-ID-N`, `flow-FROM-TO`, `state-ID`, `letter-ID`, `left-ID`: the text;
 - `ring-ID`: the length of the ring's arc, of 100 for a full battery.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from winter_wire import schema

from winter_river.engine import part_of
from winter_river.facility import Facility, Node
from winter_river.web.diagram_symbols import BOARDS

View = Mapping[str, object]

LIVE_V_MIN = 1.0  # chosen: below this nothing is energised, whatever the meters' last decimals say
FLOW_KW_MIN = 0.05  # the smallest power that does not print as 0.0
OFFLINE, ONLINE = "offline", "online"

# What a node looks like -> the letter that says so without any colour.
LETTERS = {
    "live": "",
    "warning": "W",
    "fault": "F",
    "stale": "S",
    "dead": "D",
    "idle": "",
    "starting": "W",
    "absent": "X",
}
# ... and its classes: live, dead, stale, fault as four line styles; the rest are shades of them.
CLASSES = {
    "live": "live",
    "warning": "live warning",
    "fault": "fault",
    "stale": "stale",
    "dead": "dead",
    "idle": "dead idle",  # without voltage, and rightly so: a generator that stands by
    "starting": "dead warning",
    "absent": "dead absent",
}
_PARTS, _BATTERY_PARTS, _LINE_PARTS = ("node", "bar", "letter", "state"), ("ring", "left"), ("edge", "flow")
NONE, FIRST, SECOND, BOTH = range(4)  # the field `source`
NO_SOURCE = -1  # "it has no choice"
_OPEN_HANDLES = ("open", "off")
_RUNTIME_S_MAX = 10 * 3600  # chosen: a battery that lasts longer is not what anybody waits for

# Type -> (field, decimals, unit) of its two value slots; others show voltage and load.
_SLOTS_USUAL = (("voltage_out", 0, "V"), ("load_pct", 0, "%"))
_SLOTS = {
    "utility": (("voltage_out", 0, "V"), ("frequency_hz", 2, "Hz")),
    "generator": (("fuel_pct", 0, "% fuel"), ("load_pct", 0, "%")),
    "ups": (("load_pct", 0, "%"), ("soc_pct", 0, "% battery")),
    "server": (("power_kw", 1, "kW"), ("load_pct", 0, "%")),
    "cooling": (("power_kw", 1, "kW"), ("load_pct", 0, "%")),
    "meter": (("power_kw", 1, "kW"), ("energy_kwh", 0, "kWh")),
    "pv": (("power_kw", 1, "kW"), ("sun_w_m2", 0, "W/m²")),
}
_UNITS_ELSE = {"soc_pct": (("power_kw", 1, "kW"), ("soc_pct", 0, "% battery"))}


class Flow(NamedTuple):
    """One line between two nodes. power_kw: into the fed end, negative when it feeds back; live: it has voltage."""

    power_kw: float
    live: bool


def look(view: View, presence: str) -> str:
    """What a node looks like: a key of LETTERS."""
    status = view.get("status")
    if presence == OFFLINE or status == OFFLINE:
        return "absent"
    if status == "fault":
        return "fault"
    if presence != ONLINE:
        return "stale"
    if not is_live(view):
        return {"ok": "idle", "warning": "starting"}.get(str(status), "dead")
    return "warning" if status == "warning" else "live"


def is_live(view: View) -> bool:
    """Whether a node has voltage where it passes power on, or draws any."""
    return number(view, "voltage_out") > LIVE_V_MIN and view.get("status") != "off"


def is_open(view: View) -> bool:
    """Whether the node's breaker stands open."""
    return str(view.get("handle", "")) in _OPEN_HANDLES or view.get("tripped") is True


def number(view: View, name: str) -> float:
    """A field as a number, 0 where it is none."""
    value = view.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def flow_key(feeder: str, node_id: str) -> str:
    """The name of a line in ids and JSON."""
    return f"{feeder}-{node_id}"


def flows(facility: Facility, views: Mapping[str, View]) -> dict[str, Flow]:
    """Every line by its flow_key, worked out of what the engine says of both its ends.

    A node with several feeds that conduct shares what it takes in evenly among them, as the engine has it.
    """
    found: dict[str, Flow] = {}
    for node in facility.nodes.values():
        conducting = _conducting(node, views)
        for feeder in node.feeds:
            live = feeder in views and is_live(views[feeder])
            if is_parallel(node) and feeder in conducting:
                found[flow_key(feeder, node.id)] = Flow(round(_left_over(facility, views, feeder, node), 3) + 0.0, live)
                continue
            power_kw = number(views[node.id], "power_in_kw") / len(conducting) if feeder in conducting else 0.0
            found[flow_key(feeder, node.id)] = Flow(round(power_kw, 3) + 0.0, live)
    return found


def _conducting(node: Node, views: Mapping[str, View]) -> list[str]:
    """The feeds that a node takes its power from now."""
    live = [feeder for feeder in node.feeds if feeder in views and is_live(views[feeder])]
    source = _source(node, views[node.id])
    if source == NO_SOURCE:
        return live
    return [feeder for k, feeder in enumerate(node.feeds) if feeder in live and source in (k + 1, BOTH)]


def is_parallel(node: Node) -> bool:
    """Whether both mains of a board are closed at once."""
    return bool(node.full_ratings().get("parallel"))


def _left_over(facility: Facility, views: Mapping[str, View], feeder: str, node: Node) -> float:
    """What a feeder passes on and its other nodes do not take."""
    others = [other for other in facility.nodes.values() if feeder in other.feeds and other.id != node.id]
    taken_kw = sum(number(views[other.id], "power_in_kw") for other in others if feeder in _conducting(other, views))
    return number(views[feeder], "power_kw") - taken_kw


def _source(node: Node, view: View) -> int:
    """Which of its sources a board with two feeds is on, as its view says; NO_SOURCE for what has one, or two cords.

    A recording of before the field was there has the state alone.
    """
    if len(node.feeds) < 2:
        return NO_SOURCE
    if "source" in view:
        return int(number(view, "source"))
    if node.type not in BOARDS:
        return NO_SOURCE
    if is_open(view):
        return NONE
    return BOTH if is_parallel(node) else SECOND if view.get("state") == "GENERATOR" else FIRST


def slots(type_name: str) -> tuple[tuple[str, int, str], ...]:
    """The value slots of a type: (field, decimals, unit); those of the type it acts as, as far as it has their fields."""
    part, computed = part_of(type_name), schema.own_fields(type_name)[0]
    if part in _SLOTS:
        fields = schema.fields("view", type_name)
        return tuple(slot for slot in _SLOTS[part] if slot[0] in fields)
    return next((found for field, found in _UNITS_ELSE.items() if field in computed), _SLOTS_USUAL)


def has_battery(type_name: str) -> bool:
    """Whether a type stores energy, and shows it as a ring."""
    return "soc_pct" in schema.own_fields(type_name)[0]


def paint(
    facility: Facility, views: Mapping[str, View], presences: Mapping[str, str], lines: Mapping[str, Flow]
) -> dict[str, str]:
    """The painting of a state. views: by node id, the view's fields with type and status, and `handle` where known."""
    made: dict[str, str] = {}
    for node in facility.nodes.values():
        view = views[node.id]
        word = look(view, presences.get(node.id, ONLINE))
        source = _source(node, view)
        opened = " open" if is_open(view) or source == NONE else ""
        opened += {SECOND: " on-second", BOTH: " on-both"}.get(source, "")
        made[f"node-{node.id}"] = f"node type-{node.type} {CLASSES[word]}{opened}"
        made[f"bar-{node.id}"] = "bar live" if is_live(view) and word != "absent" else "bar dead"
        made[f"letter-{node.id}"] = LETTERS[word]
        made[f"state-{node.id}"] = "ABSENT" if word == "absent" else str(view.get("state", ""))
        for index, slot in enumerate(slots(node.type)):
            made[f"val-{node.id}-{index}"] = "" if word == "absent" else value_text(view.get(slot[0]), *slot[1:])
        if has_battery(node.type):
            made[f"ring-{node.id}"] = f"{number(view, 'soc_pct'):.0f}"
            made[f"left-{node.id}"] = _left(view)
    for node in facility.nodes.values():
        for feeder in node.feeds:
            key = flow_key(feeder, node.id)
            made[f"edge-{key}"] = "edge live" if lines[key].live else "edge dead"
            made[f"flow-{key}"] = flow_text(lines[key])
    return made


def elements(nodes: Iterable[Node], lines: Iterable[str]) -> Iterator[str]:
    """The ids of all elements that `paint` touches of these nodes and lines (flow_key)."""
    for node in nodes:
        yield from (f"{part}-{node.id}" for part in _PARTS)
        yield from (f"val-{node.id}-{index}" for index in range(len(slots(node.type))))
        if has_battery(node.type):
            yield from (f"{part}-{node.id}" for part in _BATTERY_PARTS)
    for key in lines:
        yield from (f"{part}-{key}" for part in _LINE_PARTS)


def flow_text(flow: Flow) -> str:
    """`▾ 412 kW`: the power and where it goes; nothing where none flows."""
    if not flow.live or abs(flow.power_kw) < FLOW_KW_MIN:
        return ""
    return f"{'▾' if flow.power_kw > 0 else '▴'} {value_text(abs(flow.power_kw), 1, 'kW')}"


def value_text(value: object, decimals: int, unit: str) -> str:
    """A number with its unit, at most four figures or so; an em dash where there is none."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "–"
    if unit == "V" and abs(value) >= 1000:
        value, decimals, unit = value / 1000, 1, "kV"
    elif unit == "kW" and abs(value) >= 1000:
        value, decimals, unit = value / 1000, 2, "MW"
    elif unit == "kW" and abs(value) >= 100:
        decimals = 0
    text = f"{value:.{decimals}f}"
    if not float(text):
        text = text.lstrip("-")
    return f"{text}{unit}" if unit.startswith("%") else f"{text} {unit}"


def _left(view: View) -> str:
    """How long the battery lasts, while somebody may wait for its end; how full it is where nobody tells how long."""
    if "runtime_s" not in view:
        return f"{number(view, 'soc_pct'):.0f}%" if "soc_pct" in view else ""
    seconds = int(number(view, "runtime_s"))
    if seconds >= _RUNTIME_S_MAX or not is_live(view):
        return ""
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
