"""How long the supply of a server rides through a voltage: the ITIC curve, and how a changing dip adds up.

ITIC (CBEMA) curve, 2000: 0 V for 20 ms, 70 % for half a second, 80 % for ten, 90 to 110 % for ever, 120 % for half a
second; above that 3 ms, the last step of the curve that a value of half a cycle can still show.
"""

from __future__ import annotations

from winter_river.engine.units import NEVER_S

# ITIC (CBEMA) curve of the Information Technology Industry Council, 2000: its corners.
STEADY_LOW_PU, STEADY_HIGH_PU = 0.90, 1.10
DIP_PU = (0.80, 0.70, 0.0)  # ITIC (CBEMA) curve, 2000: from the first of them on upwards ...
DIP_S = (10.0, 0.5, 0.020)  # ITIC (CBEMA) curve, 2000: ... this long
SWELL_PU = 1.20
SWELL_S = 0.5
BEYOND_S = 0.003  # ITIC (CBEMA) curve, 2000, at 140 %: what a value of half a cycle can still show


def ride_s(voltage_pu: float) -> float:
    """Seconds a supply rides through a steady voltage; NEVER_S inside the steady band: it never gives up."""
    if voltage_pu > STEADY_HIGH_PU:
        return SWELL_S if voltage_pu <= SWELL_PU else BEYOND_S
    if voltage_pu >= STEADY_LOW_PU:
        return NEVER_S
    for k in range(len(DIP_PU)):
        if voltage_pu >= DIP_PU[k]:
            return DIP_S[k]
    return DIP_S[-1]


def dose_rate(voltage_pu: float) -> float:
    """Share of the ride-through used up a second; at 1 the supply gives up. 0 in the steady band, which forgets all."""
    seconds = ride_s(voltage_pu)
    return 0.0 if seconds == NEVER_S else 1.0 / seconds
