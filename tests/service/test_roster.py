"""Who is there and what they are set to, without any physics."""

import json
import random

import pytest
from winter_river.service.messages import Input
from winter_river.service.presence import begin
from winter_river.service.roster import STRANGERS_MAX, TIMELINE_MAX, Roster, Slot

TYPES = {"utility": "utility", "ups": "ups", "rack": "server"}


def make(*, grace=True, will_hold_s=0.0, boot=99):
    slots = {node_id: Slot(kind, begin(0.0, awaited=grace)) for node_id, kind in TYPES.items()}
    roster = Roster(slots, "winter-river", boot, grace, will_hold_s)
    roster.begin(0.0)
    roster.changed.clear()
    return roster


def tell(roster, node_id, now_s, *, retained=False, **fields):
    """A status of a node arrives."""
    message = {"v": 1, "node_id": node_id, "type": TYPES.get(node_id, "ups"), "status": "ok", **fields}
    roster.receive(f"winter-river/{node_id}/status", json.dumps(message).encode(), retained=retained, now_s=now_s)


def word(roster, node_id):
    return roster.slots[node_id].presence.word


def test_a_new_handle_is_handed_to_the_engine_once():
    roster = make()
    tell(roster, "rack", 1.0, handle="off", boot=1, seq=1)
    assert roster.changed == {"rack": 1.0}
    roster.changed.clear()
    tell(roster, "rack", 6.0, handle="off", boot=1, seq=2)
    assert roster.changed == {}


def test_a_field_that_is_missing_stays_as_it_was():
    roster = make()
    tell(roster, "rack", 1.0, handle="off", load_set_kw=50)
    tell(roster, "rack", 2.0, load_set_kw=60)
    assert roster.slots["rack"].own == {"handle": "off", "load_set_kw": 60}


@pytest.mark.parametrize("seq", [1, 2, 3], ids=["older", "reordered", "duplicate"])
def test_old_numbers_of_the_same_boot_are_late_and_change_nothing(seq):
    roster = make()
    tell(roster, "rack", 1.0, handle="on", boot=7, seq=3)
    tell(roster, "rack", 1.1, handle="off", boot=7, seq=seq)
    assert roster.heard.late == 1
    assert roster.slots["rack"].own["handle"] == "on"


def test_straggler_of_the_boot_before_is_late():
    roster = make()
    tell(roster, "rack", 1.0, handle="off", boot=7, seq=30)
    tell(roster, "rack", 2.0, handle="on", boot=8, seq=1)
    tell(roster, "rack", 2.1, handle="off", boot=7, seq=31)
    assert roster.heard.late == 1
    assert roster.slots["rack"].own["handle"] == "on"


def test_board_that_thaws_has_its_slot_again_from_the_twin_that_stood_in():
    roster = make()
    tell(roster, "rack", 1.0, handle="on", boot=7, seq=30)
    tell(roster, "rack", 21.0, handle="off", boot=8, seq=1)
    tell(roster, "rack", 40.0, handle="on", boot=7, seq=31)
    assert roster.heard.late == 0
    assert roster.slots["rack"].own["handle"] == "on"


def test_a_reboot_starts_its_numbers_anew():
    roster = make()
    tell(roster, "rack", 1.0, handle="off", boot=7, seq=30)
    tell(roster, "rack", 2.0, handle="on", boot=8, seq=1)
    assert roster.slots["rack"].own["handle"] == "on"


def test_birth_asks_for_a_view_and_a_regular_status_does_not():
    roster = make()
    tell(roster, "rack", 1.0, boot=7, seq=1)
    assert list(roster.births) == ["rack"]
    roster.births.clear()
    tell(roster, "rack", 6.0, boot=7, seq=2)
    assert not roster.births
    tell(roster, "rack", 7.0, boot=8, seq=1)
    assert list(roster.births) == ["rack"]


def test_last_will_takes_the_node_out_and_its_return_brings_it_back():
    roster = make()
    tell(roster, "rack", 1.0, boot=7, seq=1)
    tell(roster, "rack", 2.0, status="offline")
    assert word(roster, "rack") == "offline"
    assert roster.changed == {"rack": 2.0}
    tell(roster, "rack", 3.0, boot=8, seq=1)
    assert word(roster, "rack") == "online"


def test_last_will_waits_for_the_hold_before_the_engine_is_told():
    roster = make(will_hold_s=0.2)
    tell(roster, "rack", 2.0, status="offline")
    assert roster.changed == {"rack": 2.2}


def test_last_wills_of_a_broker_that_stops_are_taken_back():
    roster = make(will_hold_s=0.2)
    for node_id in TYPES:
        tell(roster, node_id, 1.0, boot=7, seq=1)
    for node_id in TYPES:
        tell(roster, node_id, 5.0, status="offline")
    roster.link_down(5.001)
    assert [word(roster, node_id) for node_id in TYPES] == ["online"] * 3


def test_a_node_that_died_before_the_broker_did_stays_dead():
    roster = make()
    tell(roster, "rack", 1.0, boot=7, seq=1)
    tell(roster, "rack", 2.0, status="offline")
    roster.link_down(5.0)
    assert word(roster, "rack") == "offline"


def test_nobody_ages_while_our_own_link_is_down():
    roster = make()
    tell(roster, "rack", 1.0, boot=7, seq=1)
    roster.link_down(2.0)
    roster.age(300.0)
    assert word(roster, "rack") == "online"
    roster.link_up(300.0)
    roster.age(334.9)
    assert word(roster, "rack") != "offline"
    roster.age(335.0)
    assert word(roster, "rack") == "offline"


def test_retained_status_tells_the_handle_of_a_node_not_heard_yet():
    roster = make()
    tell(roster, "rack", 0.0, retained=True, handle="off", boot=7, seq=30)
    assert roster.slots["rack"].own == {"handle": "off"}
    assert word(roster, "rack") == "stale"
    tell(roster, "rack", 1.0, handle="on", boot=7, seq=31)
    assert roster.slots["rack"].own == {"handle": "on"}


def test_retained_status_of_a_node_that_is_no_more_does_not_keep_it_alive():
    roster = make(grace=False)
    tell(roster, "rack", 0.0, retained=True, handle="on", boot=7, seq=30)
    roster.age(19.9)
    assert word(roster, "rack") == "stale"
    roster.age(20.0)
    assert word(roster, "rack") == "offline"
    tell(roster, "rack", 30.0, retained=True, handle="on", boot=7, seq=30)
    assert word(roster, "rack") == "offline"


def test_retained_last_will_from_before_does_not_take_out_a_node_that_is_being_born():
    roster = make()
    tell(roster, "rack", 0.0, retained=True, status="offline")
    assert roster.slots["rack"].presence.carries
    tell(roster, "rack", 1.0, boot=7, seq=1)
    assert word(roster, "rack") == "online"


def test_retained_status_replayed_after_a_reconnect_changes_nothing():
    roster = make()
    tell(roster, "rack", 1.0, handle="on", boot=7, seq=5)
    roster.changed.clear()
    tell(roster, "rack", 2.0, retained=True, handle="off", boot=7, seq=99)
    tell(roster, "rack", 2.0, retained=True, status="offline")
    assert roster.changed == {}
    assert roster.slots["rack"].own == {"handle": "on"}


def test_another_type_in_the_slot_is_told_once_and_counts_as_absent():
    roster = make()
    for seq in (1, 2, 3):
        tell(roster, "rack", float(seq), type="cooling", handle="on", boot=7, seq=seq)
    assert word(roster, "rack") == "offline"
    assert roster.heard.mismatched == 3
    assert [note.text for note in roster.notes] == ["the slot is for a server; a node of type cooling is plugged in"]


def test_the_right_type_takes_its_slot_back():
    roster = make()
    tell(roster, "rack", 1.0, type="cooling")
    tell(roster, "rack", 2.0)
    assert word(roster, "rack") == "online"


def test_a_million_strangers_are_counted_and_the_memory_stays_small():
    roster = make()
    for number in range(1_000_000):
        roster.receive(f"winter-river/ghost{number}/status", b"{}", retained=False, now_s=1.0)
    assert roster.heard.unknown == 1_000_000
    assert len(roster.strangers) == len(roster.notes) == STRANGERS_MAX
    assert list(roster.slots) == list(TYPES)


def test_timeline_is_raised_above_what_nodes_and_an_earlier_engine_followed():
    roster = make()
    engine = {"v": 1, "node_id": "engine", "type": "engine", "status": "offline", "timeline": 4, "boot": 3}
    roster.receive("winter-river/engine/status", json.dumps(engine).encode(), retained=True, now_s=0.0)
    assert roster.timeline == 5
    tell(roster, "rack", 1.0, timeline=11, handle="off", boot=7, seq=1)
    assert roster.timeline == 12
    assert roster.slots["rack"].own == {"handle": "off"}


def test_a_timeline_beyond_reason_does_not_move_ours():
    roster = make()
    tell(roster, "rack", 1.0, timeline=TIMELINE_MAX + 1, boot=7, seq=1)
    assert roster.timeline == 1


def test_our_own_status_coming_back_does_not_raise_the_timeline():
    roster = make(boot=99)
    own = {"v": 1, "node_id": "engine", "type": "engine", "status": "ok", "timeline": 1, "boot": 99}
    roster.receive("winter-river/engine/status", json.dumps(own).encode(), retained=True, now_s=0.0)
    assert roster.timeline == 1
    assert roster.rival is None


def test_another_living_engine_is_reported_once_until_it_goes():
    roster = make(boot=99)
    other = {"v": 1, "node_id": "engine", "type": "engine", "status": "ok", "timeline": 1, "boot": 50}
    for _ in range(3):
        roster.receive("winter-river/engine/status", json.dumps(other).encode(), retained=False, now_s=1.0)
    assert roster.rival == 50
    assert len(roster.notes) == 1
    gone = json.dumps({**other, "status": "offline"}).encode()
    roster.receive("winter-river/engine/status", gone, retained=False, now_s=2.0)
    assert roster.rival is None


def test_after_going_back_a_status_of_the_old_timeline_counts_as_life_but_not_as_fact():
    roster = make()
    tell(roster, "rack", 1.0, timeline=1, handle="off", boot=7, seq=1)
    roster.go_back([Input("utility", {}, True), Input("ups", {}, True), Input("rack", {"handle": "on"}, True)], 2.0)
    tell(roster, "rack", 2.1, timeline=1, handle="off", boot=7, seq=2)
    assert roster.heard.outdated == 1
    assert roster.slots["rack"].own == {"handle": "on"}
    assert word(roster, "rack") == "online"


def test_a_node_that_missed_the_restore_is_told_again_each_interval():
    roster = make()
    tell(roster, "rack", 1.0, timeline=1, boot=7, seq=1)
    roster.go_back([Input(node_id, {}, True) for node_id in TYPES], 2.0)
    assert "rack" in roster.restores
    roster.restores.clear()
    tell(roster, "rack", 4.0, timeline=1, boot=7, seq=2)
    assert "rack" not in roster.restores
    tell(roster, "rack", 7.0, timeline=1, boot=7, seq=3)
    assert "rack" in roster.restores


def test_a_restored_node_is_believed_again_and_so_is_one_just_switched_on():
    roster = make()
    roster.go_back([Input(node_id, {}, True) for node_id in TYPES], 2.0)
    tell(roster, "rack", 3.0, timeline=roster.timeline, handle="off", boot=7, seq=2)
    tell(roster, "ups", 3.0, timeline=0, handle="bypass", boot=9, seq=1)
    assert roster.slots["rack"].own == {"handle": "off"}
    assert roster.slots["ups"].own == {"handle": "bypass"}


def _garbage(rng):
    """A payload that no engine may believe: broken JSON, broken bytes, broken fields, or noise."""
    good = b'{"v":1,"node_id":"rack","type":"server","status":"ok","handle":"off","boot":3,"seq":9}'
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(rng.randrange(60))
    if kind == 1:
        return good[: rng.randrange(len(good))]
    if kind == 2:
        at = rng.randrange(len(good))
        return good[:at] + bytes([rng.choice(b"\x00\x1f\x80\xff")]) + good[at:]
    if kind == 3:
        return good[:-1] + b',"current":' + rng.choice([b"NaN", b"-Infinity", b"1e999", b'"x"', b"[]", b"true"]) + b"}"
    if kind == 4:
        return good[:-1] + b',"x":"' + b"y" * rng.randrange(1024, 9000) + b'"}'
    return json.dumps(rng.choice([None, 7, "text", [], {}, {"v": 1}, {"v": 1, "node_id": "rack"}])).encode()


@pytest.mark.parametrize("leaf", ["status", "command", "ack", "view", "event"])
@pytest.mark.parametrize("node_id", ["rack", "engine", "facility", "ghost"])
def test_ten_thousand_bad_payloads_on_a_topic_change_nothing_and_are_all_counted(leaf, node_id):
    seed = 20261121
    rng = random.Random(seed)
    roster = make()
    tell(roster, "rack", 1.0, handle="on", boot=3, seq=1)
    before = (repr(roster.slots), roster.timeline, dict(roster.changed), roster.rival)
    refused = 0
    for number in range(10_000):
        payload = _garbage(rng)
        roster.receive(f"winter-river/{node_id}/{leaf}", payload, retained=rng.random() < 0.5, now_s=2.0 + number / 1e4)
        refused = roster.heard.rejected + roster.heard.unknown
    roster.slots["rack"].refused = False
    assert (repr(roster.slots), roster.timeline, dict(roster.changed), roster.rival) == before, f"seed {seed}"
    assert refused == 10_000, f"seed {seed}"
    assert len(roster.notes) <= STRANGERS_MAX + len(TYPES)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "x",
        "winter-river",
        "winter-river/rack",
        "winter-river/rack/status/x",
        "winter-river/RACK/status",
        "other/rack/status",
        "winter-river//status",
        "winter-river/rack/statu\u0000s",
    ],
)
def test_topics_that_are_not_ours_are_counted_as_unknown(topic):
    roster = make()
    roster.receive(topic, b"{}", retained=False, now_s=1.0)
    assert roster.heard.unknown == 1
