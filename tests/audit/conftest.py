"""Trails to write to, and commands to write."""

import itertools

import pytest
from winter_river.audit import Trail

_FACTS = {
    "kind": "command", "node": "ups_a", "verb": "bypass", "params": {}, "by": "me", "door": "cli", "address": "",
    "priority": 8, "created_s": 1.0, "executed_s": None, "completed_s": None, "result": "", "error": "",
}  # fmt: skip


@pytest.fixture
def facts():
    """facts(id, state="pending", ...) gives what a command's line says."""
    numbers = itertools.count(1)

    def make(command_id="", state="pending", **more):
        return {**_FACTS, "id": command_id or f"test-1-{next(numbers)}", "state": state, **more}

    return make


@pytest.fixture
def trail(tmp_path):
    made = Trail(tmp_path / "audit", wall=lambda: 1_000.0)
    yield made
    made.close()
