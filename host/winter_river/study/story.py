"""The records of a study of availability: one part of a site, the world that runs through the years, what is remembered.

As engine/world.py: plain numbers in records and columns, so that the text of years.py runs as it stands or compiled
(engine/layout.py reads these declarations). What is remembered lies in tables of a fixed length; the shell (part.py)
lengthens them.
"""

from __future__ import annotations

from dataclasses import dataclass

from winter_river.engine.layout import U64

NOBODY = -1  # a rest, a set, an entry that is not known
UNKNOWN_S = -1.0

# What the text asks its shell for when it stops.
NOTHING, WORLD, REST, SET, DEBT, ROOM, TROUBLE, RESTLESS, WAIT, LAWS = range(10)
BEGIN, PASS, COMPUTE, STEP, ASKED, KEPT, NEXT = range(7)  # where it goes on
SOUND, LATENT, BROKEN = range(3)  # of a failure; LATENT: it will show at the next demand, which nobody knows
RESET, REFUEL = range(2)  # what a visit is for


@dataclass(slots=True)
class FailureRow:
    """One way of failing: as rates.Failure says, and how it stands. device: its row; demand: the sign that shows a
    demand, NOBODY where it has none. drawn: it is decided how the next demand ends. at_s: when it happens or is
    repaired; before_...: as it stood before a passage that turned out not to be told."""

    kind: int = 0
    device: int = 0
    demand: int = NOBODY
    mean_up_s: float = 0.0
    mean_down_s: float = 0.0
    ratio: float = 0.0
    share_down: float = 0.0
    state: int = SOUND
    drawn: bool = False
    at_s: float = 0.0
    before_state: int = SOUND
    before_drawn: bool = False
    before_at_s: float = 0.0


@dataclass(slots=True)
class DeviceRow:
    """One device. first, end: its failures. input: the sign of its input, of a UPS; runs: the sign of a generator.
    reset_s, refuel_s: when somebody comes for it; told: what it reported last (years.wish), NOBODY for nothing yet."""

    first: int = 0
    end: int = 0
    input: int = NOBODY
    runs: int = NOBODY
    picks: bool = False  # two incomers
    reset_s: float = 0.0
    refuel_s: float = 0.0
    before_reset_s: float = 0.0
    before_refuel_s: float = 0.0
    told: int = NOBODY


@dataclass(slots=True)
class SignRow:
    """What is watched: what it is (watch.py), whose, its row there, and what it shows."""

    what: int = 0
    device: int = 0
    slot: int = 0
    load: int = NOBODY
    shows: int = 0
    first: int = 0  # in a healthy site


@dataclass(slots=True)
class LoadRow:
    """One load: dark since when, and owed to what."""

    is_rack: bool = False
    dark: bool = False
    since_s: float = 0.0
    owed: int = NOBODY


@dataclass(slots=True)
class Entry:
    """One entry of the table of what is known: its key and its value; a kind of 0 is an empty place."""

    kind: int = 0
    a: int = 0
    b: int = 0
    value: int = 0


@dataclass(slots=True)
class PassageRow:
    """A way from one rest to the next, known or not yet: its notes, its waits, how long it lasts, and where it ends."""

    is_known: bool = False
    first: int = 0
    end: int = 0
    wait_first: int = 0
    wait_end: int = 0
    lasts_s: float = 0.0
    rest: int = 0


@dataclass(slots=True)
class WaitRow:
    """Where a passage waits for long, so long after its act: so much of its notes lies before. Its world is kept."""

    offset_s: float = 0.0
    note_end: int = 0


@dataclass(slots=True)
class NoteRow:
    """A sign that changed in a passage, so long after its act."""

    offset_s: float = 0.0
    sign: int = 0
    shows: int = 0


@dataclass(slots=True)
class SpellRow:
    """From when to when at least one rack of a world was dark."""

    world: int = 0
    begin_s: float = 0.0
    end_s: float = 0.0


@dataclass(slots=True)
class OwedRow:
    """What the darkness of a load is owed to; part.py knows the failures. share: its row among the shares of the world
    before `until`."""

    until: int = 0
    share: int = 0


@dataclass(slots=True)
class ShareRow:
    """Of one world: the seconds of darkness that are owed so."""

    world: int = 0
    owed: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Story:
    """All of it. Worlds run from world_first to world_end; each leaves its sums in down_s and begun (by load and, last,
    of any rack), in shares, and in spells, joined with those of the parts that ran before.

    phase: where the text goes on; rest, fault_set: the numbers of the rest the site is at and of what is broken;
    held: the engine's world stands where the story is; wait: where it does not, and the story stands in a passage, the
    number of its wait, which was at stood_s. laws_every: the shell is to hold the laws against every so manieth step of a
    passage, 0 for none; is_checked: it has done so with this one. watched_first, watched_end: the signs that are looked
    at also where nothing moved (records.py). toggled: failures by which what is broken differs from fault_set. acts: who
    comes now, as kind x devices + device; is_full: the memory is to be emptied. ..._count: how much of a table is in use.
    """

    seed: U64
    world: int
    world_first: int
    world_end: int
    phase: int
    remembers: bool
    is_full: bool
    refuel_s: float
    reset_s: float
    end_s: float
    now_s: float
    next_s: float  # when the next act is; UNKNOWN_S where it is to be looked for
    zero_s: float  # the study's clock less the world's
    begin_s: float  # of this passage, by the world's clock
    dt_s: float
    laws_every: int
    is_checked: bool
    changes: int
    computed: int  # passages that the engine worked out
    rest: int
    first_rest: int
    way: int  # of the passage that is worked out
    fault_set: int
    held: bool
    wait: int
    stood_s: float
    is_fetched: bool  # just now
    planned_count: int  # visits that somebody waits for
    before_planned_count: int
    toggled_count: int
    acts_count: int
    ways_count: int
    known_count: int
    rests_count: int
    notes_count: int
    note_first: int
    waits_count: int
    wait_first: int
    shares_count: int
    own_count: int
    spells_count: int
    before_at: int  # the next spell of the parts that ran before
    before_count: int
    key_count: int
    watched_first: int
    watched_end: int
    racks_dark: int
    dark_since_s: float
    worlds: list[U64]  # their numbers
    numbers: list[U64]  # of the failures over the whole site
    streams: list[U64]
    before_streams: list[U64]
    failures: list[FailureRow]
    devices: list[DeviceRow]
    signs: list[SignRow]
    loads: list[LoadRow]
    demands: list[int]  # failures that wait for one
    toggled: list[int]
    acts: list[int]
    key: list[int]
    known: list[Entry]
    known_before: list[Entry]
    passages: list[PassageRow]
    notes: list[NoteRow]
    waits: list[WaitRow]
    rest_signs: list[int]
    rest_keys: list[int]
    owed: list[OwedRow]
    shares: list[ShareRow]
    own: list[SpellRow]
    before: list[SpellRow]
    spells: list[SpellRow]
    down_s: list[float]
    begun: list[int]
