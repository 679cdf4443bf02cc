"""Presence of a node: one machine for all, in one table.

    never ---hint---> awaited ---alive---> online <--> stale ---> offline
                                             ^                      |
                                             +-------- alive -------+

`never` and `awaited` are the two ways to begin: nothing is known of the node yet. An awaited node is counted as
there until it has had OFFLINE_S to speak, so that a starting site does not black out. A retained message is a
memory of the broker, not a sign of life: it can begin the waiting and do nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

INTERVAL_S = 5.0  # the contract: a status at least this often
STALE_S = 3 * INTERVAL_S  # the contract: three missed intervals
OFFLINE_S = 20.0  # the contract: silence that shows before the last will of a frozen node (keepalive 15 s x 1.5)
RECONNECT_S = 35.0  # chosen: a node is back within 30 s of its broker's return, and its first status within 5 s more

NEVER = "never"
AWAITED = "awaited"
ONLINE = "online"
STALE = "stale"
OFFLINE = "offline"

ALIVE = "alive"  # a status, sent just now
GONE = "gone"  # a last will or a goodbye, sent just now
HINT = "hint"  # a retained status that is not a will
QUIET = "quiet"  # STALE_S of silence
SILENT = "silent"  # OFFLINE_S of silence

# (state, what happened) -> state; a pair that is not here changes nothing.
TABLE = {
    (NEVER, ALIVE): ONLINE,
    (NEVER, GONE): OFFLINE,
    (NEVER, HINT): AWAITED,
    (AWAITED, ALIVE): ONLINE,
    (AWAITED, GONE): OFFLINE,
    (AWAITED, SILENT): OFFLINE,
    (ONLINE, GONE): OFFLINE,
    (ONLINE, QUIET): STALE,
    (ONLINE, SILENT): OFFLINE,
    (STALE, ALIVE): ONLINE,
    (STALE, GONE): OFFLINE,
    (STALE, SILENT): OFFLINE,
    (OFFLINE, ALIVE): ONLINE,
}

# What others are told: a node that is waited for has not spoken but counts as there, and that is what stale means.
WORDS = {NEVER: OFFLINE, AWAITED: STALE, ONLINE: ONLINE, STALE: STALE, OFFLINE: OFFLINE}


class Presence(NamedTuple):
    """State of one node and the moment its silence is counted from, s on the caller's clock."""

    state: str
    since_s: float

    @property
    def word(self) -> str:
        """online, stale or offline."""
        return WORDS[self.state]

    @property
    def carries(self) -> bool:
        """Whether the node counts as plugged into its slot."""
        return self.state in (AWAITED, ONLINE, STALE)

    @property
    def unheard(self) -> bool:
        """Whether the node has neither spoken in this run nor been given up; only then do retained messages matter."""
        return self.state in (NEVER, AWAITED)


def begin(now_s: float, *, awaited: bool) -> Presence:
    """A node nobody has heard of yet; awaited: it gets OFFLINE_S to speak before it counts as absent."""
    return Presence(AWAITED if awaited else NEVER, now_s)


def after(presence: Presence, what: str, now_s: float) -> Presence:
    """The presence once `what` has happened at now_s. Silence is counted from a sign of life and from a hint."""
    state = TABLE.get((presence.state, what), presence.state)
    restarts = what == ALIVE or (what == HINT and state != presence.state)
    return Presence(state, now_s if restarts else presence.since_s)


def passed(presence: Presence, now_s: float) -> Presence:
    """The presence once time has passed up to now_s."""
    silence_s = now_s - presence.since_s
    if silence_s >= OFFLINE_S:
        return after(presence, SILENT, now_s)
    return after(presence, QUIET, now_s) if silence_s >= STALE_S else presence


def excused(presence: Presence, now_s: float) -> Presence:
    """The presence after the listener was deaf up to now_s: a node that was there gets RECONNECT_S to speak.

    While our own link to the broker is down nobody can be heard, so silence says nothing about the nodes.
    """
    if not presence.carries:
        return presence
    return Presence(presence.state, max(presence.since_s, now_s + RECONNECT_S - OFFLINE_S))
