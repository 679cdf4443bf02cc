"""IEC 60076-7 against its own formulas worked by hand: f2(t) = k21 (1 - e^(-t / k22 tw)) - (k21 - 1)(1 - e^(-t k22 / to))."""

import math

import pytest
from winter_river.engine.equipment import transformer_heat as heat

SMALL, LARGE = 0, 1
AMBIENT_C = 20.0


def after_a_step(size, minutes):
    """Hot spot of a transformer switched on cold at rated load."""
    oil_end = heat.oil_end_c(size, AMBIENT_C, 1.0, 6.0)
    gradient = heat.gradient_end_k(size, 1.0)
    return heat.hot_spot_c(size, AMBIENT_C, 0.0, 0.0, oil_end, gradient, minutes * 60.0)


@pytest.mark.parametrize(
    ("minutes", "celsius"),
    [
        # 20 + 52 (1 - e^(-t/105)) + 26 (2 (1 - e^(-t/20)) - (1 - e^(-t/105)))
        (0, 20.0),
        (20, 57.380),  # 20 + 52 x 0.173435 + 26 x (1.264241 - 0.173435)
        (60, 80.728),  # 20 + 22.635 + 26 x (1.900426 - 0.435282)
        (105, 88.163),  # 20 + 52 x 0.632121 + 26 x (1.989505 - 0.632121)
        (6000, 98.0),
    ],
)
def test_hot_spot_of_a_large_transformer_follows_a_step_of_load(minutes, celsius):
    assert after_a_step(LARGE, minutes) == pytest.approx(celsius, abs=0.02)


@pytest.mark.parametrize(
    ("minutes", "celsius"),
    [
        # 20 + 55 (1 - e^(-t/180)) + 23 (1 - e^(-t/8)): k21 = 1, so nothing overshoots
        (8, 36.922),  # 20 + 55 x 0.043470 + 23 x 0.632121
        (180, 77.767),  # 20 + 55 x 0.632121 + 23
        (6000, 98.0),
    ],
)
def test_hot_spot_of_a_distribution_transformer_follows_a_step_of_load(minutes, celsius):
    assert after_a_step(SMALL, minutes) == pytest.approx(celsius, abs=0.02)


def test_the_winding_overshoots_before_the_oil_has_warmed():
    # f2 of the large one peaks near 90 minutes at about 1.47 times its end.
    gradients = [
        heat.hot_spot_c(LARGE, 0.0, 0.0, 0.0, 0.0, 26.0, minutes * 60.0) / 26.0 for minutes in range(0, 600, 10)
    ]
    assert max(gradients) == pytest.approx(1.47, abs=0.02)
    assert gradients[-1] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("size", "load_pu", "loss_ratio", "celsius"),
    [
        (LARGE, 1.0, 6.0, 98.0),
        (LARGE, 1.3, 6.0, 131.98),  # 20 + 52 (11.14 / 7)^0.8 + 26 x 1.3^1.3 = 20 + 75.41 + 36.57
        (SMALL, 0.61, 5.0, 60.84),  # the 750 kVA unit of the block: 20 + 55 (2.8605 / 6)^0.8 + 23 x 0.61^1.6
        (SMALL, 0.0, 5.0, 33.12),  # at no load: 20 + 55 (1 / 6)^0.8
    ],
)
def test_it_settles_where_the_standard_says(size, load_pu, loss_ratio, celsius):
    end = heat.oil_end_c(size, AMBIENT_C, load_pu, loss_ratio) + heat.gradient_end_k(size, load_pu)
    assert end == pytest.approx(celsius, abs=0.02)


def test_the_instant_of_the_limit_is_found():
    oil_end = heat.oil_end_c(LARGE, AMBIENT_C, 1.5, 6.0)
    gradient = heat.gradient_end_k(LARGE, 1.5)
    seconds = heat.hot_spot_reaches_s(LARGE, AMBIENT_C, 0.0, 0.0, oil_end, gradient, 0.0, 120.0)
    assert 0.0 < seconds < math.inf
    assert heat.hot_spot_c(LARGE, AMBIENT_C, 0.0, 0.0, oil_end, gradient, seconds) == pytest.approx(120.0, abs=1e-4)
    before = heat.hot_spot_c(LARGE, AMBIENT_C, 0.0, 0.0, oil_end, gradient, seconds - 1.0)
    assert before < 120.0


def test_a_healthy_load_never_reaches_the_limit():
    oil_end = heat.oil_end_c(LARGE, AMBIENT_C, 1.0, 6.0)
    gradient = heat.gradient_end_k(LARGE, 1.0)
    assert heat.hot_spot_reaches_s(LARGE, AMBIENT_C, 0.0, 0.0, oil_end, gradient, 0.0, 120.0) == math.inf
