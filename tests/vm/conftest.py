"""Running case files in the real MicroPython VM. Without Node.js the tests fail and name the cure; they never skip."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from winter_river.emulator.vm import package
from winter_river.emulator.vm.cases import VmRun, run_cases


@pytest.fixture(scope="session")
def vm_command() -> package.VmCommand:
    """The VM."""
    try:
        return package.find()
    except package.VmError as failure:
        pytest.fail(str(failure), pytrace=False)


@pytest.fixture
def vm_run(vm_command: package.VmCommand, tmp_path: Path) -> Callable[..., VmRun]:
    """vm_run(case_file, data={name: JSON-able}, **as run_cases): data lies in /data/NAME.json."""

    def run(
        case_file: Path,
        *,
        data: dict[str, Any] | None = None,
        mounts: list[tuple[Path, str]] | None = None,
        **options: Any,
    ) -> VmRun:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for name, value in (data or {}).items():
            (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False))
        return run_cases(vm_command, case_file, mounts=[(folder, "/data"), *(mounts or [])], **options)

    return run
