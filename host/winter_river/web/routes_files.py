"""The page's own files, as the set-up built them."""

from __future__ import annotations

import re

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from winter_river import page
from winter_river.web.errors import not_found

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}(\.[a-z0-9]{1,8}){1,3}")  # no folders, no hidden files

routes = APIRouter(include_in_schema=False)


@routes.get("/")
def index() -> Response:
    return _file("index.html")


@routes.get("/guide")
def guide() -> Response:
    return _file("guide.html")


@routes.get("/favicon.ico")
def icon() -> Response:
    """What a browser asks for by itself where the answer was no page of ours."""
    return _file("icon.svg")


@routes.get("/{name}")
def file(name: str) -> Response:
    return _file(name)


def _file(name: str) -> Response:
    folder = page.folder()
    if folder is None and name == "index.html":
        return HTMLResponse(page.missing_html(), status_code=503)
    path = None if folder is None or not _NAME.fullmatch(name) else folder / name
    if path is None or not path.is_file():
        raise not_found(f"there is no {name[:60]!r} here", "the page is at /")
    # The files change with every build and are small: the browser asks each time, and mostly hears "not modified".
    return FileResponse(path, headers={"cache-control": "no-cache"})
