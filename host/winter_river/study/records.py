"""The records of a study as they begin: of a plan, its failures and a healthy world."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from winter_river import engine
from winter_river.engine.layout import SCALAR, Table, tables
from winter_river.engine.plan import NONE, is_board
from winter_river.study import structure
from winter_river.study.rates import BATTERY, START, TRANSFER, Failure
from winter_river.study.story import NOBODY, DeviceRow, FailureRow, LoadRow, SignRow, Story
from winter_river.study.watch import GENERATOR, INPUT, LATCH, LOAD, SOURCE, is_watched_always, key_size, sign_now

ROWS_FIRST = 256  # chosen: of a table that grows; a power of two
SIGN_OF_DEMAND = {START: GENERATOR, TRANSFER: SOURCE, BATTERY: INPUT}


def story_of(plan: engine.Plan, failures: Sequence[Failure], numbers: Sequence[int], healthy: engine.World) -> Story:
    """A story that has not begun. numbers: of the failures over the whole site, which name their streams."""
    loads = structure.loads(plan)
    signs = [*_signs(plan, loads)]
    for sign in signs:
        sign.first = sign.shows = sign_now(plan, healthy, sign)
    watched = [k for k, sign in enumerate(signs) if is_watched_always(sign)]
    place = {(sign.what, sign.device): k for k, sign in enumerate(signs)}
    rows = [_failure(plan, failure, place) for failure in failures]
    filled: dict[str, Any] = {
        "numbers": list(numbers),
        "streams": [0] * len(rows),
        "before_streams": [0] * len(rows),
        "failures": rows,
        "devices": _devices(plan, rows, place),
        "signs": signs,
        "loads": [LoadRow(is_rack=structure.is_rack(plan.devices[k].type)) for k in loads],
        "demands": [k for k, row in enumerate(rows) if row.ratio > 0.0],
        "toggled": [0] * (2 * len(rows) + 2),
        "acts": [0] * (2 * len(plan.devices) + 2),
        "key": [0] * key_size(plan),
        "first_rest": NOBODY,
        "wait": NOBODY,
        "watched_first": watched[0] if watched else 0,
        "watched_end": watched[-1] + 1 if watched else 0,
    }
    lengths = {"worlds": 1, "down_s": 1, "begun": 1, "before": 1, "known_before": 1}
    for table in tables(Story):
        if table.name not in filled:
            one = empty(table)
            filled[table.name] = (
                one() if table.shape == SCALAR else [one() for _ in range(lengths.get(table.name, ROWS_FIRST))]
            )
    return Story(**filled)


def empty(table: Table) -> Callable[[], Any]:
    """What makes a number or a row of a table that says nothing yet."""
    return table.record if table.record is not None else functools.partial(table.fields[0][1], 0)


def _signs(plan: engine.Plan, loads: Sequence[int]) -> Iterator[SignRow]:
    """Loads live, generators, first sources of transfers lost, inputs of UPS lost, latches. Those that are watched always
    follow each other."""
    for load, k in enumerate(loads):
        yield SignRow(LOAD, k, load=load)
    for slot, generator in enumerate(plan.generators):
        yield SignRow(GENERATOR, generator.node, slot)
    for slot, transfer in enumerate(plan.transfers):
        yield SignRow(SOURCE, transfer.node, slot)
    for slot, ups in enumerate(plan.upses):
        yield SignRow(INPUT, ups.node, slot)
    for k, device in enumerate(plan.devices):
        if engine.part_of(device.type) not in ("utility", "transformer"):
            yield SignRow(LATCH, k)


def _failure(plan: engine.Plan, failure: Failure, place: dict[tuple[int, int], int]) -> FailureRow:
    device = plan.index[failure.node_id]
    return FailureRow(
        kind=failure.kind,
        device=device,
        demand=place[SIGN_OF_DEMAND[failure.kind], device] if failure.ratio > 0.0 else NOBODY,
        mean_up_s=failure.mean_up_s,
        mean_down_s=failure.mean_down_s,
        ratio=failure.ratio,
        share_down=failure.share_down,
    )


def _devices(plan: engine.Plan, failures: Sequence[FailureRow], place: dict[tuple[int, int], int]) -> list[DeviceRow]:
    """One row a device; its failures follow one another, because they were read device by device."""
    rows = []
    for k in range(len(plan.devices)):
        own = [number for number, failure in enumerate(failures) if failure.device == k]
        first, end = (own[0], own[-1] + 1) if own else (0, 0)
        assert end - first == len(own)
        rows.append(
            DeviceRow(
                first=first,
                end=end,
                input=place.get((INPUT, k), NOBODY),
                runs=place.get((GENERATOR, k), NOBODY),
                picks=is_board(plan.nodes[k].kind) and plan.boards[plan.nodes[k].slot].transfer != NONE,
                reset_s=math.inf,
                refuel_s=math.inf,
            )
        )
    return rows
