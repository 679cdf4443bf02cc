"""A process that keeps a history is killed at any moment: what it called kept is there, once, and it goes on."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import pytest

WORKER = Path(__file__).with_name("kill_worker.py")
NODES = 3
KEPT_MAX, MOMENT_S_MAX = 3, 0.02  # chosen: a few commits, and then a time in which there may be some more


class Killed:
    """Kills a writer again and again; every writer sends again what its forerunner had not confirmed."""

    def __init__(self, path: Path, rng: random.Random) -> None:
        self.path, self.rng = path, rng
        self.acked, self._writer = 0, 0
        self._nursery = subprocess.Popen(
            [sys.executable, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._writer:  # where a claim did not hold it may live
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._writer, signal.SIGKILL)
        self._nursery.kill()
        self._nursery.communicate()

    def once(self) -> None:
        """Begets, kills after some of its work, reads what it had confirmed."""
        assert self._nursery.stdin is not None and self._nursery.stdout is not None
        self._nursery.stdin.write(f"{self.path}\t{self.acked}\n")
        self._nursery.stdin.flush()
        ready, pid = self._nursery.stdout.readline().split()
        assert ready == "ready"
        self._writer = int(pid)
        # Some work, so that it is always somewhere in the middle, however slow the machine; then at any moment.
        lines = [self._nursery.stdout.readline() for _ in range(self.rng.randint(0, KEPT_MAX))]
        time.sleep(self.rng.uniform(0.0, MOMENT_S_MAX))
        os.kill(self._writer, signal.SIGKILL)
        lines += iter(self._nursery.stdout.readline, "over\n")
        self._writer = 0
        # Its last line may be torn, and is then not confirmed: what ends it is the nursery's.
        self.acked = max([self.acked, *map(int, filter(str.strip, lines[:-1]))])

    def check(self, where: str) -> None:
        with sqlite3.connect(self.path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), where
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'raw_ups'").fetchone():
                assert not self.acked, where  # it was killed before it had kept anything
                return
            found = connection.execute(
                "SELECT node_id, count(*), count(DISTINCT seq), max(seq) FROM raw_ups JOIN node ON id = _node "
                "WHERE seq IS NOT NULL GROUP BY 1"
            ).fetchall()
        assert len(found) == NODES * (self.acked > 0) or not self.acked, where
        for node_id, rows, numbers, newest in found:
            assert rows == numbers, f"{where}: {node_id} has {rows - numbers} duplicates"
            assert rows == newest >= self.acked, f"{where}: {node_id} has {rows} rows up to {newest}; {self.acked} kept"


def kill(folder: Path, count: int) -> None:
    seed = random.randrange(2**32)
    with Killed(folder / "site.sqlite3", random.Random(seed)) as killed:
        for number in range(count):
            killed.once()
            killed.check(f"seed {seed}, kill {number}")
    assert killed.acked > count / 10, f"seed {seed}: the writers hardly ever worked"


def test_no_kill_loses_a_kept_row_or_doubles_one(tmp_path: Path) -> None:
    kill(tmp_path, 10)


@pytest.mark.soak(60)
def test_a_thousand_kills_lose_no_kept_row_and_double_none(tmp_path: Path) -> None:
    kill(tmp_path, 1_000)
