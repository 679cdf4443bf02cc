"""What happens to the processes: killed for their memory, told to stop at the worst moment, starved of disk."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
from held_ports import held_port
from winter_river.station.recording import RecordingError
from winter_river.station.replay import load_recording

from chaos import page
from chaos.rig import START_S_MAX, Rig, Run, took_s, wait_until
from chaos.table import Row, at_most, none_of, not_run

STOP_S_MAX = 5.0  # the promise
NODES = 24
DISK_BYTES = 1_000_000
FILE_BYTES_MAX = 40_000  # where no small disk can be made: what a file may grow to
MORE_BYTES = 4 * 2**20
NEXT_S_MAX = 30.0  # chosen: a start of 5 s, on a machine that does six times as much
CGROUPS = Path("/sys/fs/cgroup/memory")


def sigterm(rig: Rig) -> list[Row]:
    """SIGTERM at any moment of a run's life, from its first instruction on."""
    slow, codes, noise, left, torn = [], list[object](), list[str](), 0, list[str]()
    count = rig.pick(60, 4)
    data = rig.new_folder("data")
    for _ in range(count):
        run = rig.run("seed-8", "--mqtt-port", str(held_port()), "--page-port", str(held_port()), data=data)
        time.sleep(rig.rng.uniform(0.0, 3.5))
        family = run.family()
        took, code = run.terminate()
        slow.append(took)
        _, alive = psutil.wait_procs(family[1:], timeout=rig.pick(2, 20))
        left += len(alive)
        if code not in (0, -signal.SIGTERM):  # Python itself is ended by the signal before our first line has run
            codes.append(code)
        if "Traceback" in run.text or "unexpected" in run.text:
            noise.append(run.text.strip().splitlines()[-1])
    for recording in (data / "recordings").glob("*.rec"):
        with contextlib.suppress(OSError):
            torn += _unreadable(recording)
    notes = [path.name for path in (data / "runs").glob("*.json")]
    return [
        at_most(f"the slowest of {count} stops", max(slow), rig.pick(1, 2) * STOP_S_MAX, "s"),
        none_of("exit codes other than 0", codes, of=count),
        none_of("tracebacks", noise, of=count),
        none_of("processes left behind", left),
        none_of("torn recordings", torn),
        none_of("notes of runs that are over", notes),
    ]


def oom(rig: Rig) -> list[Row]:
    """SIGKILL at any moment of a run, as the kernel does it when memory is short; then the next run."""
    data = rig.new_folder("data")
    left, back_s, torn = 0, [], list[str]()
    count = rig.pick(15, 2)
    for _ in range(count):
        run = page.start(rig, data=data)
        at = page.page_of(run)
        end_s = time.monotonic() + rig.rng.uniform(0.0, 3.0)
        while time.monotonic() < end_s:
            at.send("server_rack_a1", "set_load", {"power_kw": rig.rng.uniform(20, 80)})
        family = run.family()[1:]
        run.kill()
        began_s = time.monotonic()
        _, alive = psutil.wait_procs(family, timeout=5)
        left += len(alive)
        following = page.start(rig, data=data)
        back_s.append(time.monotonic() - began_s)
        following.terminate()
        for recording in (data / "recordings").glob("*.rec"):
            torn += _unreadable(recording)
    rows = [
        at_most(f"{count} kills: the next run is up, the slowest", max(back_s), NEXT_S_MAX, "s"),
        none_of("brokers left behind", left),
        none_of("recordings of killed runs that cannot be read", torn, of=count),
    ]
    return rows + (_cgroup(rig) if rig.full else [])


def disk_full(rig: Rig) -> list[Row]:
    """No room left where a run keeps its things; killed in that state, started again, and again with room."""
    broker = rig.broker()
    with _small_disk(rig) as disk:
        data, limit = disk.folder, disk.file_bytes_max
        run = page.start(rig, "--broker", broker.url, data=data, file_bytes_max=limit)
        at = page.page_of(run)
        tick = _tick(at)
        disk.fill()
        began_s, answered = time.monotonic(), 0
        count = rig.pick(100, 20)
        for number in range(count):
            answered += at.send("server_rack_a1", "set_load", {"power_kw": 30.0 + number})
            at.send(
                "utility_a", "set_fault", {"state": number % 2 == 0}
            )  # events, so that something wants to be written
            time.sleep(0.05)
        passed_s = time.monotonic() - began_s
        ticks = _tick(at) - tick
        alive = run.process.poll() is None
        run.kill()
        second = rig.run(
            "block-2n-24", "--broker", broker.url, "--no-page", "--for", "2s", data=data, file_bytes_max=limit
        )
        second.process.wait(START_S_MAX)
        disk.free()
        third = rig.run("block-2n-24", "--broker", broker.url, "--no-page", "--for", "2s", data=data)
        third.process.wait(START_S_MAX)
        text = run.text + second.text + third.text
        return [
            none_of("commands without an answer", count - answered, of=count),
            Row("the engine ticks meanwhile", f"{ticks:.0f} in {passed_s:.0f} s", alive and ticks >= passed_s - 2),
            Row("it says that it keeps nothing", "yes" if _tells(run) else "no", _tells(run)),
            Row("killed, it starts with the disk still full", _ending(second), second.process.returncode == 0),
            Row("and once there is room", _ending(third), third.process.returncode == 0),
            none_of("tracebacks", _tracebacks(text)),
        ]


def _tracebacks(text: str) -> list[str]:
    """The last line of each."""
    parts = text.split("Traceback (most recent call last)")[1:]
    return [next((line for line in part.splitlines()[1:] if line and line[0] != " "), "?") for part in parts]


def _tick(at: page.Page) -> float:
    return float(at.get("/api/v1/state")["clock"]["t_s"])


def _tells(run: Run) -> bool:
    return "No space left" in run.text or "File too large" in run.text or "ends here" in run.text


def _ending(run: Run) -> str:
    last = run.text.strip().splitlines()[-1] if run.text.strip() else ""
    return f"exit {run.process.returncode}" + (f": {last[:60]}" if run.process.returncode else "")


class _Disk(NamedTuple):
    """A data folder that can be full. file_bytes_max: where that is done by limiting its files, else 0."""

    folder: Path
    file_bytes_max: int

    def fill(self) -> None:
        """Takes all room there is."""
        if not self.file_bytes_max:
            with contextlib.suppress(OSError), (self.folder / "ballast").open("wb", buffering=0) as file:
                while file.write(bytes(512)):
                    pass

    def free(self) -> None:
        """Gives it back."""
        (self.folder / "ballast").unlink(missing_ok=True)


@contextlib.contextmanager
def _small_disk(rig: Rig) -> Iterator[_Disk]:
    """A disk of its own; a limit of size where only root could make one."""
    folder = rig.new_folder("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "chaos", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        yield _Disk(folder, FILE_BYTES_MAX)
        return
    try:
        yield _Disk(folder, 0)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _unreadable(recording: Path) -> list[str]:
    """What is wrong with a recording; nothing where it can be played, or holds less than its first line."""
    text = recording.read_text(errors="replace")
    if "\n" not in text or '"moment"' not in text:
        return []
    try:
        load_recording(recording)
    except RecordingError as error:
        return [f"{recording.name}: {error}"]
    return []


def _cgroup(rig: Rig) -> list[Row]:
    """The kernel's own killing, in a group of processes that has no memory left."""
    must = "the kernel kills it for its memory: no broker is left"
    group = CGROUPS / f"chaos-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        return [not_run(must, "no cgroup v1 can be made here")]
    try:
        run = page.start(rig)
        family = run.family()
        (group / "cgroup.procs").write_text(str(run.process.pid))
        # What it holds already is not counted in its new group: this is what it may still take.
        (group / "memory.limit_in_bytes").write_text(str(MORE_BYTES))
        at = page.page_of(run)
        end_s = time.monotonic() + 20
        with at.held(f"GET /api/v1/stream HTTP/1.1\r\nHost: {at.host}:{at.port}\r\n\r\n".encode(), 150):
            while run.process.poll() is None and time.monotonic() < end_s:
                at.timed("/api/v1/state")
                at.send("utility_a", "set_fault", {"state": True})
        code = run.process.poll()
        run.kill()
        gone_s = took_s(lambda: not any(each.is_running() for each in family), timeout_s=5)
        return [Row(must, f"ended with {code}; all gone after {gone_s:.1f} s", code == -signal.SIGKILL and gone_s < 5)]
    finally:
        with contextlib.suppress(Exception):
            wait_until(lambda: not (group / "cgroup.procs").read_text(), timeout_s=5, what="the group is empty")
            group.rmdir()
