"""The voltage of a generating set after a step of load: behind its transient reactance, then back by its regulator.

At rest the regulator holds the terminals at their rated voltage. A step of load finds the flux of the rotor as it was:
for some tenths of a second the set is the voltage behind X'd as it stood before the step, and the flow of the network
behind it says what the terminals are left with. Then the regulator brings them back. Load taken off raises them in the
same way. Whether a step shows depends on its power factor too: what a UPS draws near unity hardly moves the terminals,
motors that start do.

What it leaves out: the subtransient of the first cycles, the saliency of the rotor, and the regulator's own response to
a low frequency (volts per hertz).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from winter_river.engine.sweep import LOW_PU
from winter_river.engine.units import NEVER_S

if TYPE_CHECKING:
    from winter_river.engine.equipment.generator import GeneratorPlan, GeneratorState

# ISO 8528-5, by performance class G1, G2, G3 (generator_engine.CLASSES): the most that the voltage may deviate when load
# comes and when it goes, how soon it is back, and the band at rest. G2 read, in a public specification of standby sets
# (mrb78.info, 2.1); G3 and the 25 % of G1 in what is quoted of Kohler's white paper "ISO 8528-5 and Generator Transient
# Performance"; the 35 % and the 10 s of G1 are from memory: not found. The band at rest of all three is read (UFGS
# 16237N, 2.1.1.3): a step that moves the voltage less is no step to the regulator.
VOLTAGE_DIP_PU = (0.25, 0.20, 0.15)
VOLTAGE_RISE_PU = (0.35, 0.25, 0.20)
VOLTAGE_RECOVERY_S = (10.0, 6.0, 4.0)
VOLTAGE_BAND_PU = (0.05, 0.025, 0.01)

STEADY, SWINGING, RECOVERING = range(3)  # swing
PIECES = 8  # chosen: the way back is a staircase of 8 steps, the first of them the lowest voltage


def inner_pu(v: complex, i: complex, reactance_pu: float) -> float:
    """The voltage behind a reactance at these terminals."""
    real = v.real - reactance_pu * i.imag
    imag = v.imag + reactance_pu * i.real
    return math.sqrt(real * real + imag * imag)


def terminal_pu(behind_pu: float, reactance_pu: float, *, power_pu: float, reactive_pu: float) -> float:
    """What a load leaves of the voltage behind a reactance: constant power down to LOW_PU, constant impedance below."""
    b = behind_pu * behind_pu - 2.0 * reactance_pu * reactive_pu
    apparent = reactance_pu * reactance_pu * (power_pu * power_pu + reactive_pu * reactive_pu)
    root = b * b - 4.0 * apparent
    if root >= 0.0:
        square = (b + math.sqrt(root)) / 2.0
        if square >= LOW_PU * LOW_PU:
            return math.sqrt(square)
    along = 1.0 + reactance_pu * reactive_pu / (LOW_PU * LOW_PU)
    across = reactance_pu * power_pu / (LOW_PU * LOW_PU)
    return behind_pu / math.sqrt(along * along + across * across)


def begins_swing(r: GeneratorPlan, g: GeneratorState, t_s: float, *, power_pu: float, reactive_pu: float) -> bool:
    """Takes what is drawn now; True where that is a step beyond the steady band, which begins a swing.

    During the first of a swing the flow itself has the set behind its reactance, so nothing more is to be found out.
    """
    if g.swing == SWINGING:
        return False
    left_pu = terminal_pu(g.inner_pu, r.reactance_pu, power_pu=power_pu, reactive_pu=reactive_pu)
    if abs(left_pu - g.terminal_pu) <= VOLTAGE_BAND_PU[r.step_class]:
        return False
    g.swing = SWINGING
    g.swing_s = t_s
    g.piece = 0
    g.told = False
    return True


def recovers(r: GeneratorPlan, g: GeneratorState, t_s: float) -> bool:
    """Goes on with the way back; True where the voltage takes another step of it."""
    if g.swing == STEADY or t_s < swing_due_s(r, g):
        return False
    if g.swing == SWINGING:
        g.swing = RECOVERING
        g.swing_pu = g.terminal_pu - 1.0
    while g.piece < PIECES and t_s >= swing_due_s(r, g):
        g.piece += 1
    if g.piece == PIECES:
        g.swing = STEADY
    return True


def swing_due_s(r: GeneratorPlan, g: GeneratorState) -> float:
    """The next instant at which the voltage changes by itself."""
    return g.swing_s + (g.piece + 1) * r.recovery_s / PIECES if g.swing != STEADY else NEVER_S


def emf_pu(g: GeneratorState) -> float:
    """What drives the network now: behind the reactance while it swings, else the terminals themselves."""
    if g.swing == SWINGING:
        return g.inner_pu
    if g.swing == RECOVERING:
        return 1.0 + g.swing_pu * (1.0 - g.piece / PIECES)
    return 1.0


def rest(g: GeneratorState) -> None:
    """As after a start: no load yet, rated voltage."""
    g.swing = STEADY
    g.inner_pu = g.terminal_pu = 1.0


def limit_pu(r: GeneratorPlan, deviation_pu: float) -> float:
    """The most that its class allows on this side, with its sign. deviation_pu: negative for a dip."""
    return VOLTAGE_RISE_PU[r.step_class] if deviation_pu > 0.0 else -VOLTAGE_DIP_PU[r.step_class]


def is_out_of_class(r: GeneratorPlan, deviation_pu: float) -> bool:
    return abs(deviation_pu) > abs(limit_pu(r, deviation_pu))
