"""What a value of a setting may look like: a reader for each form, from what a file, a variable or a page gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from winter_wire import topics

from winter_river.settings.model import BROKER_KINDS

DURATION = re.compile(r"\d{1,6}(\.\d{1,3})?[smhd]")
MINUTE_S, DURATION_S_MAX = 60.0, 36_500 * 86_400.0
TEXT_LENGTH_MAX = 500  # chosen: longer than any path or address that somebody types
_FLAG_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class Limits(NamedTuple):
    """Beside the form. choices: the words there are. low, high: of a whole number, both included."""

    choices: Sequence[str] = ()
    low: int = 0
    high: int = 0


def duration_s(text: str) -> float:
    """Seconds of a setting such as 7d."""
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[text[-1]]


def read(form: str, value: object, limits: Limits) -> object:
    """The value as the settings have it. Raises ValueError saying what it is not; the name stands before it."""
    if isinstance(value, str) and len(value) > TEXT_LENGTH_MAX:
        raise ValueError(f"is longer than {TEXT_LENGTH_MAX} letters")
    return _READERS[form](value, limits)


def _text(value: object, _limits: Limits) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is not a word")
    return value.strip()


def _choice(value: object, limits: Limits) -> str:
    text = str(value).strip() if isinstance(value, (str, float)) else ""
    if text not in limits.choices:
        raise ValueError(f"is none of {', '.join(limits.choices)}")
    return text


def _broker(value: object, limits: Limits) -> str:
    text = _text(value, limits)
    if text not in BROKER_KINDS and not re.fullmatch(r"mqtts?://[^/\s:]+(:\d{1,5})?/?", text):
        raise ValueError(f"is none of {', '.join(BROKER_KINDS)}, mqtt://host:port, mqtts://host:port")
    return text


def _path(value: object, _limits: Limits) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("is not a path")
    return value.strip()


def _root(value: object, _limits: Limits) -> str:
    if not topics.is_root(value):
        raise ValueError("is not a topic root: small letters, digits, - and _, parts joined by /, 40 letters at most")
    return str(value)


def _address(value: object, _limits: Limits) -> str:
    text = value.strip() if isinstance(value, str) else "?"
    if text and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text):
        raise ValueError("is not an IPv4 address such as 192.168.4.1")
    return text


def _whole(value: object, limits: Limits) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not limits.low <= value <= limits.high:
        raise ValueError(f"is not a whole number from {limits.low} to {limits.high}")
    return value


def _flag(value: object, _limits: Limits) -> bool:
    word = str(value).strip().lower() if isinstance(value, (str, bool)) else ""
    if word not in _FLAG_WORDS:
        raise ValueError("is not true or false")
    return _FLAG_WORDS[word]


def _url(value: object, _limits: Limits) -> str:
    text = value.strip() if isinstance(value, str) else "?"
    if text and not re.fullmatch(r"https?://[^/\s@]+(/\S*)?", text):
        raise ValueError("is not an address such as http://127.0.0.1:8086; a password goes into a file")
    return text


def _duration(value: object, _limits: Limits) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not DURATION.fullmatch(text) or not MINUTE_S <= duration_s(text) <= DURATION_S_MAX:
        raise ValueError("is not a duration from 1m to 36500d, such as 90m, 12h, 7d")
    return text


def _timezone(value: object, _limits: Limits) -> str:
    text = value.strip() if isinstance(value, str) else "?"
    if text:
        import zoneinfo  # here, not above: `--help` never needs it

        try:
            zoneinfo.ZoneInfo(text)
        except (KeyError, ValueError, OSError):  # no such zone, or a name that is a path
            cure = "Europe/Berlin, or UTC" if zoneinfo.available_timezones() else "UTC; others need: apt install tzdata"
            raise ValueError(f"is not a time zone of this machine, such as {cure}") from None
    return text


_READERS: Mapping[str, Callable[[object, Limits], object]] = {
    "text": _text,
    "choice": _choice,
    "broker": _broker,
    "path": _path,
    "secret": _path,
    "words": _path,  # letters as they come, or none
    "root": _root,
    "address": _address,
    "whole": _whole,
    "flag": _flag,
    "url": _url,
    "duration": _duration,
    "timezone": _timezone,
}
