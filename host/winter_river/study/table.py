"""The table of what is known: whole numbers by three of them, in a table of a fixed length with open places.

The text of years.py uses it, so it runs as it stands or compiled.
"""

from __future__ import annotations

from winter_river.study.story import NOBODY, Story

# What an entry is about, and its key: (fault set, failure), (rest, fault set), (way so far, act), (load, fault set),
# (hash of a rest's key, its turn among those of one hash). OWED_OF gives a row of Story.owed.
SET_AFTER, WAY_FROM, WAY_AFTER, OWED_OF, REST_OF = range(1, 6)


def place_of(known: list, kind: int, a: int, b: int) -> int:  # type: ignore[type-arg]
    """The place of an entry, or of the empty one where it would be. There is always an empty one."""
    last = len(known) - 1  # the length is a power of two
    h = a * 73856093 + b * 19349663 + kind * 83492791  # chosen: primes far apart
    k = (h ^ (h >> 15) ^ (h >> 31)) & last
    while known[k].kind != 0 and not (known[k].a == a and known[k].b == b and known[k].kind == kind):
        k = (k + 1) & last
    return k


def find(s: Story, kind: int, a: int, b: int) -> int:
    """What is known under a key, NOBODY where nothing is."""
    e = s.known[place_of(s.known, kind, a, b)]
    return e.value if e.kind != 0 else NOBODY


def note(s: Story, kind: int, a: int, b: int, value: int) -> None:
    """Takes an entry; there must be room (has_room)."""
    k = place_of(s.known, kind, a, b)
    e = s.known[k]
    if e.kind == 0:
        s.known_count += 1
    e.kind, e.a, e.b, e.value = kind, a, b, value


def rehash(s: Story) -> None:
    """Moves every entry of known_before into known, which is longer."""
    s.known_count = 0
    for k in range(len(s.known)):
        s.known[k].kind = 0
    for k in range(len(s.known_before)):
        e = s.known_before[k]
        if e.kind != 0:
            note(s, e.kind, e.a, e.b, e.value)
