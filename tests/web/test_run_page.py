"""`winter-river run` with its page, as a user starts it."""

import os
import re
import socket
import subprocess
import sys

import httpx
import pytest
from held_ports import held_port

PATIENCE_S = 60.0  # chosen: a machine that needs longer has stopped


@pytest.fixture
def run(tmp_path):
    """Starts `winter-river run seed-8` with these options; gives its process, which the test ends."""
    started = []

    def start(*options):
        command = [sys.executable, "-m", "winter_river", "run", "seed-8", "--no-ui", "--no-open", *options]
        command += ["--mqtt-port", str(held_port())]
        environment = os.environ | {"WINTER_RIVER_DATA_DIR": str(tmp_path)}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=tmp_path
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait(PATIENCE_S)


def lines_up_to(process, start):
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith(start):
            break
    return lines


def test_the_page_is_where_the_command_says_and_goes_with_it(run):
    process = run("--page-port", str(held_port()))
    lines = lines_up_to(process, "try ")
    address = next(match[1] for line in lines if (match := re.fullmatch(r"page {6}(http://127\.0\.0\.1:\d+/)", line)))
    assert httpx.get(f"{address}api/v1/state", timeout=PATIENCE_S).json()["health"]["nodes"] == 8
    with httpx.stream(
        "GET", f"{address}api/v1/stream", timeout=PATIENCE_S
    ) as stream:  # an open page does not hold the end up
        held = stream.iter_raw()  # a stream closes with its iterator
        assert next(held)
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_scenarios_below_the_current_folder_are_on_the_page(run, tmp_path):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/mine.yaml").write_text("scenario: mine\nsteps: []\n")
    lines = lines_up_to(run("--page-port", str(held_port())), "try ")
    address = next(line.split()[1] for line in lines if line.startswith("page"))
    assert httpx.get(f"{address}api/v1/scenarios", timeout=PATIENCE_S).json()[-1]["name"] == "mine.yaml"


def test_a_folder_of_scenarios_that_is_not_there_is_said_with_its_cure(run):
    process = run("--page-port", str(held_port()), "--scenarios", "lesons", "--for", "1s")
    told = process.stdout.read()
    assert process.wait(PATIENCE_S) == 1
    assert "lesons is not a folder" in told
    assert "--scenarios" in told


def test_without_a_page_nothing_listens_and_no_address_is_printed(run):
    process = run("--no-page", "--for", "1s")
    assert not [line for line in lines_up_to(process, "try ") if line.startswith("page")]
    process.stdout.read()
    assert process.wait(PATIENCE_S) == 0


def test_a_taken_port_is_said_with_its_cure(run):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        process = run("--page-port", str(holder.getsockname()[1]), "--for", "1s")
        told = process.stdout.read()
        assert process.wait(PATIENCE_S) == 1
    assert "--page-port" in told
    assert "Traceback" not in told
