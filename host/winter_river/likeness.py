"""The known word that somebody may have meant: one answer for files, settings and the terminal. Pure."""

import difflib
from collections.abc import Iterable
from itertools import islice

LIKENESS_MIN = 0.5  # chosen: below half of the letters in common a guess is no help
COMPARED_MAX = 2000  # chosen: known words looked through for a hint, which is not worth a wait
LETTERS_MAX = 60  # of the word that are compared; chosen: no name of ours is longer


def most_like(word: str, known: Iterable[str]) -> str:
    """The known word most like this one, whatever its capitals (the first of equals); "" where none is close."""
    matcher = difflib.SequenceMatcher()
    matcher.set_seq2(word[:LETTERS_MAX].lower())
    best, found = LIKENESS_MIN, ""
    for name in islice(known, COMPARED_MAX):
        matcher.set_seq1(name.lower())
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and matcher.ratio() > best:
            best, found = matcher.ratio(), name
    return found


def meant(word: str, known: Iterable[str]) -> str:
    """ " (did you mean X?)" to stand behind a wrong word, or "" where no known one is close."""
    found = most_like(word, known)
    return f" (did you mean {found}?)" if found else ""
