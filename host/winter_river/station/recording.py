"""A run as a file of lines: a header, then inputs, acts, moments and the passing of time, in the order they happened.

Each line is one JSON object. The header names the version; kind `k` tells the others:
  in       t, in: [[node id, own fields, present], ...] given to the engine at once
  moment   t, timeline, name, why, from, hash, own, world (base64 of the compressed engine snapshot)
  act      t, node, command, params, by: a command that was obeyed, and what a person meant
  pace     t, speed, frozen
  time     t: the run has come so far; the last whole line tells how far a killed run came
  end      t, hash: the run was ended in order
`why` of a moment: begin, auto, name, back, load. back and load begin a new timeline; from: the timeline whose past it
shares up to t (0: none). Numbers are written so that they read back to the same bits.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from winter_river.service.messages import Input

VERSION = 1
MAGIC = "winter-river recording"
SUFFIX = ".rec"
BEGIN, AUTO, NAME, BACK, LOAD = "begin", "auto", "name", "back", "load"
NEW_TIMELINE = (BEGIN, BACK, LOAD)
T_S_MAX = 1e12  # no run lasts so long; what says so was not written by us


class RecordingError(ValueError):
    """A recording that cannot be read; the text says why, where, and the cure."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the run was. unix_s: when it began. part: rotated files count from 1."""

    facility: str
    seed: int
    program: str
    unix_s: int
    part: int = 1

    def line(self) -> str:
        """As written."""
        return _line(
            {
                MAGIC: VERSION,
                "program": self.program,
                "seed": self.seed,
                "unix_s": self.unix_s,
                "part": self.part,
                "facility": self.facility,
            }
        )


def input_line(t_s: float, inputs: Sequence[Input]) -> str:
    return _line({"k": "in", "t": t_s, "in": [[each.node_id, each.own, each.present] for each in inputs]})


def act_line(t_s: float, node_id: str, command: str, params: Mapping[str, object], by: str) -> str:
    return _line({"k": "act", "t": t_s, "node": node_id, "command": command, "params": params, "by": by})


def moment_line(
    t_s: float,
    *,
    timeline: int,
    name: str,
    why: str,
    parent: int,
    digest: str,
    own: Sequence[Input],
    packed: bytes,
) -> str:
    return _line(
        {
            "k": "moment",
            "t": t_s,
            "timeline": timeline,
            "name": name,
            "why": why,
            "from": parent,
            "hash": digest,
            "own": [[each.node_id, each.own, each.present] for each in own],
            "world": base64.b64encode(packed).decode(),
        }
    )


def pace_line(t_s: float, *, speed: float, frozen: bool) -> str:
    return _line({"k": "pace", "t": t_s, "speed": speed, "frozen": frozen})


def time_line(t_s: float) -> str:
    return _line({"k": "time", "t": t_s})


def end_line(t_s: float, digest: str) -> str:
    return _line({"k": "end", "t": t_s, "hash": digest})


def _line(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One moment as read back."""

    t_s: float
    timeline: int
    name: str
    why: str
    parent: int
    hash: str
    own: tuple[Input, ...]
    packed: bytes


def read_header(text: str, *, path: str) -> Header:
    """The first line. Raises RecordingError where it is not ours or of a version we do not know."""
    fields = _object(text)
    if fields is None or MAGIC not in fields:
        raise RecordingError(
            f"{path} is not a recording of Winter River\ncure: they end in {SUFFIX}; see winter-river replay"
        )
    if fields[MAGIC] != VERSION:
        program = str(fields.get("program", "another version"))[:40]
        raise RecordingError(
            f"{path} is of format {fields[MAGIC]}; this program reads format {VERSION}\n"
            f"cure: replay it with the Winter River that wrote it ({program})"
        )
    try:
        return Header(
            str(fields["facility"]),
            int(fields["seed"]),
            str(fields["program"]),
            int(fields["unix_s"]),
            int(fields["part"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise RecordingError(f"{path}:1: the header lacks {error}\ncure: the file is damaged; take another") from None


def read_entry(text: str) -> tuple[str, dict[str, Any]] | None:
    """(kind, fields) of a line after the header; None where it is torn or none of ours."""
    fields = _object(text)
    if fields is None or not isinstance(fields.get("t"), (int, float)) or isinstance(fields["t"], bool):
        return None
    if not 0 <= fields["t"] <= T_S_MAX:
        return None
    return str(fields.get("k")), fields


def inputs_of(rows: Sequence[Sequence[Any]]) -> tuple[Input, ...]:
    """Inputs as written. Raises ValueError or TypeError where they are not."""
    return tuple(Input(str(node_id), dict(own), bool(present)) for node_id, own, present in rows)


def recorded_of(fields: Mapping[str, Any]) -> Recorded:
    """A moment line. Raises KeyError, TypeError, ValueError or OverflowError where it is damaged."""
    return Recorded(
        float(fields["t"]),
        int(fields["timeline"]),
        str(fields["name"]),
        str(fields["why"]),
        int(fields["from"]),
        str(fields["hash"]),
        inputs_of(fields["own"]),
        base64.b64decode(fields["world"], validate=True),
    )


def _refused(word: str) -> None:
    """NaN and Infinity, which we never write."""
    raise ValueError(word)


def _object(text: str) -> dict[str, Any] | None:
    if not text.endswith("\n"):
        return None  # torn: the run was killed while it was written
    try:
        fields = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None
