"""The keys of the live view: which verb each sends to the node under the cursor, and the help that lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from winter_wire import schema

from winter_river.facility.model import Node

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Order:
    """A key that sends one verb to the selected node."""

    key: str
    label: str
    verb: str
    params: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Quick:
    """A key that acts on the first node of a type, wherever the cursor is: the main story in two keys."""

    key: str
    label: str
    type: str
    params: Mapping[str, object]


ORDERS = (
    Order("f", "fault: break the node (its usual malfunction)", "set_fault", {"state": True}),
    Order("c", "clear: mend all its malfunctions", "set_fault", {"state": False}),
    Order("o", "open its breaker, or switch it off", "open"),
    Order("l", "close its breaker, or switch it on", "close"),
    Order("r", "reset a trip or a latched fault", "reset"),
    Order("s", "start the generator by hand", "start"),
    Order("x", "stop: the generator goes back to auto", "stop"),
    Order("b", "bypass: hang the UPS's load on its input", "bypass", {"state": True}),
    Order("n", "normal: take the UPS out of bypass", "bypass", {"state": False}),
    Order("i", "identify: the board flashes", "identify"),
)
# The keys that ask which one: (key, label, verb, parameter).
CHOICES = (
    ("F", "fault, choosing the malfunction", "set_fault", "kind"),
    ("t", "transfer: choose the source of a two-source switchgear", "transfer", "to"),
)
QUICK = (
    Quick("1", "cut the first utility", "utility", {"state": True, "kind": "outage"}),
    Quick("2", "mend the first utility", "utility", {"state": False}),
    Quick("3", "the first generator will not start", "generator", {"state": True, "kind": "fail_to_start"}),
    Quick("4", "mend the first generator", "generator", {"state": False}),
)
LOAD_STEP = 0.1  # chosen: of the rating; ten presses double a rack, five overload its UPS
FOOTER = " ↑↓ select  f fault  c clear  o open  l close  r reset  +/- load  1 cut  2 mend  ? help  q quit"


def unknown_verb(node: Node, verb: str) -> str:
    """Why a node cannot be sent this verb, in words, or "" where it can."""
    known = schema.verbs(node.type)
    if verb in known:
        return ""
    own = [name for name in known if name not in schema.COMMON_VERBS]
    return f"{node.id} is a {node.type}: it has no {verb}" + (f"; it has {', '.join(own)}" if own else "")


def choices(node: Node, verb: str) -> tuple[str, ...]:
    """The words to choose from for a verb that asks."""
    if verb == "transfer":
        return tuple(schema.SOURCES)
    types: Mapping[str, tuple[Any, ...]] = schema.TYPES  # without annotations, since boards share it
    return tuple(kind for kind, _ in types[node.type][schema.MALFUNCTIONS])


def first_of(nodes: Mapping[str, Node], type_name: str) -> str | None:
    """The first node of a type in file order, or None."""
    return next((node.id for node in nodes.values() if node.type == type_name), None)


def help_text() -> str:
    """All keys, one a line."""
    lines = ["Keys act on the node under the cursor.", ""]
    lines += ["↑ ↓ PgUp PgDn Home End   select a node (or click it)", "u   jump to the next source", ""]
    lines += [f"{order.key}   {order.label}" for order in ORDERS]
    lines += [f"{key}   {label}" for key, label, _, _ in CHOICES]
    lines += ["+ -   more or less load on a server, by a tenth", "", "From anywhere:"]
    lines += [f"{quick.key}   {quick.label}" for quick in QUICK]
    lines += [
        "?   this help",
        "q   quit: stops the nodes, the engine and our broker",
        "",
        "[STATE] bold: warning. Reversed: fault. Dim: off. [OFFLINE]: no node there.",
        "An order is refused by the node itself; it says why in the last line.",
    ]
    return "\n".join(lines)
