"""How a malfunction comes: late by its delay, then slowly by its ramp, as a staircase of pieces each at its middle.

What it does is the law of the device that has it; this only says how bad it is now.
"""

from __future__ import annotations

from dataclasses import dataclass

from winter_river.engine.units import NEVER_S

PIECES = 32  # chosen: a sag of 32 % comes in steps of 1 %

# Bits beside a device's own fault (bit 1), in the order of the contract's rows.
FAIL_TO_OPEN, FAIL_TO_CLOSE, NUISANCE_TRIP = 2, 4, 8  # of switchgear, distribution, pdu
CORD_1_LOST, CORD_2_LOST = 2, 4  # of a server


@dataclass(slots=True, frozen=True)
class MalfunctionPlan:
    """One malfunction that one device may have. bit: of NodeState.fault."""

    node: int
    bit: int


@dataclass(slots=True)
class MalfunctionState:
    """One malfunction of one device: waits delay_s, then runs from before_pu to end_pu in ramp_s (piece of the ramp).

    severity: of this instant, 0 while it does not act.
    """

    wanted: bool = False
    severity: float = 0.0
    before_pu: float = 0.0
    end_pu: float = 0.0
    ramp_s: float = 0.0
    delay_s: float = 0.0
    start_s: float = NEVER_S
    piece: int = 0
    due_s: float = NEVER_S


def inject(m: MalfunctionState, t_s: float, *, end_pu: float, ramp_s: float, delay_s: float) -> None:
    """Takes what the node says; the same again is no news, something else starts again from how bad it is now."""
    if m.wanted and m.end_pu == end_pu and m.ramp_s == ramp_s and m.delay_s == delay_s:
        return
    m.wanted = True
    m.before_pu = m.severity
    m.end_pu, m.ramp_s, m.delay_s = end_pu, ramp_s, delay_s
    m.start_s = m.due_s = t_s + delay_s
    m.piece = 0


def mend(m: MalfunctionState) -> None:
    """Ends it at once, or before it began."""
    m.wanted = False
    m.severity = m.before_pu = m.end_pu = m.ramp_s = m.delay_s = 0.0
    m.start_s = m.due_s = NEVER_S
    m.piece = 0


def run_malfunction(m: MalfunctionState, t_s: float) -> None:
    """Sets the severity of this instant, at or after due_s, and when it changes next."""
    while m.piece <= PIECES and t_s >= m.start_s + m.piece * m.ramp_s / PIECES:
        m.piece += 1
    if m.piece > PIECES or m.ramp_s == 0.0:
        m.severity = m.end_pu
        m.due_s = NEVER_S
    else:
        m.severity = m.before_pu + (m.end_pu - m.before_pu) * (m.piece - 0.5) / PIECES
        m.due_s = m.start_s + m.piece * m.ramp_s / PIECES
