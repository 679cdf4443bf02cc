"""What threads are told that step many worlds together: whole numbers in a row, one address to pass on.

Behind them, for each thread the world of its part that is taken next and where the part ends; and last, how many worlds are
done, and how many of them ended otherwise than they should.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

# The plan and its places; the worlds: the block of the first one, bytes from each to the next, their places, how many.
PLAN, PLAN_PLACES, FIRST, BYTES, WORLD_PLACES, ROWS, *_OTHERS = range(14)
# STEPS_S: the address of by how much, STEP_BYTES further that of the first world, and so on (0: the same for all). ENDS_S,
# ANSWERS: columns of until when (GOES_ON: as it stands there, else it is put there), and how it ended. BELL: what the
# first thread counts up as it begins.
STEPS_S, STEP_BYTES, ENDS_S, ANSWERS, BELL, GOES_ON, HANDS, WORDS = _OTHERS
FULL, DONE, IN_TROUBLE = range(3)  # how a world ended: it stopped short because its events must be taken, ...
COUNTS_AT = 8 * WORDS
APART = 128  # bytes from one count to the next: no two in a line of the cache, so that no thread waits for another's
PART_END = UNFINISHED = 8  # bytes behind the first count of a part, and behind how many are done


def packed(words: Sequence[int], ends: Sequence[int]) -> array[int]:
    """words: those above, without how many threads there are. ends: where the part of each of them ends."""
    counts = [*zip([0, *ends], ends, strict=False), (0, 0)]
    room = [0] * (APART // 8 - 2)
    return array("q", [*words, len(ends), *(number for pair in counts for number in (*pair, *room))])
