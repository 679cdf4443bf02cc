"""Processes that are killed while they write the audit: nothing that was said to be written is lost, and the chain is whole."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from winter_river.audit import verify
from winter_river.audit.reading import LAST_MAX, latest

PART_BYTES = 3_000  # so that parts change under the writers, too, on a disk however slow: ten lines are more
WRITER = """
import sys
from pathlib import Path
from winter_river.audit import Trail
trail, name = Trail(Path(sys.argv[1]), part_bytes_max=int(sys.argv[3])), sys.argv[2]
facts = {"kind": "command", "node": "x", "verb": "open", "params": {}, "by": "", "door": "", "address": "", "priority": 8,
         "state": "pending", "created_s": 1.0, "executed_s": None, "completed_s": None, "result": "", "error": ""}
for number in range(100_000):
    trail.append(facts | {"id": f"{name}-{number}"})
    print(f"{name}-{number}", flush=True)
"""


def write(folder, name):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, folder, name, str(PART_BYTES)], stdout=subprocess.PIPE, text=True
    )


def kills(folder, seed, count):
    rng, told = random.Random(seed), []
    for number in range(count):
        writers = [write(folder, f"w{number}{letter}") for letter in "ab"]  # two at once: they share the lock
        first = [writer.stdout.readline().strip() for writer in writers]
        time.sleep(rng.uniform(0.001, 0.05))
        for writer in rng.sample(writers, 2):
            os.kill(writer.pid, signal.SIGKILL)
        for writer, line in zip(writers, first, strict=True):
            whole = [text.strip() for text in writer.stdout if text.endswith("\n")]
            told += [line, *whole]
            writer.wait()
            writer.stdout.close()
    return told


def check(folder, told, seed):
    verdict = verify(folder)
    assert verdict.fault == "", f"seed {seed}: {verdict.fault}"
    kept = [row.id for row in latest(folder, last=LAST_MAX)]
    assert len(told) < LAST_MAX
    assert len(kept) == len(set(kept)), f"seed {seed}: twice in the audit"
    assert set(told) <= set(kept), f"seed {seed}: lost {sorted(set(told) - set(kept))[:5]}"
    assert verdict.parts > 1, f"seed {seed}: {verdict}"
    return verdict


def test_nothing_that_was_said_to_be_written_is_lost_by_a_kill(tmp_path):
    told = kills(tmp_path, 1, 5)
    check(tmp_path, told, 1)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(2))
def test_nothing_is_lost_by_hundreds_of_kills(tmp_path, part):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    folder_number, left = 0, 100  # of two writers each
    while left:
        folder_number += 1
        told = kills(tmp_path / str(folder_number), seed + folder_number, 10)
        check(tmp_path / str(folder_number), told, seed)
        left -= 10
