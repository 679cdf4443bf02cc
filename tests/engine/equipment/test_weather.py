"""The weather as an input of the world: presets, figures of one's own, all or nothing."""

import pytest
from winter_river.engine import apply, weather


def air(told):
    return weather(told.world)


def test_it_begins_as_a_virginia_summer(story):
    # Preset 1: 95 F and 50 %.
    assert air(story()) == {"preset": 1, "outdoor_c": pytest.approx(35.0), "humidity_pct": pytest.approx(50.0)}


@pytest.mark.parametrize(
    ("preset", "celsius", "rh_pct"),
    [(1, 35.0, 50), (2, 5.0, 45), (3, 15.0, 60), (4, 43.0, 20), (5, 1.0, 89), (6, 33.0, 79)],
)
def test_a_preset_sets_both(story, preset, celsius, rh_pct):
    told = story()
    told.tell("weather", preset=preset)
    told.run(1)
    assert air(told) == {"preset": preset, "outdoor_c": pytest.approx(celsius), "humidity_pct": pytest.approx(rh_pct)}


def test_a_figure_of_ones_own_leaves_the_other_and_is_no_preset(story):
    told = story()
    told.tell("weather", outdoor_c=20.0)
    assert air(told) == {"preset": 0, "outdoor_c": 20.0, "humidity_pct": pytest.approx(50.0)}


@pytest.mark.parametrize(
    "fields",
    [{"preset": 7}, {"preset": 1.5}, {"outdoor_c": 99}, {"humidity_pct": 0}, {"wind": 3}, {"outdoor_c": "warm"}],
)
def test_what_does_not_fit_is_refused_whole(story, fields):
    told = story()
    before = told.hash()
    with pytest.raises(ValueError, match=r"weather\."):
        apply(told.plan, told.world, "weather", {"outdoor_c": 20.0, **fields}, present=True)
    assert told.hash() == before


def test_the_hall_and_the_transformers_follow_it(story):
    told = story(dt_s=600.0)
    told.tell("weather", preset=3)
    told.run(100 * 3600)
    assert told.number("cooling_a", "supply_c") == 18.0
    assert told.number("server_rack_b1", "inlet_c") == pytest.approx(18.0, abs=0.01)
    # 20 K cooler outside than before.
    assert told.number("mv_lv_transformer_a", "oil_c") == pytest.approx(65.4 - 20.0, abs=0.5)
