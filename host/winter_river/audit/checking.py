"""Whether an audit is whole: every line of every part follows from the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from winter_river.audit import record
from winter_river.audit.trail import NAME, held_for_reading, number_of, parts


@dataclass(frozen=True, slots=True)
class Verdict:
    """fault: the first bad line as `file:line: what`, "" where all is well. head: the last hash, which vouches for all
    before it. since: what it begins after, "" where it is there from its first line. notes: what a reader should know."""

    lines: int
    parts: int
    head: str
    fault: str = ""
    notes: tuple[str, ...] = ()


def verify(folder: Path, *, kept_hash: str = "") -> Verdict:
    """Checks all parts there are. kept_hash: one that was kept elsewhere and must be in the chain, "" for none."""
    with held_for_reading(folder):
        files = parts(folder)
        if (folder / NAME).exists():
            files.append(folder / NAME)
        texts = [(path, path.read_bytes()) for path in files]
    number, previous, lines, found_kept = 0, record.GENESIS, 0, not kept_hash
    notes: list[str] = []
    part = 0
    for path, text in texts:
        whole, _, torn = text.rpartition(b"\n")
        for place, line in enumerate(whole.split(b"\n") if whole else [], start=1):
            if lines == 0 or place == 1:
                beginning = record.read(line) or {}
                fault = _part_fault(path, beginning, after=part, previous=previous if lines else "")
                if fault:
                    return Verdict(lines, len(texts), previous, f"{path.name}:{place}: {fault}", tuple(notes))
                part = beginning["part"]
                if lines == 0 and part > 1:
                    number, previous = beginning["n"] - 1, beginning["previous"]
                    notes.append(f"begins with part {part}: parts 1 to {part - 1} are not here")
            fault = record.fault_of(line, number=number + 1, previous=previous)
            if fault:
                return Verdict(lines, len(texts), previous, f"{path.name}:{place}: {fault}", tuple(notes))
            facts = record.read(line)
            assert facts is not None
            if facts["kind"] == record.TORN:
                notes.append(f"{path.name}:{place}: a crash left {facts['bytes']} bytes here, set aside in torn.bin")
            number, previous, lines = number + 1, facts["hash"], lines + 1
            found_kept = found_kept or previous == kept_hash
        if torn and path.name == NAME:
            notes.append(f"{path.name}: a crash left {len(torn)} bytes at its end; the next command sets them aside")
        elif torn:
            place = whole.count(b"\n") + 2
            return Verdict(lines, len(texts), previous, f"{path.name}:{place}: is torn", tuple(notes))
    if not found_kept:
        fault = f"no line has the hash {kept_hash}: the end has been cut off, or all of it written anew"
        return Verdict(lines, len(texts), previous, fault, tuple(notes))
    return Verdict(lines, len(texts), previous, "", tuple(notes))


def _part_fault(path: Path, beginning: dict[str, object], *, after: int, previous: str) -> str:
    """What is wrong with the first line of a part. previous: the hash it must carry over, "" where it is the first."""
    if beginning.get("kind") != record.BEGIN or not isinstance(beginning.get("part"), int):
        return "is not the beginning of a part"
    if previous and beginning["part"] != after + 1:
        return f"is of part {beginning['part']}, and part {after} is before it: a part is missing"
    if previous and beginning.get("previous") != previous:
        return "does not follow from the part before it"
    if path.name != NAME and number_of(path) != beginning["part"]:
        return f"is of part {beginning['part']}, and its file is called {path.name}"
    return ""
