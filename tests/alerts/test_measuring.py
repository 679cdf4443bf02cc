"""Gauges out of counters: what counts is the last five minutes."""

from winter_river.alerts.measuring import Rise, Share


def test_rise_is_what_came_within_five_minutes_and_falls_back_to_none():
    rise = Rise()
    assert [rise.of(now_s, count) for now_s, count in ((0, 4), (60, 4), (61, 6), (200, 7))] == [0, 0, 2, 3]
    assert rise.of(361, 7) == 1  # that of the 200th second; the two at 61 s are five minutes old
    assert rise.of(600, 7) == 0


def test_share_is_of_the_tries_within_five_minutes():
    share = Share()
    share.pct(0, tries=100, failures=0)
    assert share.pct(10, tries=150, failures=5) == 10.0  # 5 of 50
    share.pct(305, tries=160, failures=5)
    assert share.pct(400, tries=170, failures=5) == 0.0
