"""What the service notes while it runs, as lines: for a run without the live view."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from winter_river.alerts.keeper import AlarmKeeper
    from winter_river.alerts.model import Transition
    from winter_river.service.wiring import Report

LINES_MAX = 1_000  # chosen: of a quarter of a second


class NoteLines:
    """The notes of a service, each once, the broker's going and coming back, and what the run itself has to tell."""

    def __init__(
        self, report: Callable[[], "Report"], notices: Callable[[float], Sequence[tuple[float, str]]] | None = None
    ) -> None:
        """notices: (moment, text) of what was told after a moment."""
        self._report, self._notices, self._heard_s = report, notices, 0.0
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
        for at_s, text in self._notices(self._heard_s) if self._notices else ():
            self._heard_s = at_s
            lines.append(f"note: {text}")
        return lines


class AlarmLines:
    """Changes of the alarms of a run as lines, each once; consequences come and go under their cause."""

    def __init__(self, keeper: "AlarmKeeper") -> None:
        self._changes: deque[Transition] = deque(maxlen=LINES_MAX)
        keeper.listen(self._changes.extend)

    def fresh(self) -> list[str]:
        """The lines of what is new since the last call."""
        from winter_river.alerts.telling import is_told, transition_line

        found = [self._changes.popleft() for _ in range(len(self._changes))]
        return [f"{each.moment.t_s:.1f} s  {transition_line(each)}" for each in found if is_told(each)]
