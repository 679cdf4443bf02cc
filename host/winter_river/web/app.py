"""The page put together: routes, errors, guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from winter_river.station import StationError
from winter_river.web import (
    forms,
    routes_act,
    routes_alarms,
    routes_audit,
    routes_class,
    routes_docs,
    routes_files,
    routes_history,
    routes_look,
    routes_metrics,
    routes_points,
    routes_screens,
    routes_settings,
    routes_station,
)
from winter_river.web.access import Who
from winter_river.web.classroom import Classroom
from winter_river.web.desk import API, Desk
from winter_river.web.errors import PageFault, of_text
from winter_river.web.guard import App, Guard
from winter_river.web.pump import Pump
from winter_river.web.screens import Screens

GZIP_BYTES_MIN = 2_000
FAULTS_SHOWN_MAX = 5
CURE_ELSE = "/docs tells what each address takes"


def create(
    desk: Desk, *, version: str, open_as: Who | None, hosts: Collection[str], cookie: str, tls: bool = False
) -> App:
    """The whole page as an ASGI application. open_as, hosts, cookie, tls: see Guard."""
    app = FastAPI(
        title="Winter River",
        version=version,
        summary="The page of a running power site.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # they load their scripts from the internet
        redoc_url=None,
        lifespan=_lifespan(desk),
        responses={code: {"model": forms.Fault} for code in (401, 403, 404, 413, 421, 422, 429)},
    )
    app.state.desk = desk
    for part in (
        *(routes_look, routes_act, routes_alarms, routes_audit, routes_station, routes_screens, routes_class),
        *(routes_docs, routes_history, routes_metrics, routes_points, routes_settings, routes_files),
    ):
        app.include_router(part.routes)
    app.add_exception_handler(PageFault, _page_fault)
    app.add_exception_handler(StationError, _station_error)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_fault)
    app.add_exception_handler(Exception, _our_fault)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_BYTES_MIN)
    return Guard(app, links=desk.links, open_as=open_as, hosts=hosts, cookie=cookie, tls=tls)


def _lifespan(desk: Desk) -> Any:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        def exercise() -> dict[str, Any] | None:
            return desk.classroom.status

        desk.pump = Pump(desk.plant, desk.stream, asyncio.get_running_loop(), exercise=exercise, gave_up=desk.end)
        desk.classroom = Classroom(desk.plant, desk.archive, desk.pump.tell)
        desk.screens = Screens(desk.plant, desk.pump)
        desk.pump.start()
        desk.classroom.start()
        try:
            yield
        finally:
            desk.stream.close()
            desk.screens.close()
            await asyncio.to_thread(desk.classroom.stop)
            await asyncio.to_thread(desk.pump.stop)

    return lifespan


def _fault(status: int, error: str, cure: str) -> Response:
    return JSONResponse({"error": _clean(error), "cure": _clean(cure or CURE_ELSE)}, status)


def _clean(text: str) -> str:
    """Text as UTF-8 can carry it: half a surrogate pair in a request must not break its own refusal."""
    return text.encode(errors="replace").decode()


async def _page_fault(_request: Request, error: Exception) -> Response:
    assert isinstance(error, PageFault)
    return _fault(error.status, error.error, error.cure)


async def _station_error(request: Request, error: Exception) -> Response:
    return await _page_fault(request, of_text(error))


async def _our_fault(_request: Request, error: Exception) -> Response:
    return _fault(500, f"this is a fault of ours: {type(error).__name__}", "try again; the run goes on")


async def _bad_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults: Sequence[Any] = error.errors()
    lines = [f"{'.'.join(str(part) for part in fault['loc'][1:]) or 'request'}: {fault['msg']}" for fault in faults]
    return _fault(422, "; ".join(lines[:FAULTS_SHOWN_MAX]), f"{API}/openapi.json has the form of every request")


async def _http_fault(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = _fault(error.status_code, str(error.detail), f"{API}/openapi.json has every address")
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response
