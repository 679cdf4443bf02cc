"""The room without cooling heats up as measured rooms do, ends somewhere finite, and never cools by losing fans."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some
from winter_river.engine.equipment import room_heat as room
from winter_river.engine.equipment.psychrometrics import supply_c
from winter_river.engine.exponential import reach_s, value_after

CABINETS = 64.0


def shutdown_s(kw_a_cabinet):
    supply = supply_c(35.0, 0.50, 1.0)  # the default weather, 95 F and 50 %
    end = room.cold_aisle_end_c(supply, kw_a_cabinet * CABINETS, 0.0, CABINETS)
    tau = room.cold_aisle_tau_s(kw_a_cabinet * CABINETS, 0.0, CABINETS)
    return reach_s(supply, end, tau, room.SHUTDOWN_C)


def test_five_kilowatts_a_cabinet_shut_down_in_three_minutes_without_cooling():
    assert shutdown_s(5.0) == pytest.approx(189.0, rel=0.01)  # Opengate: 3 min 9 s


def test_ten_kilowatts_a_cabinet_shut_down_within_a_minute():
    assert 40.0 < shutdown_s(10.0) < 60.0


def test_a_light_room_never_gets_there():
    assert shutdown_s(3.0) == math.inf


def test_it_heats_fast_first_and_slowly_later():
    end = room.cold_aisle_end_c(18.0, 384.0, 0.0, CABINETS)
    tau = room.cold_aisle_tau_s(384.0, 0.0, CABINETS)
    minutes = [value_after(18.0, end, tau, 60.0 * k) for k in range(6)]
    rises = [b - a for a, b in pairwise(minutes)]
    assert rises == sorted(rises, reverse=True)
    assert end == pytest.approx(18.0 + 6.0 * 5.12)  # 6 kW a cabinet through 5.12 K/kW


def test_enough_air_holds_the_supply_temperature():
    # 29 m3/s for 384 kW at 11 K: 1.2 x 1.006 x 11 kW a m3/s wants 28.9.
    assert room.flow_wanted_m3s(384.0) == pytest.approx(28.92, abs=0.01)
    assert room.cold_aisle_end_c(18.0, 384.0, 29.0, CABINETS) == 18.0
    assert room.hot_aisle_c(18.0, 384.0, 28.0, 18.0) == 29.0


def test_half_the_air_draws_the_other_half_from_the_hot_aisle():
    # 192 kW stay in the room: 192 / (1.2072 x 14.459 + 64 / 5.12) above the supply.
    assert room.cold_aisle_end_c(18.0, 384.0, 28.9188 / 2.0, CABINETS) == pytest.approx(18.0 + 192.0 / 29.955, abs=0.01)


@given(
    supply=some.floats(18.0, 45.0),
    it_kw=some.floats(0.0, 5000.0),
    more=some.floats(0.0, 200.0),
    less_pu=some.floats(0.0, 1.0),
    cabinets=some.floats(1.0, 1000.0),
)
def test_removing_fans_never_cools(supply, it_kw, more, less_pu, cabinets):
    less = more * less_pu
    end_more = room.cold_aisle_end_c(supply, it_kw, more, cabinets)
    end_less = room.cold_aisle_end_c(supply, it_kw, less, cabinets)
    assert end_less >= end_more - 1e-9 * abs(end_more)
    assert room.hot_aisle_c(end_less, it_kw, less, supply) >= room.hot_aisle_c(end_more, it_kw, more, supply) - 1e-6
    assert math.isfinite(end_less)
    assert 0.0 < room.cold_aisle_tau_s(it_kw, less, cabinets) < math.inf


@pytest.mark.parametrize("it_kw", [50.0, 192.0, 384.0])
def test_the_air_that_leaves_carries_the_heat_away(it_kw):
    """rho c V (hot - cold) is what the racks turn into heat, however much more air the fans bring than they draw."""
    hot_c = room.hot_aisle_c(29.0, it_kw, 40.0, 29.0)
    assert 1.2 * 1.006 * 40.0 * (hot_c - 29.0) == pytest.approx(it_kw)
