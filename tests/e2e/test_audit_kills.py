"""A process that commands is killed at any moment, over a real broker with a real node: the audit loses nothing, twice nothing."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from winter_river.audit import Trail, verify
from winter_river.audit.reading import LAST_MAX, latest
from winter_river.emulator import Fleet
from winter_river.facility import load_facility
from winter_river.service.client import BusClient

COMMANDER = """
import sys
from pathlib import Path
from winter_river.audit import Trail
from winter_river.service.client import BusClient
with BusClient(sys.argv[1], audit=Trail(Path(sys.argv[2]))) as client:
    for number in range(100_000):
        ack = client.send("srv_a", "set_load", {"power_kw": float(number % 90 + 1)}, by="child")
        print(ack.id, ack.result, flush=True)
"""


def commander(url, folder):
    return subprocess.Popen([sys.executable, "-c", COMMANDER, url, folder], stdout=subprocess.PIPE, text=True)


def kill_and_check(brokers, folder, seed, count):
    """Children that command are killed, while we command too, on the same audit."""
    rng, told = random.Random(seed), {}
    facility = load_facility("seed-8")
    with Fleet(facility, brokers.url, seed=1), BusClient(brokers.url, audit=Trail(folder)) as ours:
        for _ in range(count):
            child = commander(brokers.url, folder)
            lines = [child.stdout.readline()]
            end_s = time.monotonic() + rng.uniform(0.005, 0.15)
            while time.monotonic() < end_s:
                ack = ours.send("ups_a", "reset", by="parent")
                told[ack.id] = ack.result
            os.kill(child.pid, signal.SIGKILL)
            lines += child.stdout.readlines()
            child.wait()
            child.stdout.close()
            told |= dict(line.split() for line in lines if line.endswith("\n"))
    verdict = verify(folder)
    assert verdict.fault == "", f"seed {seed}: {verdict.fault}"
    rows = {row.id: row for row in latest(folder, last=LAST_MAX)}
    wrong = {name: result for name, result in told.items() if name not in rows or rows[name].result != result}
    assert wrong == {}, f"seed {seed}: lost or otherwise in the audit: {wrong}"
    states = Counter()
    for line in (folder / "audit.jsonl").read_bytes().splitlines():
        facts = json.loads(line)
        if facts["kind"] == "command":
            states[facts["id"], facts["state"]] += 1
    assert max(states.values()) == 1, f"seed {seed}: a state twice in the audit"
    assert Counter(told.values())["done"] > count, f"seed {seed}: {Counter(told.values())}"
    return len(told)


def test_no_answered_command_is_lost_from_the_audit_by_a_kill(brokers, tmp_path):
    kill_and_check(brokers, tmp_path / "audit", 3, 4)


@pytest.mark.soak
def test_no_answered_command_is_lost_from_the_audit_by_many_kills(brokers, tmp_path):
    seed = random.SystemRandom().randrange(1 << 30)
    print(f"seed {seed}")
    print(kill_and_check(brokers, tmp_path / "audit", seed, 100), "commands answered")
