"""The loss of life of a transformer: IEC 60076-7's ageing rate, added up, against integrals worked outside the code."""

import math

import pytest
from winter_river.engine import build_plan, new_world, restore, snapshot, step, view
from winter_river.engine.equipment import transformer_life as life

SMALL, LARGE = 0, 1


@pytest.mark.parametrize(("celsius", "rate"), [(80, 0.125), (92, 0.5), (98, 1.0), (104, 2.0), (110, 4.0), (128, 32.0)])
def test_paper_ages_twice_as_fast_every_six_degrees(celsius, rate):
    assert life.ageing_rate(celsius) == pytest.approx(rate)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(("celsius", "hours"), [(98.0, 1.0), (104.0, 2.0), (92.0, 0.5)])
@pytest.mark.parametrize("elapsed_s", [2.0, 3600.0, 1e7])
def test_at_rest_an_hour_counts_by_its_temperature(size, celsius, hours, elapsed_s):
    # 20 C of air, the oil 78 K above less the gradient; at rest the fast part is k21 times it, the slow one (k21 - 1).
    gradient = 23.0
    k21 = (1.0, 2.0)[size]
    oil = celsius - gradient
    found = life.aged_h(size, oil, k21 * gradient, (k21 - 1.0) * gradient, oil, gradient, elapsed_s)
    assert found == pytest.approx(hours * elapsed_s / 3600.0, rel=1e-9)


def integral_h(size, start_c, oil_end, gradient, elapsed_s, pieces=200_000):
    """The standard's own step response, cold at start_c, put into the rate and added up by the trapezoid."""
    oil_min, winding_min, k11, k21, k22 = ((180, 4, 1.0, 1, 2), (210, 10, 0.5, 2, 2))[size]

    def rate(t_s):
        minutes = t_s / 60.0
        oil = start_c + (oil_end - start_c) * (1 - math.exp(-minutes / (k11 * oil_min)))
        fast = k21 * (1 - math.exp(-minutes / (k22 * winding_min)))
        slow = (k21 - 1) * (1 - math.exp(-minutes * k22 / oil_min))
        return 2 ** ((oil + gradient * (fast - slow) - 98) / 6)

    h = elapsed_s / pieces
    return (sum(rate(k * h) for k in range(1, pieces)) + (rate(0) + rate(elapsed_s)) / 2) * h / 3600.0


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("minutes", [0.1, 0.5, 5, 60, 300, 3000])
def test_a_step_of_load_ages_it_by_the_integral(size, minutes):
    # Cold at 20 C, then half as much again as rated: oil to 105, 35 K of gradient, 140 C at rest.
    found = life.aged_h(size, 20.0, 0.0, 0.0, 105.0, 35.0, minutes * 60.0)
    wanted = integral_h(size, 20.0, 105.0, 35.0, minutes * 60.0)
    assert found == pytest.approx(wanted, rel=0.001)


def test_a_short_while_is_a_straight_line_within_a_thousandth():
    # Rated load on a warm transformer that carried none: 55 K of oil to come, 23 K of gradient.
    found = life.aged_h(SMALL, 20.0, 0.0, 0.0, 75.0, 23.0, 10.0)
    wanted = integral_h(SMALL, 20.0, 75.0, 23.0, 10.0)
    assert found == pytest.approx(wanted, rel=0.001)


def test_what_chars_is_counted_no_further():
    assert life.ageing_rate(10_000.0) == life.ageing_rate(180.0) == pytest.approx(2.0 ** (82 / 6))


def test_a_site_adds_it_up(story):
    told = story(dt_s=600.0)
    spot = told.number("mv_lv_transformer_a", "hot_spot_c")  # 75.8 C, as its own test has by hand
    told.run(24 * 3600.0)
    assert told.number("mv_lv_transformer_a", "aged_h") == pytest.approx(24 * 2 ** ((spot - 98) / 6), rel=1e-3)


def test_it_goes_on_across_changes_of_load(story):
    told = story(dt_s=60.0)
    told.tell("mv_lv_transformer_a", fault="cooling_lost=1.00")
    total = told.number("mv_lv_transformer_a", "aged_h")
    # Every minute another load: what it ages by is then about the rate at the hot spot that is read in the middle.
    wanted = 0.0
    for k in range(600):
        told.tell("server_rack_a1", load_set_kw=(96.0, 150.0, 60.0)[k % 3])
        told.run(30)
        wanted += 2 ** ((told.number("mv_lv_transformer_a", "hot_spot_c") - 98) / 6) / 60.0
        told.run(30)
    assert told.number("mv_lv_transformer_a", "aged_h") - total == pytest.approx(wanted, rel=0.01)


def test_how_often_somebody_looks_does_not_matter(block):
    plan = build_plan(block)
    seldom, often = new_world(plan), new_world(plan)
    step(plan, seldom, 7200.0)
    for _ in range(720):
        step(plan, often, 10.0)
        view(plan, often, "mv_lv_transformer_a")
    names = ("mv_lv_transformer_a", "ups_a")
    assert [view(plan, seldom, name)["aged_h"] for name in names] == [
        pytest.approx(view(plan, often, name)["aged_h"], rel=1e-9) for name in names
    ]


def test_a_snapshot_keeps_it(story):
    told = story()
    told.run(100)
    told.tell("server_rack_a1", load_set_kw=50.0)
    told.run(100)
    again = restore(told.plan, snapshot(told.plan, told.world))
    assert view(told.plan, again, "mv_lv_transformer_a")["aged_h"] == told.number("mv_lv_transformer_a", "aged_h") > 0


def test_a_plan_of_a_study_does_not_age(block):
    plan = build_plan(block, ages=False)
    world = new_world(plan)
    step(plan, world, 1e8)
    assert "aged_h" not in view(plan, world, "mv_lv_transformer_a")
    assert view(plan, world, "ups_a")["health_pct"] == 100.0
