"""Retention and sinks changed while a run keeps its history; retention on a clock that the test turns."""

import json
import sqlite3
import time

import pytest
from held_ports import held_port
from winter_river.store import Keep, Keeper, StoreError, keeper
from winter_river.store.sinks import Sender, influx, webhook

from .test_sinks import Sink, say, until

DAY_S = 86_400.0


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Tries again at once: the waits themselves are numbers in a table."""
    monkeypatch.setattr(Sender.__init__, "__kwdefaults__", {"backoff_s": (0.02,)})


def days(site):
    """The days, counted from the first, of which single readings and sums are left."""
    found = []
    for table, column in (("raw_ups", "voltage_in"), ("min5_ups", "voltage_in")):
        rows = site.rows(f'SELECT "{column}" FROM {table} WHERE "{column}" IS NOT NULL ORDER BY _ms')
        found.append(sorted({int(value) for (value,) in rows}))
    return found


def live_days(site, last, *, first=0):
    for day in range(first, last + 1):
        site.clock.passed_s = day * DAY_S
        site.say(voltage_in=float(day), boot=1, seq=day)
        for _ in range(30):
            site.turn()


@pytest.mark.parametrize(
    ("raw_days", "sum_days", "last"),
    [(1, 7, 10), (7, 30, 40), (30, 365, 400), (1, 30, 35), (7, 365, 370)],
    ids=["1d-7d", "7d-30d", "30d-1y", "1d-30d", "7d-1y"],
)
def test_readings_and_sums_are_kept_as_long_as_the_settings_say(bench, raw_days, sum_days, last) -> None:
    """A reading at the beginning of each day; at the last of them those that are just as old as the limit are left."""
    site = bench(keep=Keep(raw_s=raw_days * DAY_S, min5_s=sum_days * DAY_S))
    live_days(site, last)
    raw, sums = days(site)
    assert raw == list(range(last - raw_days, last + 1))
    # The sums of the last day are made when its five minutes are over.
    assert sums == list(range(last - sum_days, last))


def test_a_shorter_retention_acts_at_once_and_a_longer_one_keeps_what_is_left(bench) -> None:
    site = bench(keep=Keep(raw_s=30 * DAY_S))
    live_days(site, 20)
    assert days(site)[0] == list(range(21))
    site.keeper.change(keep=Keep(raw_s=7 * DAY_S), sinks=[])
    for _ in range(400):
        site.turn()
    assert days(site)[0] == list(range(13, 21))
    site.keeper.change(keep=Keep(raw_s=30 * DAY_S), sinks=[])
    live_days(site, 25, first=21)
    assert days(site)[0] == list(range(13, 26))


def test_a_sink_that_is_added_gets_what_comes_from_then_on(tmp_path, sink) -> None:
    with Keeper(tmp_path / "s") as kept:
        say(kept, 1, 2, 3)
        until(lambda: kept.health().rows == 3)
        kept.change(keep=kept.keep, sinks=[influx(sink.url, org="me")])
        say(kept, 4, 5)
        until(lambda: sink.numbers() == [4, 5])
        until(lambda: kept.health().sinks["influx"].fault == "")


def test_a_sink_that_moves_gets_at_its_new_place_what_it_missed_at_the_old_one(tmp_path, sink) -> None:
    nobody = f"http://127.0.0.1:{held_port()}"
    with Keeper(tmp_path / "s", sinks=[influx(nobody, org="me")]) as kept:
        say(kept, 1, 2, 3)
        until(lambda: kept.health().sinks["influx"].waiting == 3)
        kept.change(keep=kept.keep, sinks=[influx(sink.url, org="me"), webhook(f"{sink.url}/hook")])
        say(kept, 4)
        until(lambda: {1, 2, 3, 4} <= set(sink_numbers(sink)))
        until(lambda: [sinks.waiting for sinks in kept.health().sinks.values()] == [0, 0])
    with sqlite3.connect(tmp_path / "s") as connection:
        assert connection.execute("SELECT count(*) FROM raw_ups").fetchone() == (4,)


def sink_numbers(sink):
    """The numbers that came in line protocol; the webhook's JSON comes to the same ear."""
    lines = [line for body in sink.lines for line in body.splitlines() if not line.startswith("{")]
    return [int(float(line.partition("seq=")[2].partition(",")[0].partition(" ")[0])) for line in lines]


def test_a_sink_that_is_taken_away_gets_nothing_more_and_holds_no_row_back(tmp_path, sink) -> None:
    with Keeper(tmp_path / "s", sinks=[influx(sink.url, org="me")]) as kept:
        say(kept, 1)
        until(lambda: sink.numbers() == [1])
        kept.change(keep=kept.keep, sinks=[])
        say(kept, 2)
        until(lambda: kept.health().rows == 2)
        time.sleep(0.3)
        assert (sink.numbers(), kept.health().sinks) == ([1], {})
    with sqlite3.connect(tmp_path / "s") as connection:
        assert connection.execute("SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM sink)").fetchone() == (
            0, 0,
        )  # fmt: skip


def test_a_store_that_does_not_answer_refuses_a_change_and_goes_on_as_it_was(tmp_path, sink, monkeypatch) -> None:
    monkeypatch.setattr(keeper, "CHANGE_LOOKS", 5)
    with Keeper(tmp_path / "s", sinks=[influx(sink.url, org="me")]) as kept:
        say(kept, 1)
        until(lambda: sink.numbers() == [1])
        with sqlite3.connect(tmp_path / "s", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="does not answer.*\ncure: "):
                kept.change(keep=Keep(raw_s=1.0), sinks=[])
            other.execute("ROLLBACK")
        say(kept, 2)
        until(lambda: sink.numbers() == [1, 2])
        assert kept.keep == Keep()
    assert json.dumps(sink.numbers()) == "[1, 2]"
