"""What a node keeps in memory, by type, in the VM with a heap that cannot grow: flat under work, and bounded."""

import importlib.util
from pathlib import Path

import pytest
from winter_wire import schema

ALIVE_BYTES_MAX = 60 * 1024  # the bar of this project for a node's steady state
DRIFT_BYTES_MAX = 256
WORK = [(200, 40), pytest.param((2000, 400), marks=pytest.mark.soak)]


def _memory():
    spec = importlib.util.spec_from_file_location("vm_memory", Path(__file__).with_name("memory.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MEMORY = _memory()


@pytest.mark.parametrize("work", WORK, ids=lambda work: f"{work[0]} publishes, {work[1]} frames")
@pytest.mark.parametrize("type_name", sorted(schema.TYPES))
def test_memory_stays_flat_and_below_its_bound(vm_command, type_name, work):
    publishes, frames = work
    found = MEMORY.run_type(vm_command, type_name, publishes=publishes, frames=frames)
    print(f"{type_name}: {found}")
    assert found.publishes >= publishes
    assert found.frames >= frames
    assert found.others >= MEMORY.OTHERS_BYTES, "the node had more than its heap"
    assert max(found.alive) <= ALIVE_BYTES_MAX
    assert found.alive[-1] - found.alive[-3] <= DRIFT_BYTES_MAX, found.alive
