"""The audit: which commands were asked, by whom, and what became of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from winter_river.audit import latest
from winter_river.web import forms
from winter_river.web.desk import API, DeskHere, WhoAsks, must
from winter_river.web.errors import PageFault, not_found

LAST_MAX = 1_000

routes = APIRouter(prefix=API)


@routes.get(
    "/audit",
    response_model=forms.AuditAnswer,
    responses={404: {"model": forms.Fault}, 403: {"model": forms.Fault}, 503: {"model": forms.Fault}},
)
def audit(
    desk: DeskHere,
    who: WhoAsks,
    node: Annotated[str, Query(max_length=32)] = "",
    by: Annotated[str, Query(max_length=32)] = "",
    last: Annotated[int, Query(ge=1, le=LAST_MAX)] = 50,
) -> Response:
    """The latest commands from every door, newest first; for operators and above. node: its id; by: a part of who asked."""
    must(who, "audit")
    folder = desk.plant.audit
    if folder is None:
        raise not_found("this run keeps no audit", "start it with `winter-river run`")
    try:
        rows = latest(folder, last=last, node=node, by=by)
    except OSError as error:
        raise PageFault(
            f"the audit cannot be read: {error.strerror or error}", "see `winter-river doctor`", status=503
        ) from error
    return JSONResponse({"commands": [asdict(row) for row in rows]})
