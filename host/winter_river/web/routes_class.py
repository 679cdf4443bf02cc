"""Routes of the classroom: scenarios, the exercise, debriefs, the class's history."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from winter_wire.topics import ENGINE

from winter_river.web import forms
from winter_river.web.access import Who
from winter_river.web.classroom import END_EXERCISE
from winter_river.web.desk import API, Desk, DeskHere, WhoAsks, must
from winter_river.web.errors import conflict, not_found, of_text
from winter_river.web.guard import POLICY_DEBRIEF
from winter_river.web.routes_act import AskedFrom, audited, by_of

_FAULTS: dict[int | str, dict[str, object]] = {code: {"model": forms.Fault} for code in (400, 403, 404, 409)}
_KIND_TYPES = {"html": "text/html; charset=utf-8", "json": "application/json", "xml": "application/xml"}

routes = APIRouter(prefix=API, responses=_FAULTS)


@routes.get("/scenarios", response_model=list[forms.ScenarioAnswer])
def scenarios(desk: DeskHere) -> Response:
    """The built-in scenarios and those of the run's own folder, each with whether it can be started here, and why not."""
    return JSONResponse(desk.classroom.catalogue.facts())


@routes.post("/exercise", response_model=forms.ExerciseAnswer)
def begin(desk: DeskHere, who: WhoAsks, source: AskedFrom, form: forms.ExerciseForm) -> Response:
    """Starts an exercise. An exam begins from the same state for everybody, and nobody touches time while it lasts."""
    must(who, "exercise")
    named = [link.id for link in desk.links.all() if link.name == form.trainee]
    asked = {"scenario": form.scenario, "exam": form.exam, "trainee": form.trainee}
    with audited(desk, who, source, ENGINE, "begin_exercise", asked):
        found = desk.classroom.begin(form.scenario, exam=form.exam, trainee=form.trainee, link_ids=named)
    desk.pump.stir()
    return JSONResponse({"exercise": found})


@routes.get("/exercise", response_model=forms.ExerciseAnswer)
def exercise(desk: DeskHere) -> Response:
    """The exercise as a trainee may see it; null where none has begun."""
    return JSONResponse({"exercise": desk.classroom.status})


@routes.post("/exercise/answer", response_model=forms.TextAnswer)
def answer(desk: DeskHere, who: WhoAsks, form: forms.AnswerForm) -> Response:
    """Answers an open question; only the first answer counts."""
    must(who, "answer")
    desk.classroom.joins(who)
    try:
        text = desk.classroom.answer(form.step, form.choice)
    except ValueError as error:
        raise of_text(error, status=409) from error
    desk.pump.stir()
    return JSONResponse({"text": text})


@routes.post("/exercise/hint", response_model=forms.TextAnswer)
def hint(desk: DeskHere, who: WhoAsks) -> Response:
    """The next hint, which costs points; "" where there is none."""
    must(who, "answer")
    desk.classroom.joins(who)
    text = desk.classroom.hint()
    desk.pump.stir()
    return JSONResponse({"text": text})


@routes.post("/exercise/acknowledge", response_model=forms.CountAnswer)
def acknowledge(desk: DeskHere, who: WhoAsks, form: forms.AcknowledgeForm) -> Response:
    """Says that the alarms of a node, or all of them, have been seen."""
    must(who, "answer")
    if form.node_id:
        desk.node(form.node_id)
    desk.classroom.joins(who)
    count = desk.classroom.acknowledge(form.node_id, by=by_of(who))
    desk.pump.stir()
    return JSONResponse({"count": count})


@routes.post("/exercise/tag", response_model=forms.ExerciseAnswer)
def tag(desk: DeskHere, who: WhoAsks, form: forms.TagForm) -> Response:
    """Hangs one's lock-out tag on a node, or takes it off: nobody operates what is locked out.

    A tag whose owner's link was taken back is taken off by an instructor.
    """
    must(who, "answer")
    desk.node(form.node_id)
    desk.classroom.joins(who)
    try:
        if form.on:
            desk.classroom.tag(form.node_id, who, form.text)
        else:
            desk.classroom.untag(form.node_id, who, link_ids=[link.id for link in desk.links.all()])
    except ValueError as error:
        cure = "" if form.on else "its owner takes it off; of one who left, take back the link, then an instructor can"
        raise conflict(str(error), cure) from error
    desk.pump.stir()
    return JSONResponse({"exercise": desk.classroom.status})


@routes.post("/exercise/end", response_model=forms.EndAnswer)
def end(desk: DeskHere, who: WhoAsks, source: AskedFrom) -> Response:
    """Ends the exercise and puts the site back; `debrief` is the address of what came of it."""
    must(who, "exercise")
    with audited(desk, who, source, ENGINE, END_EXERCISE, {}):
        debrief_id = desk.classroom.end()
    desk.pump.stir()
    return JSONResponse({"debrief": f"{API}/debriefs/{debrief_id}.html" if debrief_id else ""})


@routes.get(
    "/debriefs/{name}",
    response_class=HTMLResponse,
    responses={200: {"content": {kind: {} for kind in ("text/html", "application/json", "application/xml")}}},
)
def debrief(desk: DeskHere, who: WhoAsks, name: str) -> Response:
    """What came of an exercise: ID.html to read and to mail, ID.json, ID.xml (JUnit). An ID alone is the page.

    Below instructor only those of exercises that one took part in by this very link, or as the one trainee of that
    name, and the one of the exercise that has just ended.
    """
    must(who, "answer")
    debrief_id, _, kind = name.partition(".")
    text = desk.archive.read(debrief_id, kind or "html") if _may_read(desk, who, debrief_id) else None
    if text is None and not who.may("class"):
        raise not_found("there is no such debrief of yours", "an instructor can show every debrief")
    if text is None:
        raise not_found("there is no such debrief", "GET /api/v1/class lists them")
    headers = {"content-security-policy": POLICY_DEBRIEF}
    return Response(text, media_type=_KIND_TYPES[kind or "html"], headers=headers)


def _may_read(desk: Desk, who: Who, debrief_id: str) -> bool:
    status = desk.classroom.status
    is_present = status is not None and status["debrief"] == debrief_id
    return who.may("class") or is_present or bool(who.link_id and who.link_id in desk.archive.owners(debrief_id))


@routes.get("/class", response_model=list[dict[str, object]])
def class_table(desk: DeskHere, who: WhoAsks) -> Response:
    """Everybody's results on this machine, the latest first."""
    must(who, "class")
    return JSONResponse(desk.archive.table())


@routes.get("/class.csv", response_class=PlainTextResponse)
def class_csv(desk: DeskHere, who: WhoAsks) -> Response:
    """The same as a spreadsheet takes it."""
    must(who, "class")
    headers = {"content-disposition": 'attachment; filename="class.csv"'}
    return Response(desk.archive.csv(), media_type="text/csv; charset=utf-8", headers=headers)
