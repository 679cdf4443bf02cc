"""The cases of this folder on CPython. The same files run in the real MicroPython VM (tests/vm): they import no pytest."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("node_" + path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cases() -> list[Any]:
    folder, found = Path(__file__).parent, []
    sys.modules["asking"] = _load(folder / "asking.py")  # under the name it has in the VM
    for path in sorted(folder.glob("cases_*.py")):
        module = _load(path)
        found += [
            pytest.param(getattr(module, name), id=f"{path.stem[6:]}-{name[5:]}")
            for name in sorted(dir(module))
            if name.startswith("case_")
        ]
    return found


@pytest.mark.parametrize("case", _cases())
def test_case_holds_on_cpython(case: Callable[[], Any]) -> None:
    steps = case()
    for _ in steps or ():  # a case that yields is stepped, so that the VM can collect its garbage in between
        pass
