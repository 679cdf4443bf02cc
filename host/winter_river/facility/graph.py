"""Checks of how nodes hang together: feeds that exist, no cycle, a source, voltages that meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from winter_river.engine import EQUIPMENT
from winter_river.engine.building.loops import LOOP_RULE, PARALLEL_RULE, SET_RULE
from winter_river.engine.equipment.fuse import FUSE_V_MAX
from winter_river.engine.equipment.table import GG
from winter_river.facility.faults import Faults, shown
from winter_river.facility.reading import unknown
from winter_river.facility.yaml_lines import Tree

if TYPE_CHECKING:
    from winter_river.facility.checks import Draft

SOURCES = tuple(name for name, table in EQUIPMENT.items() if table.feeds_max == 0)
FEED_OHMS = tuple(f"{one}_{what}_ohm" for one in ("feed", "second_feed") for what in ("resistance", "reactance"))
VOLTAGE_RATIO_MAX = 1.1  # chosen: taps and nameplate habits (460 V gear at 480 V) differ by a few percent, not by ten
CYCLE_SHOWN_MAX = 12  # nodes of a cycle named in one message


def check(drafts: Mapping[str, Draft], place: Tree, faults: Faults) -> None:
    """Every fault of the whole; place is where the nodes begin, for what no single node is to blame for."""
    for node_id, draft in drafts.items():
        _check_feeds(node_id, draft, drafts, faults)
    known_types = all(draft.type for draft in drafts.values())
    if drafts and known_types and not any(draft.type in SOURCES for draft in drafts.values()):
        faults.add(place.line, place.column, "there is no source", f"a site needs one of: {', '.join(SOURCES)}")
    order, cycles = _sorted(drafts)
    for cycle in cycles:
        _add_cycle(cycle, drafts, faults)
    _check_voltages(order, drafts, faults)
    if not cycles:
        for node_id, draft in drafts.items():
            if draft.part == "switchgear" and draft.number("parallel"):
                _check_parallel(node_id, draft, drafts, faults)
            elif draft.part in ("switchgear", "distribution") and draft.number("transfer") and len(draft.feeds) != 2:
                place = draft.place("transfer")
                faults.add(place.line, place.column, f"{shown(node_id)}: transfer is sts; it needs two feeds in `from`")


def _check_parallel(node_id: str, draft: Draft, drafts: Mapping[str, Draft], faults: Faults) -> None:
    """Both mains may only be closed on one source, and something must share the current between them."""
    place = draft.place("parallel")
    ways = [_way_up(feed.text, drafts) for feed in draft.feeds if feed.text in drafts]
    if len(ways) != 2:
        faults.add(place.line, place.column, f"{shown(node_id)} has both mains closed and needs two feeds")
        return
    meet = next((each for each in ways[1] if each in ways[0]), None)
    if meet is None and all(drafts[way[-1]].part == "utility" for way in ways):
        between, ends = [each for way in ways for each in way[:-1]], [way[-1] for way in ways]
    else:
        ends = [meet] if meet is not None else []
        between = [each for way in ways for each in way[: way.index(meet)]] if meet is not None else []
    machine = next((way[-1] for way in ways if drafts[way[-1]].part == "generator"), "")
    if not ends and machine:
        faults.add(place.line, place.column, f"{shown(node_id)} has both mains closed", SET_RULE.format(shown(machine)))
    elif not ends or any(drafts[each].part == "ups" for each in (*between, *ends)):
        faults.add(place.line, place.column, f"{shown(node_id)} has both mains closed", PARALLEL_RULE)
    elif len(ends) < 2 and not any(_has_impedance(drafts[each]) for each in between) and not _has_impedance(draft):
        faults.add(place.line, place.column, f"{shown(node_id)} has both mains closed", LOOP_RULE)


def _way_up(node_id: str, drafts: Mapping[str, Draft]) -> list[str]:
    """A node and those in front of it, as long as each has one feed."""
    way = [node_id]
    while len(drafts[way[-1]].feeds) == 1 and drafts[way[-1]].feeds[0].text in drafts:
        way.append(drafts[way[-1]].feeds[0].text)
    return way


def _has_impedance(draft: Draft) -> bool:
    return draft.part == "transformer" or any(draft.number(name) for name in FEED_OHMS)


def _check_feeds(node_id: str, draft: Draft, drafts: Mapping[str, Draft], faults: Faults) -> None:
    seen: set[str] = set()
    for feed in draft.feeds:
        parent = drafts.get(feed.text)
        if feed.text in seen:
            faults.add(feed.line, feed.column, f"{shown(node_id)} is fed from {shown(feed.text)} twice")
        elif feed.text == node_id:
            faults.add(feed.line, feed.column, f"{shown(node_id)} feeds itself")
        elif parent is None:
            unknown(feed, "node", drafts, faults)
        elif draft.type and parent.type and parent.type not in EQUIPMENT[draft.type].fed_by:
            allowed = EQUIPMENT[draft.type].fed_by
            hint = f"it may be fed by: {', '.join(allowed)}" if allowed else "it is a source and has no `from`"
            message = f"a {parent.type} ({shown(feed.text)}) may not feed a {draft.type} ({shown(node_id)})"
            faults.add(feed.line, feed.column, message, hint)
        seen.add(feed.text)
    if draft.type:
        low, high = EQUIPMENT[draft.type].feeds_min, EQUIPMENT[draft.type].feeds_max
        if not low <= len(draft.feeds) <= high:
            wanted = f"{low}" if low == high else f"{low} to {high}"
            message = f"{shown(node_id)} ({draft.type}) names {len(draft.feeds)} in `from`; must name {wanted}"
            faults.add(draft.key.line, draft.key.column, message)


def _sorted(drafts: Mapping[str, Draft]) -> tuple[list[str], list[list[str]]]:
    """Nodes with every feeder before what it feeds, and the cycles met on the way, each as its nodes."""
    order: list[str] = []
    cycles: list[list[str]] = []
    begun: dict[str, bool] = {}  # True once it is in order
    for first in drafts:
        if first in begun:
            continue
        begun[first] = False
        path: list[tuple[str, Iterator[str]]] = [(first, _parents(first, drafts))]
        while path:
            node_id, parents = path[-1]
            parent = next(parents, None)
            if parent is None:
                path.pop()
                begun[node_id] = True
                order.append(node_id)
            elif parent not in begun:
                begun[parent] = False
                path.append((parent, _parents(parent, drafts)))
            elif not begun[parent]:
                on_path = [each for each, _ in path]
                cycles.append(on_path[on_path.index(parent) :])
    return order, cycles


def _parents(node_id: str, drafts: Mapping[str, Draft]) -> Iterator[str]:
    named = dict.fromkeys(feed.text for feed in drafts[node_id].feeds)
    return (parent for parent in named if parent in drafts and parent != node_id)


def _add_cycle(cycle: list[str], drafts: Mapping[str, Draft], faults: Faults) -> None:
    """Name a cycle the way power would run round it, at the node of it that stands first in the file."""
    around = cycle[::-1]
    lines = [drafts[node_id].key.line for node_id in around]
    start = lines.index(min(lines))
    around = around[start:] + around[:start]
    names = around if len(around) <= CYCLE_SHOWN_MAX else [*around[: CYCLE_SHOWN_MAX - 1], "…"]
    key = drafts[around[0]].key
    path = " -> ".join((*(name[:32] for name in names), around[0][:32]))
    faults.add(key.line, key.column, f"nodes feed each other in a cycle: {path}")


def _check_voltages(order: list[str], drafts: Mapping[str, Draft], faults: Faults) -> None:
    """What is fed must be built for the voltage and frequency it is given. Unknown ones raise no second fault."""
    given: dict[str, tuple[float, float]] = {}  # id -> nominal (V, Hz) it passes on
    for node_id in order:
        draft = drafts[node_id]
        if draft.type in SOURCES:
            source_v = draft.number("voltage_v")
            if source_v is not None:
                given[node_id] = source_v, draft.number("frequency_hz") or 0.0
            continue
        sources = [(feed, given[feed.text]) for feed in draft.feeds if feed.text in given]
        if not sources:
            continue
        feed, (voltage_v, frequency_hz) = sources[0]
        for other, (other_v, other_hz) in sources[1:]:
            if not _meet(voltage_v, other_v):
                message = f"{shown(node_id)} is fed {voltage_v:g} V by {shown(feed.text)} and {other_v:g} V"
                faults.add(other.line, other.column, f"{message} by {shown(other.text)}")
            if draft.part in ("switchgear", "distribution", "pdu") and frequency_hz != other_hz:
                message = f"{shown(node_id)} is fed {frequency_hz:g} Hz by {shown(feed.text)} and {other_hz:g} Hz"
                faults.add(other.line, other.column, f"{message} by {shown(other.text)}")
        primary_v = draft.number("primary_voltage_v") or voltage_v
        if not _meet(primary_v, voltage_v):
            place = draft.place("primary_voltage_v")
            message = f"{shown(node_id)}: primary_voltage_v is {primary_v:g} V, but {shown(feed.text)} feeds it"
            faults.add(place.line, place.column, f"{message} {voltage_v:g} V")
        if draft.number("curve") == GG and voltage_v > FUSE_V_MAX:
            place = draft.place("curve")
            message = (
                f"{shown(node_id)}: curve gg is a fuse for up to {FUSE_V_MAX:g} V, but {shown(feed.text)} feeds it"
            )
            faults.add(place.line, place.column, f"{message} {voltage_v:g} V")
        given[node_id] = draft.number("secondary_voltage_v") or voltage_v, frequency_hz


def _meet(one_v: float, other_v: float) -> bool:
    return max(one_v, other_v) <= VOLTAGE_RATIO_MAX * min(one_v, other_v)
