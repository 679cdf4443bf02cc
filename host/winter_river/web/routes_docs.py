"""The HTTP interface for people: what there is to ask, from the OpenAPI of this very run. No script, nothing loaded."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from winter_river.web.desk import API

routes = APIRouter(include_in_schema=False)


@routes.get("/docs")
def docs(request: Request) -> Response:
    schema: dict[str, Any] = request.app.openapi()
    rows = [
        f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{escape(what.get('description', ''))}</dd>"
        for path, methods in schema["paths"].items()
        for method, what in methods.items()
    ]
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Winter River: HTTP interface</title><h1>HTTP interface</h1>"
        f'<p>Everything as OpenAPI, with the form of each request and answer: <a href="{API}/openapi.json">openapi.json</a>. '
        'Errors are <code>{"error": ..., "cure": ...}</code>.</p>'
        f"<dl>{''.join(rows)}</dl></html>"
    )
