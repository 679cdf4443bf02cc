"""main.py's loop, from the same case file on CPython and in the VM."""

import importlib.util
import sys
from pathlib import Path

import pytest
from winter_river import drivers
from winter_river.emulator import dialect

HERE = Path(__file__).parent
CASES = HERE / "cases_loop.py"


def _load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cases():
    """The case file on CPython, with what it imports under the names that it has on a board."""
    with pytest.MonkeyPatch.context() as patch:
        dialect.install()
        patch.setitem(sys.modules, "main", dialect.firmware_main())
        patch.setitem(sys.modules, "fake_board", _load(HERE / "fake_board.py"))
        yield _load(CASES)


NAMES = [line[4:].split("(")[0] for line in CASES.read_text().splitlines() if line.startswith("def case_")]


@pytest.mark.parametrize("name", NAMES)
def test_case_holds_on_cpython(cases, name):
    for _ in getattr(cases, name)():
        pass


def test_cases_hold_in_the_vm(vm_run):
    folder = drivers.path()
    run = vm_run(
        CASES,
        mounts=[
            (HERE / "fake_board.py", "/lib/fake_board.py"),
            (HERE / "fake_usocket.py", "/lib/usocket.py"),
            (folder / "umqtt/simple.py", "/lib/umqtt/simple.py"),
            (folder / "ssd1306.py", "/lib/ssd1306.py"),
        ],
    )
    run.check()
    assert [case.name for case in run.cases] == sorted(NAMES)
