"""The route of the metrics, where Prometheus looks for them."""

from __future__ import annotations

import os
import time
from importlib import metadata
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response
from winter_wire import codec, topics

from winter_river.web.desk import DeskHere
from winter_river.web.metrics import CONTENT_TYPE, Process, expose

routes = APIRouter()


@routes.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE: {}}}})
def metrics(desk: DeskHere) -> Response:
    """The site as OpenMetrics text, in base units (volts, watts, joules, seconds, ratios)."""
    plant = desk.plant
    sight = plant.site.sight()
    text = expose(
        views=sight.views,
        reports={node_id: _fields(payload) for node_id, payload in sight.reports.items()},
        presences=sight.presences,
        balance=sight.balance,
        counters=plant.report().counters,
        store=None if plant.keeper is None else plant.keeper.health(),
        alarms=() if plant.alarms is None else plant.alarms.alarms,
        gauges={} if plant.alarms is None else plant.alarms.gauges,
        boot_returns={node_id: facts["boot_returns"] for node_id, facts in plant.site.facts().items()},
        process=Process(time.process_time(), _resident_bytes(), metadata.version("winter-river")),
    )
    return Response(text, media_type=CONTENT_TYPE)


def _resident_bytes() -> int:
    """Memory of this process, as Linux tells it."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _fields(payload: bytes) -> dict[str, object]:
    """A status as it came; nothing where it cannot be believed."""
    message, _ = codec.decode(topics.STATUS, payload)
    return message or {}
