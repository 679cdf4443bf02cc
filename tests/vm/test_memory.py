"""What a node keeps in memory, by type, in the VM with a heap that cannot grow: flat under work, and bounded."""

import importlib.util
from pathlib import Path

import pytest
from winter_wire import schema

# The goal is 60 KiB; `make bench ARGS=memory` holds the figures against it. This is what keeps them from growing.
ALIVE_BYTES_MAX = 84 * 1024
DRIFT_BYTES_MAX = 256
WORK = [(200, 40), pytest.param((2000, 400), marks=pytest.mark.soak)]


def _memory():
    spec = importlib.util.spec_from_file_location("vm_memory", Path(__file__).with_name("memory.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("work", WORK, ids=lambda work: f"{work[0]} publishes, {work[1]} frames")
@pytest.mark.parametrize("type_name", sorted(schema.TYPES))
def test_memory_stays_flat_and_below_its_bound(vm_command, type_name, work):
    publishes, frames = work
    rows = _memory().run_type(vm_command, type_name, publishes=publishes, frames=frames)
    alive = [row["alive"] for row in rows]
    print(
        f"{type_name}: {alive[0]} B alive after the start, {alive[-1]} B after {publishes} publishes, {frames} frames"
    )
    assert rows[-1]["publishes"] >= publishes
    assert rows[-1]["frames"] >= frames
    assert max(alive) <= ALIVE_BYTES_MAX
    assert alive[-1] - alive[-3] <= DRIFT_BYTES_MAX, alive
