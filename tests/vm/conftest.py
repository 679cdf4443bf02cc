"""Running case files in the real MicroPython VM. Without Node the tests fail and name the cure; they never skip."""

import importlib.util
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
RUN_S_MAX = 120  # chosen: the slowest case file takes a few seconds; a hang must end


def _fetch_vm() -> Any:
    spec = importlib.util.spec_from_file_location("fetch_vm", ROOT / "tools" / "fetch_vm.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class CaseResult:
    """One case: its traceback ("" where it passed), how many steps it took, bytes alive after it."""

    name: str
    error: str
    steps: int
    heap_bytes: int


@dataclass(frozen=True)
class VmRun:
    """What one case file did: its cases and the lines it printed."""

    cases: tuple[CaseResult, ...]
    lines: tuple[str, ...]

    def check(self) -> None:
        """Fail with every traceback at once; a file without cases fails too."""
        assert self.cases, "no case ran"
        failed = [f"{case.name}:\n{case.error}" for case in self.cases if case.error]
        assert not failed, "\n".join(failed)


@pytest.fixture(scope="session")
def vm_command() -> list[str]:
    """The command that runs a job file in the VM."""
    tool = _fetch_vm()
    try:
        tool.fetch()
        node, _ = tool.node_commands()
    except tool.FetchError as failure:
        pytest.fail(str(failure), pytrace=False)
    return [*node, str(Path(__file__).with_name("vm.mjs"))]


@pytest.fixture
def vm_run(vm_command: list[str], tmp_path: Path) -> Callable[..., VmRun]:
    """vm_run(case_file, data={name: JSON-able}, mounts=[(host path, VM path)]): data lies in /data/NAME.json."""

    def run(
        case_file: Path,
        *,
        data: dict[str, Any] | None = None,
        mounts: list[tuple[Path, str]] | None = None,
        heap_bytes: int = 512 * 1024,
        heap_capped: bool = False,
    ) -> VmRun:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        for name, value in (data or {}).items():
            (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False))
        every = [(FIRMWARE, "/firmware"), (FIRMWARE / "lib", "/lib"), (folder, "/data"), *(mounts or [])]
        job = {
            "heap_bytes": heap_bytes,
            "heap_capped": heap_capped,
            "mounts": [[str(source), target] for source, target in every],
            "case_file": str(case_file),
            "only": None,
        }
        job_file = tmp_path / "job.json"
        job_file.write_text(json.dumps(job))
        done = subprocess.run(
            [*vm_command, str(job_file)], capture_output=True, text=True, timeout=RUN_S_MAX, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return VmRun(
            cases=tuple(CaseResult(r["case"], r["error"], r["steps"], r["heap_bytes"]) for r in rows if "case" in r),
            lines=tuple(r["out"] for r in rows if "out" in r),
        )

    return run
