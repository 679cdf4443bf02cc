"""The settings file with some values changed: comments, order and everything else in it stay.

There is no library in Python's own that writes TOML. A settings file is flat, `name = value` a line, so a line is
changed or added; the result is parsed again, and where it does not say exactly what was meant nothing is written.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MODE_NEW = 0o644  # a settings file holds no secret
MODE_SECRET = 0o600
_LINE = r"""^[ \t]*["']?{name}["']?[ \t]*="""


def edited(text: str, changes: Mapping[str, object]) -> str:
    """The text of a settings file with these values. Raises ValueError where that cannot be done without harm."""
    lines = text.splitlines()
    wanted: dict[str, Any] = {**tomllib.loads(text), **changes}
    for name, value in changes.items():
        line = f"{name} = {_toml(value)}"
        pattern = re.compile(_LINE.format(name=re.escape(name)))
        places = [number for number, old in enumerate(lines) if pattern.match(old)]
        if places:
            old = lines[places[0]]
            lines[places[0]] = line + _comment(old[old.index("=") + 1 :])
        else:
            lines.append(line)
    fresh = "\n".join(lines) + "\n"
    try:
        same = tomllib.loads(fresh) == wanted
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        names = ", ".join(changes)
        raise ValueError(f"{names} cannot be changed here without harm to the rest\ncure: change it by hand")
    return fresh


def save(path: Path, text: str, *, mode: int = MODE_NEW) -> None:
    """Puts a text in a file's place: after a power cut there is the old one or the new one, whole. mode: of a new
    file; one that is there keeps its own. Raises OSError."""
    path = path.resolve()  # a link to a file elsewhere stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        old = path.stat()
    except FileNotFoundError:
        old = None
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if old is not None:
                os.fchmod(file.fileno(), old.st_mode & 0o7777)
                if os.geteuid() == 0:
                    os.fchown(file.fileno(), old.st_uid, old.st_gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save_secret(folder: Path, name: str, text: str) -> Path:
    """Keeps a secret in a new file of the folder that nobody but we may read; its path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{name}-{secrets.token_hex(4)}"
    save(path, text + "\n", mode=MODE_SECRET)
    return path


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)


def _comment(rest: str) -> str:
    """The comment behind a value, with the blanks before it; "" where there is none."""
    quote = ""
    for place, letter in enumerate(rest):
        if quote:
            quote = "" if letter == quote and rest[place - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return rest[len(rest[:place].rstrip()) :]
    return ""
