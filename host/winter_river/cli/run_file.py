"""A note that a run leaves while it lasts, so that other commands on this machine find its broker."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

BYTES_MAX = 4_096


@dataclass(frozen=True, slots=True)
class RunNote:
    """Where a run can be reached: process, broker address, topic root, name or path of the facility."""

    pid: int
    url: str
    root: str
    facility_file: str


def note_path() -> Path:
    """The file of the note."""
    from winter_river import paths

    return paths.data_dir() / "run.json"


def write_note(note: RunNote) -> None:
    """Leaves the note; the latest run is the one that others find."""
    path = note_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{note.pid}")
    fresh.write_text(json.dumps(asdict(note)), encoding="utf-8")
    fresh.replace(path)


def read_note() -> RunNote | None:
    """The note of a run that still lasts, or None."""
    try:
        text = note_path().read_bytes()[:BYTES_MAX]
        note = RunNote(**json.loads(text))
        os.kill(note.pid, 0)
    except PermissionError:
        return note  # it runs, as another user
    except (OSError, ValueError, TypeError):  # none, torn, of another version, or its process has ended
        return None
    return note


def remove_note(pid: int) -> None:
    """Takes the note away, if it is still that run's."""
    note = read_note()
    if note is not None and note.pid == pid:
        with contextlib.suppress(OSError):
            note_path().unlink()
