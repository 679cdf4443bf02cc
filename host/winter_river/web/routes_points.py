"""Routes of devices and points: what is configured, what each is now, and every reading as a row of its own."""

from __future__ import annotations

import time
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from winter_river.store import points
from winter_river.store.model import QUALITIES
from winter_river.store.points import PointNow
from winter_river.web import forms_points as forms
from winter_river.web.desk import API, DeskHere
from winter_river.web.routes_history import NO_HISTORY, LastSeconds, UnixSeconds, asked, keeper_of

NodeName = Annotated[str, Query(max_length=32, description="only this device")]

routes = APIRouter(prefix=API, responses=NO_HISTORY)


@routes.get("/devices", response_model=list[forms.DeviceAnswer])
def devices(desk: DeskHere) -> Response:
    """Every device of the site, as its file configures it, with when it was last heard and how many points it has."""
    keeper, facts = keeper_of(desk), desk.plant.site.facts()
    now_ms = int(time.time() * 1000)
    found = asked(lambda: keeper.ask(lambda connection: points.now(connection, now_ms=now_ms)))
    count, polled = Counter(each.device_id for each in found), {each.device_id: each.ms for each in found}
    worst: dict[str, int] = {}
    for each in found:
        worst[each.device_id] = min(worst.get(each.device_id, each.quality), each.quality)
    rows = [
        {
            "device_id": node.id, "type": node.type, "title": node.title or node.id, "feeds": list(node.feeds),
            "presence": facts[node.id]["presence"], "points": count[node.id],
            "quality": QUALITIES[worst.get(node.id, 2)], "last_poll_unix_s": polled.get(node.id, 0) / 1000,
        }
        for node in desk.plant.site.facility.nodes.values()
    ]  # fmt: skip
    return JSONResponse(rows)


@routes.get("/points", response_model=list[forms.PointAnswer])
def point_values(desk: DeskHere, node: NodeName = "") -> Response:
    """Every point: its value now, null with quality `bad` where nobody knows it; the last value that was known, and when
    its device was last looked at."""
    if node:
        desk.node(node)
    keeper = keeper_of(desk)
    now_ms = int(time.time() * 1000)
    found = asked(lambda: keeper.ask(lambda connection: points.now(connection, now_ms=now_ms, node_id=node)))
    return JSONResponse([point_facts(each) for each in found])


@routes.get("/readings/{node_id}", response_model=list[forms.ReadingAnswer])
def readings(
    desk: DeskHere,
    node_id: str,
    field: Annotated[str, Query(max_length=48, description="of this point alone")] = "",
    from_unix_s: UnixSeconds | None = None,
    to_unix_s: UnixSeconds | None = None,
    last_s: LastSeconds = 3_600.0,
    limit: Annotated[int, Query(ge=1, le=points.ROWS_MAX)] = 10_000,
) -> Response:
    """Readings of a device, a row a value, the oldest `limit` of the span: a silent device has rows of quality `bad`."""
    desk.node(node_id)
    keeper = keeper_of(desk)
    to_ms = int((time.time() if to_unix_s is None else to_unix_s) * 1000)
    from_ms = max(0, to_ms - int(last_s * 1000)) if from_unix_s is None else int(from_unix_s * 1000)
    found = asked(
        lambda: keeper.ask(
            lambda connection: points.rows(
                connection, from_ms=from_ms, to_ms=to_ms, node_id=node_id, field=field, count_max=limit
            )
        )
    )
    return JSONResponse(found)


def point_facts(point: PointNow) -> dict[str, Any]:
    """A point as plain values."""
    return {
        "point_id": point.point_id,
        "device_id": point.device_id,
        "type": point.type,
        "field": point.field,
        "units": point.units,
        "value": point.value,
        "quality": QUALITIES[point.quality],
        "last_poll_unix_s": point.ms / 1000,
        "last_value": point.last,
        "last_value_unix_s": point.last_ms / 1000,
    }
