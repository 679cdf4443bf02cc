"""Run in a tree with the new types of acting_types: everything that it does is what it does with the type it acts as.

    python acting_look.py PART

It looks at two sites that differ by the type only, as an engineer, a reliability study, an operator and a visitor of the
page would, and compares what they see: figures to the bit, words as the types call the same thing.
"""

import sys

import acting_types as new
from acting_engine import it_fails_in_studies, it_is_blamed_alike, it_steps_alike
from acting_pair import Pair
from acting_people import (
    it_alarms_alike,
    it_begins_where_told,
    it_is_checked,
    it_is_in_the_reference,
    it_is_on_the_page,
    it_is_trained_with,
    it_is_watched_outside,
    it_obeys_on_a_screen,
)
from winter_wire import schema


def main():
    part = sys.argv[1]
    pair = Pair(part, new.SITE)
    assert pair.ids
    states = set().union(*(it_steps_alike(pair, seed) for seed in range(4)))
    assert len(states) >= min(3, len(schema.TYPES[part][schema.STATES])), states
    if part in ("utility", "transformer", "switchgear", "server"):
        it_steps_alike(Pair(part, new.LOOP), 5)
    if part in new.HEAVY:
        it_is_blamed_alike(part)
    it_fails_in_studies(pair)
    it_is_checked(pair)
    it_is_in_the_reference(pair)
    it_obeys_on_a_screen(pair)
    it_alarms_alike(pair)
    it_is_watched_outside(pair)
    it_is_on_the_page(pair)
    it_is_trained_with(pair)
    it_begins_where_told(pair)
    print("all of it")


if __name__ == "__main__":
    main()
