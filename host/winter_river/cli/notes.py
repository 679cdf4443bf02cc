"""What the service notes while it runs, as lines: for a run without the live view."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from winter_river.service.wiring import Report


class NoteLines:
    """The notes of a service, each once, and the broker's going and coming back."""

    def __init__(self, report: Callable[[], "Report"]) -> None:
        self._report = report
        self._told: frozenset[object] = frozenset()
        self._connected = True

    def fresh(self) -> list[str]:
        """The lines of what is new since the last call."""
        report = self._report()
        lines = [
            f"note: {note.node_id} {note.text}".replace("  ", " ") for note in report.notes if note not in self._told
        ]
        self._told = frozenset(report.notes)
        if report.connected != self._connected:
            lines.append("note: the broker is back" if report.connected else f"note: broker lost: {report.why_down}")
            self._connected = report.connected
        return lines
