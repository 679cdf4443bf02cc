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
from winter_river.alerts.conditions import FACTS
from winter_river.alerts.memory import Memory, UnreadableError
from winter_river.alerts.model import Moment, Seen
from winter_river.alerts.rules import built_in
from winter_river.engine import Event

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


def faults(*when):
    """The engine's log of a utility that is lost: (event id, at t_s) of its fault; the state follows at once."""
    log = {}
    for number, t_s in when:
        log[number] = Event(number, t_s, "util_a", "fault", "", "outage", 0)
        log[number + 1] = Event(number + 1, t_s, "util_a", "state", "GRID_OK", "OUTAGE", number)
    return log


def heard(*node_ids):
    """Facts of the nodes: those that have spoken in this run, and those that are waited for."""
    return {
        node_id: {"presence": "online" if node_id in node_ids else "stale", "silent_s": 0.0, "boot_returns": 0}
        for node_id in TYPES
    }


@pytest.fixture
def anew(tmp_path):
    """A book that has just started after one in which the loss of util_a was acknowledged, and a silent ups_a, too."""

    def start():
        made = AlarmBook(built_in(), TYPES, facts=tuple(FACTS))
        facts = heard("util_a", "ups_b") | {"ups_a": {"presence": "offline", "silent_s": 21.0, "boot_returns": 0}}
        made.step(Seen(at(1.0), views(lost=("util_a",)), facts, {}, faults((1, 0.0))))
        made.acknowledge_all(at(10), by="operator: Ann")
        memory = Memory(tmp_path / "alarms.json")
        assert memory.write(made.alarms, at(10))
        fresh = AlarmBook(built_in(), TYPES, facts=tuple(FACTS))
        fresh.keep(memory.read(fresh.rules, at(0.0)), at(0.0))
        return fresh

    return start


def test_loss_that_a_node_tells_with_its_first_status_is_the_one_that_was_acknowledged(anew):
    book_ = anew()
    book_.step(Seen(at(0.0), views(), heard(), {}, {}))
    assert not book_.step(Seen(at(5.0), views(lost=("util_a",)), heard("util_a"), {}, faults((1, 4.6))))
    assert book_.get(("utility_lost", "util_a")).state == "acknowledged"


def test_loss_that_comes_soon_after_a_restart_does_not_take_over_an_acknowledgement(anew):
    book_ = anew()
    book_.step(Seen(at(1.0), views(), heard("util_a", "ups_b"), {}, {}))
    told = book_.step(Seen(at(15.0), views(lost=("util_a",)), heard("util_a", "ups_b"), {}, faults((1, 14.5))))
    assert [(change.before, change.after, change.annunciated) for change in told] == [
        ("acknowledged", "unacknowledged", True)
    ]
    assert book_.get(("utility_lost", "util_a")).count == 2


def test_consequence_is_as_old_as_the_cause_that_it_follows_from(tmp_path):
    """The UPS's battery has run low since the restart, because of the loss that was acknowledged."""
    made = AlarmBook(built_in(), TYPES, facts=tuple(FACTS))
    made.step(Seen(at(0.0), views(low=("ups_a",)), heard(*TYPES)))
    made.step(Seen(at(1.0), views(low=("ups_a",)), heard(*TYPES)))
    made.acknowledge(("low_battery", "ups_a"), at(2))
    memory = Memory(tmp_path / "alarms.json")
    memory.write(made.alarms, at(2))
    fresh = restarted(memory, at(0.0))
    log = faults((1, 0.2)) | {9: Event(9, 20.0, "ups_a", "state", "CHARGING", "ON_BATTERY", 2)}
    fresh.step(Seen(at(1.0), views(), heard(*TYPES), {}, faults((1, 0.2))))
    fresh.step(Seen(at(21.0), views(low=("ups_a",)), heard(*TYPES), {}, log))
    assert fresh.get(("low_battery", "ups_a")).state == "acknowledged"


def test_node_that_is_heard_is_not_the_silent_one_any_more(anew):
    book_ = anew()
    ended = book_.step(Seen(at(1.0), views(lost=("util_a",)), heard("ups_a"), {}, faults((1, 0.5))))
    assert [change.key for change in ended] == [("node_silent", "ups_a")]
    facts = heard("ups_b") | {"ups_a": {"presence": "offline", "silent_s": 21.0, "boot_returns": 0}}
    told = book_.step(Seen(at(25.0), views(lost=("util_a",)), facts, {}, faults((1, 0.5))))
    assert [(change.key, change.annunciated) for change in told] == [(("node_silent", "ups_a"), True)]


def test_shelf_over_dark_racks_outlives_a_restart(tmp_path):
    """What was known when it was shelved is known afterwards; a rack more ends the shelf."""
    types = {"util_a": "utility", "rack_1": "server", "rack_2": "server"}

    def scene(*dark):
        made = {node_id: {"status": "ok", "state": ""} for node_id in types}
        made["util_a"]["state"] = "OUTAGE"
        for node_id in dark:
            made[node_id]["state"] = "FAULT"
        log = faults((1, 0.5))
        for number, node_id in enumerate(dark, 5):
            log[number] = Event(number, 0.5, node_id, "state", "NORMAL", "FAULT", 2)
        return made, log

    def step(book_, t_s, *dark):
        shown, log = scene(*dark)
        return [each for each in book_.step(Seen(at(t_s), shown, {}, {}, log)) if each.annunciated]

    first = AlarmBook(built_in(), types)
    step(first, 1.0, "rack_1")
    first.shelve(("utility_lost", "util_a"), at(1), seconds=3600.0, reason="rack 1 is empty")
    memory = Memory(tmp_path / "alarms.json")
    memory.write(first.alarms, at(2))
    second = AlarmBook(built_in(), types)
    second.keep(memory.read(second.rules, at(0.0)), at(0.0))
    assert not step(second, 1.0, "rack_1")
    assert second.get(("utility_lost", "util_a")).consequences == 1
    assert [each.key for each in step(second, 2.0, "rack_1", "rack_2")] == [("utility_lost", "util_a")]


def test_file_of_before_shelves_knew_their_consequences_is_read(kept):
    fields = json.loads(Path(kept.path).read_text())
    for row in fields["alarms"]:
        del row["known"], row["root"]
    Path(kept.path).write_text(json.dumps(fields))
    made = restarted(kept, at(3.0, unix_s=1_700_000_100.0))
    assert made.get(("low_battery", "ups_a")).state == "shelved"


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
