"""Routes of the history that is kept on the disk: which nodes, curves of any span, events, last states."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from winter_river.store import Keeper, StoreError, reading
from winter_river.store.model import QUALITIES
from winter_river.web import forms
from winter_river.web.desk import API, Desk, DeskHere
from winter_river.web.errors import PageFault, not_found, of_text

SINGLE_MAX = 100_000  # chosen: a day of one node at 1 Hz, and 5 MB of JSON
UNIX_S_MAX = 1e11
UnixSeconds = Annotated[float, Query(ge=0, le=UNIX_S_MAX, description="seconds since 1970")]
LastSeconds = Annotated[
    float, Query(gt=0, le=UNIX_S_MAX, description="how far back from now, where from_unix_s is not given")
]
Answer = TypeVar("Answer")
NO_HISTORY: dict[int | str, dict[str, object]] = {
    400: {"model": forms.Fault},
    404: {"model": forms.Fault},
    503: {"model": forms.Fault},
}

routes = APIRouter(prefix=API)


@routes.get("/history", response_model=forms.HistoryAnswer, responses=NO_HISTORY)
def history(desk: DeskHere) -> Response:
    """Which nodes have history, from and to when; the store's file and its counters."""
    keeper = keeper_of(desk)
    health = keeper.health()
    nodes = [
        {"node_id": span.node_id, "type": span.type, "from_unix_s": span.from_ms / 1000, "to_unix_s": span.to_ms / 1000}
        for span in asked(lambda: keeper.ask(reading.spans))
    ]
    store = {
        "file": health.file, "fault": health.fault, "rows": health.rows, "lag_s": round(health.lag_s, 3),
        "queue": health.queue, "dropped": dict(health.dropped), "writes": health.writes,
        "write_failures": health.write_failures, "reads": health.reads, "read_failures": health.read_failures,
        "file_bytes": health.file_bytes, "disk_free_pct": round(health.disk_free_pct, 1),
    }  # fmt: skip
    return JSONResponse({"nodes": nodes, "store": store})


@routes.get("/history/{node_id}/{field}", response_model=forms.CurveAnswer, responses=NO_HISTORY)
def curve(
    desk: DeskHere,
    node_id: str,
    field: str,
    from_unix_s: UnixSeconds | None = None,
    to_unix_s: UnixSeconds | None = None,
    last_s: LastSeconds = 3_600.0,
    points: Annotated[int | None, Query(ge=1, le=reading.POINTS_MAX)] = None,
) -> Response:
    """One field of one node over a span of time, the last hour by default. With `points` it is down-sampled to so many
    pieces at most, each with mean, low and high; without, it is every single reading."""
    keeper = keeper_of(desk)
    to_ms = int((time.time() if to_unix_s is None else to_unix_s) * 1000)
    from_ms = max(0, to_ms - int(last_s * 1000)) if from_unix_s is None else int(from_unix_s * 1000)
    found = asked(
        lambda: keeper.ask(
            lambda connection: reading.series(connection, node_id, field, from_ms=from_ms, to_ms=to_ms, points=points)
        )
    )
    if len(found.points) > SINGLE_MAX:
        raise PageFault(f"{len(found.points)} readings; {SINGLE_MAX} at most", "a shorter span, or points=1000")
    return JSONResponse(
        {
            "node_id": node_id,
            "field": field,
            "unit": found.unit,
            "width_s": found.width_ms / 1000,
            "unix_s": [point.ms / 1000 for point in found.points],
            "mean": [point.mean for point in found.points],
            "low": [point.low for point in found.points],
            "high": [point.high for point in found.points],
            "readings": [point.readings for point in found.points],
            "quality": [QUALITIES[point.quality] for point in found.points],
        }
    )


@routes.get("/happenings", response_model=forms.HappeningsAnswer, responses=NO_HISTORY)
def happenings(
    desk: DeskHere,
    from_unix_s: UnixSeconds | None = None,
    to_unix_s: UnixSeconds | None = None,
    last_s: LastSeconds = 86_400.0,
    node: Annotated[str | None, Query(max_length=32, description="only what happened there")] = None,
    limit: Annotated[int, Query(ge=1, le=reading.EVENTS_MAX)] = reading.EVENTS_MAX,
) -> Response:
    """The events of a span of time, of this run and of earlier ones, the last `limit` at most, oldest first.

    source: who told of it, the engine or a node of itself (a button, a reboot). run: when that run, or that boot of the
    node, began, in seconds since 1970; t_s: engine time, or the node's uptime."""
    keeper = keeper_of(desk)
    to_ms = int((time.time() if to_unix_s is None else to_unix_s) * 1000)
    from_ms = max(0, to_ms - int(last_s * 1000)) if from_unix_s is None else int(from_unix_s * 1000)
    found = asked(
        lambda: keeper.ask(
            lambda connection: reading.happenings(
                connection, from_ms=from_ms, to_ms=to_ms, node_id=node, count_max=limit
            )
        )
    )
    rows = [
        {
            "unix_s": each.ms / 1000, "source": each.source, "run": each.run, "timeline": each.timeline, "id": each.id, "node_id": each.node_id,
            "t_s": each.t_s, "event": each.event, "from": each.from_, "to": each.to, "cause": each.cause,
        }
        for each in found
    ]  # fmt: skip
    return JSONResponse({"events": rows})


@routes.get("/latest", response_model=forms.LatestAnswer, responses=NO_HISTORY)
def latest(desk: DeskHere) -> Response:
    """The last reading of each node that spoke within the last 300 s."""
    found = keeper_of(desk).latest.all(at_s=time.monotonic())
    rows = {
        node_id: {
            "unix_s": each.ms / 1000, "quality": QUALITIES[each.quality], "status": each.status, "state": each.state,
            "numbers": dict(each.numbers),
        }
        for node_id, each in found.items()
    }  # fmt: skip
    return JSONResponse({"nodes": rows})


def keeper_of(desk: Desk) -> Keeper:
    if desk.plant.keeper is None:
        raise PageFault("this run keeps no history", "start it without --no-store", status=503)
    return desk.plant.keeper


def asked(question: Callable[[], Answer]) -> Answer:
    """The answer, or the page's fault."""
    try:
        return question()
    except reading.UnknownSeries as error:
        raise not_found(str(error), f"there is {', '.join(error.known)}"[:500]) from error
    except StoreError as error:
        raise of_text(error, status=503) from error
    except ValueError as error:
        raise of_text(error) from error
