"""From the bus to the file and back, on a clock that the test turns."""

import sqlite3

import pytest
from winter_river.store import Keeper, StoreError, reading, tables
from winter_river.store.tables import VERSION
from winter_wire import codec, topics

from .conftest import BEGIN_S, status

BEGIN_MS = int(BEGIN_S * 1000)


def series(bench, field="voltage_in", *, from_s=0.0, to_s=1e6, points=None, node_id="ups_a"):
    span = {"from_ms": BEGIN_MS + int(from_s * 1000), "to_ms": BEGIN_MS + int(to_s * 1000), "points": points}
    return bench.keeper.ask(lambda connection: reading.series(connection, node_id, field, **span))


def test_a_range_gives_exactly_its_readings_at_the_times_at_which_they_came(bench) -> None:
    site = bench()
    for second in range(10):
        site.clock.passed_s = float(second)
        site.say(voltage_in=470.0 + second, boot=1, seq=second + 1)
    site.turn()
    found = series(site, from_s=3.0, to_s=7.0)
    assert [(point.ms - BEGIN_MS, point.mean) for point in found.points] == [
        (3_000, 473.0), (4_000, 474.0), (5_000, 475.0), (6_000, 476.0),
    ]  # fmt: skip
    assert (found.unit, found.width_ms) == ("V", 0)


def test_a_node_and_a_field_that_nobody_has_configured_are_there(bench) -> None:
    site = bench()
    site.put("winter-river/pump_7/status", b'{"v":1,"node_id":"pump_7","status":"ok","type":"pump","flow_l_min":12.5}')
    site.say(extra='"vibration_mm_s":1.25')
    site.turn()
    site.say(extra='"later":3', boot=1, seq=2)
    site.turn()
    assert site.values("pump_7", "flow_l_min") == [12.5]
    assert site.values("ups_a", "vibration_mm_s") == [1.25]
    assert site.values("ups_a", "later") == [3.0]
    assert [span.node_id for span in site.keeper.ask(reading.spans)] == ["pump_7", "ups_a"]


def test_a_key_that_cannot_be_a_column_is_left_out_and_counted(bench) -> None:
    site = bench()
    site.say(extra='"a\\" b":1,"_node":2,"VOLTAGE_IN":3', voltage_in=480.0)
    site.turn()
    assert site.values("ups_a", "voltage_in") == [480.0]
    assert site.keeper.health().dropped == {"field": 3}


def test_a_flood_of_keys_ends_at_the_limit(bench) -> None:
    site = bench()
    for number in range(tables.FIELDS_MAX):
        site.say(extra=f'"made_up_{number}":1,"more_{number}":1')
    site.turn()
    assert len(site.keeper.ask(lambda connection: reading.fields_of(connection, "ups_a"))) == tables.FIELDS_MAX


def test_a_file_takes_no_other_quality_than_the_three(bench) -> None:
    site = bench()
    site.say()
    site.turn()
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        site.rows(
            "INSERT INTO raw_ups (_node,_ms,_seq,_quality,_status,_state,_handle,_fault) VALUES (1,1,1,3,'','','','')"
        )


def test_pieces_have_mean_low_and_high(bench) -> None:
    site = bench()
    for second, volts in enumerate((470.0, 480.0, 490.0, 100.0)):
        site.clock.passed_s = second
        site.say(voltage_in=volts)
    site.turn()
    first, last = series(site, to_s=6.0, points=2).points
    # By hand: (470 + 480 + 490) / 3 = 480.
    assert (first.ms, first.mean, first.low, first.high, first.readings) == (BEGIN_MS, 480.0, 470.0, 490.0, 3)
    assert (last.ms, last.mean, last.readings) == (BEGIN_MS + 3_000, 100.0, 1)


def test_five_minutes_become_one_row_that_long_spans_are_made_of(bench) -> None:
    site = bench()
    for second in range(0, 1_200, 5):
        site.clock.passed_s = float(second)
        site.say(voltage_in=480.0 if second < 600 else 240.0)
    site.turn(60.0)
    assert site.rows("SELECT (_ms - 1800000000000) / 60000, _count, voltage_in FROM min5_ups") == [
        (0, 60, 480.0), (5, 60, 480.0), (10, 60, 240.0), (15, 60, 240.0),
    ]  # fmt: skip
    site.rows("DELETE FROM raw_ups")
    found = series(site, to_s=1_800.0, points=2)
    # By hand: 15 minutes hold three windows; (480 + 480 + 240) / 3 = 400.
    assert [(point.mean, point.low, point.high, point.readings) for point in found.points] == [
        (400.0, 240.0, 480.0, 180), (240.0, 240.0, 240.0, 60),
    ]  # fmt: skip


def test_a_reading_that_comes_late_is_in_the_sum_of_its_window(bench) -> None:
    site = bench()
    site.say(voltage_in=400.0, boot=1, seq=1)
    site.turn(400.0)
    site.put(
        topics.topic("ups_a", "status"), status(voltage_in=500.0, boot=1, seq=2, ts=BEGIN_MS // 1000 + 9), retained=True
    )
    site.turn()
    assert site.rows("SELECT voltage_in, _count FROM min5_ups WHERE _ms = 1800000000000") == [(450.0, 2)]


def test_retention_takes_what_is_older_and_leaves_what_is_newer(bench, keep) -> None:
    site = bench(keep=keep(raw_s=3_600.0, min5_s=7_200.0))
    for minute in range(240):
        site.clock.passed_s = minute * 60.0
        site.say(voltage_in=480.0, boot=1, seq=minute)
        site.turn()
    for _ in range(20):
        site.turn()
    now_ms = site.clock.ms()
    [(raw_ms,)], [(min5_ms,)] = site.rows("SELECT min(_ms) FROM raw_ups"), site.rows("SELECT min(_ms) FROM min5_ups")
    assert now_ms - 3_600_000 - 300_000 <= raw_ms <= now_ms - 3_480_000
    assert now_ms - 7_200_000 <= min5_ms <= now_ms - 6_780_000
    assert site.rows("SELECT max(_ms) FROM raw_ups") == [(now_ms,)]


def test_thirty_days_are_kept_where_thirty_are_asked_for(bench, keep) -> None:
    site = bench(keep=keep(raw_s=30 * 86_400.0))
    for day in range(32):
        site.clock.passed_s = day * 86_400.0
        site.say(soc_pct=float(day), boot=1, seq=day)
        for _ in range(30):
            site.turn()
    assert [value for value in site.values("ups_a", "soc_pct") if value is not None] == [
        float(day) for day in range(1, 32)
    ]


def test_a_wall_clock_that_jumps_a_year_ahead_deletes_nothing(bench) -> None:
    site = bench()
    site.say(voltage_in=480.0, boot=1, seq=1)
    site.turn()
    site.clock.wall_offset_s = 400 * 86_400.0
    for _ in range(5):
        site.turn(61.0)
    assert 480.0 in site.values("ups_a", "voltage_in")


def test_a_clock_that_jumps_an_hour_back_loses_nothing_and_its_readings_are_uncertain(bench) -> None:
    site = bench()
    for minute in range(30):
        site.clock.passed_s = minute * 60.0
        site.clock.wall_offset_s = -3_600.0 if minute >= 10 else 0.0
        site.say(voltage_in=480.0, boot=1, seq=minute)
        site.turn()
    kept = site.rows("SELECT seq, _quality FROM raw_ups WHERE _quality < 2 ORDER BY seq")
    assert [seq for seq, _ in kept] == list(range(30))
    # The first after the jump is an hour earlier than the one before it; from then on time runs as it should.
    assert [seq for seq, quality in kept if quality] == [10]
    assert sum(count for (count,) in site.rows("SELECT _count FROM min5_ups")) >= 25


def test_a_killed_node_leaves_bad_readings_not_a_gap(bench) -> None:
    site = bench()
    site.say(voltage_in=480.0)
    for _ in range(60):
        site.turn(1.0)
    found = series(site).points
    assert [point.quality for point in found] == [0] + [2] * 10  # at 15, 20 ... 60 s
    assert site.keeper.latest.of("ups_a", at_s=site.clock.steady()).status == "stale"


def test_events_are_kept_once_and_found_by_time(bench) -> None:
    site = bench()
    fields = {
        "v": 1,
        "node_id": "ups_a",
        "id": 1,
        "timeline": 2,
        "t_s": 5.0,
        "event": "state",
        "from": "NORMAL",
        "to": "FAULT",
    }
    for _ in range(2):
        site.put("winter-river/engine/event", codec.encode("event", fields))
    site.turn()
    [found] = site.keeper.ask(lambda connection: reading.happenings(connection, from_ms=BEGIN_MS, to_ms=BEGIN_MS + 1))
    assert (found.node_id, found.event, found.to) == ("ups_a", "state", "FAULT")


def told(site, node_id=None):
    found = site.keeper.ask(lambda c: reading.happenings(c, from_ms=0, to_ms=2**52, node_id=node_id))
    return [((each.ms - BEGIN_MS) / 1000, each.source, each.event, each.to) for each in found]


def tell(site, number, event="button", to="handle bypass", *, node_id="ups_a", **fields):
    message = {"v": 1, "node_id": node_id, "id": number, "timeline": 1, "event": event, "from": "", "to": to, **fields}
    site.put(topics.topic("ups_a", topics.EVENT), codec.encode("event", message))


def test_what_a_node_tells_is_kept_once_each_also_over_a_restart_of_ours(bench) -> None:
    site = bench()
    site.clock.passed_s = 100.0
    site.say(boot=9, seq=1, uptime=40)
    tell(site, 1, "reboot", "power_on", t_s=40)
    site.clock.passed_s = 110.0
    tell(site, 2, t_s=50)
    tell(site, 2, t_s=50)  # the broker's answer was lost, so the node sends it again
    site.turn()
    site.again()
    site.clock.passed_s = 120.0
    site.say(boot=9, seq=2, uptime=60)
    tell(site, 2, t_s=50)
    tell(site, 3, t_s=60)
    site.turn()
    # The copy after our restart is known by the time at which its boot began.
    assert told(site) == [
        (100.0, "ups_a", "reboot", "power_on"), (110.0, "ups_a", "button", "handle bypass"),
        (120.0, "ups_a", "button", "handle bypass"),
    ]  # fmt: skip


def test_the_same_number_of_the_next_boot_is_another_event_also_with_the_same_boot_id(bench) -> None:
    """Emulated nodes of one seed have the same boot ids in every run."""
    site = bench()
    for boot, second in ((9, 100.0), (9, 200.0), (10, 201.0)):
        site.clock.passed_s = second
        site.say(boot=boot, seq=1, uptime=1, ts=BEGIN_MS // 1000 + int(second))
        tell(site, 1, "reboot", "power_on", t_s=1)
    site.turn()
    assert [at_s for at_s, *_ in told(site)] == [100.0, 200.0, 201.0]


def test_an_event_that_waited_for_the_broker_has_the_time_at_which_it_happened(bench) -> None:
    site = bench()
    site.say(boot=9, seq=1, uptime=1_000)
    site.clock.passed_s = 300.0
    site.say(boot=9, seq=2, uptime=1_300)
    tell(site, 1, t_s=1_012)
    site.turn()
    assert told(site, "ups_a") == [(12.0, "ups_a", "button", "handle bypass")]
    assert told(site, "ups_b") == []


def test_a_node_does_not_tell_for_another(bench) -> None:
    site = bench()
    tell(site, 1, node_id="ups_b")
    site.turn()
    assert told(site) == [] and site.keeper.health().dropped == {"identity": 1}


def test_events_go_when_the_sums_go(bench, keep) -> None:
    site = bench(keep=keep(raw_s=3_600.0, min5_s=7_200.0))
    site.say(boot=9, seq=1, uptime=1)
    tell(site, 1, t_s=1)
    site.clock.passed_s = 7_000.0
    tell(site, 2, t_s=7_001)
    site.turn()
    site.turn(300.0)
    assert [at_s for at_s, *_ in told(site)] == [7_000.0]


def test_events_of_version_2_are_the_engine_s(bench) -> None:
    site = bench()
    site.keeper.stop()
    with sqlite3.connect(site.path) as connection:
        connection.executescript(
            """DROP TABLE event; CREATE TABLE event (ms INTEGER NOT NULL, run INTEGER NOT NULL, timeline INTEGER NOT NULL,
            id INTEGER NOT NULL, node_id TEXT NOT NULL, t_s REAL NOT NULL, event TEXT NOT NULL, from_ TEXT NOT NULL,
            to_ TEXT NOT NULL, cause INTEGER NOT NULL, PRIMARY KEY (run, timeline, id)) WITHOUT ROWID;
            CREATE INDEX event_ms ON event (ms); INSERT INTO event VALUES (1800000007000, 5, 1, 9, 'ups_a', 2.5, 'trip',
            'closed', 'open', 8); PRAGMA user_version = 2;"""
        )
    site.again()
    [found] = site.keeper.ask(lambda connection: reading.happenings(connection, from_ms=0, to_ms=2**52))
    assert found == ("engine", 5, 1, 9, BEGIN_MS + 7_000, "ups_a", 2.5, "trip", "closed", "open", 8)
    assert site.rows("PRAGMA integrity_check") == [("ok",)]


def test_the_same_messages_after_a_restart_are_no_duplicates(bench) -> None:
    site = bench()
    for seq in range(1, 6):
        site.clock.passed_s += 1.0
        site.say(boot=9, seq=seq)
    site.turn()
    site.again()
    site.clock.passed_s += 1.0
    for seq in range(4, 8):
        site.say(boot=9, seq=seq)
    site.turn()
    assert site.values("ups_a", "seq") == [1, 2, 3, 4, 5, 6, 7]


def test_a_second_run_is_told_who_keeps_the_history(bench) -> None:
    site = bench()
    with pytest.raises(StoreError, match="another run keeps its history in .*\ncure: .*--no-store"):
        Keeper(site.path)


def test_a_file_of_a_newer_version_is_refused_with_the_cure(bench) -> None:
    site = bench()
    site.keeper.stop()
    site.rows(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreError, match=f"version {VERSION + 1}; this program knows up to {VERSION}.*\ncure: update"):
        Keeper(site.path)
    site.rows(f"PRAGMA user_version = {VERSION}")


def test_a_database_of_somebody_else_and_a_file_that_is_none_are_refused(tmp_path) -> None:
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (a)")
    with pytest.raises(StoreError, match="not a history of ours"):
        Keeper(path)
    path.write_bytes(b"garbage" * 1_000)
    with pytest.raises(StoreError, match="file is not a database.*\ncure: winter-river restore"):
        Keeper(path)
