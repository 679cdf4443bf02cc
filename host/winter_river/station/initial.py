"""Initial conditions: named states to start from, made by physics out of a fresh world. Pure but for reading its files.

A file of library/ says what is done to which part of which side, so it fits every facility that has the parts. A side
is a switchgear whose alternate source is a generator: with its utility upstream and its UPS downstream. Sides count
from 1 in the facility's order.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources

from winter_wire import schema

from winter_river import engine
from winter_river.facility import Facility
from winter_river.facility.faults import Faults, FileError
from winter_river.facility.reading import Entries, entries, number_of, text_of
from winter_river.facility.yaml_lines import Listing, Scalar, Table, Tree, parse
from winter_river.site import NO_PARAMS
from winter_river.station.acts import at_rest, obey
from winter_river.station.fork import Fork
from winter_river.station.model import InitialCondition, StationError

KEYS = ("initial_condition", "title", "version", "steps", "expect")
PARTS = ("utility", "switchgear", "generator", "ups")
SIDES_MAX = 9
UNTIL_S_MAX = 3600.0  # chosen: what has not come about within an hour will not
LOOK_S = 0.5  # chosen: a battery is then within half a per cent of what was asked for
_TEXT_MAX = 80


class InitialConditionError(FileError):
    """A file of the library that cannot be used."""


@dataclass(frozen=True, slots=True)
class Part:
    """One device by what it is, not by its id."""

    name: str
    side: int


@dataclass(frozen=True, slots=True)
class Step:
    """One of: a command (command, params), a wait (seconds), or a wait until a field of a part is
    within low and high."""

    part: Part | None = None
    command: str = ""
    params: Mapping[str, object] = dataclasses.field(default_factory=lambda: NO_PARAMS)
    seconds: float = 0.0
    field: str = ""
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, slots=True)
class Recipe:
    """One file. expect: the state a part must show at the end, else the facility does not have what it takes."""

    info: InitialCondition
    steps: tuple[Step, ...]
    expect: tuple[tuple[Part, str], ...]


@dataclass(frozen=True, slots=True)
class Cooked:
    """A recipe carried out. acts: (t_s, node id, command, params)."""

    fork: Fork
    events: tuple[engine.Event, ...]
    acts: tuple[tuple[float, str, str, Mapping[str, object]], ...]


def library() -> tuple[Recipe, ...]:
    """All recipes, by id. Raises InitialConditionError."""
    folder = resources.files("winter_river.station") / "library"
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".yaml")), key=lambda each: each.name)
    return tuple(read_recipe(file.read_text(encoding="utf-8"), file.name) for file in files)


def fitting(recipes: tuple[Recipe, ...], facility: Facility) -> list[Recipe]:
    """The recipes whose parts a facility has."""
    known = parts_of(facility)
    return [recipe for recipe in recipes if all(part in known for part in _parts_in(recipe))]


def cook(recipe: Recipe, facility: Facility, plan: engine.Plan, *, seed: int, breathe: Callable[[], None]) -> Cooked:
    """Carries a recipe out from a fresh world. Raises StationError where this facility does not get there."""
    ids = parts_of(facility)
    fork = Fork(facility, plan, None, (), seed=seed)
    events = fork.apply(at_rest(facility))
    acts: list[tuple[float, str, str, Mapping[str, object]]] = []
    for step in recipe.steps:
        if step.part is None:
            events += fork.advance_to(fork.t_s + step.seconds)
        elif step.command:
            node_id = ids[step.part]
            params = _in_words_of(facility.nodes[node_id].type, step.params)
            done = obey(fork, node_id, command=step.command, params=params)
            if done.result != schema.RESULT_DONE:
                raise StationError(f"{recipe.info.id}: {node_id} refused {step.command}: {done.reason}")
            events += done.events
            acts.append((fork.t_s, node_id, step.command, params))
        else:
            events += _wait_until(fork, ids[step.part], step, recipe.info.id, breathe)
        breathe()
    for part, state in recipe.expect:
        seen = engine.state_like(facility.nodes[ids[part]].type, str(fork.view(ids[part])["state"]))
        if seen != state:
            raise StationError(
                f"{recipe.info.id}: {ids[part]} is {seen} and should be {state}; {facility.name} does not get there"
            )
    return Cooked(fork, tuple(events), tuple(acts))


def _in_words_of(type_name: str, params: Mapping[str, object]) -> Mapping[str, object]:
    """A command's parameters for a type that acts as the one which the recipe means, and has words of its own."""
    if "kind" not in params:
        return params
    return {**params, "kind": engine.malfunction_of_own(type_name, str(params["kind"]))}


def parts_of(facility: Facility) -> dict[Part, str]:
    """The parts of each side by node id."""
    nodes = facility.nodes
    found: dict[Part, str] = {}
    side = 0
    for node_id, node in nodes.items():
        two = node.part == "switchgear" and len(node.feeds) == 2 and nodes[node.feeds[1]].part == "generator"
        if not two or side == SIDES_MAX:
            continue
        source = node.feeds[0]
        while nodes[source].feeds:
            source = nodes[source].feeds[0]
        side += 1
        found[Part("switchgear", side)], found[Part("generator", side)] = node_id, node.feeds[1]
        if nodes[source].part == "utility":
            found[Part("utility", side)] = source
        for ups_id, ups in nodes.items():
            if ups.part == "ups" and _is_fed_by(facility, ups_id, node_id):
                found.setdefault(Part("ups", side), ups_id)
    return found


def _is_fed_by(facility: Facility, node_id: str, source: str) -> bool:
    """Whether the way of normal supply leads through a source."""
    while facility.nodes[node_id].feeds:
        node_id = facility.nodes[node_id].feeds[0]
        if node_id == source:
            return True
    return False


def _wait_until(fork: Fork, node_id: str, step: Step, name: str, breathe: Callable[[], None]) -> list[engine.Event]:
    events: list[engine.Event] = []
    end_s = fork.t_s + UNTIL_S_MAX
    while True:
        value = fork.view(node_id).get(step.field)
        if isinstance(value, (int, float)) and step.low <= value <= step.high:
            return events
        if fork.t_s >= end_s:
            raise StationError(
                f"{name}: {node_id}.{step.field} is not within {step.low:g} and {step.high:g} after an hour"
            )
        events += fork.advance_to(fork.t_s + LOOK_S)
        breathe()


def _parts_in(recipe: Recipe) -> list[Part]:
    return [step.part for step in recipe.steps if step.part] + [part for part, _ in recipe.expect]


# reading


def read_recipe(text: str, path: str) -> Recipe:
    """A recipe of a YAML text. Raises InitialConditionError with every fault, its line and its cure."""
    faults = Faults(path)
    tree = parse(text, faults)
    head = entries(tree, faults, what="the file", known=KEYS, required=KEYS[:4]) if tree else None
    recipe = _recipe(head, faults) if head and not faults else None
    if recipe is None or faults:
        raise InitialConditionError(faults.all())
    return recipe


def _recipe(head: Entries, faults: Faults) -> Recipe:
    name = text_of(head["initial_condition"][1], faults, what="initial_condition", length_max=_TEXT_MAX)
    title = text_of(head["title"][1], faults, what="title", length_max=_TEXT_MAX)
    version = number_of(head["version"][1], faults, what="version", low=1, high=schema.COUNT_MAX)
    listing = head["steps"][1]
    items = listing.items if isinstance(listing, Listing) else ()
    if not items:
        faults.add(listing.line, listing.column, "steps must be a list with at least one step")
    steps = tuple(_step(item, faults) for item in items)
    expected: list[tuple[Part, str]] = []
    if "expect" in head:
        found = entries(
            head["expect"][1],
            faults,
            what="expect",
            known=("part", "side", "state"),
            required=("part", "side", "state"),
        )
        if found and not faults:
            expected.append(
                (_part(found, faults), text_of(found["state"][1], faults, what="state", length_max=12) or "")
            )
    return Recipe(InitialCondition(name or "", title or "", int(version or 1)), steps, tuple(expected))


def _step(tree: Tree, faults: Faults) -> Step:
    found = entries(tree, faults, what="a step", known=("send", "wait_s", "until"))
    if not found or len(found) != 1:
        faults.add(tree.line, tree.column, "a step is one of send, wait_s, until")
        return Step()
    if "wait_s" in found:
        seconds = number_of(found["wait_s"][1], faults, what="wait_s", low=0, high=UNTIL_S_MAX, unit="s")
        return Step(seconds=seconds or 0.0)
    if "until" in found:
        known = ("part", "side", "field", "at_least", "at_most")
        until = entries(found["until"][1], faults, what="until", known=known, required=known[:3])
        if not until or faults:
            return Step()
        field = text_of(until["field"][1], faults, what="field", length_max=_TEXT_MAX) or ""
        return Step(
            _part(until, faults),
            field=field,
            low=_bound(until, "at_least", -math.inf, faults),
            high=_bound(until, "at_most", math.inf, faults),
        )
    names = ("part", "side", "command", "params")
    send = entries(found["send"][1], faults, what="send", known=names, required=names[:3])
    if not send or faults:
        return Step()
    command = text_of(send["command"][1], faults, what="command", length_max=16) or ""
    return Step(_part(send, faults), command, _params(send["params"][1]) if "params" in send else {})


def _bound(found: Entries, name: str, default: float, faults: Faults) -> float:
    if name not in found:
        return default
    limit = number_of(found[name][1], faults, what=name, low=-1e9, high=1e9)
    return default if limit is None else limit


def _part(found: Entries, faults: Faults) -> Part:
    place = found["part"][1]
    name = text_of(place, faults, what="part", length_max=_TEXT_MAX) or ""
    if name not in PARTS:
        faults.add(place.line, place.column, f"part must be one of {', '.join(PARTS)}")
    side = number_of(found["side"][1], faults, what="side", low=1, high=SIDES_MAX)
    return Part(name, int(side or 1))


def _params(tree: Tree) -> Mapping[str, object]:
    """The parameters of a command; the node's core checks them when they are carried out."""
    pairs = tree.pairs if isinstance(tree, Table) else ()
    return {key.text: value.value for key, value in pairs if isinstance(value, Scalar)}
