"""Settings of a run while it lasts: shown, changed, applied, and written to the file, in that order or not at all.

A change is one act: every value is checked first, then each part of the run that it concerns takes it, then the file is
written. Where one part refuses, or the disk does, those before it take their old values again and the file stays. What a
running site cannot take is written, and waits for the next start. Whoever changes something names the tag that he saw:
two who change at once do not undo each other unawares.
"""

from __future__ import annotations

import dataclasses
import hashlib
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from winter_river.likeness import meant
from winter_river.settings.fields import FIELDS, GROUPS, PATHS, Field
from winter_river.settings.model import Settings, SettingsError
from winter_river.settings.sources import FILE_BYTES_MAX
from winter_river.settings.writing import edited, save, save_secret

SECRET_LENGTH_MAX = 4_096
SECRETS_FOLDER = "winter-river-secrets"  # beside the settings file
RULES_ENDS = (".yaml", ".yml")  # of a rules file that is named from afar: nobody reads other files by it


class ChangedMeanwhileError(Exception):
    """Somebody else has changed the settings since; says who, and what."""


class RefusedError(Exception):
    """A part of the run cannot take a value; the text has the cure on a line of its own. Nothing was changed."""


class Part(NamedTuple):
    """A part of the run and the settings that concern it. apply: makes new hold instead of old and gives what there is
    to say about it, or raises RefusedError and has changed nothing."""

    names: frozenset[str]
    apply: Callable[[Settings, Settings], str]


class Changed(NamedTuple):
    """What came of a change. applied: what holds now. waits: what is written and holds from the next start on.
    beaten: name -> what will beat the file then. notes: what the parts say."""

    applied: tuple[str, ...]
    waits: tuple[str, ...]
    beaten: Mapping[str, str]
    notes: tuple[str, ...] = ()


class LiveSettings:
    """The settings of one run. Safe from any thread; one change at a time."""

    def __init__(
        self,
        settings: Settings,
        *,
        file: Path,
        given: Mapping[str, str] | None = None,
        parts: Sequence[Part] = (),
        trusted: bool = False,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """file: where changes are written, there or not. given: name -> the option or variable that it came from, which
        beats the file. trusted: whoever changes them may read the files that he names anyway, as at a terminal."""
        self._trusted = trusted
        self._settings, self.file, self._given, self._wall = settings, file, dict(given or {}), wall
        self._parts = list(parts)
        self._waits: dict[str, object] = {}  # written, and not applied before the next start
        self._last: tuple[str, float, tuple[str, ...]] | None = None
        self._lock = threading.Lock()

    @property
    def now(self) -> Settings:
        """What holds."""
        return self._settings

    def add(self, part: Part) -> None:
        """A part of the run that has come later. Order counts: parts are applied as they were added."""
        self._parts.append(part)

    def facts(self) -> dict[str, Any]:
        """Everything a form shows, as plain values; a secret is in none of them, only the name of its file."""
        with self._lock:
            last = self._last
            return {
                "tag": self._tag(),
                "file": str(self.file),
                "groups": list(GROUPS),
                "fields": [self._told(field) for field in FIELDS.values()],
                "last": None if last is None else {"by": last[0], "unix_s": last[1], "names": list(last[2])},
            }

    def change(
        self, values: Mapping[str, object], *, tag: str, by: str = "", secrets: Mapping[str, str] | None = None
    ) -> Changed:
        """Makes these values hold. tag: of the facts that whoever asks saw, "" to change whatever holds. secrets: name of
        a setting that names a file -> the secret, which is put in one.

        Raises SettingsError with every fault of the values, ChangedMeanwhileError, RefusedError.
        """
        with self._lock:
            if tag and tag != self._tag():
                raise ChangedMeanwhileError(self._meanwhile())
            checked = self._checked(values, secrets or {})
            kept = self._keep(secrets or {})
            checked.update({name: str(path) for name, path in kept.items()})
            try:
                return self._change(checked, by)
            except BaseException:
                for path in kept.values():
                    path.unlink(missing_ok=True)
                raise

    def _change(self, checked: Mapping[str, object], by: str) -> Changed:
        # A value that is set again is applied again: that is how a rules file or a secret is read anew.
        live = {name: value for name, value in checked.items() if FIELDS[name].is_live}
        old, new = self._settings, dataclasses.replace(self._settings, **live)  # type: ignore[arg-type]  # as read
        before = self._text()
        try:
            text = edited(before, checked)
        except ValueError as error:
            raise RefusedError(f"{self.file}: {error}") from error
        notes = self._apply(old, new, frozenset(live))
        try:
            save(self.file, text)
        except OSError as error:
            stuck = _take_back([part for part in self._parts if part.names & live.keys()], old, new)
            cure = f"make {error.filename or self.file} writable, or make room on its disk"
            raise RefusedError(f"{self.file}: {error.strerror or error}\ncure: {cure}\n{stuck}".strip()) from error
        self._settings = new
        self._waits.update({name: value for name, value in checked.items() if name not in live})
        for name in [name for name, value in self._waits.items() if value == getattr(new, name)]:
            del self._waits[name]
        self._last = (by, self._wall(), tuple(checked))
        self._forget_secrets(old, checked)
        waits = tuple(name for name in checked if name in self._waits)
        beaten = {name: self._given[name] for name in checked if name in self._given}
        return Changed(tuple(live), waits, beaten, notes)

    def _apply(self, old: Settings, new: Settings, names: frozenset[str]) -> tuple[str, ...]:
        done: list[Part] = []
        notes = []
        for part in self._parts:
            if not names & part.names:
                continue
            try:
                notes.append(part.apply(old, new))
            except RefusedError as error:
                stuck = _take_back(done, old, new)
                if stuck:
                    raise RefusedError(f"{error}\n{stuck}") from error
                raise
            done.append(part)
        return tuple(note for note in notes if note)

    def _checked(self, values: Mapping[str, object], secrets: Mapping[str, str]) -> dict[str, object]:
        """The values as settings have them. Raises SettingsError with every fault."""
        faults, found = [], {}
        for name in [*values, *secrets]:
            if name not in FIELDS:
                faults.append(f"{name} is not a setting{meant(name, list(FIELDS))}")
        for name, value in values.items():
            if name not in FIELDS:
                continue
            field = FIELDS[name]
            try:
                found[name] = field.read(value)
                if name in PATHS and found[name]:
                    found[name] = str(self.file.parent / Path(str(found[name])).expanduser())
                self._guard(field, found[name])
            except ValueError as error:
                faults.append(f"{name} = {value!r} {error}")
        for name, secret in secrets.items():
            if name in FIELDS and FIELDS[name].form != "secret":
                faults.append(f"{name} names no secret")
            elif not secret or len(secret) > SECRET_LENGTH_MAX or not secret.isprintable() or not secret.isascii():
                faults.append(f"{name}: the secret is not one line of 1 to {SECRET_LENGTH_MAX} plain letters")
        if faults:
            raise SettingsError(faults)
        return found

    def _guard(self, field: Field, value: object) -> None:
        """Whoever changes settings from afar must not have us read, and send on, files of this machine."""
        if self._trusted:
            return
        if field.form == "secret" and value not in ("", getattr(self._settings, field.name)):
            raise ValueError("is a file of this machine; give the secret itself, or name the file in the settings file")
        if field.name == "alarms" and value and not str(value).endswith(RULES_ENDS):
            raise ValueError(f"is no rules file: its name ends in {' or '.join(RULES_ENDS)}")

    def _keep(self, secrets: Mapping[str, str]) -> dict[str, Path]:
        try:
            return {name: save_secret(self.file.parent / SECRETS_FOLDER, name, each) for name, each in secrets.items()}
        except OSError as error:
            raise RefusedError(
                f"{error.filename}: {error.strerror or error}\ncure: make its folder writable"
            ) from error

    def _forget_secrets(self, old: Settings, checked: Mapping[str, object]) -> None:
        """Secrets of ours that no setting names any more."""
        for name, value in checked.items():
            former = Path(str(getattr(old, name)))
            if FIELDS[name].form == "secret" and str(former) != value and former.parent.name == SECRETS_FOLDER:
                former.unlink(missing_ok=True)

    def _text(self) -> str:
        try:
            with self.file.open("rb") as file:
                raw = file.read(FILE_BYTES_MAX + 1)
            if len(raw) > FILE_BYTES_MAX:
                raise ValueError(f"larger than {FILE_BYTES_MAX} bytes")
            text = raw.decode()
            tomllib.loads(text)
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            what = getattr(error, "strerror", None) or error
            raise RefusedError(f"{self.file}: {what}\ncure: mend it by hand, then try again") from error
        return text

    def _tag(self) -> str:
        """Another one whenever what holds or the file is another."""
        try:
            written = self.file.read_bytes()[: FILE_BYTES_MAX + 1]
        except OSError:
            written = b""
        return hashlib.sha256(repr(self._settings).encode() + written).hexdigest()[:16]

    def _meanwhile(self) -> str:
        if self._last is None:
            return f"the settings have changed meanwhile, in {self.file}"
        by, _, names = self._last
        return f"the settings have changed meanwhile: {by or 'somebody'} has changed {', '.join(names)}"

    def _told(self, field: Field) -> dict[str, Any]:
        name = field.name
        return {
            "name": name,
            "title": field.title,
            "group": field.group,
            "form": field.form,
            "words": field.words,
            "value": getattr(self._settings, name),
            "default": field.default,
            "choices": list(field.limits.choices),
            "low": field.limits.low if field.form == "whole" else None,
            "high": field.limits.high if field.form == "whole" else None,
            "unit": field.unit,
            "live": field.is_live,
            "restart": field.restart,
            "waits": self._waits.get(name),
            "beaten_by": self._given.get(name, ""),
        }


def _take_back(parts: Sequence[Part], old: Settings, new: Settings) -> str:
    """Has parts take their old values again, the last first; what of that failed, in words, or ""."""
    stuck = []
    for part in reversed(parts):
        try:
            part.apply(new, old)
        except RefusedError as error:
            what = str(error).partition("\n")[0]
            stuck.append(f"and {', '.join(sorted(part.names))} could not go back: {what}")
    return "; ".join(stuck)
