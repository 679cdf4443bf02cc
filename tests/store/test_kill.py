"""A process that keeps a history is killed at any moment: what it called kept is there, once, and it goes on."""

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name("kill_worker.py")
NODES = 3
KEPT_MAX, MOMENT_S_MAX = 3, 0.02  # chosen: a few commits, and then a time in which there may be some more


class Killed:
    """Kills a writer again and again; every writer sends again what its forerunner had not confirmed."""

    def __init__(self, path: Path, rng: random.Random) -> None:
        self.path, self.rng = path, rng
        self.acked = 0

    def once(self) -> None:
        """Starts, kills after some of its work, reads what it had confirmed."""
        with subprocess.Popen(
            [sys.executable, str(WORKER), str(self.path), str(self.acked)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == "ready\n"
                # Some work, so that it is always somewhere in the middle, however slow the machine; then at any moment.
                lines = [process.stdout.readline() for _ in range(self.rng.randint(0, KEPT_MAX))]
                time.sleep(self.rng.uniform(0.0, MOMENT_S_MAX))
            finally:
                process.kill()
            lines += process.stdout.read().splitlines(keepends=True)
        for line in lines:
            if line.endswith("\n"):  # the last one may be torn, and is then not confirmed
                self.acked = int(line)

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
    killed = Killed(folder / "site.sqlite3", random.Random(seed))
    for number in range(count):
        killed.once()
        killed.check(f"seed {seed}, kill {number}")
    assert killed.acked > count / 10, f"seed {seed}: the writers hardly ever worked"


def test_no_kill_loses_a_kept_row_or_doubles_one(tmp_path: Path) -> None:
    kill(tmp_path, 10)


@pytest.mark.soak
def test_a_thousand_kills_lose_no_kept_row_and_double_none(tmp_path: Path) -> None:
    kill(tmp_path, 1_000)
