"""The diesel against ISO 8528-5, NFPA 110 and the makers' fuel table."""

import math

import pytest
from winter_river.engine.equipment import generator_engine as engine
from winter_river.engine.equipment.generator import fuel_gal_h


@pytest.mark.parametrize(("load_pu", "gallons"), [(0.25, 13.2), (0.5, 22.0), (0.75, 31.5), (1.0, 42.8)])
def test_fuel_follows_the_table_of_a_600_kw_set(load_pu, gallons):
    assert fuel_gal_h(600.0 * load_pu, 600.0) == pytest.approx(gallons, rel=0.015)


def test_droop_lowers_the_speed_with_load():
    # 3 % droop on 60 Hz: 61.8 Hz at no load, 60.9 at half, 60 at full; isochronous holds 60.
    assert engine.governed_hz(60.0, 0.0, 3.0) == pytest.approx(61.8)
    assert engine.governed_hz(60.0, 0.5, 3.0) == pytest.approx(60.9)
    assert engine.governed_hz(60.0, 1.0, 3.0) == 60.0
    assert engine.governed_hz(60.0, 0.5, 0.0) == 60.0


@pytest.mark.parametrize(("name", "dip", "recovery_s"), [("g1", 0.15, 10.0), ("g2", 0.10, 5.0), ("g3", 0.07, 3.0)])
def test_the_largest_step_dips_the_frequency_by_the_limit_of_its_class(name, dip, recovery_s):
    k = engine.CLASSES.index(name)
    assert engine.dip_pu(engine.FREQUENCY_DIP_PU[k], 0.6) == dip
    assert engine.dip_pu(engine.FREQUENCY_DIP_PU[k], 0.3) == pytest.approx(dip / 2.0)
    assert engine.recovered(dip, engine.FREQUENCY_RECOVERY_S[k], recovery_s) == 0.0
    assert engine.recovered(dip, engine.FREQUENCY_RECOVERY_S[k], recovery_s / 2.0) == pytest.approx(dip / 2.0)


def test_taking_load_off_dips_nothing():
    assert engine.dip_pu(0.10, -0.5) == 0.0


def test_a_step_beyond_what_is_stated_stalls_it():
    assert engine.stalls(0.61, 0.6)
    assert not engine.stalls(0.6, 0.6)
    assert not engine.stalls(1.0, 0.0)  # nothing stated


def test_oil_trips_below_twenty_psi():
    # 138 kPa are 20 psi: 400 kPa less 65.5 %.
    assert not engine.oil_trips(0.64)
    assert engine.oil_trips(0.66)


def test_overspeed_trips_fifteen_per_cent_above():
    assert not engine.overspeeds(0.14)
    assert engine.overspeeds(0.16)


def test_the_longest_run_ends_it():
    assert engine.run_out_s(100.0, 3600.0) == 3700.0
    assert engine.run_out_s(100.0, 0.0) == math.inf
