"""What a run writes down while it lasts, beside its note, so that `why` can look back: events, and what is dead of whom.

One small file, written anew when something has happened and taken away at the end; no history of the site.
"""

import contextlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from winter_river.engine import Event, Isolation
from winter_river.site import Site, newest_known

LOOK_S = 0.5  # chosen: sooner than a person types the question
EVENTS_MAX = 2_000  # chosen: hours of a busy site, and 200 kB to write
SUFFIX = ".events"


@dataclass(frozen=True, slots=True)
class Journal:
    """What was written down: the state of each node, what isolates the dead ones, the events by id."""

    states: dict[str, str]
    isolations: dict[str, Isolation]
    log: dict[int, Event]


def journal_path(note: Path) -> Path:
    """The file that belongs to the note of a run."""
    return note.with_suffix(SUFFIX)


def journal_text(site: Site) -> str:
    """A site's journal at this moment."""
    nodes = site.facility.nodes
    isolations = [found for node_id in nodes if (found := site.isolation(node_id)) is not None]
    fields = {
        "states": {node_id: str(site.view(node_id)["state"]) for node_id in nodes},
        "isolations": [list(found) for found in isolations],
        "events": [list(event) for event in list(site.events())[-EVENTS_MAX:]],
    }
    return json.dumps(fields, separators=(",", ":"))


def read_journal(path: Path) -> Journal | None:
    """The journal in a file; None where there is none, or none of this version."""
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        isolations = [Isolation(*row) for row in fields["isolations"]]
        events = [Event(*row) for row in fields["events"]]
        return Journal(
            dict(fields["states"]), {one.node_id: one for one in isolations}, {one.id: one for one in events}
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


class JournalKeeper:
    """Keeps the journal of a site up to date from a thread of its own; a context manager."""

    def __init__(self, site: Site, path: Path) -> None:
        self._site, self._path = site, path
        self._last_id = -1
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="journal", daemon=True)

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for left in self._path.parent.glob(f"*{SUFFIX}"):
            if not left.with_suffix(".json").exists():  # its run was killed, and the note swept away since
                with contextlib.suppress(OSError):
                    left.unlink()
        self.write_news()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def write_news(self) -> None:
        """Writes the journal where something has happened since the last time. A full disk costs the journal alone."""
        known = newest_known(self._site, self._last_id)
        news = self._site.events(max(known, 0))
        if not news and self._last_id >= 0 and known == self._last_id:
            return
        self._last_id = news[-1].id if news else max(known, 0)
        fresh = self._path.with_suffix(f"{SUFFIX}.new")
        with contextlib.suppress(OSError):
            fresh.write_text(journal_text(self._site), encoding="utf-8")
            fresh.replace(self._path)

    def _keep(self) -> None:
        while not self._done.wait(LOOK_S):
            self.write_news()
