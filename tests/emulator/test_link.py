"""The bad radio: seeded, bounded, and it counts what it does."""

import pytest
from winter_river.emulator import Link

SEED = 5


def arrivals(link: Link, count: int = 1000, until_ms: int = 100_000) -> list[int]:
    """Send 0, 1, 2 ... ten milliseconds apart and take out what has arrived by the end."""
    for number in range(count):
        link.send(number, now_ms=number * 10)
    return link.receive(until_ms)


def test_good_link_brings_all_in_order_at_once() -> None:
    link = Link(SEED)
    link.send("a", now_ms=7)
    link.send("b", now_ms=7)
    assert link.receive(7) == ["a", "b"]
    assert link.due_ms() is None


def test_delay_holds_back_and_keeps_the_order() -> None:
    link = Link(SEED, delay_ms=(100, 300))
    link.send("a", now_ms=0)
    assert link.receive(99) == []
    due_ms = link.due_ms()
    assert due_ms is not None and 100 <= due_ms <= 300
    assert link.receive(due_ms) == ["a"]
    assert arrivals(link) == list(range(1000))


def test_same_seed_gives_the_same_arrivals() -> None:
    one, other, third = (
        arrivals(Link(seed, loss=0.2, delay_ms=(0, 50), duplicate=0.1, reorder=0.1)) for seed in (SEED, SEED, SEED + 1)
    )
    assert one == other != third


def test_what_is_lost_and_doubled_is_counted() -> None:
    link = Link(SEED, loss=0.3, duplicate=0.2)
    got = arrivals(link)
    assert len(got) == link.sent - link.lost + link.duplicated
    # 1,000 sends at 0.3: 300 lost, give or take four standard deviations of 14.5; 700 left at 0.2: 140, of 10.6.
    assert 242 <= link.lost <= 358
    assert 98 <= link.duplicated <= 182


def test_reordered_messages_are_overtaken_but_arrive() -> None:
    link = Link(SEED, delay_ms=(0, 40), reorder=0.2)
    got = arrivals(link)
    assert sorted(got) == list(range(1000))
    assert got != sorted(got)
    assert link.reordered > 0


def test_full_link_drops_and_counts() -> None:
    link = Link(SEED, delay_ms=(1000, 1000), queue_max=10)
    for number in range(12):
        link.send(number, now_ms=0)
    assert link.overflowed == 2
    assert link.receive(1000) == list(range(10))


def test_cut_loses_what_is_on_its_way() -> None:
    link = Link(SEED, delay_ms=(10, 10))
    link.send("a", now_ms=0)
    link.cut()
    assert (link.receive(100), link.lost) == ([], 1)


@pytest.mark.parametrize("wrong", [{"loss": 1.1}, {"duplicate": -0.1}, {"reorder": 2}, {"delay_ms": (5, 1)}])
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Link(SEED, **wrong)  # type: ignore[arg-type]
