"""Durations as people write them: 500ms, 10s, 1m30s, 2h; a bare number is seconds."""

from __future__ import annotations

import re

DURATION_S_MAX = 366 * 86400.0  # chosen: a year; longer runs are studies
_PARTS = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII)
_PLAIN = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_SECONDS = (3600.0, 60.0, 1.0, 0.001)


def duration_s(text: str) -> float:
    """Seconds of a duration such as `1m30s`, to the millisecond.

    Raises ValueError, naming the forms, for anything else, and for more than a year.
    """
    word = text.strip()
    if _PLAIN.fullmatch(word):
        seconds = float(word)
    else:
        match = _PARTS.fullmatch(word)
        if match is None or not word:
            raise ValueError(f"{text!r} is not a duration; write 10s, 1m30s, 500ms or a number of seconds")
        seconds = sum(float(part) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part)
    if seconds > DURATION_S_MAX:
        raise ValueError(f"{text!r} is longer than a year")
    return round(seconds, 3)
