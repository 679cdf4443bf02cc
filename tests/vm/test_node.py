"""The firmware's own cases (tests/node/cases_*.py, which also run on CPython) in the real MicroPython VM."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "node"
FILES = sorted(FOLDER.glob("cases_*.py"))


@pytest.mark.parametrize("case_file", FILES, ids=[file.stem for file in FILES])
def test_cases_hold_in_the_vm(vm_run: Callable[..., Any], case_file: Path) -> None:
    vm_run(case_file, mounts=[(FOLDER / "asking.py", "/lib/asking.py")]).check()


def test_there_are_cases_to_run() -> None:
    assert FILES, f"no cases_*.py in {FOLDER}"
