"""Devices and points: a row a value, only added, its quality one of three; what is known now, and what was known last."""

import sqlite3

import pytest
from winter_river.store import points
from winter_river.store.writing import Writer
from winter_wire import topics

from .conftest import BEGIN_S

BEGIN_MS = int(BEGIN_S * 1000)


def narrow(site, node_id="ups_a", field=""):
    return site.keeper.ask(lambda c: points.rows(c, from_ms=0, to_ms=2**52, node_id=node_id, field=field))


def now(site, point):
    found = site.keeper.ask(lambda c: points.now(c, now_ms=site.clock.ms()))
    return next(each for each in found if each.point_id == point)


def test_every_value_is_a_row_with_site_point_quality_units_and_device(bench) -> None:
    site = bench()
    site.say(voltage_in=480.0, soc_pct=99.5, boot=1, seq=1)
    site.turn()
    [row] = narrow(site, field="soc_pct")
    assert row == {
        "time": "2027-01-15T08:00:00.000Z", "unix_ms": BEGIN_MS, "site_id": "site", "point_id": "ups_a/soc_pct",
        "value": 99.5, "quality": "good", "units": "%", "device_id": "ups_a", "object_type": "ups",
        "object_instance": row["object_instance"],
    }  # fmt: skip
    assert isinstance(row["object_instance"], int)
    assert {each["point_id"] for each in narrow(site)} == {"ups_a/soc_pct", "ups_a/voltage_in"}, (
        "the envelope is no point"
    )


def test_a_dead_node_leaves_a_bad_sample_of_each_of_its_points_not_silence(bench) -> None:
    site = bench()
    site.say(voltage_in=480.0, soc_pct=99.5, boot=1, seq=1)
    site.say("ups_b", voltage_in=400.0, boot=1, seq=1)
    for _ in range(60):
        site.turn(1.0)
    found = narrow(site, field="soc_pct")
    # Silent for 15 s, then each 5 s: at 15, 20 ... 60 s.
    assert [(row["quality"], row["value"]) for row in found] == [("good", 99.5)] + [("bad", None)] * 10
    assert [row["unix_ms"] - BEGIN_MS for row in found] == [0, *range(15_000, 60_001, 5_000)]
    assert {row["point_id"] for row in narrow(site, "ups_b")} == {"ups_b/voltage_in"}, "only what it ever measured"


def test_a_last_will_is_a_bad_sample_at_once(bench) -> None:
    site = bench()
    site.say(soc_pct=99.5, boot=1, seq=1)
    site.turn(1.0)
    site.put(topics.topic("ups_a", "status"), b'{"v":1,"node_id":"ups_a","type":"ups","status":"offline"}')
    site.turn(1.0)
    assert [row["quality"] for row in narrow(site, field="soc_pct")] == ["good", "bad"]


def test_a_point_is_what_it_is_now_and_what_it_was_last(bench) -> None:
    site = bench()
    site.say(soc_pct=98.0, boot=1, seq=1)
    site.turn(5.0)
    site.say(soc_pct=97.0, boot=1, seq=2)
    site.turn(1.0)
    fresh = now(site, "ups_a/soc_pct")
    assert (fresh.value, fresh.quality, fresh.last, fresh.ms) == (97.0, 0, 97.0, BEGIN_MS + 5_000)
    for _ in range(30):
        site.turn(1.0)
    gone = now(site, "ups_a/soc_pct")
    assert (gone.value, gone.quality, gone.last, gone.last_ms) == (None, 2, 97.0, BEGIN_MS + 5_000)
    assert gone.ms > gone.last_ms, "it was looked at since, in vain"


def test_a_point_that_nobody_has_configured_is_there_with_its_first_value(bench) -> None:
    site = bench()
    site.say(boot=1, seq=1)
    site.turn(1.0)
    site.say(boot=1, seq=2, extra='"vibration_mm_s":1.25')
    site.turn(1.0)
    assert [row["value"] for row in narrow(site, field="vibration_mm_s")] == [1.25]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE raw_ups SET soc_pct = 1",
        "UPDATE raw_ups SET _quality = 2",
        "INSERT INTO sensor_readings VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)",
        "UPDATE sensor_readings SET value = 1",
        "DELETE FROM sensor_readings",
        "INSERT INTO raw_ups (_node, _ms, _seq, _quality, _status, _state, _handle, _fault) VALUES (1,1,1,3,'','','','')",
        "INSERT INTO raw_ups (_node, _ms, _seq, _quality, _status, _state, _handle, _fault) VALUES (1,1,1,'good','','','','')",
    ],
)
def test_the_file_itself_refuses_to_change_a_reading_and_any_other_quality(bench, statement) -> None:
    site = bench()
    site.say(soc_pct=99.5, boot=1, seq=1)
    site.turn()
    with sqlite3.connect(site.path) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute(statement)
    assert [row["value"] for row in narrow(site, field="soc_pct")] == [99.5]


def test_a_store_of_version_3_gets_its_points_from_what_it_holds(bench) -> None:
    site = bench()
    site.say(soc_pct=99.5, boot=1, seq=1)
    site.turn(400.0)
    site.keeper.stop()
    with sqlite3.connect(site.path) as connection:
        connection.executescript(
            "DROP VIEW sensor_readings; DROP TABLE point; DROP TRIGGER only_added_ups; PRAGMA user_version = 3"
        )
        connection.execute("DELETE FROM raw_ups")  # only its five-minute sums are left
    site.keeper = site._open()
    assert [each.field for each in site.keeper.ask(lambda c: points.now(c, now_ms=0))] == []
    assert site.rows("SELECT field, units FROM point") == [("soc_pct", "%")]
    site.say(soc_pct=98.0, boot=1, seq=2)
    site.turn()
    assert [row["value"] for row in narrow(site, field="soc_pct")] == [98.0]


def test_configuration_lies_apart_from_the_series(bench, tmp_path) -> None:
    """The site, the broker and the system's settings are files of their own; a store holds readings and nothing else."""
    site = bench()
    site.say(soc_pct=99.5, boot=1, seq=1)
    site.turn()
    names = {name for (name,) in site.rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
    assert names == {
        "meta", "node", "point", "event", "journal", "sink", "raw_ups", "min5_ups", "sensor_readings", "sqlite_sequence",
    }  # fmt: skip
    assert site.rows("SELECT value FROM meta WHERE name = 'site'") == [("site",)]


def test_a_question_for_one_device_and_an_hour_goes_by_the_index(tmp_path) -> None:
    with Writer(tmp_path / "site.sqlite3") as writer:
        from winter_river.store.model import Reading

        batch = [
            Reading(f"ups_{n}", "ups", BEGIN_MS + 1000 * s, 0, "ok", "", "", "", s, {"soc_pct": 50.0})
            for n in range(3)
            for s in range(10)
        ]
        writer.commit(batch, [], now_ms=BEGIN_MS)
    with sqlite3.connect(tmp_path / "site.sqlite3") as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT value FROM sensor_readings WHERE device_id = 'ups_1' AND unix_ms >= ? AND unix_ms < ?",
            (BEGIN_MS, BEGIN_MS + 5000),
        ).fetchall()
    told = " / ".join(row[3] for row in plan)
    assert "SEARCH r USING PRIMARY KEY (_node=? AND _ms>? AND _ms<?)" in told, told


def test_a_field_that_is_first_said_in_the_middle_of_a_question_is_of_the_next_one(bench) -> None:
    site = bench()
    site.say(voltage_in=480.0, boot=1, seq=1)
    site.turn()

    def asked_while_more_is_said(connection):
        said = []

        def say_more(statement: str) -> None:
            if "FROM node" in statement and not said:
                said.append(statement)
                site.say(voltage_in=480.0, aged_h=2.5, boot=1, seq=2)
                site.turn()

        connection.set_trace_callback(say_more)
        return points.now(connection, now_ms=site.clock.ms()), said

    found, said = site.keeper.ask(asked_while_more_is_said)
    assert said and {each.field for each in found} == {"voltage_in"}
    assert now(site, "ups_a/aged_h").value == 2.5
