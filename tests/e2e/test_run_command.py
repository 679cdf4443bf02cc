"""`winter-river run` as a user runs it: a process of its own, a real broker, real time; and the commands that visit it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from dies_with import dies_with_us
from held_ports import held_port
from paho.mqtt import publish
from winter_river.service.broker import start_broker

PROGRAM = (sys.executable, "-m", "winter_river")
# Where the tests were started by nohup, or in a shell's background, some signals are ignored by all below them.
HEARING = ("env", "--default-signal=HUP,INT")


PATIENCE_S = 60.0  # chosen: a machine that needs longer has stopped


class Runs:
    """Starts runs in a home of their own and ends whatever of them is left."""

    def __init__(self, home: Path) -> None:
        folders = {f"WINTER_RIVER_{name}_DIR": str(home / name.lower()) for name in ("DATA", "LOG")}
        self.home, self._started = home, list[subprocess.Popen[str]]()
        self._environment = os.environ | folders | {"XDG_CONFIG_HOME": str(home)}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        run = subprocess.Popen(
            dies_with_us(*HEARING, *PROGRAM, "run", "seed-8", "--no-ui", *arguments),
            stdout=pipe, stderr=pipe, text=True, cwd=self.home, env=self._environment,
        )  # fmt: skip
        self._started.append(run)
        return run

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (*PROGRAM, *arguments),
            check=False, capture_output=True, text=True, timeout=PATIENCE_S, cwd=self.home, env=self._environment,
        )  # fmt: skip

    def end(self) -> None:
        for run in self._started:
            if run.poll() is None:
                run.kill()
            run.wait(PATIENCE_S)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    found = Runs(tmp_path)
    yield found
    found.end()


def until_started(run: subprocess.Popen[str]) -> Sequence[psutil.Process]:
    """Reads the start lines; the processes of the run."""
    assert run.stdout is not None
    for line in run.stdout:
        if line.startswith("try "):
            break
    else:
        pytest.fail(f"the run ended: {run.stderr.read() if run.stderr else ''}")
    return [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]


def until(claim: Callable[[], object], what: str) -> None:
    """Asks again until it is so: a busy machine comes to it later."""
    end_s = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < end_s, what


def all_online(runs: Runs) -> bool:
    """Whether `nodes` finds the run of this machine, and every node of it there."""
    rows = json.loads(runs.call("nodes", "--json").stdout or "[]")
    return len(rows) == 8 and {row["presence"] for row in rows} == {"online"}


def test_run_for_a_while_ends_with_0_and_leaves_no_process(runs: Runs) -> None:
    run = runs.start("--for", "2s", "--mqtt-port", str(held_port()))
    processes = until_started(run)  # its broker is among them, where the two seconds are not over by now
    out, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0, err
    assert " of 8 nodes online" in out  # all of them in two seconds, where the machine has time for it
    assert not any(process.is_running() for process in processes[1:])


def test_run_in_vms_brings_every_node_online_and_leaves_no_process(vm_command: object, runs: Runs) -> None:
    run = runs.start("--nodes", "vm", "--mqtt-port", str(held_port()))
    processes = until_started(run)
    until(lambda: all_online(runs), "all nodes are online")
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0, err
    assert "8 of 8 nodes online" in out
    assert len(processes) == 3, "the run, its broker, its VMs"
    assert not any(process.is_running() for process in processes)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_signal_stops_everything_cleanly(runs: Runs, number: signal.Signals) -> None:
    run = runs.start("--mqtt-port", str(held_port()))
    processes = until_started(run)
    run.send_signal(number)
    out, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0, err
    assert "Traceback" not in out + err
    assert not any(process.is_running() for process in processes[1:])


def test_killed_run_leaves_no_broker_behind(runs: Runs) -> None:
    run = runs.start("--mqtt-port", str(held_port()))
    broker = until_started(run)[1]
    run.kill()
    run.wait(PATIENCE_S)
    assert not psutil.wait_procs([broker], timeout=PATIENCE_S)[1]


def test_a_run_leaves_a_history_and_without_store_none(runs: Runs) -> None:
    run = runs.start("--mqtt-port", str(held_port()), "--no-page", "--for", "7s")
    out, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0, err
    assert "history   " in out
    found = runs.call("history", "--facility", "seed-8")
    assert found.returncode == 0 and "util_a" in found.stdout and "engine" in found.stdout
    tick = runs.call("history", "engine", "tick", "--facility", "seed-8", "--csv", "-").stdout.splitlines()
    assert len(tick) >= 2 and tick[0] == "time,tick,quality"  # a busy machine jumps ticks
    file = runs.home / "data" / "history" / "seed-8.sqlite3"
    before = file.stat().st_mtime_ns
    run = runs.start("--mqtt-port", str(held_port()), "--no-page", "--no-store", "--for", "2s")
    out, err = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == 0 and "history   " not in out and file.stat().st_mtime_ns == before, err


def test_second_run_says_what_holds_the_port_and_how_to_choose_another(runs: Runs) -> None:
    port = held_port()
    until_started(runs.start("--mqtt-port", str(port)))
    second = runs.start("--for", "1s", "--mqtt-port", str(port))
    _, err = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 1
    assert f"port {port} is in use by" in err
    assert "another Winter River run" in err
    assert f"--mqtt-port {port + 1}" in err
    assert "--broker" not in err
    assert "Traceback" not in err


def test_second_engine_on_one_bus_is_refused(runs: Runs) -> None:
    port = held_port()
    first = runs.start("--mqtt-port", str(port))
    until_started(first)
    url = f"mqtt://127.0.0.1:{port}"
    second = runs.call("run", "seed-8", "--no-ui", "--for", "1s", "--broker", url)
    assert second.returncode == 1
    assert f"an engine already runs a site at {url}" in second.stderr
    until(lambda: all_online(runs), "the first run is found as before, and unharmed")


def test_engine_that_was_killed_does_not_bar_the_next_from_its_bus(runs: Runs) -> None:
    port = held_port()
    with start_broker("auto", port=port, data_dir=runs.home) as broker:
        first = runs.start("--broker", broker.url)
        until_started(first)
        first.kill()
        first.wait(PATIENCE_S)
        second = runs.call("run", "seed-8", "--no-ui", "--for", "1s", "--broker", broker.url)
    assert second.returncode == 0, second.stderr
    assert " of 8 nodes online" in second.stdout


def test_visiting_commands_find_the_run_by_themselves(runs: Runs) -> None:
    port = held_port()
    until_started(runs.start("--mqtt-port", str(port)))
    until(lambda: all_online(runs), "all nodes are online")
    rows = json.loads(runs.call("nodes", "--json").stdout)
    assert [row["id"] for row in rows][:2] == ["util_a", "trf_a"]

    done = runs.call("send", "util_a", "set_fault", "state=true", "kind=outage")
    assert (done.returncode, done.stdout) == (0, "util_a: set_fault done (fault=outage)\n")
    refused = runs.call("send", "srv_a", "set_load", "power_kw=99999")
    assert refused.returncode == 1
    assert "rejected" in refused.stdout
    unknown = runs.call("send", "utl_a", "open")
    assert unknown.returncode == 2
    assert "did you mean util_a?" in unknown.stderr
    wrong = runs.call("send", "trf_a", "start")
    assert wrong.returncode == 2
    assert "trf_a is a transformer: it has no start" in wrong.stderr
    no_kind = runs.call("send", "util_a", "set_fault", "state=true", "kind=outige")
    assert no_kind.returncode == 2
    assert "util_a is a utility: it has no outige (did you mean outage?)" in no_kind.stderr

    lines = [json.loads(line) for line in runs.call("watch", "util_a", "--for", "3s", "--json").stdout.splitlines()]
    assert {line["topic"] for line in lines} >= {"winter-river/util_a/status"}
    nobody = runs.call("watch", "utl_a", "--for", "6s")
    assert (nobody.returncode, nobody.stdout) == (0, "")
    assert "no word of utl_a so far (did you mean util_a?)" in nobody.stderr
    until(lambda: "nothing wrong" in (doctor := runs.call("doctor")).stdout and doctor.returncode == 0, "all is well")
    publish.single("winter-river/util_a/command", '{"command":"identify"}', retain=True, port=port)
    assert "the broker remembers a command on winter-river/util_a/command" in runs.call("doctor").stdout


def test_run_without_nodes_has_empty_slots_and_a_node_of_its_own_fills_one(runs: Runs) -> None:
    until_started(runs.start("--mqtt-port", str(held_port()), "--nodes", "none"))
    rows = json.loads(runs.call("nodes", "--json").stdout or "[]")
    assert all(row["presence"] in ("absent", "offline") for row in rows)
    node = subprocess.Popen((*PROGRAM, "node", "util_a"), cwd=runs.home, env=runs._environment)
    try:
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            rows = json.loads(runs.call("nodes", "--json").stdout or "[]")
            if any(row["id"] == "util_a" and row["presence"] == "online" for row in rows):
                break
        else:
            pytest.fail(f"util_a never came: {rows}")
    finally:
        node.terminate()
        node.wait(PATIENCE_S)


def test_events_are_told_one_a_line_with_their_cause(runs: Runs) -> None:
    run = runs.start("--mqtt-port", str(held_port()))
    until_started(run)
    watch = subprocess.Popen(
        (*PROGRAM, "watch", "engine"), stdout=subprocess.PIPE, text=True, cwd=runs.home, env=runs._environment
    )
    try:
        assert watch.stdout is not None
        watch.stdout.readline()  # the engine's last status: it listens
        assert runs.call("send", "util_a", "set_fault", "state=true").returncode == 0
        assert next(line for line in watch.stdout if "util_a state GRID_OK -> OUTAGE because #" in line)
    finally:
        watch.kill()
        watch.wait(PATIENCE_S)
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=PATIENCE_S)
    assert "util_a GRID_OK -> OUTAGE because #" in out
    assert "ups_a NORMAL -> ON_BATTERY because #" in out
