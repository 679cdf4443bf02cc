"""The wall of screens, live."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from winter_river.web import forms
from winter_river.web.desk import API, DeskHere, WhoAsks, must_hold
from winter_river.web.errors import PageFault
from winter_river.web.routes_look import EventStream

routes = APIRouter(prefix=API)


@routes.get(
    "/screens/stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, 503: {"model": forms.Fault}},
)
async def screens(desk: DeskHere, who: WhoAsks) -> Response:
    """The glass of each node (server-sent events `screens`): {id: frame}, first all, then those that changed.

    A frame is base64 of 1,024 bytes: eight pages of 128 columns, the topmost pixel of a byte in its lowest bit. Of a
    board elsewhere it is {"frame": ..., "redrawn": true}: drawn here by the firmware's own code.
    """
    await desk.screens.wake()
    must_hold(desk, who)
    client = desk.screens.join(who.link_id)
    if client is None:
        raise PageFault("too many pages watch the screens", "close some", status=503)
    return EventStream(desk.screens.stream, client)
