"""Routes to act on nodes: commands, and the finger on the button."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from winter_wire import schema, topics

from winter_river import air
from winter_river.audit import AuditError
from winter_river.reference_commands import REASONS
from winter_river.service.issuer import Source
from winter_river.site import Ack
from winter_river.web import forms
from winter_river.web.access import TRAINEE, Who, right_of, with_article
from winter_river.web.desk import API, Desk, DeskHere, WhoAsks, must
from winter_river.web.errors import PageFault, forbidden

BY_LENGTH_MAX = 32  # of the contract's `by`
PAGE, REST = "page", "rest"  # doors, for the audit

routes = APIRouter(prefix=API)
_FAULTS: dict[int | str, dict[str, object]] = {code: {"model": forms.Fault} for code in (400, 403, 404, 503)}


def by_of(who: Who) -> str:
    """Who asks, as the contract's audit field takes it: role and name."""
    return f"{who.role}: {who.name}".encode("ascii", "replace").decode()[:BY_LENGTH_MAX]


def ack_facts(ack: Ack) -> dict[str, str]:
    """An ack with what its reason means and what to do about it."""
    words, cure = REASONS.get(ack.reason, ("", ""))
    return {
        "id": ack.id,
        "node_id": ack.node_id,
        "result": ack.result,
        "reason": ack.reason,
        "applied": ack.applied,
        "words": words,
        "cure": cure,
    }


def send(
    desk: Desk,
    who: Who,
    source: Source,
    node_id: str,
    verb: str,
    params: dict[str, object],
    *,
    priority: int = schema.PRIORITY_DEFAULT,
) -> Ack:
    """Sends a command and waits for the node's answer; raises PageFault where it cannot be sent."""
    site = desk.plant.site.through(source.door, source.address)
    try:
        return site.send(node_id, verb, params, by=by_of(who), priority=priority)
    except ValueError as error:
        raise PageFault(str(error), f"{verb} takes {parameters(verb)}") from error
    except AuditError as error:
        raise PageFault(error.cause, error.cure, status=503) from error


def source_of(request: Request) -> Source:
    """Where somebody stands: at the page or at the interface, and his address. Browsers say what they are."""
    door = PAGE if "sec-fetch-site" in request.headers else REST
    return Source(door, request.client.host if request.client is not None else "")


@contextmanager
def audited(
    desk: Desk, who: Who, source: Source, node_id: str, verb: str, params: Mapping[str, object]
) -> Iterator[None]:
    """Around what is done here and not over the bus. Raises PageFault where the audit cannot be written and must be."""
    try:
        with desk.plant.site.through(*source).acting(node_id, verb, params, by=by_of(who)):
            yield
    except AuditError as error:
        raise PageFault(error.cause, error.cure, status=503) from error


AskedFrom = Annotated[Source, Depends(source_of)]


def parameters(verb: str) -> str:
    """A verb's parameters in words."""
    rows = [f"{row[0]} ({row[1]}{', required' if row[2] else ''})" for row in schema.VERBS[verb]]
    return ", ".join(rows) or "no parameters"


@routes.post("/nodes/{node_id}/command", response_model=forms.AckAnswer, responses=_FAULTS)
def command(desk: DeskHere, who: WhoAsks, source: AskedFrom, node_id: str, form: forms.CommandForm) -> Response:
    """Asks a node to do something. The answer is the node's own; a refusal is an answer too (200, `rejected`).

    In profile secured a dangerous verb (close, start, transfer, ...) has to be selected first:
    `{"command": "select", "params": {"command": "close"}}`, and within 5 s, by the same person, the verb itself; without that
    the node answers `rejected`, `not_selected`. In profile lab it may be. The node `weather` is the air outside: who may
    move time may send it `set_weather`, with a preset by number or name, outdoor_c, humidity_pct. 503: the audit cannot be written.
    """
    if node_id == topics.WEATHER:
        return _to_weather(desk, who, source, form)
    verb = desk.verb(node_id, form.command)
    asked = str(form.params.get("command", verb)) if verb == "select" else verb  # who may do it may select it
    why_not = refusal(desk, who, node_id, asked, priority=_level(verb, form))
    desk.classroom.joins(who)
    if why_not:
        refused = Ack("", node_id, schema.RESULT_REJECTED, why_not)
        desk.plant.site.through(*source).refused(node_id, verb, form.params, by=by_of(who), why=why_not)
        desk.classroom.acted(refused, verb, form.params, by=by_of(who))
        raise forbidden(why_not, "see the exercise, or ask the instructor")
    ack = send(desk, who, source, node_id, verb, dict(form.params), priority=form.priority)
    desk.classroom.acted(ack, verb, form.params, by=by_of(who))
    return JSONResponse(ack_facts(ack))


def _to_weather(desk: Desk, who: Who, source: Source, form: forms.CommandForm) -> Response:
    """The weather is the site's, like time: the same people may set it, and in an exam nobody."""
    must(who, "time")
    if desk.in_exam():
        raise forbidden("in an exam the weather is everybody's alike", "end the exercise first")
    try:
        params = air.params_of(form.command, form.params)
    except ValueError as error:
        raise PageFault(str(error), f"send set_weather with {air.TAKES}") from error
    return JSONResponse(ack_facts(send(desk, who, source, topics.WEATHER, form.command, params)))


def _level(verb: str, form: forms.CommandForm) -> int:
    """The highest priority that a command touches: a release takes out another's value, too."""
    released = form.params.get("priority", form.priority) if verb == "release" else form.priority
    return min(form.priority, released) if isinstance(released, int) else form.priority


def refusal(desk: Desk, who: Who, node_id: str, verb: str, *, priority: int = schema.PRIORITY_DEFAULT) -> str:
    """Why somebody may not send a command: his role, a lock-out tag, the controls of the exercise. "" where he may."""
    right = right_of(verb)
    if priority < schema.PRIORITY_DEFAULT and not who.may("overrule"):
        return f"{with_article(who.role)} may not command at priority {priority}, above the operators'"
    if who.role == TRAINEE and right != "service":  # an exercise may have him break something: it names it as a control
        return desk.classroom.refuses(node_id, verb)
    if not who.may(right):
        return f"{with_article(who.role)} may not {verb.replace('_', ' ')}"
    return desk.classroom.locked_out(node_id, verb) if right == "operate" else ""


@routes.post("/nodes/{node_id}/press", response_model=forms.AckAnswer, responses=_FAULTS)
def press(desk: DeskHere, who: WhoAsks, source: AskedFrom, node_id: str, form: forms.PressForm) -> Response:
    """A finger on the node's button: short turns its page, long moves its handle by hand."""
    desk.node(node_id)
    must(who, "press")
    why_not = desk.classroom.locked_out(node_id, "press") if form.long else ""
    if why_not:
        raise forbidden(why_not, "ask the owner of the tag to take it off")
    fleet = desk.plant.fleet
    if fleet is not None and node_id in fleet.nodes and fleet.nodes[node_id].powered:
        with audited(desk, who, source, node_id, "press", {"long": form.long}):
            fleet.press(node_id, long=form.long)
        return JSONResponse(ack_facts(Ack("", node_id, schema.RESULT_DONE)))
    return JSONResponse(ack_facts(send(desk, who, source, node_id, "press", {"long": form.long})))
