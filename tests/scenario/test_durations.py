"""Durations are read as people write them."""

import pytest
from winter_river.scenario import duration_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10), ("1m30s", 90), ("500ms", 0.5), ("2h", 7200), ("1h1m1s1ms", 3661.001), ("0", 0), ("12.5", 12.5),
        ("1.5m", 90), (" 3s ", 3), ("0s", 0), ("8784h", 366 * 86400),
    ],
)  # fmt: skip
def test_a_duration_is_so_many_seconds(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "10 s", "-1s", "10sec", "1s1m", "1e3", "nan", "inf", "١s", "10S"])
def test_what_is_no_duration_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write 10s, 1m30s, 500ms or a number of seconds"):
        duration_s(text)


def test_more_than_a_year_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than a year"):
        duration_s("8785h")
