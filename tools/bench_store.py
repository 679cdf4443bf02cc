"""The history of a day of 24 nodes that speak each second: what a row takes to keep, and to find, as `make bench` shows it."""

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from winter_river import Simulation, load_facility
from winter_river.store import Keeper, Reading, reading
from winter_river.store.ingest import Ingester
from winter_wire import codec, schema, topics

Row = tuple[str, float, str, float, bool]

DAY_S = 86_400
LIVE_S = 3_600  # of it as messages, by the whole way from the bus; the rest goes straight to the store
BEGIN_S = 1_800_000_000.0
NEED_PER_S = 24.0  # 24 nodes, one status a second
POINTS_DAY, POINTS_HOUR = 288, 360  # as the page asks: see web/ui/src/history.ts
SEED = 7
TIMES = 15  # each question is asked


class Site:
    """The nodes of block-2n-24 with what the engine shows of them, each number moving a little."""

    def __init__(self) -> None:
        facility = load_facility("block-2n-24")
        simulation = Simulation(facility, seed=SEED)
        simulation.advance(5.0)
        self._rng = random.Random(SEED)
        self._base = {node_id: dict(simulation.view(node_id)) for node_id in facility.nodes}
        self._types = {node_id: node.type for node_id, node in facility.nodes.items()}
        self.nodes = list(facility.nodes)

    def statuses(self, second: int) -> Iterator[tuple[str, bytes]]:
        """(node id, payload) of one second."""
        for number, (node_id, base) in enumerate(self._base.items()):
            type_name = self._types[node_id]
            fields = {name: self._moved(name, value) for name, value in base.items() if name in schema.SHAPES}
            own = {"v": 1, "node_id": node_id, "type": type_name, "status": "ok", "handle": "closed", "mode": "auto"}
            health = {"fault": "", "resets": 0, "wifi_rssi": -55, "uptime": second, "ts": int(BEGIN_S) + second}
            names = {"boot": 1_000_000_000 + number, "seq": second, "timeline": 1, "heap_free": 65_536, "fw": "0.1.0"}
            yield node_id, codec.encode("status", {**fields, **own, **health, **names}, type_name)

    def _moved(self, name: str, value: object) -> object:
        if not isinstance(value, float) or not value or name == "power_factor":
            return value
        _, _, low, high = schema.SHAPES[name]
        return min(max(value * self._rng.uniform(0.999, 1.001), low), high)


def rows() -> Iterator[Row]:
    """Speed, size, answers, and what handing over costs while the store is frozen."""
    site = Site()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.sqlite3"
        now_s = [BEGIN_S]
        keeper = Keeper(path, clock=lambda: now_s[0], wall=lambda: now_s[0])
        try:
            yield "statuses kept, from bytes to disk", _live(keeper, site, now_s), "a second", 100 * NEED_PER_S, True
            _rest(keeper, site, now_s)
            yield from _sizes(path)
            yield from _questions(keeper, site.nodes, now_s[0])
            yield "handing over while the store is frozen, p99", _frozen(keeper, site, path), "us", 1_000.0, False
        finally:
            keeper.stop()


def _live(keeper: Keeper, site: Site, now_s: list[float]) -> float:
    """Statuses a second that the keeper takes: read, checked and committed, ten seconds of the site at a time; half of
    the turns are faster."""
    took_s = []
    for second in range(LIVE_S):
        now_s[0] = BEGIN_S + second
        for node_id, payload in site.statuses(second):
            keeper.offer(topics.topic(node_id, topics.STATUS), payload, False, now_s[0])
        if second % 10 == 9:
            began_s = time.perf_counter()
            if not keeper.turn():
                raise RuntimeError(keeper.health().fault)
            took_s.append(time.perf_counter() - began_s)
    return 10 * NEED_PER_S / statistics.median(took_s)


def _rest(keeper: Keeper, site: Site, now_s: list[float]) -> None:
    """The rest of the day: as many readings, without the way from the bus."""
    ingester = Ingester(topics.ROOT, run=1)
    hour: list[Reading] = []
    for second in range(LIVE_S, LIVE_S + 600):
        for node_id, payload in site.statuses(second):
            at = {"ms": int((BEGIN_S + second) * 1000), "at_s": BEGIN_S + second}
            item = ingester.take(topics.topic(node_id, topics.STATUS), payload, retained=False, **at)  # type: ignore[arg-type]
            assert isinstance(item, Reading)
            hour.append(item)
    writer = keeper._writer
    for begin_s in range(LIVE_S, DAY_S, 600):
        shifted = [each._replace(ms=each.ms + (begin_s - LIVE_S) * 1000, seq=each.seq + begin_s) for each in hour]
        now_s[0] = BEGIN_S + begin_s + 600
        writer.commit(shifted, [], now_ms=int(now_s[0] * 1000))


def _sizes(path: Path) -> Iterator[Row]:
    with sqlite3.connect(path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        size = {name: connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name = ?", (name,)) for name in names}
        try:
            held = {name: cursor.fetchone()[0] or 0 for name, cursor in size.items()}
        except sqlite3.OperationalError:  # a SQLite without the table of sizes
            held = {"raw_": path.stat().st_size}
    raw = sum(size for name, size in held.items() if name.startswith("raw_"))
    sums = sum(size for name, size in held.items() if name.startswith("min5_"))
    yield "a reading in the store", raw / (DAY_S * NEED_PER_S), "bytes", 250.0, False
    yield "a day of 24 nodes at 1 Hz in the store", (raw + sums) / 1e6, "MB", 500.0, False
    if sums:
        yield "five-minute sums, smaller than the readings", raw / sums, "times", 10.0, True


def _questions(keeper: Keeper, nodes: list[str], now_s: float) -> Iterator[Row]:
    to_ms = int(now_s * 1000)

    def curves(span_s: float, points: int | None, among: list[str]) -> Callable[[], object]:
        from_ms = to_ms - int(span_s * 1000)
        return lambda: keeper.ask(
            lambda connection: [
                reading.series(connection, node_id, "power_kw", from_ms=from_ms, to_ms=to_ms, points=points)
                for node_id in among
            ]
        )

    for words, span_s, points in (("the day", DAY_S, POINTS_DAY), ("an hour", 3_600, POINTS_HOUR)):
        asked = _ms(curves(span_s, points, nodes))
        yield f"a field of 24 nodes over {words}, {points} points", asked, "ms", 100.0, False
    yield "every reading of a field of a node over the day", _ms(curves(DAY_S, None, nodes[:1])), "ms", 1_000.0, False


def _ms(question: Callable[[], object]) -> float:
    """The best of TIMES: neighbours on the machine make the others longer."""
    took = []
    for _ in range(TIMES):
        began_s = time.perf_counter()
        question()
        took.append((time.perf_counter() - began_s) * 1000)
    return min(took)


def _frozen(keeper: Keeper, site: Site, path: Path) -> float:
    """Microseconds that the loop spends on a message, 99 of 100 times, while another program has the store locked."""
    _, payload = next(iter(site.statuses(DAY_S + 1)))
    took = []
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        keeper.start()
        for _ in range(20_000):
            began_s = time.perf_counter()
            keeper.offer("winter-river/utility_a/status", payload, False, 0.0)
            took.append(time.perf_counter() - began_s)
        other.execute("ROLLBACK")
    return sorted(took)[int(len(took) * 0.99)] * 1e6
