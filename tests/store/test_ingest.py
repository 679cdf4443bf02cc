"""What is believed of the messages, once each."""

import random

import pytest
from winter_river.store import ingest
from winter_river.store.ingest import Ingester
from winter_river.store.model import BAD, GOOD, UNCERTAIN, Happening
from winter_wire import codec, topics

NOW_MS = 1_800_000_000_000
TOPIC = "winter-river/ups_a/status"


def status(node_id="ups_a", **fields):
    return codec.encode("status", {"v": 1, "node_id": node_id, "type": "ups", "status": "ok", **fields}, "ups")


def take(ingester, payload, *, topic=TOPIC, retained=False, ms=NOW_MS, at_s=0.0):
    return ingester.take(topic, payload, retained=retained, ms=ms, at_s=at_s)


@pytest.fixture
def ingester():
    return Ingester(topics.ROOT, run=7)


def test_every_key_with_a_number_is_kept_also_one_nobody_has_heard_of(ingester) -> None:
    payload = status(voltage_in=480.0, boot=3, seq=1)[:-1] + b',"vibration_mm_s":1.25,"note":"x","flag":true}'
    found = take(ingester, payload)
    assert found.numbers == {"v": 1.0, "voltage_in": 480.0, "boot": 3.0, "seq": 1.0, "vibration_mm_s": 1.25}
    assert (found.node_id, found.status, found.quality, found.ms) == ("ups_a", "ok", GOOD, NOW_MS)


def test_a_number_that_is_none_for_a_computer_is_left_out(ingester) -> None:
    payload = status()[:-1] + b',"big":1e999,"long":1' + b"0" * 400 + b"}"
    assert take(ingester, payload).numbers == {"v": 1.0}


def test_each_boot_and_number_counts_once_however_often_and_in_which_order_it_comes(ingester) -> None:
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    sent = [(boot, seq) for boot in (11, 12) for seq in range(1, 200)]
    # Every message one to three times, each up to 20 places late.
    sending = [(place + rng.uniform(0, 20), pair) for place, pair in enumerate(sent) for _ in range(rng.randint(1, 3))]
    kept = []
    for _, (boot, seq) in sorted(sending):
        found = take(ingester, status(boot=boot, seq=seq))
        if found is not None:
            kept.append((boot, seq))
    assert sorted(kept) == sent, f"seed {seed}"
    assert ingester.refused == {ingest.DUPLICATE: len(sending) - len(sent)}, f"seed {seed}"


def test_a_restarted_host_does_not_keep_again_what_is_kept() -> None:
    ingester = Ingester(topics.ROOT, run=8, known={"ups_a": (5, 40, NOW_MS // 1000)})
    assert take(ingester, status(boot=5, seq=40, ts=NOW_MS // 1000), retained=True) is None
    assert take(ingester, status(boot=5, seq=39)) is None
    assert take(ingester, status(boot=5, seq=41)) is not None
    assert take(ingester, status(boot=6, seq=1)) is not None


def test_a_later_life_with_the_same_boot_id_is_no_copy_of_the_one_before() -> None:
    """Emulated nodes of one seed have the same boot ids, and the same numbers, in every run."""
    began_s = NOW_MS // 1000
    ingester = Ingester(topics.ROOT, run=8, known={"ups_a": (5, 40, began_s)})
    later = [take(ingester, status(boot=5, seq=seq, ts=began_s + 60 + seq)) for seq in range(1, 100)]
    assert None not in later
    assert take(ingester, status(boot=5, seq=99, ts=began_s + 159)) is None


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (TOPIC, b"not json", "schema"),
        (TOPIC, b"[]", "schema"),
        (TOPIC, b"{" + b" " * 2000 + b"}", "size"),
        (TOPIC, b'{"v":1,"node_id":"ups_a","status":"ok","voltage_in":"high"}', "schema"),
        (TOPIC, b'{"v":1,"node_id":"ups_a","status":"ok","voltage_in":-5}', "schema"),
        (TOPIC, b'{"v":1,"node_id":"ups_b","status":"ok"}', "identity"),
        ("winter-river/UPS/status", status(), "topic"),
        ("other/ups_a/status", status(), "topic"),
        ("winter-river/ups_a/view", status(), "topic"),
    ],
)
def test_what_cannot_be_believed_is_refused_and_counted(ingester, topic, payload, reason) -> None:
    assert take(ingester, payload, topic=topic) is None
    assert ingester.refused == {reason: 1} and reason in ingest.REFUSALS


def test_what_the_broker_remembers_keeps_its_own_time_and_is_uncertain(ingester) -> None:
    found = take(ingester, status(boot=1, seq=5, ts=1_700_000_000), retained=True)
    assert (found.ms, found.quality) == (1_700_000_000_000, UNCERTAIN)
    assert take(ingester, status(boot=1, seq=6), retained=True) is None  # its clock was never set
    assert ingester.refused == {"memory": 1}


def test_a_clock_of_1970_and_one_that_went_back_make_readings_uncertain(ingester) -> None:
    assert take(ingester, status(), ms=5_000).quality == UNCERTAIN
    assert take(ingester, status(), ms=NOW_MS).quality == GOOD
    assert take(ingester, status(), ms=NOW_MS - 1_000).quality == GOOD  # slewed, not jumped
    assert take(ingester, status(), ms=NOW_MS - 3_600_000).quality == UNCERTAIN


def test_what_comes_later_is_kept_as_later_though_the_clock_was_slewed_back_meanwhile(ingester) -> None:
    came_ms = [NOW_MS, NOW_MS + 40, NOW_MS + 15, NOW_MS + 60, NOW_MS - 5_000]
    kept = [take(ingester, status(boot=1, seq=seq), ms=ms).ms for seq, ms in enumerate(came_ms)]
    assert kept == [NOW_MS, NOW_MS + 40, NOW_MS + 40, NOW_MS + 60, NOW_MS - 5_000]  # the last one was set, not slewed


def test_a_silent_node_gives_bad_readings_at_its_own_pace_and_none_when_it_speaks_again(ingester) -> None:
    take(ingester, status(), at_s=0.0)
    due = [at_s for at_s in range(40) if ingester.silent(ms=NOW_MS + at_s * 1000, at_s=at_s)]
    assert due == [15, 20, 25, 30, 35]  # three missed intervals of 5 s, then one each interval
    [bad] = ingester.silent(ms=NOW_MS + 40_000, at_s=40.0)
    assert (bad.quality, bad.status, bad.numbers, bad.ms) == (BAD, "stale", {}, NOW_MS + 40_000)
    take(ingester, status(), at_s=41.0)
    assert not ingester.silent(ms=NOW_MS + 55_000, at_s=55.0)


def test_a_last_will_is_bad_at_once_and_after_a_day_a_node_is_expected_no_more(ingester) -> None:
    take(ingester, status(), at_s=0.0)
    gone = take(
        ingester, codec.encode("status", {"v": 1, "node_id": "ups_a", "type": "ups", "status": "offline"}), at_s=1.0
    )
    assert (gone.quality, gone.status, gone.numbers) == (BAD, "offline", {})
    assert [bad.status for bad in ingester.silent(ms=NOW_MS, at_s=6.0)] == ["offline"]
    assert ingester.silent(ms=NOW_MS, at_s=86_000.0)
    assert not ingester.silent(ms=NOW_MS, at_s=87_000.0)


def test_an_event_is_kept_with_its_cause(ingester) -> None:
    fields = {
        "v": 1,
        "node_id": "ups_a",
        "id": 9,
        "timeline": 4,
        "t_s": 12.5,
        "event": "trip",
        "from": "closed",
        "to": "open",
        "cause": 8,
    }
    found = take(ingester, codec.encode("event", fields), topic="winter-river/engine/event")
    assert found == Happening("engine", 7, 4, 9, NOW_MS, "ups_a", 12.5, "trip", "closed", "open", 8)
