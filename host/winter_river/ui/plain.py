"""The same run as plain lines: one event a line while it runs, and what came out of it at the end."""

from collections import Counter
from collections.abc import Callable

from winter_river.engine import Event
from winter_river.site import Site, newest_known
from winter_river.ui import words

EVENTS_KEPT_MAX = 1000  # causes are found among these


class EventLines:
    """The events of a site as lines, each once, each naming its cause."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._known: dict[int, Event] = {}
        self._last_id = 0
        self.count = 0

    def fresh(self) -> list[str]:
        """The lines of the events since the last call."""
        lines = []
        known = newest_known(self._site, self._last_id)
        if known < self._last_id:
            self._last_id = known
            self._known = {event_id: event for event_id, event in self._known.items() if event_id <= known}
            lines.append(f"time was taken back to {self._site.t_s:.1f} s")
        for event in self._site.events(self._last_id):
            self._last_id = max(self._last_id, event.id)
            self._known[event.id] = event
            lines.append(words.event_text(event, self._known))
        for event_id in list(self._known)[:-EVENTS_KEPT_MAX]:
            del self._known[event_id]
        self.count += len(lines)
        return lines


def closing_lines(site: Site, *, events: int) -> list[str]:
    """What a site ended as: how long, how many events, and every node that is not ok."""
    views = {node_id: site.view(node_id) for node_id in site.facility.nodes}
    healths = Counter(str(view.get("status", "off")) for view in views.values())
    counts = ", ".join(f"{count} {health}" for health, count in sorted(healths.items()))
    lines = [f"{site.t_s:.0f} s, {events} events; {len(views)} nodes: {counts}"]
    lines += [f"  {node_id} {words.state_text(view)}" for node_id, view in views.items() if view.get("status") != "ok"]
    return lines


def show(lines: EventLines, *, wait: Callable[[], bool], write: Callable[[str], None]) -> None:
    """Writes events as they come until wait() says that the run is over.

    wait: lets a moment pass and says whether to go on.
    """
    going = True
    while going:
        going = wait()
        for line in lines.fresh():
            write(line)
