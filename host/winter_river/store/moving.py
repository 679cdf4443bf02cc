"""A store as a file: copied while a run writes to it, and put in another's place."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from winter_river.store import reading, tables
from winter_river.store.tables import StoreError
from winter_river.store.writing import lock

NEW, BEFORE = ".new", ".before-restore"
KEPT_MAX = 100  # former stores beside a store; whoever has so many has forgotten them
_LOG_ENDS = ("-wal", "-shm")


def backup(store: Path, to: Path) -> None:
    """Copies a store into a file of its own, whole and at one moment, also while a run writes to it.

    A file that is there is replaced once the copy is complete. Its folder must be there: one that is missing is most
    often a disk that is not plugged in, and a copy beside the store would save nothing. Raises StoreError, and OSError
    naming a file.
    """
    if not to.parent.is_dir():
        raise StoreError(f"{to.parent} is no folder\ncure: plug its disk in, or mkdir -p {to.parent}")
    fresh = to.with_name(to.name + NEW)
    fresh.unlink(missing_ok=True)
    with reading.opened(store) as source:
        _copy(source, fresh)
    fresh.replace(to)


def restore(copy: Path, store: Path) -> Path | None:
    """Puts a copy in a store's place; where the former one is now, None where there was none.

    Raises StoreError where a run writes to the store, and for a copy that is none or damaged: then nothing is changed.
    """
    with reading.opened(copy, copy=True) as source:
        try:
            (verdict,) = source.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            verdict = str(error)
        if verdict != "ok":
            raise StoreError(f"{copy} is damaged: {verdict}\ncure: take an older copy")
        store.parent.mkdir(parents=True, exist_ok=True)
        handle = lock(store)
        try:
            fresh = store.with_name(store.name + NEW)
            fresh.unlink(missing_ok=True)
            _copy(source, fresh)
            if os.geteuid() == 0:  # what root puts there belongs to the service that goes on writing it
                owner = store.parent.stat()
                os.chown(fresh, owner.st_uid, owner.st_gid)
            before = _set_aside(store)
            fresh.replace(store)
        finally:
            os.close(handle)
    return before


def _copy(source: sqlite3.Connection, to: Path) -> None:
    with closing(sqlite3.connect(to)) as target:
        source.backup(target)
        # One file, without a log beside it, that can be carried away.
        target.execute("PRAGMA journal_mode = DELETE")
        target.execute(f"PRAGMA application_id = {tables.APPLICATION_ID}")


def _set_aside(store: Path) -> Path | None:
    """Moves a store out of the way with its log, which may hold what the file does not yet; beside those of earlier times:
    whoever restores a wrong copy first must not lose the real one with the second."""
    if not store.exists():
        return None
    names = [store.name + BEFORE, *(f"{store.name}{BEFORE}-{number}" for number in range(2, KEPT_MAX + 1))]
    before = next((path for path in map(store.with_name, names) if not path.exists()), None)
    if before is None:
        raise StoreError(f"{KEPT_MAX} former histories are beside {store}\ncure: delete those that nobody needs")
    for end in ("", *_LOG_ENDS):
        old, kept = Path(f"{store}{end}"), Path(f"{before}{end}")
        kept.unlink(missing_ok=True)
        if old.exists():
            old.replace(kept)
    return before
