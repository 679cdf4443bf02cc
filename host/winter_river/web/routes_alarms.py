"""Routes of the alarms: which there are, who has seen them, which are put aside, and the rules behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from winter_wire.topics import ENGINE

from winter_river.alerts.book import AlarmError
from winter_river.alerts.conditions import text_of
from winter_river.alerts.model import Rule, Transition, key_of
from winter_river.alerts.telling import transition_fields
from winter_river.web import forms
from winter_river.web.access import TRAINEE, Who
from winter_river.web.desk import API, Desk, DeskHere, WhoAsks, must
from winter_river.web.errors import PageFault, conflict
from winter_river.web.routes_act import AskedFrom, audited, by_of

if TYPE_CHECKING:
    from winter_river.alerts.keeper import AlarmKeeper

JOURNAL_SHOWN_MAX = 500
REMOVE, BRING_BACK = "take_out_of_service", "bring_back"  # in the audit; these two have no verb on the bus
_FAULTS: dict[int | str, dict[str, object]] = {code: {"model": forms.Fault} for code in (400, 403, 409, 503)}

routes = APIRouter(prefix=f"{API}/alarms", responses=_FAULTS)


def keeper_of(desk: Desk) -> AlarmKeeper:
    """Who keeps the alarms; raises PageFault where nobody does."""
    if desk.plant.alarms is None:
        raise PageFault("this run has no alarms", "winter-river run judges them", status=503)
    return desk.plant.alarms


@routes.get("", response_model=forms.AlarmsAnswer)
def alarms(desk: DeskHere) -> Response:
    """Every alarm that is not normal, what needs a person first; states in the words of ISA-18.2."""
    return JSONResponse(keeper_of(desk).facts)


@routes.get("/journal", response_model=forms.TransitionsAnswer)
def journal(desk: DeskHere) -> Response:
    """The last 500 changes of alarms, the latest first."""
    return _changes(list(reversed(keeper_of(desk).journal))[:JOURNAL_SHOWN_MAX])


@routes.get("/rules", response_model=list[forms.RuleAnswer])
def rules(desk: DeskHere) -> Response:
    """Every rule that is judged here, in order; not_judged says why one cannot be."""
    keeper = keeper_of(desk)
    unjudged = keeper.unjudged
    return JSONResponse([rule_facts(rule, unjudged.get(rule.id, "")) for rule in keeper.rules.values()])


@routes.post("/acknowledge", response_model=forms.TransitionsAnswer)
def acknowledge(desk: DeskHere, who: WhoAsks, source: AskedFrom, form: forms.AlarmForm) -> Response:
    """Says that an alarm has been seen, or all that wait for that. A trainee may in his exercise, where it counts."""
    if not (who.role == TRAINEE and desk.classroom.is_running):
        must(who, "acknowledge")
    keeper, by = keeper_of(desk), by_of(who)
    with audited(desk, who, source, ENGINE, "acknowledge", {"alarm": form.alarm} if form.alarm else {}):
        if not form.alarm:
            return _act(lambda: keeper.acknowledge_all(by=by))
        return _act(lambda: keeper.acknowledge(key_of(form.alarm), by=by))


@routes.post("/shelve", response_model=forms.TransitionsAnswer)
def shelve(desk: DeskHere, who: WhoAsks, source: AskedFrom, form: forms.ShelveForm) -> Response:
    """Puts an alarm aside for a while, for a reason; it comes back by itself."""
    keeper, by = _hiding(desk, who, "shelve"), by_of(who)
    key, seconds = key_of(form.alarm), 60.0 * form.minutes
    params = {"alarm": form.alarm, "minutes": form.minutes, "reason": form.reason}
    with audited(desk, who, source, ENGINE, "shelve", params):
        return _act(lambda: keeper.shelve(key, seconds=seconds, reason=form.reason, by=by))


@routes.post("/unshelve", response_model=forms.TransitionsAnswer)
def unshelve(desk: DeskHere, who: WhoAsks, source: AskedFrom, form: forms.UnshelveForm) -> Response:
    """Brings a shelved alarm back before its time."""
    must(who, "shelve")
    keeper, by = keeper_of(desk), by_of(who)
    with audited(desk, who, source, ENGINE, "unshelve", {"alarm": form.alarm}):
        return _act(lambda: keeper.unshelve(key_of(form.alarm), by=by))


@routes.post("/service", response_model=forms.TransitionsAnswer)
def service(desk: DeskHere, who: WhoAsks, source: AskedFrom, form: forms.ServiceForm) -> Response:
    """Takes an alarm out of service until somebody brings it back, or does that."""
    keeper, by = _hiding(desk, who, "maintain"), by_of(who)
    key, verb = key_of(form.alarm), BRING_BACK if form.in_service else REMOVE
    with audited(desk, who, source, ENGINE, verb, {"alarm": form.alarm, "reason": form.reason}):
        if form.in_service:
            return _act(lambda: keeper.bring_back(key, by=by))
        return _act(lambda: keeper.remove(key, reason=form.reason, by=by))


def _hiding(desk: Desk, who: Who, right: str) -> AlarmKeeper:
    """What hides an alarm is not for an exam: everybody has the same before him."""
    must(who, right)
    if desk.in_exam():
        raise conflict("an exam is going on", "end it first")
    return keeper_of(desk)


def _act(act: Callable[[], Sequence[Transition]]) -> Response:
    try:
        return _changes(act())
    except AlarmError as error:
        raise conflict(str(error), error.hint or f"GET {API}/alarms lists them") from error


def _changes(found: Sequence[Transition]) -> Response:
    return JSONResponse({"changes": [transition_fields(each) for each in found]})


def rule_facts(rule: Rule, not_judged: str) -> dict[str, object]:
    """A rule as plain values, its conditions as people write them."""
    return {
        "id": rule.id,
        "priority": rule.priority,
        "when": text_of(rule.when),
        "until": text_of(rule.until) if rule.until else "",
        "types": list(rule.types),
        "nodes": list(rule.nodes),
        "hold_s": rule.hold_s,
        "off_s": rule.off_s,
        "message": rule.message,
        "cure": rule.cure,
        "source": rule.source,
        "not_judged": not_judged,
    }
