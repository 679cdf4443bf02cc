"""The last state of a node, for as long as it may be believed."""

from winter_river.store.latest import Latest
from winter_river.store.model import Reading

READING = Reading("ups_a", "ups", 0, 0, "ok", "NORMAL", "online", "", 1, {"soc_pct": 99.0})


def test_a_last_state_is_there_for_300_s_and_then_absent() -> None:
    latest = Latest()
    latest.take(READING, at_s=1_000.0)
    assert latest.of("ups_a", at_s=1_299.0) == READING and latest.all(at_s=1_299.0) == {"ups_a": READING}
    assert latest.of("ups_a", at_s=1_301.0) is None and latest.all(at_s=1_301.0) == {}
    assert latest.of("ups_b", at_s=1_000.0) is None
