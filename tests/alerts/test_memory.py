"""What outlives the process: one file, whole after any kill, of a version, on the next process's clocks."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from winter_river.alerts.book import RESTART_S, AlarmBook
from winter_river.alerts.memory import Memory, UnreadableError
from winter_river.alerts.model import Moment, Seen
from winter_river.alerts.rules import built_in

TYPES = {"util_a": "utility", "ups_a": "ups", "ups_b": "ups"}
KILLS = 12
SEED = 20_24


def book():
    return AlarmBook(built_in(), TYPES)


def views(*, low=(), lost=()):
    made = {node_id: {"status": "ok", "state": "", "soc_pct": 90.0} for node_id in TYPES}
    for node_id in low:
        made[node_id]["soc_pct"] = 10.0
    for node_id in lost:
        made[node_id]["state"] = "OUTAGE"
    return made


def at(steady_s, unix_s=None):
    return Moment(steady_s, steady_s, 1_700_000_000.0 + steady_s if unix_s is None else unix_s)


@pytest.fixture
def kept(tmp_path):
    """A file that holds one alarm acknowledged, one shelved until 1,700,000,610 s, one that waits."""
    made = book()
    for t_s in (0.0, 1.0, 2.0):
        made.step(Seen(at(t_s), views(low=("ups_a", "ups_b"), lost=("util_a",))))
    made.acknowledge(("utility_lost", "util_a"), at(10), by="operator: Ann")
    made.shelve(("low_battery", "ups_a"), at(10), seconds=600.0, reason="exchange", by="operator: Ann")
    memory = Memory(tmp_path / "alarms.json")
    assert memory.write(made.alarms, at(10))
    return memory


def restarted(memory, moment):
    made = book()
    made.keep(memory.read(made.rules, moment), moment)
    return made


def test_acknowledged_and_shelved_stay_so_after_a_restart(kept):
    made = restarted(kept, at(3.0, unix_s=1_700_000_100.0))
    assert not made.step(Seen(at(4.0, unix_s=1_700_000_101.0), views(low=("ups_a", "ups_b"), lost=("util_a",))))
    states = {alarm.name: (alarm.state, alarm.by) for alarm in made.alarms}
    assert states == {
        "low_battery/ups_b": ("unacknowledged", ""),
        "utility_lost/util_a": ("acknowledged", "operator: Ann"),
        "low_battery/ups_a": ("shelved", "operator: Ann"),
    }


def test_shelving_ends_when_it_would_have_ended(kept):
    made = restarted(kept, at(3.0, unix_s=1_700_000_100.0))  # 510 s are left
    scene = views(low=("ups_a", "ups_b"), lost=("util_a",))
    assert not made.step(Seen(at(512.9, unix_s=0), scene))
    assert [change.key for change in made.step(Seen(at(513.0, unix_s=0), scene))] == [("low_battery", "ups_a")]


def test_alarm_that_is_not_seen_again_ends_after_a_while(kept):
    made = restarted(kept, at(0.0))
    assert not made.step(Seen(at(RESTART_S - 1), views()))
    ended = made.step(Seen(at(RESTART_S), views()))
    assert {change.key for change in ended} == {("utility_lost", "util_a"), ("low_battery", "ups_b")}
    assert {alarm.name: alarm.state for alarm in made.alarms} == {
        "low_battery/ups_b": "returned",
        "low_battery/ups_a": "shelved",
    }


def test_missing_file_is_an_empty_memory(tmp_path):
    assert Memory(tmp_path / "none.json").read({}, at(0)) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"winter_river_alarms": 2, "alarms": []}', "is of version 2; this program knows 1"),
        ("nonsense", "is no file of alarms"),
        ("[]", "is no file of alarms"),
        ('{"winter_river_alarms": 1, "alarms": [{"rule": "low_battery"}]}', "has an alarm that cannot be read"),
    ],
)
def test_file_that_cannot_be_used_is_refused_with_a_cure_and_left_alone(tmp_path, text, words):
    path = tmp_path / "alarms.json"
    path.write_text(text)
    with pytest.raises(UnreadableError, match=words) as refused:
        Memory(path).read(book().rules, at(0))
    assert "cure: move" in str(refused.value)
    assert path.read_text() == text


def test_alarm_of_a_rule_that_is_no_more_is_left_out(kept):
    rules = {rule.id: rule for rule in built_in() if rule.id != "low_battery"}
    assert [alarm.name for alarm in kept.read(rules, at(0))] == ["utility_lost/util_a"]


def test_disk_that_cannot_be_written_is_told_and_costs_the_memory_alone(tmp_path):
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "alarms.json")
    assert memory.write([], at(0)) is False
    assert memory.failed == 1
    assert "alarms are not kept" in memory.fault


# A program that shelves and unshelves without end, and says what it has done once that is on the disk.
WORKER = """
import sys
from pathlib import Path
from winter_river.alerts.book import AlarmBook
from winter_river.alerts.memory import Memory
from winter_river.alerts.model import Moment
from winter_river.alerts.rules import built_in
memory, number = Memory(Path(sys.argv[1])), int(sys.argv[2])
book = AlarmBook(built_in(), {"ups_a": "ups"})
moment = Moment(0.0, 0.0, 1_700_000_000.0)
while True:
    number += 1
    book.remove(("low_battery", "ups_a"), moment, reason=f"act {number}")
    assert memory.write(book.alarms, moment)
    print(number, flush=True)
    book.bring_back(("low_battery", "ups_a"), moment)
"""


def test_no_act_that_was_told_as_done_is_lost_when_the_process_is_killed(tmp_path):
    rng, path, told = random.Random(SEED), tmp_path / "alarms.json", 0
    for round_ in range(KILLS):
        worker = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER), str(path), str(told)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(rng.randint(1, 40)):
            told = int(worker.stdout.readline())
        os.kill(worker.pid, signal.SIGKILL)
        told = max([told, *map(int, worker.stdout.read().split())])
        worker.wait()
        rules = {rule.id: rule for rule in built_in()}
        (alarm,) = Memory(path).read(rules, at(0))
        # Either the last one that was told, or the one after it, which was on its way.
        assert alarm.reason in (f"act {told}", f"act {told + 1}"), f"seed {SEED}, kill {round_}"
        told = int(alarm.reason.split()[1])


def test_file_is_plain_json_that_a_person_can_read(kept):
    fields = json.loads(Path(kept.path).read_text())
    assert fields["winter_river_alarms"] == 1
    assert {row["rule"] for row in fields["alarms"]} == {"utility_lost", "low_battery"}
