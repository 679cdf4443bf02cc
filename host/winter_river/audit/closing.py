"""Commands that a process left open in the audit when it was killed: found, and closed, with a line of the chain each.

What became of such a command nobody can tell: it may have been obeyed, or never have been sent. It is closed as failed, in
the words of the contract: we do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from winter_river.audit import record
from winter_river.audit.trail import NAME, Trail, parts

PARTS_MAX = 4  # chosen: some 24,000 commands, read in half a second; what is older was open at an earlier start
UNKNOWN = "outcome unknown: whoever sent it ended before the answer came"
_OPEN = (record.PENDING, record.EXECUTING)
_OF_THE_LINE = ("v", "n", "hash")


def open_commands(folder: Path) -> dict[str, dict[str, Any]]:
    """The last line of each command that is pending or executing, by its id, in the order they were asked. Raises
    OSError."""
    found: dict[str, dict[str, Any]] = {}
    for line in _lines(folder):
        if b'"kind":"command"' not in line:
            continue
        facts = record.read(line)
        if facts is None or not isinstance(facts.get("id"), str):
            continue
        if facts.get("state") in _OPEN:
            found[facts["id"]] = facts
        else:
            found.pop(facts["id"], None)
    return found


def close(trail: Trail, is_left: Callable[[Mapping[str, Any]], bool], *, at_s: float) -> int:
    """Closes those open commands that are left by somebody who is no more; how many. Nobody else writes meanwhile.

    at_s: seconds since 1970. Raises AuditError.
    """
    left = trail.append_all(
        lambda: [_closed(facts, at_s) for facts in open_commands(trail.folder).values() if is_left(facts)]
    )
    return len(left)


def _closed(facts: Mapping[str, Any], at_s: float) -> dict[str, Any]:
    kept = {name: value for name, value in facts.items() if name not in _OF_THE_LINE}
    return kept | {"state": record.FAILED, "result": "failed", "error": UNKNOWN, "completed_s": round(at_s, 3)}


def _lines(folder: Path) -> Iterator[bytes]:
    """Without the lock: whoever closes holds it already."""
    for path in [*parts(folder)[-PARTS_MAX:], folder / NAME]:
        if path.exists():
            yield from path.read_bytes().split(b"\n")
