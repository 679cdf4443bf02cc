"""What a browser, or who pretends to be one, can do to the page."""

from __future__ import annotations

import contextlib
import select
import socket
import time

from chaos import page
from chaos.rig import Rig, Run, percentile
from chaos.table import Row, at_most, none_of

RATIO_MAX = 2.0
CLICK_S = 0.25  # a click's own bar: below it a ratio says more of the machine than of us
GROWTH_MB_MAX = 100.0
STREAMS_MAX = 200  # the page's own limit
LOOKS = 40
STATE = "/api/v1/state"


def slowloris(rig: Rig) -> list[Row]:
    """Requests that never end: a line of a header, then another, for ever."""
    run = page.start(rig)
    at = page.page_of(run)
    calm_s = _looks(at)
    with at.held(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", rig.pick(400, 100)) as links:
        busy_s = []
        for _ in range(rig.pick(10, 2)):
            for link in links:
                with contextlib.suppress(OSError):
                    link.send(b"x")
            busy_s += _looks(at, rig.pick(LOOKS, 10))
        acted = at.send("server_rack_a1", "set_load", {"power_kw": 42.0})
    return _rows(f"others wait with {len(links)} half requests open, p99", calm_s, busy_s, acted) + [_lives(run)]


def flood(rig: Rig) -> list[Row]:
    """More streams than there may be, none of which is read, while the site is busy."""
    run = page.start(rig)
    at = page.page_of(run)
    calm_s = _looks(at)
    before_mb = run.resident_mb
    request = f"GET /api/v1/stream HTTP/1.1\r\nHost: {at.host}:{at.port}\r\n\r\n".encode()
    with at.held(request, rig.pick(400, 220)) as links:
        busy_s, acted = [], 0
        rounds = rig.pick(100, 10)
        for number in range(rounds):
            acted += at.send("server_rack_a1", "set_load", {"power_kw": 50.0 + number / 10})
            busy_s.append(at.timed(STATE))
            time.sleep(0.1)
        grown_mb = run.resident_mb - before_mb
        heads = [link.recv(12, 0x40) for link in links if _readable(link)]  # MSG_DONTWAIT
    refused = sum(head.endswith((b"503", b"429")) for head in heads)
    return [
        *_rows(f"others wait beside {len(links)} deaf streams, p99", calm_s, busy_s, acted == rounds),
        Row("streams beyond the limit are refused", f"{refused} of {len(links)}", refused >= len(links) - STREAMS_MAX),
        at_most("the run grows by", grown_mb, GROWTH_MB_MAX, "MB"),
        _lives(run),
    ]


def _looks(at: page.Page, count: int = LOOKS) -> list[float]:
    return [at.timed(STATE) for _ in range(count)]


def _rows(what: str, calm_s: list[float], busy_s: list[float], acted: bool) -> list[Row]:
    calm, busy = percentile(calm_s, 0.99), percentile(busy_s, 0.99)
    figure = f"{busy * 1000:.0f} ms, {calm * 1000:.0f} without (250 ms or {RATIO_MAX:g}x)"
    return [
        Row(what, figure, busy <= max(CLICK_S, calm * RATIO_MAX)),
        Row("commands through the page are answered", "yes" if acted else "no", acted),
    ]


def _lives(run: Run) -> Row:
    return none_of("runs that ended, tracebacks", int(run.process.poll() is not None) + run.text.count("Traceback"))


def _readable(link: socket.socket) -> bool:
    return bool(select.select([link], [], [], 0)[0])
