"""Routes of the settings: what a form shows, and changes that hold at once."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from winter_wire.topics import ENGINE

from winter_river.settings import SettingsError
from winter_river.settings.live import ChangedMeanwhileError, RefusedError
from winter_river.web import forms
from winter_river.web.desk import API, Desk, DeskHere, WhoAsks, must
from winter_river.web.errors import PageFault, forbidden
from winter_river.web.forms_settings import SettingsAnswer, SettingsChanged, SettingsForm
from winter_river.web.routes_act import AskedFrom, audited, by_of

if TYPE_CHECKING:
    from winter_river.settings.live import LiveSettings

SET = "set"  # in the audit; this has no verb on the bus
SECRET = "(secret)"
PRECONDITION_FAILED = 412
_FAULTS: dict[int | str, dict[str, object]] = {code: {"model": forms.Fault} for code in (400, 403, 409, 412, 503)}

routes = APIRouter(prefix=f"{API}/settings", responses=_FAULTS)


def _settings_of(desk: Desk) -> LiveSettings:
    if desk.plant.settings is None:
        raise PageFault("this run's settings cannot be changed", "start it with `winter-river run`", status=503)
    return desk.plant.settings


@routes.get("", response_model=SettingsAnswer)
def settings(desk: DeskHere, who: WhoAsks) -> Response:
    """Every setting with its form, limits and value, and whether a change acts at once; for an admin.

    A secret is in none of them. tag: name it in a change, so that two who change at once notice each other."""
    must(who, "settings")
    return JSONResponse(_settings_of(desk).facts())


@routes.post("", response_model=SettingsChanged)
def change(desk: DeskHere, who: WhoAsks, source: AskedFrom, request: Request, form: SettingsForm) -> Response:
    """Makes values hold, all or none: checked, taken by every part of the run, written to the settings file.

    A value that is set again is applied again: so a rules file is read anew. 412: somebody else has changed something
    since `tag` was read. 409: a part of the run refuses; nothing has changed.
    """
    must(who, "settings")
    held = _settings_of(desk)
    if form.secrets and not _is_private(request):
        raise forbidden(
            "a secret does not go over a network that is not encrypted",
            "set it on the machine itself, or run --profile secured",
        )
    params = {**form.values, **dict.fromkeys(form.secrets, SECRET)}
    with audited(desk, who, source, ENGINE, SET, params):
        try:
            changed = held.change(form.values, tag=form.tag, by=by_of(who), secrets=form.secrets)
        except SettingsError as error:
            raise PageFault(
                "; ".join(error.faults), "nothing was changed; see winter-river reference settings"
            ) from error
        except ChangedMeanwhileError as error:
            raise PageFault(str(error), "look at them again, then change", status=PRECONDITION_FAILED) from error
        except RefusedError as error:
            what, _, cure = str(error).partition("\ncure: ")
            raise PageFault(what.replace("\n", "; "), cure.replace("\n", "; "), status=409) from error
    desk.pump.stir()
    return JSONResponse({**changed._asdict(), "settings": held.facts()})


def _is_private(request: Request) -> bool:
    """Whether nobody on the way can listen: over TLS, or from this machine."""
    host = "" if request.client is None else request.client.host
    try:
        return request.url.scheme == "https" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
