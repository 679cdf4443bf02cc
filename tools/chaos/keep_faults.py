"""What happens to what is kept: a store that hangs, a disk that does not write, a reader that does not read."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from winter_river.audit import verify
from winter_river.facility import load_facility
from winter_river.service import broker_mosquitto
from winter_river.service.coordinator import Coordinator
from winter_river.service.messages import Incoming
from winter_river.store.keeper import Keeper
from winter_wire import codec, topics

from chaos import packets, page
from chaos.rig import Rig, percentile, took_s, wait_until
from chaos.secured import Secured
from chaos.table import Row, at_most, none_of, not_run

RATIO_MAX = 1.1
NOISE_MS = 0.5  # chosen: what a tick of some 2 ms wavers by from one ten minutes to the next
TICKS = 600
PAIRS = 3
BOOT = 77
TOLD_S_MAX = 15.0  # chosen: a tick comes every second, and a line at once
KEPT_S_MAX = 45.0  # the store is tried again after 30 s at the latest
ENGINE_S_EACH = 10  # engine seconds a second, so that a minute is ten
GROWTH_MB_MAX = 200.0  # chosen: the service's inbox and the broker's queue, full, with room to spare
STRACE_S = 3.0
RACK = "srv_a"


def store_frozen(rig: Rig) -> list[Row]:
    """Another program holds the history's file for ten minutes: of ticks, then of a live site's time."""
    return [*_ticks_while_held(rig), *_live_while_held(rig)]


def _ticks_while_held(rig: Rig) -> list[Row]:
    """Ten minutes of ticks, one after the other, without and with, PAIRS times; processor time of the engine's thread
    alone, so that what else this machine does is not in it. It wavers all the same, so the middle of the pairs counts."""
    facility = load_facility("block-2n-24")
    calm_ms, held_ms, lost = list[float](), list[float](), list[str]()
    with Keeper(rig.new_folder("history") / "site.sqlite3") as keeper:
        coordinator = Coordinator(facility)
        for pair in range(PAIRS):
            first = 1 + 2 * TICKS * pair
            calm_ms.append(percentile(_ten_minutes(coordinator, keeper, first=first), 0.99))
            _catch_up(keeper)
            with contextlib.closing(sqlite3.connect(keeper.path, timeout=30, isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                held_ms.append(percentile(_ten_minutes(coordinator, keeper, first=first + TICKS), 0.99))
                holder.execute("ROLLBACK")
            _catch_up(keeper)
            kept = kept_in(keeper.path)
            lost += [
                f"{node_id} {seq}"
                for node_id in facility.nodes
                for seq in range(first + TICKS, first + 2 * TICKS)
                if (node_id, BOOT, seq) not in kept
            ]
    calm, held = statistics.median(calm_ms), statistics.median(held_ms)
    return [
        Row(
            f"a tick, p99 of {TICKS}, while the store is held, median of {PAIRS}",
            f"{held:.2f} ms, {calm:.2f} without (1.1x)",
            held <= max(calm * RATIO_MAX, calm + NOISE_MS),
        ),
        none_of("rows lost", lost, of=PAIRS * TICKS * len(facility.nodes)),
    ]


def _catch_up(keeper: Keeper) -> None:
    """Waits until all that it was told is in the store: the engine's own messages are rows, too, so rows say nothing."""
    took_s(lambda: keeper.health().queue == 0, timeout_s=KEPT_S_MAX)


def _ten_minutes(coordinator: Coordinator, keeper: Keeper, *, first: int) -> list[float]:
    """Milliseconds of each tick in which every node has spoken."""
    found = []
    nodes = coordinator.facility.nodes
    for tick in range(first, first + TICKS):
        items = [
            Incoming(
                topics.topic(node_id, topics.STATUS), _word(node_id, nodes[node_id].type, tick), False, time.monotonic()
            )
            for node_id in nodes
        ]
        began_s = time.thread_time()
        for item in items:
            keeper.hear(item)
            coordinator.receive(item.topic, item.payload, retained=False, now_s=float(tick))
        keeper.tell(coordinator.step(float(tick)))
        found.append((time.thread_time() - began_s) * 1000)
    return found


def _word(node_id: str, type_name: str, seq: int) -> bytes:
    fields = {"v": 1, "node_id": node_id, "type": type_name, "status": "ok", "boot": BOOT, "seq": seq, "uptime": seq}
    return json.dumps(fields, separators=(",", ":")).encode()


def _live_while_held(rig: Rig) -> list[Row]:
    broker = rig.broker()
    run = page.start(rig, "--broker", broker.url)
    at = page.page_of(run)
    path = Path(run.line("history"))
    spy = rig.spy(broker)
    at.post("/api/v1/clock", {"action": "speed", "value": ENGINE_S_EACH})
    seconds = rig.pick(60, 8)
    first, began, acted = spy.heard(topics.ENGINE, topics.STATUS), len(spy.collect()), list[bool]()
    with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            acted.append(at.send("server_rack_b1", "set_load", {"power_kw": 30.0 + len(acted) % 50}))
            time.sleep(0.25)
        holder.execute("ROLLBACK")
    said = {
        (str(status["node_id"]), int(status["boot"]), int(status["seq"]))
        for item in spy.collect()[began:]
        if not item.retained and item.topic.endswith(f"/{topics.STATUS}")
        and (status := codec.decode(topics.STATUS, item.payload)[0]) is not None
        and status["node_id"] not in topics.VIRTUAL and "seq" in status
    }  # fmt: skip
    kept_s = took_s(lambda: said <= kept_in(path), timeout_s=KEPT_S_MAX)
    last = spy.heard(topics.ENGINE, topics.STATUS)[-1]
    ticks = _count(last, "tick") - (_count(first[-1], "tick") if first else 0)
    code = run.terminate()[1]
    return [
        none_of("live: rows lost", [str(row) for row in sorted(said - kept_in(path))], of=len(said)),
        at_most("live: all are there after it lets go", kept_s, KEPT_S_MAX, "s"),
        none_of("live: commands without an answer meanwhile", acted.count(False), of=len(acted)),
        Row("live: the engine ticks", f"{ticks:.0f} in {seconds} s and more", ticks >= seconds - 2),
        Row("live: it stops in order", f"exit {code}", code == 0 and "Traceback" not in run.text),
    ]


def fsync_error(rig: Rig) -> list[Row]:
    """The disk says it could not write what it was told to keep: EIO from every fsync, by the kernel's own hand."""
    strace = shutil.which("strace")
    must = "secured: commands done or sent without their audit"
    if strace is None:
        return [not_run(must, "no strace here: sudo apt install strace")]
    if broker_mosquitto.find() is None:
        return [not_run(must, "profile secured needs mosquitto: sudo apt install mosquitto")]
    site = Secured(rig)
    spy = site.client(rig, "service", "service")
    count = rig.pick(30, 5)
    before = site.send(RACK, "set_load", {"power_kw": 20.0})
    with _failing(strace, site.run.process.pid) as tracing:
        if tracing.poll() is not None:
            return [not_run(must, "strace may not look into a process here")]
        seen = len(spy.heard(RACK, topics.COMMAND))
        tick = spy.heard(topics.ENGINE, topics.STATUS)[-1]["tick"]
        answers = [site.send(RACK, "set_load", {"power_kw": 21.0 + number}) for number in range(count)]

        def ticked() -> float:
            return _count(spy.heard(topics.ENGINE, topics.STATUS)[-1], "tick") - float(str(tick))

        took_s(lambda: ticked() >= 2, timeout_s=TOLD_S_MAX)
        leaked, ticks = len(spy.heard(RACK, topics.COMMAND)) - seen, ticked()
    after = site.send(RACK, "set_load", {"power_kw": 20.5})
    verdict = verify(site.run.folder / "audit")
    rows = [
        none_of(must, answers.count(True) + leaked, of=count),
        Row("secured: before and after, commands are done", f"{before}, {after}", before and after),
        Row("secured: the engine ticks meanwhile", f"{ticks:.0f}", ticks >= 2),
        none_of("secured: faults in the audit", [verdict.fault] if verdict.fault else [], of=verdict.lines),
    ]
    return rows + _fsync_error_in_lab(rig, strace, count)


def _fsync_error_in_lab(rig: Rig, strace: str, count: int) -> list[Row]:
    """Where nothing is secured, the site goes on, and says of each command that it is not in the audit."""
    run = page.start(rig, "--no-store")
    at = page.page_of(run)
    with _failing(strace, run.process.pid):
        done = [at.send("server_rack_a1", "set_load", {"power_kw": 50.0 + number}) for number in range(count)]
    took_s(lambda: "IS NOT IN THE AUDIT" in run.text, timeout_s=TOLD_S_MAX)
    told = run.text.count("IS NOT IN THE AUDIT")
    verdict = verify(run.folder / "audit")
    return [
        Row(
            "lab: commands go on and the operator is told",
            f"{done.count(True)} done, {told} told",
            all(done) and told > 0,
        ),
        none_of("lab: faults in the audit", [verdict.fault] if verdict.fault else []),
    ]


def slow_consumer(rig: Rig) -> list[Row]:
    """The service is stopped while a thousand statuses a second go on; then it must say what it has not heard."""
    broker = rig.broker()
    run = rig.run("seed-8", "--broker", broker.url, "--nodes", "none", "--no-page", "--no-store")
    run.wait_started()
    spy = rig.spy(broker)
    wait_until(lambda: spy.heard(topics.ENGINE, topics.STATUS), timeout_s=10, what="the engine speaks")
    before_mb, broker_mb = run.resident_mb, broker.process.memory_info().rss / 2**20
    first = spy.heard(topics.ENGINE, topics.STATUS)[-1]
    sent, per_s, seconds = 0, rig.pick(2_000, 1_000), rig.pick(25, 5)
    run.process.send_signal(signal.SIGSTOP)
    with packets.connected("127.0.0.1", broker.broker.port, "pourer") as link:
        for _ in range(seconds * 10):
            batch = [_status(sent + number) for number in range(per_s // 10)]
            link.sendall(b"".join(packets.publish(topics.topic("util_a", topics.STATUS), each) for each in batch))
            sent += len(batch)
            time.sleep(0.1)
    peak_mb = broker.process.memory_info().rss / 2**20 - broker_mb
    run.process.send_signal(signal.SIGCONT)
    time.sleep(rig.pick(15, 6))
    last = spy.heard(topics.ENGINE, topics.STATUS)[-1]
    heard = _count(last, "received") - _count(first, "received")
    counted = _count(last, "dropped") - _count(first, "dropped")
    # A broker cuts off who does not read, and everybody hears it from the engine's last will.
    told = any(row["status"] == "offline" for row in spy.heard(topics.ENGINE, topics.STATUS))
    lived = run.process.poll() is None
    grown_mb = run.resident_mb - before_mb if lived else float("inf")
    return [
        at_most(f"the service grows by, after {seconds} s of {per_s:,} a second", grown_mb, GROWTH_MB_MAX, "MB"),
        at_most("the broker grows by", peak_mb, GROWTH_MB_MAX, "MB"),
        Row(
            "what is not heard is counted, or its last will told",
            f"{heard:,.0f} heard, {counted:,.0f} dropped of {sent:,}; {'its will' if told else 'no will'}",
            lived and (heard + counted >= sent or told),
        ),
        Row("it goes on", "yes" if lived else "no", lived and _count(last, "tick") > _count(first, "tick")),
    ]


def _count(row: dict[str, object], name: str) -> float:
    value = row.get(name, 0)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _status(seq: int) -> bytes:
    fields = {"v": 1, "node_id": "util_a", "type": "utility", "status": "ok", "boot": 7, "seq": seq, "uptime": 1}
    return json.dumps(fields, separators=(",", ":")).encode()


def kept_in(path: Path) -> set[tuple[str, int, int]]:
    """(node, boot, number) of every reading in a store."""
    found: set[tuple[str, int, int]] = set()
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        kinds = [row[0] for row in connection.execute("SELECT DISTINCT kind FROM node")]
        for kind in kinds:
            with contextlib.suppress(sqlite3.OperationalError):  # nobody of it has said his boot
                found |= {
                    (node_id, int(boot), int(seq))
                    for node_id, boot, seq in connection.execute(
                        f'SELECT node.node_id, boot, _seq FROM "raw_{kind}" JOIN node ON node.id = _node '
                        "WHERE boot IS NOT NULL"
                    )
                }
    return found


@contextlib.contextmanager
def _failing(strace: str, pid: int) -> Iterator[subprocess.Popen[bytes]]:
    """While this lasts, no fsync of a process succeeds."""
    command = [strace, "-f", "-p", str(pid), "-o", "/dev/null", "-e", "trace=fsync,fdatasync"]
    with subprocess.Popen([*command, "-e", "inject=fsync,fdatasync:error=EIO"], stderr=subprocess.DEVNULL) as tracing:
        try:
            time.sleep(STRACE_S)  # it attaches to one thread after the other
            yield tracing
        finally:
            tracing.terminate()
            tracing.wait(10)
            time.sleep(0.5)
