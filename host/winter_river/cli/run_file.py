"""A note that a run leaves while it lasts, so that other commands on this machine find its broker."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

BYTES_MAX = 4_096


@dataclass(frozen=True, slots=True)
class RunNote:
    """Where a run can be reached: process, broker address, topic root, name or path of the facility.

    broker_ca, broker_cert, broker_key: paths of the certificates for a broker with TLS, as in the settings.
    page: address of its page, "" without one. store: path of its history, "" where it keeps none. secrets: the folder of profile secured, "" in profile lab.
    nodes_port, passwords_port: where its nodes connect.
    """

    pid: int
    url: str
    root: str
    facility_file: str
    broker_ca: str = ""
    broker_cert: str = ""
    broker_key: str = ""
    store: str = ""
    secrets: str = ""
    nodes_port: int = 0
    passwords_port: int = 0
    page: str = ""


def note_path(pid: int | None = None) -> Path:
    """The file of a run's note; None: of this process."""
    return _folder() / f"{os.getpid() if pid is None else pid}.json"


def link_path(pid: int | None = None) -> Path:
    """The file of a run's link to its page, a secret: where no terminal shows it."""
    return note_path(pid).with_suffix(".link")


def write_link(link: str) -> None:
    """Keeps the link to this run's page where nobody else can read it."""
    path = link_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{link}\n")


def read_link(note: RunNote) -> str:
    """The link to a run's page with its token; its address where it needs none."""
    try:
        return link_path(note.pid).read_text(encoding="utf-8").strip()
    except OSError:
        return note.page


def write_note(note: RunNote) -> None:
    """Leaves the note, and clears away those of runs that were killed; the latest run is the one that others find."""
    path = note_path(note.pid)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in _notes():
        if _read(left) is None:
            _remove(left)
            _remove(left.with_suffix(".link"))
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(note)), encoding="utf-8")
    fresh.replace(path)


def read_note() -> RunNote | None:
    """The note of the latest run that still lasts, or None."""
    return next(iter(running()), None)


def running() -> list[RunNote]:
    """The notes of all runs that still last, the latest first."""
    return [note for path in _notes() if (note := _read(path)) is not None]


def remove_note(pid: int) -> None:
    """Takes the note of that run away, and its link."""
    _remove(note_path(pid))
    _remove(link_path(pid))


def _folder() -> Path:
    from winter_river import paths

    return paths.data_dir() / "runs"


def _notes() -> list[Path]:
    """Every note there is, the latest first."""
    found = []
    for path in _folder().glob("[0-9]*.json"):
        with contextlib.suppress(OSError):  # it has just been taken away
            found.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(found, reverse=True)]


def _read(path: Path) -> RunNote | None:
    try:
        text = path.read_bytes()[:BYTES_MAX]
        note = RunNote(**json.loads(text))
        os.kill(note.pid, 0)
    except PermissionError:
        return note  # it runs, as another user
    except (OSError, ValueError, TypeError):  # none, torn, of another version, or its process has ended
        return None
    return note


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
