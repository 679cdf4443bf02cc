"""The keys of the live view: which verb each sends to the node under the cursor, and the help that lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from winter_wire import schema

from winter_river.engine import malfunction_of_own
from winter_river.facility.model import Node

_NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Order:
    """A key that sends one verb to the selected node."""

    key: str
    verb: str
    params: Mapping[str, object] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Quick:
    """A key that acts on the first node of a type, or what acts as it, wherever the cursor is: the main story in two
    keys."""

    key: str
    type: str
    params: Mapping[str, object]


ORDERS = (
    Order("f", "set_fault", {"state": True}),
    Order("c", "set_fault", {"state": False}),
    Order("o", "open"),
    Order("l", "close"),
    Order("r", "reset"),
    Order("s", "start"),
    Order("x", "stop"),
    Order("b", "bypass", {"state": True}),
    Order("n", "bypass", {"state": False}),
    Order("i", "identify"),
)
# The keys that ask which one: (key, verb, parameter).
CHOICES = (("F", "set_fault", "kind"), ("t", "transfer", "to"))
QUICK = (
    Quick("1", "utility", {"state": True, "kind": "outage"}),
    Quick("2", "utility", {"state": False}),
    Quick("3", "generator", {"state": True, "kind": "fail_to_start"}),
    Quick("4", "generator", {"state": False}),
)
CHOSEN_S = 4.5  # of the 5 s that the node keeps a selection
LOAD_STEP = 0.1  # chosen: of the rating; ten presses double a rack, five overload its UPS
FOOTER = " ↑↓ f fault c clear o open l close r reset +- load 1 cut 2 mend ? help q quit"
HELP = (
    ("↑ ↓", "select a node, or click it; PgUp PgDn Home End; u next source"),
    ("f F", "fault: break it; F asks which malfunction"),
    ("c", "clear: mend all its malfunctions"),
    ("o l", "open, close its breaker; of a load: switch it off, on"),
    ("r", "reset a trip or a latched fault"),
    ("s x", "start a generator; stop: back to auto"),
    ("t", "transfer: choose the source of a two-source switchgear"),
    ("b n", "bypass: hang a UPS's load on its input; back to normal"),
    ("+ -", "more, less load on a server, by a tenth of its rating"),
    ("i a", "identify: the board flashes; acknowledge all alarms"),
    ("1 2", "cut, mend the first utility, wherever the cursor is"),
    ("3 4", "the first generator will not start; mend it"),
    ("? q", "this help; quit: stops nodes, engine and our broker"),
)
NOTES = (
    "Bold: warning. Reversed: fault. Dim: off. [OFFLINE]: no node there.",
    "The node itself obeys or refuses; the last line says why.",
)


def is_dangerous(verb: str, params: Mapping[str, object]) -> bool:
    """Whether profile secured wants this in two steps; see service.issuer, which asks the same of every door."""
    return verb in schema.DANGEROUS or (verb == "set_handle" and params.get("to") in schema.DANGEROUS_HANDLES)


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
    """The first node of a type, or of what acts as it, in file order; or None."""
    return next((node.id for node in nodes.values() if node.part == type_name), None)


def in_words_of(node: Node, params: Mapping[str, object]) -> dict[str, object]:
    """The parameters of a Quick for a node, whose type may call its malfunctions otherwise."""
    kind = {"kind": malfunction_of_own(node.type, str(params["kind"]))} if "kind" in params else {}
    return {**params, **kind}


def help_text() -> str:
    """All keys, one line each, short enough for 24 lines."""
    lines = ["Keys act on the node under the cursor.", ""]
    lines += [f"{letters:<4} {sentence}" for letters, sentence in HELP]
    return "\n".join([*lines, "", *NOTES])
