"""How a run is looked at: the live view, plain lines, or the page in a browser."""

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import typer

from winter_river.cli.run_signals import on_signals, stopping

if TYPE_CHECKING:
    from winter_river.cli.live import Live

LOOK_S = 0.25  # chosen: a person sees no delay, and four looks a second cost nothing


def has_desktop() -> bool:
    """Whether a person sits at a graphical screen of this very machine: nobody else wants a browser to open by itself."""
    remote = "SSH_CONNECTION" in os.environ
    drawn = sys.platform == "darwin" or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return sys.stdout.isatty() and drawn and not remote and "CI" not in os.environ


def show_page(address: str) -> None:
    """Opens the page. In a thread of its own: some browsers keep whoever starts them waiting."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), name="browser", daemon=True).start()


def can_draw() -> bool:
    """Whether this is a terminal that a live view can be drawn on; plain lines go anywhere."""
    encoding = sys.stdout.encoding.lower().replace("-", "")
    return (
        sys.stdout.isatty()
        and sys.stdin.isatty()
        and os.environ.get("TERM", "dumb") != "dumb"
        and encoding.startswith("utf")
    )


def show_live(running: "Live", for_s: float | None, asked: threading.Event) -> str:
    """The live view until it is left; why it had to end, or ""."""
    from winter_river.ui.app import LiveView

    if asked.is_set():
        return ""
    signals = stopping()
    view = LiveView(
        running.service.site.through("terminal"),
        health=running.health,
        fatal=running.fatal,
        for_s=for_s,
        acknowledge=running.acknowledge,
        signals=signals,
        two_step=running.service.site.secured,
    )
    return view.run() or ""


def show_plain(running: "Live", for_s: float | None, stop: threading.Event) -> str:
    """Events as lines until the time is up or a signal comes; why it had to end, or ""."""
    from winter_river.cli.notes import AlarmLines, NoteLines
    from winter_river.ui.plain import EventLines, closing_lines, show

    end_s = None if for_s is None else time.monotonic() + for_s
    site = running.service.site
    lines = EventLines(site)
    notes = NoteLines(running.service.report, running.notices)
    alarms = AlarmLines(running.service.alarms)
    page_faults: list[str] = []  # told once

    def wait() -> bool:
        left_s = LOOK_S if end_s is None else min(LOOK_S, end_s - time.monotonic())
        if left_s > 0:
            stop.wait(left_s)
        for line in (*notes.fresh(), *alarms.fresh()):
            write(line)
        if not page_faults and running.page_fault():
            page_faults.append(running.page_fault())
            write(page_faults[0])
        return not stop.is_set() and left_s > 0 and not running.fatal()

    def write(line: str) -> None:
        typer.echo(line)
        sys.stdout.flush()

    with on_signals(stop.set):
        show(lines, wait=wait, write=write)
    why = running.fatal()
    if not why:
        for line in closing_lines(site, events=lines.count):
            typer.echo(line)
        health = running.health()
        typer.echo(f"{health.online} of {health.nodes} nodes online, lag {health.lag_ms:.0f} ms, seed {health.seed}")
    return why
