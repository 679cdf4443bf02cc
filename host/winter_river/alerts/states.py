"""The state machine of one alarm, in the words of ANSI/ISA-18.2-2016 (IEC 62682 has the same), in one table. Pure.

    normal --raise--> unacknowledged --acknowledge--> acknowledged --clear--> normal
                        |        ^                         |
                      clear    raise                    escalate --> unacknowledged
                        v        |
                      returned --+--acknowledge--> normal

From each of the four an alarm can be shelved by a person for a limited time, suppressed by design (a known cause stands
already), or taken out of service until a person brings it back. What happens to the condition meanwhile is remembered
beside the state: an alarm that comes back is unacknowledged where its condition holds, else normal.

What is shelved still stands for what follows from it: shelving a cause brings up none of its consequences. A shelf holds for
what was known when it was put there: it ends, once and for all that follow, as soon as these are worse than the alarm was,
or one more of them is critical (a rack that is dark). What is out of service stands for nothing but itself.
"""

from __future__ import annotations

NORMAL = "normal"
UNACKNOWLEDGED = "unacknowledged"
ACKNOWLEDGED = "acknowledged"
RETURNED = "returned"  # ISA: returned to normal unacknowledged
SHELVED = "shelved"
SUPPRESSED = "suppressed"  # ISA: suppressed by design
OUT_OF_SERVICE = "out_of_service"
STATES = (NORMAL, UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED, SHELVED, SUPPRESSED, OUT_OF_SERVICE)
SHOWN = (UNACKNOWLEDGED, ACKNOWLEDGED, RETURNED)  # what an operator has before him
HIDDEN = (SHELVED, SUPPRESSED, OUT_OF_SERVICE)
WAITING = (UNACKNOWLEDGED, RETURNED)  # for somebody to acknowledge it

RAISE, CLEAR = "raise", "clear"  # of the condition, its hold times over
ACKNOWLEDGE = "acknowledge"
ESCALATE = "escalate"  # its consequences have become worse than what was acknowledged, or shelved
SHELVE, UNSHELVE = "shelve", "unshelve"
SUPPRESS, UNSUPPRESS = "suppress", "unsuppress"
REMOVE, BRING_BACK = "remove", "bring_back"
ACTS = (RAISE, CLEAR, ACKNOWLEDGE, ESCALATE, SHELVE, UNSHELVE, SUPPRESS, UNSUPPRESS, REMOVE, BRING_BACK)

# (state, what happened) -> state; a pair that is not here changes nothing.
TABLE = {
    (NORMAL, RAISE): UNACKNOWLEDGED,
    (UNACKNOWLEDGED, ACKNOWLEDGE): ACKNOWLEDGED,
    (UNACKNOWLEDGED, CLEAR): RETURNED,
    (ACKNOWLEDGED, CLEAR): NORMAL,
    (ACKNOWLEDGED, ESCALATE): UNACKNOWLEDGED,
    (SHELVED, ESCALATE): UNACKNOWLEDGED,
    (RETURNED, ACKNOWLEDGE): NORMAL,
    (RETURNED, RAISE): UNACKNOWLEDGED,
    **{(state, SUPPRESS): SUPPRESSED for state in (NORMAL, *SHOWN)},
    **{(state, SHELVE): SHELVED for state in (NORMAL, *SHOWN, SUPPRESSED)},
    **{(state, REMOVE): OUT_OF_SERVICE for state in (NORMAL, *SHOWN, SUPPRESSED, SHELVED)},
}
# What ends each hiding; the state then follows from the condition.
_RETURNS = {(SHELVED, UNSHELVE), (SUPPRESSED, UNSUPPRESS), (OUT_OF_SERVICE, BRING_BACK)}


def after(state: str, act: str, *, active: bool) -> str:
    """The state once `act` has happened. active: whether the condition holds, with RAISE and CLEAR taken in already."""
    if (state, act) in _RETURNS:
        return UNACKNOWLEDGED if active else NORMAL
    return TABLE.get((state, act), state)
