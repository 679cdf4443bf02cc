"""What alarms outlive the process by: one small file, whole and synced to the disk before anybody is told `done`.

It holds what persons have done (acknowledged, shelved, taken out of service) and which alarms stood, consequences for
whoever reads it: they are judged anew. A new file takes the
old one's place by renaming, so a power cut or a kill leaves the one or the other and never half of one. It carries a
version: one that is not known is refused with the cure, and left as it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from winter_river.alerts import states
from winter_river.alerts.model import PRIORITIES, Alarm, Moment, Rule, key_of, name_of

VERSION = 1
BYTES_MAX = 20_000_000  # chosen: a thousand bytes of each alarm that a book may hold


class UnreadableError(ValueError):
    """A file that cannot be used; the text has the cure."""


class Memory:
    """One file. failed: how often it could not be written; fault: why, the last time, or ""."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failed = 0
        self.fault = ""

    def read(self, rules: Mapping[str, Rule], moment: Moment) -> list[Alarm]:
        """The alarms that were kept, on this process's clocks; [] where there is no file. Those of rules that there are
        no more are left out. Raises UnreadableError for a file that cannot be used."""
        try:
            with self.path.open("rb") as file:
                data = file.read(BYTES_MAX + 1)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UnreadableError(
                f"{self.path}: {error.strerror or error}\ncure: make it readable, or delete it"
            ) from error
        return parse(data, rules, moment, path=str(self.path))

    def write(self, alarms: Iterable[Alarm], moment: Moment) -> bool:
        """Keeps these alarms; whether they are on the disk. A disk that is full costs the memory alone."""
        fresh = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(text_of(alarms, moment).encode())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            self.failed += 1
            self.fault = f"alarms are not kept: {self.path}: {error.strerror or error}"
            return False
        self.fault = ""
        return True


def text_of(alarms: Iterable[Alarm], moment: Moment) -> str:
    """The file. Times are seconds since 1970: the steady clock ends with its machine's run."""
    rows = [_row(alarm, moment) for alarm in alarms if alarm.state != states.NORMAL]
    return json.dumps({"winter_river_alarms": VERSION, "alarms": rows}, ensure_ascii=False, indent=0) + "\n"


def _row(alarm: Alarm, moment: Moment) -> dict[str, Any]:
    return {
        "rule": alarm.rule.id,
        "node_id": alarm.node_id,
        "state": alarm.state,
        "active": alarm.active,
        "priority": alarm.priority,
        "message": alarm.message,
        "count": alarm.count,
        "by": alarm.by,
        "reason": alarm.reason,
        "began_unix_s": alarm.began.unix_s,
        "changed_unix_s": alarm.changed.unix_s,
        "root": name_of(alarm.root) if alarm.root else "",
        "known": [name_of(key) for key in alarm.known],
        "until_unix_s": moment.unix_s + alarm.until_s - moment.steady_s if alarm.state == states.SHELVED else 0.0,
    }


def parse(data: bytes, rules: Mapping[str, Rule], moment: Moment, *, path: str) -> list[Alarm]:
    """The alarms of a file; see Memory.read."""
    cure = f"\ncure: move {path} away; what was acknowledged and shelved is then forgotten"
    if len(data) > BYTES_MAX:
        raise UnreadableError(f"{path}: larger than {BYTES_MAX} bytes{cure}")
    try:
        fields: Any = json.loads(data)
        version = fields["winter_river_alarms"]
    except (ValueError, KeyError, TypeError):
        raise UnreadableError(f"{path}: is no file of alarms{cure}") from None
    if version != VERSION:
        raise UnreadableError(
            f"{path}: is of version {version!r}; this program knows {VERSION}{cure}, or use the program that wrote it"
        )
    try:
        return [_alarm(row, rules[row["rule"]], moment) for row in fields["alarms"] if row["rule"] in rules]
    except (KeyError, TypeError, ValueError):
        raise UnreadableError(f"{path}: has an alarm that cannot be read{cure}") from None


def _alarm(row: Mapping[str, Any], rule: Rule, moment: Moment) -> Alarm:
    if row["state"] not in states.STATES or row["priority"] not in PRIORITIES:
        raise ValueError(row["state"])

    def then(unix_s: float) -> Moment:
        # Engine time begins anew with each run; what was before it was at its beginning.
        return Moment(moment.steady_s - (moment.unix_s - float(unix_s)), 0.0, float(unix_s))

    return Alarm(
        rule=rule,
        node_id=str(row["node_id"]),
        began=then(row["began_unix_s"]),
        changed=then(row["changed_unix_s"]),
        state=row["state"],
        active=bool(row["active"]),
        priority=row["priority"],
        message=str(row["message"]),
        count=int(row["count"]),
        by=str(row["by"]),
        reason=str(row["reason"]),
        # Files of version 1 had no `known` and `root` at first: without them it is as if nothing had been known.
        known=tuple(key_of(str(name)) for name in row.get("known", ())),
        until_s=moment.steady_s + float(row["until_unix_s"]) - moment.unix_s,
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
