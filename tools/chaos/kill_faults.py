"""What a whole run keeps: killed at any moment, and ticking while its store is held."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import sqlite3
import statistics
import time
from pathlib import Path

from winter_wire import topics

from chaos import page
from chaos.rig import Rig, Run, percentile
from chaos.table import Row, at_most, none_of

SHOWN = ("ups_a", "ups_b", "server_rack_a1", topics.ENGINE)
RATIO_MAX = 1.1
TICK_MS_MAX = 250.0  # chosen: what a command may take to show its effect; on a busy machine most of it is waiting
LATE_MS_MAX = 50.0
PAIRS_MIN = 5  # fewer say nothing of a tenth
ALIVE_S_MAX = 6.0


def killed_keeping(rig: Rig) -> list[Row]:
    """SIGKILL of a whole run at any moment, again and again on one history: what a reader was shown of it is there."""
    data = rig.new_folder("data")
    shown: set[tuple[str, float, float]] = set()
    damaged, lost, twice = list[str](), list[str](), list[str]()
    count, path = rig.pick(20, 2), Path()
    for number in range(count):
        run = page.start(rig, data=data)
        path = Path(run.line("history"))
        shown |= _shown_until_killed(run, rig.rng.uniform(1.0, ALIVE_S_MAX))
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            kept = _rows(connection)
            twice += _twice(connection)
        damaged += [f"kill {number}: {verdict}"] if verdict != "ok" else []
        lost += [f"kill {number}: {row}" for row in sorted(shown - kept)[:3]]
    return [
        none_of(f"{count} kills of a whole run: rows that a reader was shown, lost", lost, of=len(shown)),
        none_of("rows twice", twice),
        none_of("histories damaged", damaged, of=count),
    ]


def _shown_until_killed(run: Run, seconds: float) -> set[tuple[str, float, float]]:
    """(node, unix s, number) of what the page's REST gave before the run was killed, while it was being asked."""
    at, found = page.page_of(run), set[tuple[str, float, float]]()
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        for node_id in SHOWN:
            field = "tick" if node_id == topics.ENGINE else "seq"
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                told = at.get(f"/api/v1/history/{node_id}/{field}?last_s=600")
                rows = zip(told["unix_s"], told["mean"], strict=True)
                found |= {(node_id, unix_s, value) for unix_s, value in rows if value is not None}
        time.sleep(0.1)
    run.kill()
    return found


def _rows(connection: sqlite3.Connection) -> set[tuple[str, float, float]]:
    found = set()
    for node_id in SHOWN:
        rows = connection.execute("SELECT id, kind FROM node WHERE node_id = ?", (node_id,)).fetchall()
        for number, kind in rows:
            field = "tick" if node_id == topics.ENGINE else "seq"
            values = connection.execute(f'SELECT _ms, "{field}" FROM "raw_{kind}" WHERE _node = ?', (number,))
            found |= {(node_id, ms / 1000, value) for ms, value in values if value is not None}
    return found


def _twice(connection: sqlite3.Connection) -> list[str]:
    """The same status kept under two times. A boot id comes again with the next run, but then its clock is another."""
    found = []
    for node_id, number, kind in connection.execute("SELECT node_id, id, kind FROM node").fetchall():
        names = {row[1] for row in connection.execute(f'PRAGMA table_info("raw_{kind}")')}
        if {"boot", "seq", "ts"} <= names:
            rows = connection.execute(
                f'SELECT boot, seq, ts, count(*) FROM "raw_{kind}" WHERE _node = ? AND boot IS NOT NULL '
                "GROUP BY 1, 2, 3 HAVING count(*) > 1",
                (number,),
            )
            found += [f"{node_id} {row}" for row in rows.fetchall()]
    return found


def ticks_while_held(rig: Rig) -> list[Row]:
    """Ticks of a whole run with its store held by another program and without, in pairs, so that what else this machine
    does falls on both."""
    broker = rig.broker()
    run = page.start(rig, "--broker", broker.url)
    path = Path(run.line("history"))
    spy = rig.spy(broker)
    pairs, seconds = rig.pick(8, 1), rig.pick(25, 6)
    steps: dict[bool, list[list[float]]] = {False: [], True: []}
    lags: list[float] = []
    time.sleep(5.0)
    for number in range(2 * pairs):
        held = number % 4 in (1, 2)  # without, with, with, without: a drift falls on both alike
        began = len(spy.heard(topics.ENGINE, topics.STATUS))
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as holder:
            if held:
                holder.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            if held:
                holder.execute("ROLLBACK")
        told = spy.heard(topics.ENGINE, topics.STATUS)[began:]
        steps[held].append([float(str(row["step_ms"])) for row in told])
        lags += [float(str(row["lag_ms"])) for row in told] if held else []
        time.sleep(2.0)
    every = [step for each in steps[True] for step in each]
    rows = [
        at_most(f"a tick of a whole run, store held, p99 of {len(every)}", percentile(every, 0.99), TICK_MS_MAX, "ms"),
        at_most("how late a tick began meanwhile, median", statistics.median(lags), LATE_MS_MAX, "ms"),
    ]
    if pairs >= PAIRS_MIN:
        rows += [_compared(steps, share) for share in (0.5, 0.9)]
    return rows


def _compared(steps: dict[bool, list[list[float]]], share: float) -> Row:
    """Each stretch with the store held against the one beside it without."""
    calm, busy = ([percentile(each, share) for each in steps[held]] for held in (False, True))
    ratio = statistics.median(high / low for low, high in zip(calm, busy, strict=True))
    # What two stretches without differ by is this machine's doing, and no less can be told from one with.
    noise = statistics.median(max(one, other) / min(one, other) for one, other in itertools.pairwise(calm))
    return Row(
        f"p{100 * share:.0f} of {len(calm)} pairs, held to not held, median (1.1 of what without differs by)",
        f"{ratio:.2f}; two without {noise:.2f}; {statistics.median(calm):.1f} ms without",
        ratio <= RATIO_MAX * noise,
    )
