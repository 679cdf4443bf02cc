"""What `doctor` says, word for word, of a machine in many states; and that every fault comes with its cure."""

import json
import re
import socket
import sqlite3
from pathlib import Path

import pytest
from held_ports import held_port
from winter_river.audit import Trail
from winter_river.cli import doctor_machine as machine
from winter_river.web import server


@pytest.fixture
def found(winter_river, home, monkeypatch):
    """What doctor finds, as (level, what) -> cure, with this machine's own paths and numbers taken out."""
    port = held_port()
    monkeypatch.setenv("WINTER_RIVER_MQTT_PORT", str(port))
    monkeypatch.setenv("WINTER_RIVER_PAGE_PORT", str(held_port()))

    def look(facility="seed-8"):
        monkeypatch.setenv("WINTER_RIVER_FACILITY", facility)
        ended = winter_river("doctor --json")
        answer = json.loads(ended.out)
        assert answer["ok"] == (ended.code == 0)
        plain = {}
        for finding in answer["findings"]:
            what = finding["what"].replace(str(home), "HOME").replace(str(port), "PORT")
            plain[finding["level"], re.sub(r"\d+(\.\d+)+|(?<= )\d+(?= ?%)|\(\d+ %\)|\d+\.\d GB", "N", what)] = finding[
                "cure"
            ]
        return plain

    return look


def test_a_machine_that_is_well(found):
    seen = [f"{level} {what}" for level, what in found()]
    drivers, broker = seen.pop(6), seen.pop(6)
    assert drivers.startswith("ok drivers in ")
    assert broker.startswith("ok broker: ")
    # Shared with the whole test run, and the disk of whoever runs it.
    for own in (" cache folder ", " are free for HOME/data"):
        seen.remove(next(line for line in seen if own in line))
    assert seen == [
        "ok Python N",
        "ok data folder HOME/data",
        "ok log folder HOME/log",
        "ok the clock has been set",
        "ok settings",
        "ok facility seed-8, 8 nodes",
        "ok port PORT is free",
        "ok no site runs on this machine: winter-river run starts one",
    ]


def test_damaged_history_is_named_with_its_cure(found, home):
    path = home / "data" / "history" / "seed-8.sqlite3"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database, and long enough to be taken for one" * 100)
    seen = found()
    assert seen["error", "history: HOME/data/history/seed-8.sqlite3: file is not a database"] == (
        "winter-river restore FILE, or move it away"
    )


def test_history_of_a_later_version_is_refused(found, home):
    path = home / "data" / "history" / "seed-8.sqlite3"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (name, value)")
    connection.close()
    faults = {what: cure for (level, what), cure in found().items() if level == "error"}
    assert len(faults) == 1
    assert all("history" in what and cure for what, cure in faults.items())


def test_audit_that_was_tampered_with_is_named_with_its_line(found, home, monkeypatch):
    trail = Trail(_audit_folder())
    for number in range(3):
        trail.append({"kind": "command", "id": f"x-{number}"})
    trail.close()
    assert ("ok", "audit of 4 lines is whole") in found()
    path = _audit_folder() / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"x-1"', b'"x-7"'))
    (fault,) = [what for level, what in found() if level == "error"]
    assert fault.startswith("the audit is not whole: audit.jsonl:3: has been changed")


def _audit_folder() -> Path:
    from winter_river.paths import audit_dir

    return audit_dir()


def test_port_of_the_page_that_somebody_holds_is_named(found, monkeypatch):
    port = held_port()
    with socket.create_server(("127.0.0.1", port)):
        seen = [(line.level, line.what.split(" is in use")[0], line.cure) for line in machine.page_port(port)]
    assert seen == [("error", f"port {port} of the page", f"choose another: --page-port {port + 1}")]
    assert machine.page_port(port) == ()


@pytest.mark.parametrize(
    ("free_bytes", "total_bytes", "level", "what"),
    [
        pytest.param(32e9, 64e9, "ok", "32.0 GB are free for /d (50 %)", id="half"),
        pytest.param(12e9, 64e9, "warning", "12.0 GB are free for /d (19 %)", id="a fifth"),
        pytest.param(
            1e8, 64e9, "error", "0.1 GB are free for /d (0 %): history and recordings will end", id="next to none"
        ),
    ],
)
def test_disk_is_judged_by_what_is_free(free_bytes, total_bytes, level, what):
    line = machine.room(Path("/d"), total_bytes=int(total_bytes), free_bytes=int(free_bytes))
    assert (line.level, line.what, bool(line.cure)) == (level, what, level != "ok")


def test_page_s_usual_port_is_the_page_s_own():
    assert machine.PAGE_PORT == server.PORT_DEFAULT


def test_a_clock_that_was_never_set_is_told():
    line = machine.clock(12.0)
    assert (line.level, line.what) == ("warning", "this machine's clock says 1970")
    assert "timedatectl" in line.cure


def test_a_sink_that_is_not_there_is_told_with_its_setting_and_one_that_is_well(tmp_path) -> None:
    sink = machine.sink
    assert sink("influx_url", "", "") == []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        (gone,) = sink("influx_url", url, "")
        assert gone.level == "warning" and "nobody answers at 127.0.0.1:" in gone.what
        assert gone.cure == "start it, or correct the setting influx_url"
        server.listen()
        assert [line.level for line in sink("influx_url", url, "")] == ["ok"]
        token = tmp_path / "token"
        token.write_text("abc")
        token.chmod(0o644)
        (open_to_all,) = sink("influx_url", url, str(token))
        assert (open_to_all.level, open_to_all.cure) == ("error", f"chmod 600 {token}")
