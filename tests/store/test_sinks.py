"""A keeper with a sink that answers, fails, refuses and comes back: a small HTTP server of the test's own."""

import json
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from held_ports import held_port
from winter_river.store import Keep, Keeper
from winter_river.store import writing as store_writing
from winter_river.store.model import Reading
from winter_river.store.sinks import Sender, influx, webhook
from winter_river.store.writing import Writer

from .conftest import status


class Sink:
    """A write endpoint. status: what it answers; wrong: a text for which it answers 400 to the whole batch."""

    def __init__(self) -> None:
        self.status, self.wrong = 204, b"\0"
        self.lines: list[str] = []
        self.tries = 0
        self.seen: list[tuple[str, str]] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                sink.tries += 1
                sink.seen.append((self.path, self.headers.get("authorization", "")))
                answer = 400 if sink.wrong in body else sink.status
                if answer < 300:
                    sink.lines += body.decode().splitlines()
                self.send_response(answer)
                self.end_headers()
                self.wfile.write(b"the sink's own words")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def numbers(self) -> list[int]:
        """The seq of each line, in the order in which they came."""
        return [
            int(float(line.partition("seq=")[2].split(",")[0].split(" ")[0])) for line in self.lines if "seq=" in line
        ]


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Tries again at once: the waits themselves are numbers in a table."""
    monkeypatch.setattr(Sender.__init__, "__kwdefaults__", {"backoff_s": (0.02,)})


def say(keeper, *seqs):
    for seq in seqs:
        keeper.offer("winter-river/ups_a/status", status(boot=1, seq=seq, voltage_in=480.0), False, time.monotonic())


def until(claim, timeout_s=60.0):
    end_s = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < end_s, "not in time"
        time.sleep(0.01)


def test_every_reading_arrives_in_order_with_the_time_at_which_it_came(tmp_path, sink) -> None:
    with Keeper(tmp_path / "s", sinks=[influx(sink.url, org="me", secret="token-1")]) as keeper:
        before_ms = int(time.time() * 1000)
        say(keeper, *range(50))
        after_ms = int(time.time() * 1000)
        until(lambda: len(sink.lines) == 50)
        assert sink.numbers() == list(range(50))
        for line in sink.lines:
            assert line.startswith("node,node_id=ups_a,status=ok,type=ups quality=0,")
            assert (
                before_ms - 1_000 <= int(line.split(" ")[-1]) // 1_000_000 <= after_ms + 1_000
            )  # two clocks were read
        until(lambda: keeper.health().sinks["influx"] == (0, 50, 0, 0, ""))
    assert sink.seen[0] == ("/api/v2/write?org=me&bucket=mqtt_metrics&precision=ns", "Token token-1")


@pytest.mark.parametrize("answer", [500, 503, 429, 401])
def test_a_sink_that_cannot_now_is_given_everything_later(tmp_path, sink, answer) -> None:
    sink.status = answer
    with Keeper(tmp_path / "s", sinks=[influx(sink.url, org="me")]) as keeper:
        say(keeper, *range(10))
        until(lambda: sink.tries >= 3 and keeper.health().sinks["influx"].waiting == 10)
        health = keeper.health().sinks["influx"]
        assert health.fault == f"influx answered {answer}: the sink's own words"
        sink.status = 204
        until(lambda: sink.numbers() == list(range(10)))
        until(lambda: keeper.health().sinks["influx"].waiting == 0 and keeper.health().sinks["influx"].fault == "")


def test_one_wrong_row_is_refused_and_the_others_arrive(tmp_path, sink) -> None:
    sink.wrong = b"seq=13.0"
    with Keeper(tmp_path / "s", sinks=[influx(sink.url, org="me")]) as keeper:
        say(keeper, *range(40))
        until(lambda: len(set(sink.numbers())) == 39)
        until(lambda: keeper.health().sinks["influx"].refused == 1)
    assert set(sink.numbers()) == set(range(40)) - {13}


def test_what_a_sink_missed_comes_in_the_next_run(tmp_path, sink) -> None:
    sink.status = 503
    with Keeper(tmp_path / "s", sinks=[influx(sink.url, org="me")]) as keeper:
        say(keeper, 1, 2, 3)
        until(lambda: keeper.health().rows == 3)
    sink.status = 204
    with Keeper(tmp_path / "s", sinks=[influx(sink.url, org="me")]):
        until(lambda: sink.numbers() == [1, 2, 3])


def test_a_dead_sink_does_not_hold_up_another(tmp_path, sink) -> None:
    nobody = f"http://127.0.0.1:{held_port()}"
    with Keeper(tmp_path / "s", sinks=[influx(nobody, org="me"), webhook(f"{sink.url}/hook")]) as keeper:
        say(keeper, 1, 2)

        def told():
            return [reading["fields"]["seq"] for body in sink.lines for reading in json.loads(body)["readings"]]

        until(lambda: told() == [1.0, 2.0])
        until(lambda: "cannot be reached" in keeper.health().sinks["influx"].fault)
    assert sink.seen[0] == ("/hook", "")


def test_retention_never_takes_what_a_sink_has_still_to_get(bench, sink) -> None:
    site = bench(keep=Keep(raw_s=3_600.0), sinks=[influx(sink.url)])
    for minute in range(300):
        site.clock.passed_s = minute * 60.0
        site.say(boot=1, seq=minute)
        site.turn()
    assert site.values("ups_a", "seq")[0] == 0
    [sender] = site.keeper._senders  # not started: the test decides when it brings something
    while sender.turn():
        pass
    for _ in range(10):
        site.turn(61.0)
    assert site.values("ups_a", "seq")[0] > 200
    assert set(sink.numbers()) == set(range(300))
    while sender.turn():
        pass
    site.turn()
    assert site.rows("SELECT count(*) FROM journal") == [(0,)]


def test_an_out_box_that_is_too_full_gives_up_the_oldest_and_counts_them(tmp_path) -> None:
    readings = [Reading("ups_a", "ups", 1_800_000_000_000 + seq, 0, "ok", "", "", "", seq, {}) for seq in range(100)]
    with Writer(tmp_path / "s", sinks=["influx"], outbox_max=30) as writer:
        for each in readings:
            writer.commit([each], [], now_ms=each.ms)
        assert writer.outbox.given_up == {"influx": 70} and writer.outbox.waiting() == {"influx": 30}
    with sqlite3.connect(tmp_path / "s") as connection:
        assert connection.execute("SELECT count(*), min(b) - 1800000000000 FROM journal").fetchone() == (30, 70)


def test_a_store_of_version_1_is_brought_up_to_date_with_all_it_holds(tmp_path, monkeypatch) -> None:
    """As the first version wrote it: the same tables, without an out-box."""
    path = tmp_path / "s"
    with Writer(path) as writer:
        writer.commit(
            [Reading("ups_a", "ups", 1_800_000_000_000, 0, "ok", "", "", "", 1, {"soc_pct": 99.0})], [], now_ms=0
        )
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TABLE journal; DROP TABLE sink; PRAGMA user_version = 1;")
    with Keeper(path, sinks=[influx("http://127.0.0.1:1")]) as keeper:
        assert keeper.health().sinks["influx"].waiting == 0
        assert keeper.ask(lambda c: c.execute("SELECT soc_pct FROM raw_ups").fetchall()) == [(99.0,)]
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (store_writing.tables.VERSION,)
