"""The live view: a running site in a terminal, with keys to break and mend it. It knows only the Site protocol."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key, Resize
from textual.widgets import Static

from winter_river.engine import Event, explain
from winter_river.site import Ack, Site, newest_known
from winter_river.ui import cells, keys, words
from winter_river.ui.dialogs import Choice, Help
from winter_river.ui.health import HealthOf
from winter_river.ui.site_tree import SiteTree
from winter_river.ui.tree import rows
from winter_river.ui.why import first_cause

INTERVAL_S = 0.4  # chosen: 2.5 looks a second; nothing on a 1 Hz engine is seen later than that
NOTICE_LOOKS = 15  # chosen: about 6 s, long enough to read a refusal and its cure
EVENTS_KEPT_MAX = 2_000  # chosen: hours of a busy site; causes are found among them
BY = "live view"


class LiveView(App[str]):
    """A site, its last events, and the keys of `ui.keys`; run() gives why it had to end, or None.

    site: a simulation or a live service; look() never waits for it, orders run in their own thread.
    health: what the header says. fatal: why the run cannot go on, or "". interval_s: seconds between looks;
    0 leaves it to the caller (tests). for_s: when to end by itself. signals: those that mean quit.
    acknowledge: says that every alarm has been seen, and tells what came of it.
    """

    CSS = """
    Screen { layout: vertical; }
    Static { text-wrap: nowrap; text-overflow: ellipsis; }
    #header { height: 2; }
    SiteTree { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    #detail { height: 1; }
    #events { height: 5; }
    #footer { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", "quit", priority=True),
        Binding("q", "quit", "quit"),  # without priority: a dialog takes it to close itself
        Binding("question_mark", "help", "help"),
        Binding("plus,equals_sign", "load(1)", "more load"),
        Binding("minus", "load(-1)", "less load"),
        Binding("u", "next_source", "next source"),
        Binding("a", "acknowledge", "acknowledge all alarms"),
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        site: Site,
        *,
        health: HealthOf,
        fatal: Callable[[], str] = str,
        interval_s: float = INTERVAL_S,
        for_s: float | None = None,
        signals: Sequence[int] = (),
        acknowledge: Callable[[], str] | None = None,
        two_step: bool = False,
    ) -> None:
        """two_step: dangerous keys are pressed twice, as profile secured has it."""
        # The terminal's own colours: right on light, dark and monochrome screens, and few bytes over ssh.
        super().__init__(ansi_color=True)
        self._site, self._health, self._fatal = site, health, fatal
        self._interval_s, self._for_s, self._signals = interval_s, for_s, tuple(signals)
        self._acknowledge = acknowledge
        self._events: dict[int, Event] = {}
        self._last_id = 0
        self._loads_kw: dict[str, float] = {}
        self._two_step = two_step
        self._chosen: tuple[str, str, float] | None = None  # node, verb, until when
        self._notice_looks = 0
        self._texts: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """The widgets, top to bottom."""
        yield Static(id="header", markup=False)
        yield SiteTree(self._site, rows(self._site.facility.nodes))
        yield Static(id="detail", markup=False)
        yield Static(id="events", markup=False)
        yield Static(id="footer", markup=False)

    def on_mount(self) -> None:
        """Starts looking."""
        self.query_one(SiteTree).focus()
        self.call_after_refresh(self.look)
        if self._interval_s:
            self.set_interval(self._interval_s, self.look)
        if self._for_s is not None:
            self.set_timer(self._for_s, self.exit)
        for number in self._signals:
            asyncio.get_running_loop().add_signal_handler(number, self.exit)

    def on_resize(self, event: Resize) -> None:
        """A taller terminal shows more events."""
        self.query_one("#events").styles.height = max(5, event.size.height // 5)
        self.call_after_refresh(self.look)

    def look(self) -> None:
        """Draws what has changed since the last look."""
        if not self.screen_stack or not self.screen_stack[0].is_mounted:
            return
        why = self._fatal()
        if why:
            self.exit(why)
            return
        self._take_events()
        self.screen_stack[0].query_one(SiteTree).look()
        self._write("header", self._header())
        self._write("detail", self._detail())
        self._write("events", self._event_lines())
        if self._notice_looks:
            self._notice_looks -= 1
        else:
            self._write("footer", keys.FOOTER)

    def notice(self, text: str) -> None:
        """Puts a sentence into the last line for a few seconds."""
        self._notice_looks = NOTICE_LOOKS
        self._write("footer", f" {text}")

    def _write(self, name: str, text: str) -> None:
        """Changes a text only where it differs: an unchanged line costs nothing on the wire."""
        if self._texts.get(name) != text:
            self._texts[name] = text
            style = "bold" if name == "header" or (name == "footer" and self._notice_looks) else ""
            self.screen_stack[0].query_one(f"#{name}", Static).update(Text(text, style=style))

    def _header(self) -> str:
        health = self._health()
        parts = [self._site.facility.name, health.broker, f"{health.online}/{health.nodes} nodes online"]
        parts += [f"lag {health.lag_ms:.0f} ms", f"seed {health.seed}"]
        second = [f"t {words.duration_text(self._site.t_s)}", f"sources {words.power_text(health.source_kw)}"]
        second += [f"IT {words.power_text(health.it_kw)}", f"PUE {health.pue:.2f}" if health.pue else "PUE -"]
        second += [text for text in (health.alarms, health.note) if text]
        return " " + "  ".join(parts) + "\n " + "  ".join(second)

    def _detail(self) -> str:
        node = self._site.facility.nodes[self.screen_stack[0].query_one(SiteTree).selected]
        view = self._site.view(node.id)
        parts = [f"{node.id} {words.state_text(view)} {node.type}"]
        parts += self._why(node.id, view)
        if node.feeds:
            parts.append("fed by " + ", ".join(node.feeds))
        for name, unit, digits in (("current", "A", 1), ("power_factor", "pf", 2), ("loss_kw", "kW lost", 2)):
            value = words.number(view, name)
            if value:
                parts.append(f"{value:.{digits}f} {unit}")
        if view.get("tripped") is True:
            parts.append("tripped: reset it (r)")
        return " " + "  ".join(parts)

    def _why(self, node_id: str, view: Mapping[str, object]) -> list[str]:
        """What isolates a dead node; else where the trouble of an unwell one began."""
        isolation = self._site.isolation(node_id)
        if isolation is not None:
            return [explain.isolation_text(isolation, explain.condition_since_s(self._events.values(), isolation.by))]
        first = None if view.get("status") == "ok" else first_cause(self._events, node_id)
        return [] if first is None else [f"because {words.short_text(first)} at {first.t_s:.1f} s"]

    def _take_events(self) -> None:
        known = newest_known(self._site, self._last_id)
        if known < self._last_id:  # time was taken back, and what came after it with it
            self._last_id = known
            self._events = {event_id: event for event_id, event in self._events.items() if event_id <= known}
        for event in self._site.events(self._last_id):
            self._events[event.id] = event
            self._last_id = max(self._last_id, event.id)
        for event_id in list(self._events)[:-EVENTS_KEPT_MAX]:
            del self._events[event_id]

    def _event_lines(self) -> str:
        room = self.screen_stack[0].query_one("#events").size.height or 4
        width = max(self.size.width - 2, 20)
        last = list(self._events.values())[-room:]
        if not last:
            return " nothing has happened yet: 1 cuts the first utility"
        return "\n".join(" " + cells.fit(words.event_text(event, self._events), width).rstrip() for event in last)

    def on_site_tree_selected(self, _: SiteTree.Selected) -> None:
        """The detail line follows the cursor."""
        self._write("detail", self._detail())

    def on_key(self, event: Key) -> None:
        """The keys that send something."""
        nodes = self._site.facility.nodes
        selected = self.query_one(SiteTree).selected if len(self.screen_stack) == 1 else ""
        if not selected:
            return
        letter = event.character
        for order in keys.ORDERS:
            if order.key == letter:
                self._order(selected, order.verb, order.params)
        for key, verb, param in keys.CHOICES:
            if key == letter:
                self._choose(selected, verb, param)
        for quick in keys.QUICK:
            if quick.key == letter:
                node_id = keys.first_of(nodes, quick.type)
                if node_id is None:
                    self.notice(f"this site has no {quick.type}")
                else:
                    self._order(node_id, "set_fault", keys.in_words_of(nodes[node_id], quick.params))

    def _order(self, node_id: str, verb: str, params: Mapping[str, object]) -> None:
        """Sends a verb and shows the answer; the screen goes on meanwhile."""
        why = keys.unknown_verb(self._site.facility.nodes[node_id], verb)
        if why:
            self.notice(why)
            return
        if self._two_step and keys.is_dangerous(verb, params) and not self._is_chosen(node_id, verb):
            self._chosen = (node_id, verb, time.monotonic() + keys.CHOSEN_S)
            verb, params = "select", {"command": verb}
        self.notice(f"{node_id}: {verb} ...")
        self.run_worker(lambda: self._send(node_id, verb, dict(params)), thread=True, exit_on_error=False)

    def _is_chosen(self, node_id: str, verb: str) -> bool:
        """Whether the press before this one chose it; one press uses it up."""
        chosen, self._chosen = self._chosen, None
        return chosen is not None and chosen[:2] == (node_id, verb) and time.monotonic() < chosen[2]

    def _send(self, node_id: str, verb: str, params: Mapping[str, object]) -> None:
        """In a worker's thread: waits for the node's answer."""
        try:
            ack = self._site.send(node_id, verb, params, by=BY)
        except (ValueError, OSError) as error:
            self.call_from_thread(self.notice, f"{node_id}: {verb} not sent: {error}")
            return
        self.call_from_thread(self._answered, ack, verb)

    def _answered(self, ack: Ack, verb: str) -> None:
        selected = verb == "select" and ack.done and self._chosen is not None
        self.notice(
            f"{ack.node_id} is selected: the same key again within 5 s" if selected else words.ack_text(ack, verb)
        )
        if not ack.done:
            self._loads_kw.pop(ack.node_id, None)
        self.look()

    def _choose(self, node_id: str, verb: str, param: str) -> None:
        node = self._site.facility.nodes[node_id]
        why = keys.unknown_verb(node, verb)
        if why:
            self.notice(why)
            return

        def chosen(word: str | None) -> None:
            if word is not None:
                self._order(node_id, verb, ({"state": True} if verb == "set_fault" else {}) | {param: word})

        self.push_screen(Choice(f"{node_id}: {verb}", keys.choices(node, verb)), chosen)

    def action_help(self) -> None:
        """Shows every key."""
        if len(self.screen_stack) == 1:
            self.push_screen(Help())

    def action_load(self, steps: int) -> None:
        """More or less load on the selected server, by a tenth of its rating."""
        node = self._site.facility.nodes[self.query_one(SiteTree).selected]
        rated_kw = node.full_ratings().get("load_kw", 0.0)
        present_kw = words.number(self._site.view(node.id), "power_kw") or 0.0
        load_kw = self._loads_kw.get(node.id, present_kw) + steps * rated_kw * keys.LOAD_STEP
        load_kw = max(round(load_kw, 3), 0.0)
        if rated_kw:
            self._loads_kw[node.id] = load_kw
        self._order(node.id, "set_load", {"power_kw": load_kw})

    def action_acknowledge(self) -> None:
        """Says that every alarm has been seen."""
        if len(self.screen_stack) == 1:
            self.notice("this site has no alarms" if self._acknowledge is None else self._acknowledge())

    def action_next_source(self) -> None:
        """Puts the cursor on the next node that nothing feeds."""
        tree = self.query_one(SiteTree)
        sources = [node.id for node in self._site.facility.nodes.values() if not node.feeds]
        place = sources.index(tree.selected) + 1 if tree.selected in sources else 0
        tree.select(sources[place % len(sources)])
