"""Routes to look: facility, diagram, state, stream, events and their causes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from winter_river.engine import Event, explain
from winter_river.scenario.trace import event_fields
from winter_river.web import forms
from winter_river.web.access import RIGHTS, Who
from winter_river.web.desk import API, Desk, DeskHere, WhoAsks, must_hold
from winter_river.web.diagram import draw
from winter_river.web.errors import PageFault
from winter_river.web.facts import facility_facts
from winter_river.web.stream import Client, Stream, merged
from winter_river.web.subset import subset

EVENTS_SHOWN_MAX = 2_000
SEQ_MAX = 2**53

NODES_LETTERS_MAX = 20_000  # chosen: 500 ids of full length, and less than a server takes as one line

NodesAsked = Annotated[
    str | None, Query(max_length=NODES_LETTERS_MAX, description="Ids joined by commas; all nodes where it is missing.")
]

routes = APIRouter(prefix=API)


def role_facts(who: Who) -> dict[str, Any]:
    """What a page is told of its own role."""
    return {"role": who.role, "name": who.name, "may": [right for right in RIGHTS if who.may(right)]}


@routes.get("/facility", response_model=forms.FacilityAnswer)
def facility(desk: DeskHere) -> Response:
    """The facility: nodes in file order, types with their commands and malfunctions, fields with their units."""
    return JSONResponse(facility_facts(desk.plant.site.facility, secured=desk.plant.site.secured))


@routes.get("/diagram.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
def diagram(desk: DeskHere, painted: bool = False) -> Response:
    """The one-line diagram. With `painted` it shows the present; without, the page lays `paint` of the state over it."""
    drawn = draw(desk.plant.site.facility, desk.pump.state["paint"]) if painted else desk.diagram()
    return Response(drawn, media_type="image/svg+xml")


@routes.get("/state", response_model=forms.StateAnswer)
async def state(desk: DeskHere, who: WhoAsks) -> Response:
    """The whole state now; the stream tells what changes from here on."""
    return JSONResponse(desk.pump.state | role_facts(who))


class EventStream(Response):
    """Server-sent events as they come, until the reader or we go."""

    media_type = "text/event-stream"

    def __init__(self, stream: Stream, client: Client) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._stream, self._client = stream, client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends; ends when the reader leaves, when it was dropped as too slow, or when the service stops."""
        del self.headers["content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        tasks = [
            asyncio.ensure_future(self._send(send)),
            asyncio.ensure_future(_left(receive)),
            asyncio.ensure_future(self._client.gone.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stream.leave(self._client)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not self._client.gone.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        async for data in self._stream.read(self._client):
            await send({"type": "http.response.body", "body": data, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@routes.get(
    "/stream",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}},
        404: {"model": forms.Fault},
        503: {"model": forms.Fault},
    },
)
async def stream(desk: DeskHere, who: WhoAsks, request: Request, nodes: NodesAsked = None) -> Response:
    """The live stream (server-sent events): `state` whole, then `delta`, `event`, `note`, `cue`. Resumes by Last-Event-ID.

    With `nodes` it tells of these only: their rows in `nodes`, their lines in `flows` and `paint`, their events and
    notes, and what is of the whole site (clock, health, facility, exercise, cues). Numbers then have gaps. At most 20
    different choices of nodes are followed at a time.
    """
    last_id = request.headers.get("last-event-id", "")
    chosen = None if nodes is None else subset(desk.plant.site.facility, desk.nodes(nodes))

    def whole() -> bytes:
        state = desk.pump.state if chosen is None else chosen.narrowed("state", desk.pump.state)
        return merged(state or {}, role_facts(who), desk.stream.run_of(chosen))

    must_hold(desk, who)
    client = desk.stream.join(last_id, whole, link_id=who.link_id, subset=chosen)
    if client is None:
        raise PageFault(
            "too many pages are open, or too many different choices of nodes", "close some, or follow all", status=503
        )
    return EventStream(desk.stream, client)


@routes.get("/events", response_model=forms.EventsAnswer)
def events(desk: DeskHere, since: Annotated[int, Query(ge=0, le=SEQ_MAX)] = 0) -> Response:
    """The events with an id above `since`, the last 2,000 at most, oldest first."""
    site = desk.plant.site
    with site.moment():
        found, timeline = site.events(since)[-EVENTS_SHOWN_MAX:], site.timeline
    return JSONResponse({"timeline": timeline, "events": [event_fields(event) for event in found]})


@routes.get("/nodes/{node_id}/why", response_model=forms.WhyAnswer, responses={404: {"model": forms.Fault}})
def why(desk: DeskHere, node_id: str) -> Response:
    """Why a node is as it is: what isolates it, and each cause back to the first."""
    desk.node(node_id)
    return JSONResponse(why_facts(desk, node_id))


@routes.get("/events/{event_id}/why", response_model=forms.WhyAnswer, responses={404: {"model": forms.Fault}})
def why_event(desk: DeskHere, event_id: int) -> Response:
    """The chain of causes behind one event."""
    log = {event.id: event for event in desk.plant.site.events()}
    if event_id not in log:
        raise PageFault(
            f"there is no event {event_id} in the log", "GET /api/v1/events has those there are", status=404
        )
    chain = explain.chain(log, log[event_id])
    text = [event_words(event) for event in chain]
    return JSONResponse({"node_id": log[event_id].node_id, "text": text, "isolated_by": None, "chain": _fields(chain)})


def why_facts(desk: Desk, node_id: str) -> dict[str, Any]:
    site = desk.plant.site
    with site.moment():
        events, isolation, state = site.events(), site.isolation(node_id), site.view(node_id)["state"]
    log: Mapping[int, Event] = {event.id: event for event in events}
    latest = explain.latest(log.values(), node_id)
    chain = [] if latest is None else explain.chain(log, latest)
    text = [f"{node_id} is {state}"]
    if isolation is not None:
        text.append(explain.isolation_text(isolation, explain.condition_since_s(log.values(), isolation.by)))
    text += [event_words(chain[0]), *(f"because {event_words(event)}" for event in chain[1:])] if chain else []
    return {
        "node_id": node_id,
        "text": text,
        "isolated_by": None if isolation is None else isolation.by,
        "chain": _fields(chain),
    }


def event_words(event: Event) -> str:
    """`12.3 s ups_a state NORMAL -> ON_BATTERY`."""
    change = f" {event.from_} → {event.to}" if event.from_ and event.to else f" {event.from_}{event.to}".rstrip()
    return f"{event.t_s:.1f} s {event.node_id} {event.event}{change}"


def _fields(chain: list[Event]) -> list[dict[str, object]]:
    return [event_fields(event) for event in chain]
