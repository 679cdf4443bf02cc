"""history, backup and restore, on a store that a run has left behind."""

import csv
import io
import json
import os
import time
from pathlib import Path

import pytest
from winter_river.cli.history import graph_lines
from winter_river.cli.live_store import store_path
from winter_river.store import Keeper
from winter_river.store.model import Point, Series
from winter_wire import codec, topics


@pytest.fixture
def left(home: Path) -> Path:
    """The store of block-2n-24: twenty minutes of a UPS that discharges from 100 to 81 %."""
    clock = [time.time() - 1_200.0]
    path = store_path("block-2n-24")
    keeper = Keeper(path, clock=lambda: clock[0], wall=lambda: clock[0])
    fields = {
        "v": 1,
        "node_id": "ups_a",
        "id": 3,
        "timeline": 1,
        "t_s": 9.5,
        "event": "state",
        "from": "NORMAL",
        "to": "FAULT",
    }
    keeper.offer(topics.topic(topics.ENGINE, topics.EVENT), codec.encode("event", fields), False, clock[0])
    pressed = {"v": 1, "node_id": "ups_a", "id": 1, "t_s": 60, "event": "button", "from": "", "to": "handle bypass"}
    for minute in range(20):
        message = {
            "v": 1,
            "node_id": "ups_a",
            "type": "ups",
            "status": "ok",
            "soc_pct": 100.0 - minute,
            "boot": 1,
            "seq": minute,
        }
        keeper.offer(topics.topic("ups_a", "status"), codec.encode("status", message), False, clock[0])
        if minute == 1:
            keeper.offer(topics.topic("ups_a", topics.EVENT), codec.encode("event", pressed), False, clock[0])
        keeper.turn()
        clock[0] += 60.0
    keeper.stop()
    return path


def test_a_field_is_shown_as_graph_and_table(winter_river, left) -> None:
    ended = winter_river("history ups_a soc_pct --last 30m --points 30")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == "ups_a soc_pct in %, the last 30m, each row 1 min"
    assert lines[1].startswith("100 ┤") and lines[5].startswith(" 81 ┤") and "█" in lines[1]
    assert lines[6].split() == ["from", "mean", "low", "high", "readings", "quality"]
    assert [line.split()[2:] for line in lines[7:]] == [[str(100 - minute)] * 3 + ["1", "good"] for minute in range(20)]


def test_nodes_and_fields_are_listed(winter_river, left) -> None:
    assert "ups_a" in winter_river("history").out
    assert [line.split()[0] for line in winter_river("history ups_a").out.splitlines()[1:-1]] == [
        "v",
        "soc_pct",
        "boot",
        "seq",
    ]


def test_csv_has_every_single_reading(winter_river, left, home) -> None:
    table = list(csv.reader(io.StringIO(winter_river("history ups_a soc_pct --last 1h --csv -").out)))
    assert table[0] == ["time", "soc_pct", "quality"]
    good = [row for row in table[1:] if row[2] == "good"]
    assert [float(row[1]) for row in good] == [100.0 - minute for minute in range(20)]
    assert winter_river("history ups_a soc_pct --last 1h --csv rack.csv").code == 0
    assert list(csv.reader((home / "rack.csv").open())) == table
    points = json.loads(winter_river("history ups_a soc_pct --last 1h --json --points 1").out)["points"]
    assert [(point["low"], point["high"], point["readings"]) for point in points] == [(81.0, 100.0, 20)]


def test_what_happened_is_told_with_its_time(winter_river, left) -> None:
    line, _, count = winter_river("history --events --last 1h").out.splitlines()
    assert line.split()[2:] == ["ups_a", "state", "NORMAL", "->", "FAULT"] and count == "2 events in the last 1h"
    assert winter_river("history --events --last 5m").out == "0 events in the last 5m\n"


def test_what_happened_to_one_node_is_told_with_what_it_told_itself(winter_river, left) -> None:
    engine, node, count = winter_river("history ups_a events").out.splitlines()
    assert engine.split()[2:] == ["ups_a", "state", "NORMAL", "->", "FAULT"]
    assert node.split()[2:] == ["ups_a", "button", "handle", "bypass", "(by", "itself)"]
    assert count == "2 events in the last 1h"
    assert [each["source"] for each in json.loads(winter_river("history ups_a events --json").out)] == [
        "engine",
        "ups_a",
    ]
    lost = winter_river("history ups_b events")
    assert lost.code == 1 and "there is no history of ups_b" in lost.err and "ups_a" in lost.err


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        ("history ups_a socpct", "did you mean soc_pct?", 1),
        ("history upsa soc_pct", "did you mean ups_a?", 1),
        ("history upsa events", "did you mean ups_a?", 1),
        ("history upsa", "did you mean ups_a?", 1),
        ("history ups_a soc_pct --last soon", "--last: 'soon' is not a duration", 2),
        ("history --facility seed-8", "there is no history at", 1),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(winter_river, left, arguments, told, code) -> None:
    ended = winter_river(arguments)
    assert ended.code == code and told in ended.err


def test_a_backup_restores(winter_river, left, home) -> None:
    assert winter_river("backup monday.sqlite3").code == 0
    left.unlink()
    assert winter_river("history ups_a soc_pct").code == 1
    assert winter_river("restore monday.sqlite3").code == 0
    assert "81" in winter_river("history ups_a soc_pct").out
    (home / "junk").write_bytes(os.urandom(5_000))
    ended = winter_river("restore junk")
    assert ended.code == 1 and "cure" in ended.err


def test_a_graph_tells_rise_fall_and_gap() -> None:
    points = [Point(0, 0.0, 0.0, 0.0, 1, 0), Point(1_000, 39.0, 39.0, 39.0, 1, 0), Point(3_000, 20.0, 20.0, 20.0, 1, 0)]
    lines = graph_lines(Series("a", "b", "V", 1_000, tuple(points)), from_ms=0)
    # By hand: five rows of eight steps; 0 is step 1, 39 step 40, 20 step 1 + 20 = 21: two rows and five of eight.
    assert lines == ["39 ┤ █", "   ┤ █", "   ┤ █ ▅", "   ┤ █ █", " 0 ┤▁█·█"]


def test_points_show_what_is_known_now_and_what_was_known_last(winter_river, left) -> None:
    told = json.loads(winter_river("points ups_a --json").out)
    soc = next(each for each in told if each["field"] == "soc_pct")
    assert (soc["quality"], soc["last"], soc["units"]) == ("good", 81.0, "%")
    assert "ups_a/soc_pct" in winter_river("points ups_a").out
    ended = winter_river("points ups_b")
    assert ended.code == 1 and "there is no history of ups_b (did you mean ups_a?)" in ended.err
