"""The voltage of a set behind its transient reactance, by phasors worked by hand."""

import pytest
from winter_river.engine.equipment import alternator
from winter_river.engine.equipment.generator_engine import CLASSES


def test_the_voltage_behind_a_reactance_is_a_phasor_sum():
    # 0.8 + j0.3 at 0.9: I = 0.8889 - j0.3333; E = 0.9 + j0.2 I = 0.9667 + j0.1778, 0.9829 in size.
    v, i = 0.9 + 0j, 0.8 / 0.9 - 0.3j / 0.9
    assert alternator.inner_pu(v, i, 0.2) == pytest.approx(0.98288, abs=1e-5)
    assert alternator.terminal_pu(0.98288, 0.2, power_pu=0.8, reactive_pu=0.3) == pytest.approx(0.9, abs=1e-4)


@pytest.mark.parametrize(
    ("power_factor", "left_pu"),
    # X'd 18 %, 60 % of its kVA at once: V^2 = (b + sqrt(b^2 - 4 X^2 S^2)) / 2 with b = 1 - 2 X Q.
    [(1.0, 0.99408), (0.8, 0.92563)],
)
def test_a_step_of_60_per_cent_dips_by_its_power_factor(power_factor, left_pu):
    reactive_pu = 0.6 * (1.0 - power_factor**2) ** 0.5
    left = alternator.terminal_pu(1.0, 0.18, power_pu=0.6 * power_factor, reactive_pu=reactive_pu)
    assert left == pytest.approx(left_pu, abs=1e-5)


def test_a_motor_that_starts_divides_the_voltage_with_the_reactance():
    # Motor starting on a set: dip = z / (1 + z), z = X'd times its starting kVA over the set's; constant impedance.
    starting = 3.0 * 0.7**2  # kVA per unit at the voltage down to which a load here keeps its power
    dip = 1.0 - alternator.terminal_pu(1.0, 0.2, power_pu=0.0, reactive_pu=starting)
    assert dip == pytest.approx(0.6 / 1.6)


@pytest.mark.parametrize(
    ("name", "dip", "rise", "recovery_s", "band"),
    # ISO 8528-5: transient deviation when load comes and goes, recovery, deviation at rest.
    [("g1", 0.25, 0.35, 10.0, 0.05), ("g2", 0.20, 0.25, 6.0, 0.025), ("g3", 0.15, 0.20, 4.0, 0.01)],
)
def test_the_classes_allow_what_iso_8528_5_says(name, dip, rise, recovery_s, band):
    k = CLASSES.index(name)
    found = (alternator.VOLTAGE_DIP_PU, alternator.VOLTAGE_RISE_PU, alternator.VOLTAGE_RECOVERY_S)
    assert tuple(row[k] for row in found) == (dip, rise, recovery_s)
    assert alternator.VOLTAGE_BAND_PU[k] == band
