"""Routes of the instructor's station: time, snapshots, initial conditions, what-if, history, saving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from winter_wire.topics import ENGINE, FACILITY

from winter_river.scenario.trace import T_DECIMALS, event_fields, published
from winter_river.service.issuer import Source
from winter_river.station import Change, SnapshotInfo, StationError
from winter_river.station.fork import Fork
from winter_river.station.model import Field
from winter_river.web import forms, painting
from winter_river.web.access import Who, with_article
from winter_river.web.desk import API, Desk, DeskHere, WhoAsks, must
from winter_river.web.errors import PageFault, forbidden, of_text
from winter_river.web.picture import drawing
from winter_river.web.routes_act import AskedFrom, audited
from winter_river.web.routes_look import role_facts
from winter_river.web.screens import redrawn

FIELDS_MAX = 50
POINTS_MAX = 2_000
T_S_MAX = 1e9
NAME_LENGTH_MAX = 64  # of what somebody asked, in the audit
CHANGES_LENGTH_MAX = 1_000  # of what somebody supposed, there
_FAULTS: dict[int | str, dict[str, object]] = {code: {"model": forms.Fault} for code in (400, 403, 404, 409)}

Seconds = Annotated[float, Query(ge=0, le=T_S_MAX, allow_inf_nan=False)]

routes = APIRouter(prefix=API, responses=_FAULTS)


def must_move_time(desk: Desk, who: Who) -> None:
    """Raises PageFault where somebody may not touch time: by role, and in an exam nobody may."""
    must(who, "time")
    if desk.in_exam():
        raise forbidden("in an exam time runs for everybody alike", "end the exercise first")


@routes.post("/clock", response_model=forms.ClockAnswer)
def clock(desk: DeskHere, who: WhoAsks, source: AskedFrom, form: forms.ClockForm) -> Response:
    """Run, freeze, step, speed, back by seconds, goto an instant."""
    must_move_time(desk, who)
    station, value = desk.plant.station, form.value
    if value is None and form.action in ("speed", "back", "goto"):
        raise PageFault(f"{form.action} needs a value", "send value, in seconds or engine seconds a second")
    seconds = value or 0.0
    # As the engine's own verbs, which say the same over the bus.
    acts: dict[str, tuple[str, dict[str, object], Callable[[], None]]] = {
        "run": ("run", {}, station.run),
        "freeze": ("freeze", {}, station.freeze),
        "step": (
            "step",
            {"seconds": 1.0 if value is None else value},
            lambda: station.step(1.0 if value is None else value),
        ),
        "speed": ("speed", {"times": seconds}, lambda: station.set_speed(seconds)),
        "back": ("back", {"seconds": seconds}, lambda: station.back(seconds)),
        "goto": ("go_to", {"t_s": seconds}, lambda: station.go_to(seconds)),
    }
    verb, params, act = acts[form.action]
    with audited(desk, who, source, ENGINE, verb, params):
        _asked(act)
    desk.pump.stir()
    return JSONResponse(desk.pump.clock())


def _asked(act: object) -> None:
    """Does what was asked; what the station says against it becomes a fault with its cure."""
    assert callable(act)
    try:
        act()
    except ValueError as error:
        raise of_text(error) from error


@routes.get("/snapshots", response_model=list[forms.SnapshotAnswer])
def snapshots(desk: DeskHere) -> Response:
    """All that can be gone back to, oldest first: those by hand and the automatic ones of the last hour."""
    return JSONResponse([_snapshot_facts(info) for info in desk.plant.station.snapshots()])


@routes.post("/snapshots", response_model=forms.SnapshotAnswer)
def take_snapshot(desk: DeskHere, who: WhoAsks, form: forms.SnapshotForm) -> Response:
    """Keeps the present under a name."""
    must(who, "snapshot")
    return JSONResponse(_snapshot_facts(desk.plant.station.take_snapshot(form.name)))


def _snapshot_facts(info: SnapshotInfo) -> dict[str, object]:
    return {"id": info.id, "t_s": info.t_s, "timeline": info.timeline, "name": info.name, "hash": info.hash}


@routes.post("/snapshots/{snapshot_id}/restore", response_model=forms.ClockAnswer)
def restore(desk: DeskHere, who: WhoAsks, source: AskedFrom, snapshot_id: str) -> Response:
    """Back to a snapshot, bit for bit, on a new timeline."""
    must_move_time(desk, who)
    with audited(desk, who, source, ENGINE, "restore", {"snapshot": snapshot_id[:NAME_LENGTH_MAX]}):
        _asked(lambda: desk.plant.station.restore(snapshot_id))
    return JSONResponse(desk.pump.clock())


@routes.get("/initial-conditions", response_model=list[forms.InitialConditionAnswer])
def initial_conditions(desk: DeskHere) -> Response:
    """The named states that this facility can start from."""
    found = desk.plant.station.initial_conditions()
    return JSONResponse([{"id": each.id, "title": each.title, "version": each.version} for each in found])


@routes.post("/initial-conditions/{condition_id}/load", response_model=forms.ClockAnswer)
def load_initial_condition(desk: DeskHere, who: WhoAsks, source: AskedFrom, condition_id: str) -> Response:
    """Starts from a named state, on a new timeline."""
    must_move_time(desk, who)
    with audited(desk, who, source, ENGINE, "load", {"condition": condition_id[:NAME_LENGTH_MAX]}):
        _asked(lambda: desk.plant.station.load_initial_condition(condition_id))
    return JSONResponse(desk.pump.clock())


@routes.post("/what-if", response_model=forms.WhatIfAnswer)
def what_if(desk: DeskHere, who: WhoAsks, source: AskedFrom, form: forms.WhatIfForm) -> Response:
    """Runs a copy ahead with these changes: ghost lines beside the truth. The live run does not notice; the audit does."""
    must(who, "what_if")
    for change in form.changes:
        desk.verb(change.node_id, change.command)
    changes = [Change(change.node_id, change.command, dict(change.params), change.in_s) for change in form.changes]
    asked = {"changes": _in_short(changes), "from_s": form.from_s, "ahead_s": form.ahead_s}
    with audited(desk, who, source, ENGINE, "what_if", asked):
        try:
            made = desk.plant.station.what_if(
                changes, from_s=form.from_s, ahead_s=form.ahead_s, fields=[_field(name) for name in form.fields]
            )
        except ValueError as error:
            raise of_text(error) from error
    answers = [
        {"node_id": each.change.node_id, "command": each.change.command, "result": each.result, "reason": each.reason}
        for each in made.answers
    ]
    return JSONResponse(
        {
            "t_s": _times(made.t_s),
            "series": {".".join(field): list(values) for field, values in made.series.items()},
            "events": [event_fields(event) for event in made.events],
            "answers": answers,
            "hash": made.hash,
        }
    )


def _in_short(changes: Sequence[Change]) -> str:
    """What a what-if supposes, for the audit."""
    return "; ".join(f"{each.node_id} {each.command}" for each in changes)[:CHANGES_LENGTH_MAX]


def _times(values: Sequence[float]) -> list[float]:
    """Engine times, as exact as they are meant: whole milliseconds."""
    return [round(value, T_DECIMALS) for value in values]


def _field(text: str) -> Field:
    node_id, _, name = text.partition(".")
    return node_id, name


@routes.get("/trend", response_model=forms.TrendAnswer)
def trend(
    desk: DeskHere,
    fields: Annotated[str, Query(max_length=4_000, description="`ups_a.soc_pct,facility.pue`: 50 at most")],
    from_s: Seconds | None = None,
    to_s: Seconds | None = None,
    points: Annotated[int, Query(ge=2, le=POINTS_MAX)] = 600,
) -> Response:
    """Curves of any fields from the history in memory, down-sampled: last, lowest and highest value of each piece."""
    wanted = [_field(text) for text in fields.split(",") if text]
    if not 1 <= len(wanted) <= FIELDS_MAX:
        raise PageFault(f"{len(wanted)} fields; 1 to {FIELDS_MAX}", "fields=ups_a.soc_pct,gen_a.power_kw")
    try:
        found = desk.plant.station.trend(wanted, from_s=from_s, to_s=to_s, points=points)
    except ValueError as error:
        raise of_text(error) from error
    names = {".".join(field): curve for field, curve in found.curves.items()}
    return JSONResponse(
        {
            "t_s": _times(found.t_s),
            "series": {name: list(curve.last) for name, curve in names.items()},
            "low": {name: list(curve.low) for name, curve in names.items()},
            "high": {name: list(curve.high) for name, curve in names.items()},
        }
    )


@routes.get("/at", response_model=forms.AtAnswer)
def at(desk: DeskHere, t_s: Seconds, screens: bool = False) -> Response:
    """The site as it was at an instant of its own past, with `screens` its little screens, too: for dragging time
    without going back."""
    try:
        then = desk.plant.station.then(t_s)
    except StationError as error:
        raise of_text(error) from error
    site_facility = desk.plant.site.facility
    nodes = {node_id: _row_then(then, node_id) for node_id in site_facility.nodes}
    facts = {"t_s": t_s, "nodes": nodes, "facility": published(then.view(FACILITY)), **drawing(site_facility, nodes)}
    if screens:
        facts["screens"] = {node_id: redrawn(node_id, row).facts() for node_id, row in nodes.items()}
    return JSONResponse(facts)


def _row_then(then: Fork, node_id: str) -> dict[str, object]:
    """One node as the state has it, as far as the past knows: a node that was there is not told from a silent one."""
    given = then.own.get(node_id)
    row: dict[str, object] = published(then.view(node_id))
    row |= dict(given.own) if given is not None else {}
    row["presence"] = painting.ONLINE if then.present(node_id) else painting.OFFLINE
    row["look"] = painting.look(row, str(row["presence"]))
    return row


@routes.get("/save/scenario", response_class=PlainTextResponse)
def save_scenario(desk: DeskHere, who: WhoAsks) -> Response:
    """This run's acts as a scenario file that plays them again."""
    must(who, "save")
    return _saved(desk.plant.station.as_scenario(), "session.yaml")


@routes.get("/save/pytest", response_class=PlainTextResponse)
def save_pytest(desk: DeskHere, who: WhoAsks) -> Response:
    """This run's acts as a pytest file that passes."""
    must(who, "save")
    return _saved(desk.plant.station.as_pytest(), "test_session.py")


def _saved(text: str, name: str) -> Response:
    return PlainTextResponse(text, headers={"content-disposition": f'attachment; filename="{name}"'})


@routes.get("/links", response_model=list[forms.LinkAnswer])
def links(desk: DeskHere, who: WhoAsks) -> Response:
    """The links given out in this run; their tokens are known to their owners only."""
    must(who, "link")
    return JSONResponse([{"id": link.id, "role": link.role, "name": link.name} for link in desk.links.all()])


@routes.post("/links", response_model=forms.NewLinkAnswer)
def create_link(desk: DeskHere, who: WhoAsks, source: AskedFrom, form: forms.LinkForm) -> Response:
    """A link that gives a role, at most one's own. It ends with the run."""
    must(who, "link")
    if not who.is_at_least(form.role):
        raise forbidden(f"{with_article(who.role)} cannot make {with_article(form.role)}")
    with audited(desk, who, source, ENGINE, "give_link", {"role": form.role, "name": form.name}):
        try:
            token, link = desk.links.create(form.role, form.name)
        except ValueError as error:
            raise of_text(error, status=409) from error
    facts = {"id": link.id, "role": link.role, "name": link.name}
    return JSONResponse({**facts, "url": f"{desk.address}/?k={token}"})


@routes.delete("/links/{link_id}", response_model=list[forms.LinkAnswer])
async def take_back_link(desk: DeskHere, who: WhoAsks, source: AskedFrom, link_id: str) -> Response:
    """Takes a link back, of one's own role at most: whoever used it sees nothing more from now on."""
    must(who, "link")
    role = next((link.role for link in desk.links.all() if link.id == link_id), who.role)
    if not who.is_at_least(role):
        raise forbidden(f"{with_article(who.role)} cannot take back the link of {with_article(role)}", "ask an admin")
    await run_in_threadpool(_take_back, desk, who, source, link_id)
    for stream in (desk.stream, desk.screens.stream):
        stream.turn_out(link_id)
    return links(desk, who)


def _take_back(desk: Desk, who: Who, source: Source, link_id: str) -> None:
    """Waits for the disk of the audit."""
    given = next((link for link in desk.links.all() if link.id == link_id), None)
    if given is None:
        raise PageFault(f"there is no link {link_id[:40]!r}", "GET /api/v1/links lists them", status=404)
    with audited(desk, who, source, ENGINE, "take_back_link", {"role": given.role, "name": given.name}):
        desk.links.take_back(link_id)


@routes.get("/me", response_model=forms.RoleAnswer)
def me(who: WhoAsks) -> Response:
    """Who I am here, and what I may do."""
    return JSONResponse(role_facts(who))
