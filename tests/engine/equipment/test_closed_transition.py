"""Which sources may be joined."""

import pytest
from winter_river.engine.equipment import closed_transition as law


@pytest.mark.parametrize(
    ("volts", "hertz", "degrees", "inside"),
    # What makers of closed transition switches state: 5 %, 0.2 Hz, 5 electrical degrees.
    [
        (0.04, 0.1, 4.0, True),
        (-0.04, -0.1, -4.0, True),
        (0.06, 0.1, 4.0, False),
        (0.04, 0.3, 4.0, False),
        (0.04, 0.1, -6.0, False),
    ],
)
def test_sources_are_joined_only_inside_the_window(volts, hertz, degrees, inside):
    assert law.in_step(volts, hertz, degrees) is inside


def test_make_before_break_needs_permission_and_both_sources():
    assert law.may_overlap(True, True, True)
    assert not law.may_overlap(False, True, True)
    assert not law.may_overlap(True, False, True)
    assert not law.may_overlap(True, True, False)


def test_an_overlap_is_shorter_than_ul_1008_allows():
    assert law.OVERLAP_S < law.OVERLAP_S_MAX == 0.1
