"""The fencing number of commands: it rises with each start of the service, so that an older one is obeyed no longer."""

from __future__ import annotations

from pathlib import Path

from winter_wire import schema

from winter_river.protect import folder as private
from winter_river.protect.errors import ProtectError

FILE = "epoch"


def now(secrets_folder: Path) -> int:
    """The number of the last start, 0 before the first. Raises ProtectError for a file that holds none."""
    path = secrets_folder / FILE
    if not path.exists():
        return 0
    text = private.read(path).decode(errors="replace").strip()
    if not text.isdecimal() or not 0 <= int(text) < schema.COUNT_MAX:
        raise ProtectError(
            f"{path} holds no number from 0 to {schema.COUNT_MAX - 1}",
            f"write the highest epoch of the audit into it: echo NUMBER > {path}",
        )
    return int(text)


def raised(secrets_folder: Path) -> int:
    """One more than ever before, on disk before anybody sees it. Raises ProtectError."""
    with private.locked(secrets_folder):
        number = now(secrets_folder) + 1
        private.write(secrets_folder / FILE, f"{number}\n".encode())
    return number
