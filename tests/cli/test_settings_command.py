"""`winter-river settings` where no site runs, and times in the zone that is set."""

import os
import time

import pytest
from winter_river.cli.moments import moment_text, stamp_text, zone


def test_all_are_listed_and_one_is_explained(winter_river):
    listed = winter_river("settings").out
    assert "keep_raw" in listed and "next start: the site is built of it when it starts" in listed
    assert winter_river("settings show").out == winter_river("settings").out
    told = winter_river("settings show status_s").out
    assert "How often every node reports" in told and "0 to 5 s" in told and "acts at once" in told


def test_a_change_without_a_run_is_for_the_next_start(winter_river, home):
    (home / "winter-river.toml").write_text("# mine\nkeep_raw = '7d' # short\n")
    ended = winter_river("settings set keep_raw 30d")
    assert (ended.code, ended.out) == (0, "keep_raw is written and holds from the next start on\n")
    assert (home / "winter-river.toml").read_text() == '# mine\nkeep_raw = "30d" # short\n'


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("settings set keep_raw soon", "keep_raw = 'soon' is not a duration from 1m to 36500d"),
        ("settings set keep_row 1d", "keep_row is not a setting (did you mean keep_raw?)"),
        ("settings show keep_row", "keep_row is not a setting (did you mean keep_raw?)"),
        ("settings set timezone Mars/Olympus", "is not a time zone of this machine"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(winter_river, home, arguments, told):
    ended = winter_river(arguments)
    assert ended.code != 0
    assert told in ended.err
    assert not (home / "winter-river.toml").exists()


def test_a_variable_that_beats_the_file_is_named(winter_river, home, monkeypatch):
    (home / "winter-river.toml").write_text("keep_raw = '7d'\n")
    monkeypatch.setenv("WINTER_RIVER_KEEP_RAW", "2d")
    assert "at the next start WINTER_RIVER_KEEP_RAW beats the file" in winter_river("settings set keep_raw 30d").out


def test_moments_are_shown_in_the_zone_that_is_set(home, monkeypatch):
    # 2027-01-15 08:00:00 UTC; Berlin is an hour ahead in winter, Tokyo nine.
    (home / "winter-river.toml").write_text('timezone = "Europe/Berlin"\n')
    assert moment_text(1_800_000_000, zone()) == "2027-01-15 09:00:00"
    assert stamp_text(1_800_000_000_250, zone()) == "2027-01-15T09:00:00.250+01:00"
    monkeypatch.setenv("WINTER_RIVER_TIMEZONE", "Asia/Tokyo")
    assert moment_text(1_800_000_000, zone()) == "2027-01-15 17:00:00"


def test_without_a_zone_people_see_this_machine_s_time_and_programs_utc(home, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert moment_text(1_800_000_000, zone()) == "2027-01-15 03:00:00"
        assert stamp_text(1_800_000_000_007, zone()) == "2027-01-15T08:00:00.007Z"
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert "TZ" not in os.environ
