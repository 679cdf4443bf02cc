"""Case files in the real MicroPython VM: functions `case_*` without arguments, in a process of their own."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from winter_river import paths
from winter_river.emulator.vm import package

RUN_S_MAX = 100.0  # chosen: the slowest case file takes a few seconds; a hang must end
COMPLAINT_LENGTH_MAX = 2000


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
        """Raises AssertionError with every traceback at once; a file without cases is a failure too."""
        failed = [f"{case.name}:\n{case.error}" for case in self.cases if case.error]
        if not self.cases or failed:
            raise AssertionError("\n".join(failed) or "no case ran")


def run_cases(
    command: package.VmCommand,
    case_file: Path,
    *,
    mounts: Sequence[tuple[Path, str]] = (),
    preload: Sequence[str] = (),
    only: Sequence[str] | None = None,
    heap_bytes: int = 512 * 1024,
    heap_capped: bool = False,
    firmware: Path | None = None,
    run_s_max: float = RUN_S_MAX,
) -> VmRun:
    """Run a case file with the firmware mounted. mounts: (path here, path in the VM), added to the firmware's own.

    preload: modules imported one by one beforehand, which needs less heap than all at once. heap_capped: heap_bytes
    is a limit, not a beginning. firmware: another folder than the installed one. Raises VmError when the VM itself ends badly, subprocess.TimeoutExpired when it hangs.
    """
    firmware = firmware or paths.firmware_dir()
    libraries = [(firmware / "lib", "/lib")] if (firmware / "lib").is_dir() else []  # compact firmware has none
    every = [(firmware, "/firmware"), *libraries, *mounts]
    job = {
        "module": str(command.module),
        "heap_bytes": heap_bytes,
        "heap_capped": heap_capped,
        "mounts": [[str(source), target] for source, target in every],
        "preload": list(preload),
        "case_file": str(case_file),
        "only": None if only is None else list(only),
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as job_file:
        json.dump(job, job_file)
        job_file.flush()
        done = subprocess.run(
            [command.node, str(package.VM_DIR / "cases.mjs"), job_file.name],
            capture_output=True, text=True, timeout=run_s_max, check=False,
        )  # fmt: skip
    if done.returncode:
        raise package.VmError(f"the VM ended with {done.returncode}: {done.stderr[-COMPLAINT_LENGTH_MAX:]}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return VmRun(
        cases=tuple(
            CaseResult(row["case"], row["error"], row["steps"], row["heap_bytes"]) for row in rows if "case" in row
        ),
        lines=tuple(row["out"] for row in rows if "out" in row),
    )
