"""What `doctor` finds on this machine: disk, clock, what was kept, ports."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

OK, WARNING, ERROR = "ok", "warning", "error"
FREE_PCT_MIN = 20.0  # the published alert
FREE_BYTES_MIN = 200_000_000  # chosen: a day of history and recordings of a busy site
PAGE_PORT = 8080  # web.server's own; a test holds them to each other, for to import that takes a second
CONNECT_S = 2.0  # chosen: whoever is on this network answers within it
SANE_S = 1_735_689_600  # 2025: no clock that was ever set shows less


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: how bad, what was looked at or found, and what cures it."""

    level: str
    what: str
    cure: str = ""


def disk() -> list[Line]:
    """Whether there is room for what a run keeps."""
    from winter_river import paths

    try:
        folder = paths.data_dir()
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        total, _, free = shutil.disk_usage(there)
    except (OSError, ValueError):
        return []  # the folders' own line says what is wrong
    return [room(folder, total_bytes=total, free_bytes=free)]


def room(folder: Path, *, total_bytes: int, free_bytes: int) -> Line:
    """What to say of a disk."""
    cure = "free some, or export WINTER_RIVER_DATA_DIR=/another/folder"
    pct = 100.0 * free_bytes / max(1, total_bytes)
    what = f"{free_bytes / 1e9:.1f} GB are free for {folder} ({pct:.0f} %)"
    if free_bytes < FREE_BYTES_MIN:
        return Line(ERROR, f"{what}: history and recordings will end", cure)
    return Line(WARNING, what, cure) if pct < FREE_PCT_MIN else Line(OK, what)


def clock(wall_s: float) -> Line:
    """Whether this machine knows what year it is."""
    if wall_s >= SANE_S:
        return Line(OK, "the clock has been set")
    year = time.gmtime(wall_s).tm_year
    cure = "sudo timedatectl set-ntp true, or set it: sudo date -s ...; commands do not depend on it, history does"
    return Line(WARNING, f"this machine's clock says {year}", cure)


def history(facility: str) -> list[Line]:
    """Whether what was kept of this site can be read."""
    from winter_river.cli.live_store import store_path
    from winter_river.facility import FacilityError, load_facility
    from winter_river.store import StoreError, reading

    try:
        path = store_path(load_facility(facility).name)
        if not path.exists():
            return []
        with reading.opened(path) as connection:
            connection.execute("SELECT count(*) FROM node").fetchone()
    except (FacilityError, ValueError):
        return []  # told already
    except StoreError as error:
        first, _, rest = str(error).partition("\ncure: ")
        return [Line(ERROR, f"history: {first}", rest)]
    return [Line(OK, f"history {path}, {path.stat().st_size / 1e6:.1f} MB")]


def audit() -> list[Line]:
    """Whether the audit is whole."""
    from winter_river import paths
    from winter_river.audit import verify

    try:
        folder = paths.audit_dir()
        if not folder.is_dir():
            return []
        found = verify(folder)
    except (OSError, ValueError) as error:
        return [Line(ERROR, f"audit: {error}", "give this user the right to read it")]
    if found.fault:
        cure = "winter-river audit verify shows what can be believed; keep the file elsewhere"
        return [Line(ERROR, f"the audit is not whole: {found.fault}", cure)]
    return [Line(OK, f"audit of {found.lines} lines is whole")]


def page_port(wanted: int) -> Sequence[Line]:
    """Whether the page could listen; 0: on the usual port, or the next free one."""
    from winter_river.cli.run_file import read_note
    from winter_river.service import ports

    port = wanted or PAGE_PORT
    if read_note() is not None or ports.is_free("127.0.0.1", port):
        return ()
    what = f"port {port} of the page is in use by {ports.holder(port)}"
    if wanted:
        return [Line(ERROR, what, f"choose another: --page-port {port + 1}")]
    return [Line(WARNING, f"{what}; a run takes the next free one", "nothing, or choose one: --page-port NUMBER")]


def sink(setting: str, url: str, token_file: str) -> list[Line]:
    """Whether somebody listens where readings go besides, and its secret can be read; nothing where none is set."""
    import socket
    from urllib.parse import urlsplit

    from winter_river.cli.errors import CommandError
    from winter_river.cli.live_store import secret_of

    if not url:
        return []
    try:
        secret_of(token_file)
    except CommandError as error:
        first, _, rest = str(error).partition("\ncure: ")
        return [Line(ERROR, first, rest or f"correct the setting {setting.replace('_url', '_token_file')}")]
    parts = urlsplit(url)
    place = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    try:
        socket.create_connection((parts.hostname or "", int(place.rpartition(":")[2])), CONNECT_S).close()
    except OSError as error:
        what = (
            f"{setting}: nobody answers at {place} ({error.strerror or error}); readings wait in the history meanwhile"
        )
        return [Line(WARNING, what, f"start it, or correct the setting {setting}")]
    return [Line(OK, f"{setting}: somebody listens at {place}")]
