"""Profiles of a facility file: steps, CSV files and a formula; what is wrong is told with its place and cure."""

from __future__ import annotations

from pathlib import Path

import pytest
from winter_river.facility import FacilityError, load_facility, parse_facility, to_yaml

HEAD = "facility: x\nbegins_h: 6\n"
NODES = """nodes:
  u: {type: utility, voltage_v: 480}
  r: {type: server, from: u, load_kw: 10, load_kw_max: 20, rated_a: 50, profile: day}
"""


def site(profile: str, nodes: str = NODES) -> str:
    return f"{HEAD}profiles:\n  day: {profile}\n{nodes}"


def faults(text: str) -> list[str]:
    with pytest.raises(FacilityError) as raised:
        parse_facility(text)
    return [str(fault) for fault in raised.value.faults]


def test_steps_are_taken_with_the_hour_the_world_begins_at() -> None:
    facility = parse_facility(site("{steps_h: [[0, 0.5], [7, 1]], repeat_h: 24}"))
    (rack,) = [device for device in facility.devices() if device.id == "r"]
    assert rack.profile is not None
    assert (rack.profile.times_s, rack.profile.values) == ((0.0, 25_200.0), (0.5, 1.0))
    assert (rack.profile.period_s, rack.profile.begin_s) == (86_400.0, 21_600.0)
    facility.plan()


def test_a_profile_that_does_not_repeat_begins_with_the_run() -> None:
    facility = parse_facility(site("{steps_h: [[0, 0.5], [7, 1]]}"))
    assert [device.profile.begin_s for device in facility.devices() if device.profile] == [0.0]


def test_the_sun_of_an_array_begins_at_the_hour_of_the_site() -> None:
    text = HEAD + "nodes:\n  u: {type: utility, voltage_v: 480}\n  a: {type: pv, from: u, peak_kw: 9, rated_a: 9}\n"
    facility = parse_facility(text)
    assert [device.profile.begin_s for device in facility.devices() if device.profile] == [21_600.0]


def test_a_file_beside_the_facility_is_read_in_seconds_or_hours(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(site("{file: day.csv}"))
    for text, instants in (
        ("time_s,value\n0,0.5\n60, 1\n", (0.0, 60.0)),
        ("time_h, value\n0,0.5\n1,1\n", (0.0, 3600.0)),
    ):
        (tmp_path / "day.csv").write_text(text)
        assert load_facility(path).profiles["day"].times_s == instants


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "`day.csv`: must begin with a line time_s,value or time_h,value"),
        ("time_s,value\n0,1\n5,x\n", "line 3 of `day.csv`: `5,x` is not two numbers"),
        ("time_s,value\n0,1\n5,nan\n", "`day` has the value nan"),
        ("time_s,value\n0,1\n0,2\n", "the instants must rise"),
        ("time_s,value\n", "has 0 instants"),
    ],
)
def test_a_file_that_means_nothing_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "day.csv").write_text(text)
    (tmp_path / "mine.yaml").write_text(site("{file: day.csv}"))
    with pytest.raises(FacilityError) as raised:
        load_facility(tmp_path / "mine.yaml")
    assert words in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(site("{file: day.csv}"))
    with pytest.raises(FacilityError, match="cannot read the file"):
        load_facility(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("{steps_h: [[1, 0.5]]}", "4:8: profile `day` begins at 3600 s; must begin at 0"),
        ("{steps_h: [[0, 99]]}", "the value of a step is 99; must be -10 to 10"),
        ("{steps_h: [[0, 1], [30, 1]], repeat_h: 24}", "repeats after 86400 s; must be later"),
        ("{steps_h: [0, 1]}", "a step must be [hour, value]"),
        ("{steps: [[0, 1]]}", "unknown key of profile `day` `steps` (did you mean `steps_h`?)"),
        ("{repeat_h: 24}", "has no steps_h, no file and no low, high and peak_h"),
        ("{low: 0, high: 1}", "the profile has no `peak_h`"),
        ("{low: 0, high: 1, peak_h: 9, repeat_h: 24}", "repeat_h does not go with low"),
        ("{file: ../../secret.csv}", "file must be the name of a .csv beside the facility"),
        ("{file: day.csv}", "only a facility that is a file has files"),
        ("7", "profile `day` must be a mapping"),
    ],
)
def test_a_profile_that_means_nothing_is_told_with_its_place(profile: str, words: str) -> None:
    assert any(words in fault for fault in faults(site(profile))), faults(site(profile))


def test_an_unknown_profile_gives_the_nearest_and_a_type_without_one_says_who_may() -> None:
    text = site("{low: 0.5, high: 1, peak_h: 14}", NODES.replace("profile: day", "profile: dai"))
    assert faults(text)[0].endswith("unknown profile `dai` (did you mean `day`?)")
    text = site("{low: 0.5, high: 1, peak_h: 14}", NODES.replace("voltage_v: 480", "voltage_v: 480, profile: day"))
    assert faults(text) == ["<text>:6:47: a utility has no profile (known: server, bess, pv)"]


def test_a_site_with_profiles_is_written_and_read_back() -> None:
    facility = load_facility("campus-bess")
    again = parse_facility(to_yaml(facility))
    assert again.devices() == facility.devices()
    assert again.plan().digest == facility.plan().digest
