"""No fault, but many and long: a thousand clients at once, and ten minutes of counting what is kept."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dies_with import dies_with_us
from held_ports import held_port
from winter_river.service import broker_mosquitto
from winter_river.service.broker_embedded import find_node
from winter_wire import codec, schema, topics

from chaos import page
from chaos.crowd import Crowd
from chaos.keep_faults import kept_in
from chaos.rig import NODES_OF, Rig, Spy, took_s, wait_until
from chaos.table import Row, at_most, none_of, not_run

LIGHT = 1_000
CROWD_S = 60.0
STATUS_S = 5  # the contract's
SOAK_S = 600
# Acceptance P25: collection, publish, write to the database.
COLLECTED_MIN, PUBLISHED_MIN, WRITTEN_MIN = 0.99, 0.995, 0.99
START_S_MAX = 30.0
PRESSES, PRESSES_QUICK = 6, 2  # of each rack: a node keeps 16 messages for a broker that is away
PRESS_S = 3.0
WHEN_S_MAX = 4.0  # a long press takes a second, an uptime is in whole ones, and a busy fleet presses late


def crowd(rig: Rig) -> list[Row]:
    """24 emulated nodes and a thousand light clients for a minute, on each broker of ours."""
    rows: list[Row] = []
    for kind, there in (("mosquitto", broker_mosquitto.find()), ("embedded", find_node())):
        if there is None:
            rows.append(not_run(f"{kind}: sessions lost", "this broker is not installed here"))
        else:
            rows += _crowd_on(rig, kind)
    return rows


def _crowd_on(rig: Rig, kind: str) -> list[Row]:
    broker = rig.broker(kind)
    live = rig.live(broker)
    spy = rig.spy(broker)
    count = rig.pick(LIGHT, 100)
    with Crowd("127.0.0.1", broker.broker.port, count) as lights:
        wait_until(lambda: lights.connected == count, timeout_s=60, what=f"{count} light clients are let in")
        before = [node.runner.session.counters["losses"] for node in live.fleet.nodes.values() if node.runner]
        absent = 0
        end_s = time.monotonic() + rig.pick(int(CROWD_S), 6)
        while time.monotonic() < end_s:
            time.sleep(0.5)
            absent = max(
                absent,
                NODES_OF - live.connected(),
                sum(live.site.presence(each) != "online" for each in live.facility.nodes),
            )
        lights.quiet()
        took_s(lambda: lights.answered == lights.said, timeout_s=10)
        time.sleep(1.0)
        after = [node.runner.session.counters["losses"] for node in live.fleet.nodes.values() if node.runner]
        heard = _lights_heard(spy)
        wanted = lights.said
        rows = [
            none_of(f"{kind}: of {count:,} light clients' sessions lost", [str(each) for each in lights.lost]),
            none_of(f"{kind}: of {NODES_OF} nodes, sessions lost", sum(after) - sum(before)),
            at_most(f"{kind}: nodes held for absent at any moment", absent, 0),
            none_of(f"{kind}: publishes without an answer", wanted - lights.answered, of=wanted),
            none_of(f"{kind}: and not heard by a reader of all", wanted - heard, of=wanted),
            at_most(f"{kind}: messages that the service dropped", live.counters()["dropped"], 0),
            none_of(f"{kind}: engines, nodes and laws broken", live.faults()),
        ]
    live.__exit__(None, None, None)
    return rows


def _lights_heard(spy: Spy) -> int:
    found = set()
    for item in spy.collect():
        if "/light_" in item.topic and item.topic.endswith(f"/{topics.STATUS}"):
            message, _ = codec.decode(topics.STATUS, item.payload)
            if message is not None:
                found.add((message["node_id"], message["seq"]))
    return len(found)


def soak(rig: Rig) -> list[Row]:
    """A run of 24 nodes, its store, and a database beside it where there is one."""
    with _database(rig.new_folder("database")) as database:
        return _soaked(rig, database)


def _soaked(rig: Rig, database: str) -> list[Row]:
    broker = rig.broker()
    environment = {"WINTER_RIVER_INFLUX_URL": database} if database else {}
    run = page.start(rig, "--broker", broker.url, environment=environment)
    at = page.page_of(run)
    spy = rig.spy(broker)
    ids = list(at.get("/api/v1/facility")["nodes"])
    time.sleep(3.0)
    spy.collect()
    spy.items.clear()
    seconds = rig.pick(SOAK_S, 30)
    began_s = time.monotonic()
    while time.monotonic() < began_s + seconds:
        time.sleep(1.0)
        spy.collect()
    passed_s = time.monotonic() - began_s
    said = _said(spy)
    took_s(lambda: said <= kept_in(Path(run.line("history"))), timeout_s=20)
    kept = len(said & kept_in(Path(run.line("history"))))
    # What a node said is told by its own numbers: what is missing between the first and the last was not published.
    numbers: dict[tuple[str, int], list[int]] = {}
    for node_id, boot, seq in said:
        numbers.setdefault((node_id, boot), []).append(seq)
    written = sum(max(each) - min(each) + 1 for each in numbers.values())
    due = passed_s / STATUS_S * len(ids)
    metrics = _metrics(at)
    counters = [
        "store_rows", "store_writes", "store_write_failures", "store_reads", "store_read_failures", "store_queue",
        "store_lag_seconds", "sink_waiting", "sink_sent", "sink_refused", "sink_failures",
    ]  # fmt: skip
    absent = [name for name in counters if not any(key.startswith(f"winter_river_{name}") for key in metrics)]
    rows = [
        _at_least(f"samples collected of those due in {passed_s:.0f} s", written, due, COLLECTED_MIN),
        _at_least("published of those that nodes made", len(said), written, PUBLISHED_MIN),
        _at_least("in the store of those published", kept, len(said), WRITTEN_MIN),
    ]
    if database:
        rows.append(_in_database(database, said))
        none = {key: value for key, value in metrics.items() if key.startswith("winter_river_sink_refused")}
        rows.append(none_of("readings that the database refused", int(sum(none.values()))))
    else:
        absent = [name for name in absent if not name.startswith("sink")]
        rows.append(not_run("in a database beside it", "no victoria-metrics here: apt install victoria-metrics"))
    failures = sum(value for key, value in metrics.items() if "_write_failures" in key or "_read_failures" in key)
    rows.append(none_of("counters that /metrics does not have", absent, of=len(counters)))
    rows.append(none_of("writes and reads that failed", int(failures)))
    bytes_each = _payload_bytes(spy)
    rows.append(
        Row(
            "bytes on the bus a reading of a node, mean",
            f"{bytes_each:.0f} (at most {schema.BYTES_MAX['status']})",
            bytes_each <= schema.BYTES_MAX["status"],
        )
    )
    return rows


def _at_least(must: str, count: float, whole: float, share: float) -> Row:
    part = count / whole if whole else 0.0
    return Row(must, f"{count:,.0f} of {whole:,.0f}, {100 * part:.2f} % (at least {100 * share:g})", part >= share)


def _said(spy: Spy) -> set[tuple[str, int, int]]:
    """(node, boot, number) of every status of a node that was heard, and not from the broker's memory."""
    found = set()
    for item in spy.items:
        if not item.retained and item.topic.endswith(f"/{topics.STATUS}"):
            status, _ = codec.decode(topics.STATUS, item.payload)
            if status is not None and status["node_id"] not in topics.VIRTUAL and "seq" in status:
                found.add((str(status["node_id"]), int(status["boot"]), int(status["seq"])))
    return found


def _payload_bytes(spy: Spy) -> float:
    sizes = [
        len(item.payload) + len(item.topic)
        for item in spy.items
        if item.topic.endswith(f"/{topics.STATUS}") and item.topic.split("/")[1] not in topics.VIRTUAL
    ]
    return sum(sizes) / len(sizes) if sizes else 0.0


def _metrics(at: page.Page) -> Mapping[str, float]:
    """Name with labels -> value, as a scraper reads /metrics."""
    with urllib.request.urlopen(f"http://{at.host}:{at.port}/metrics", timeout=10) as answer:
        lines: Sequence[str] = answer.read().decode().splitlines()
    return {
        line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and not line.startswith("#")
    }


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[str]:
    """The address of a VictoriaMetrics of our own; "" where it is not installed."""
    program = shutil.which("victoria-metrics")
    if program is None:
        yield ""
        return
    url = f"127.0.0.1:{held_port()}"
    command = [
        program,
        f"-storageDataPath={folder}",
        f"-httpListenAddr={url}",
        "-retentionPeriod=1y",
        "-search.latencyOffset=0s",
    ]
    with subprocess.Popen(dies_with_us(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _answers(f"http://{url}/health"), timeout_s=START_S_MAX, what="victoria-metrics starts")
            yield f"http://{url}"
        finally:
            process.kill()


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
        return True
    return False


def _in_database(url: str, said: set[tuple[str, int, int]]) -> Row:
    """Its own answer: how many different numbers of each node it has."""

    def there() -> int:
        with urllib.request.urlopen(f"{url}/api/v1/export?match[]=node_seq", timeout=60) as answer:
            series = [json.loads(line) for line in answer]
        return len(wanted & {(each["metric"]["node_id"], int(value)) for each in series for value in each["values"]})

    wanted = {(node_id, seq) for node_id, _, seq in said}  # no node restarts meanwhile
    took_s(lambda: there() == len(wanted), timeout_s=45)
    return _at_least("in VictoriaMetrics of those published", there(), len(said), WRITTEN_MIN)


def away(rig: Rig) -> list[Row]:
    """The broker is gone for five minutes while buttons are pressed; then everything has the time at which it was."""
    broker = rig.broker()
    run = page.start(rig, "--broker", broker.url)
    at = page.page_of(run)
    racks = [node_id for node_id in at.get("/api/v1/facility")["nodes"] if node_id.startswith("server_rack")]
    time.sleep(3.0)
    before = at.get("/api/v1/state")["clock"]["unix_s"]
    broker.kill()
    seconds, each = rig.pick(300, 10), rig.pick(PRESSES, PRESSES_QUICK)
    pressed: list[tuple[str, float]] = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        node_id = racks[len(pressed) % len(racks)]
        if len(pressed) < len(racks) * each:
            at.post(f"/api/v1/nodes/{node_id}/press", {"long": True})
            pressed.append((node_id, time.time()))
        time.sleep(seconds / (len(racks) * each))
    # The last press ends before: one that falls between a node's return and the service's still goes to nobody.
    time.sleep(PRESS_S)
    broker.start()

    def told() -> list[tuple[str, float]]:
        events = at.get(f"/api/v1/happenings?from_unix_s={before}")["events"]
        return [(event["node_id"], event["unix_s"]) for event in events if event["event"] == "button"]

    back_s = took_s(lambda: len(told()) >= len(pressed), timeout_s=60)
    kept = told()
    wrong = [
        f"{node_id} {unix_s:.0f}"
        for node_id, unix_s in pressed
        if not any(node_id == other and abs(unix_s - then_s) <= WHEN_S_MAX for other, then_s in kept)
    ]
    time.sleep(3.0)
    curve = at.get(f"/api/v1/history/engine/tick?from_unix_s={before}")
    ticks = sorted({int(value) for value in curve["mean"] if value is not None})
    times = sorted(curve["unix_s"])
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    missing = ticks[-1] - ticks[0] + 1 - len(ticks)
    return [
        none_of(f"{seconds} s without a broker: presses without their time", wrong, of=len(pressed)),
        none_of("and told twice", len(kept) - len(set(kept))),
        at_most("everything is in the history after the broker is back", back_s, 30.0 + 5.0, "s"),
        _at_least("the engine's own samples, each at its time", len(ticks), len(ticks) + missing, 0.99),
        at_most("the longest stretch without one", max(steps, default=float("inf")), 3.0, "s"),
    ]
