"""The word that was meant, as every message names it."""

import pytest
from winter_river.likeness import COMPARED_MAX, meant, most_like


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        pytest.param("opne", ["close", "open", "trip"], "open", id="letters exchanged"),
        pytest.param("UPS_C", ["pdu_c", "ups_a", "ups_b"], "ups_a", id="capitals; the first of equals"),
        pytest.param("kaboom", ["open", "close"], "", id="nothing like it"),
        pytest.param("open", [], "", id="nothing known"),
        pytest.param("ab", ["xb"], "", id="half of the letters is a guess"),
    ],
)
def test_most_like(word, known, found):
    assert most_like(word, known) == found


def test_it_stands_behind_the_wrong_word_or_is_not_there():
    assert meant("opne", ["open"]) == " (did you mean open?)"
    assert meant("kaboom", ["open"]) == ""


def test_of_very_many_only_the_first_are_looked_through():
    taken = iter([f"node_{number}" for number in range(COMPARED_MAX + 100)])
    assert most_like("x" * 1_000_000, taken) == ""
    assert len(list(taken)) == 100
