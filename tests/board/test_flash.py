"""The real esptool flashes a virtual ESP32, which then boots what is in its flash and joins a real broker."""

import dataclasses
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from winter_river.board import file_system, loader, stage
from winter_river.board.errors import BoardError
from winter_river.board.flashing import flash
from winter_river.board.joining import Watch, address_of
from winter_river.board.run_esptool import Esptool
from winter_river.board.serial_ports import check
from winter_river.emulator.virtual_board import stand_in
from winter_river.service.client import BusClient

WIFI_PASSWORD = "drowssap-ifiw"
FILES_AT = 0x200000
ON_EVERY_BOARD = pytest.mark.parametrize("board", loader.names(), indirect=True)


def _file(path, text):
    path.write_text(text)
    return path


def _on_flash(virtual, offset, data):
    return bytes(virtual.flash.data[offset : offset + len(data)]) == data


@ON_EVERY_BOARD
def test_flash_writes_every_byte_and_the_node_joins(job, board, virtual, watch, report, image):
    joined = flash(job, report, watch)

    assert joined is not None and joined.boot > 0
    # Espressif's boot loader offsets: 0x1000 in an ESP32, 0 in an ESP32-S3 and an ESP32-C3.
    start = 0x1000 if board.name == "esp32_devkit_v1" else 0
    assert _on_flash(virtual, start, image.read_bytes())
    tree = stage.files(job.node, job.board, job.credentials, root=job.root)
    assert {name: virtual.files()[name] for name in tree} == tree
    assert virtual.flash.data[:start] == b"\xff" * start  # nothing outside the two regions
    assert [text for text, part in report.parts if part == 1.0][-1] == "file system"


def test_a_node_that_is_back_before_esptool_has_ended_counts_as_joined(job, virtual, report, until, monkeypatch):
    """A busy machine may hear of the new boot before it has looked at esptool's exit code."""
    job = dataclasses.replace(job, root="early")
    address = address_of(job.credentials)
    listening = Watch(address, job.node.id, root=job.root, name="watch")
    with listening as watch, BusClient(address, name="other", root=job.root) as other:

        def slow(text):
            if "MD5" in text:
                until(lambda: [each for each in other.remembered() if b'"boot"' in each.payload])

        monkeypatch.setattr(report, "detail", slow)
        assert flash(job, report, watch) is not None


def _firmware_that_fails(job, monkeypatch):
    """The board's own main.py fails, as one would that somebody has edited; so it writes nothing either."""
    firmware = stage.sources()
    text = firmware["main.py"].read_text().replace("import builtins", "raise ValueError('my typo')", 1)
    failing = {**firmware, "main.py": _file(Path(job.image_path).with_name("main.py"), text)}
    monkeypatch.setattr(stage, "sources", lambda: failing)


@ON_EVERY_BOARD
def test_the_file_system_is_written_byte_for_byte(job, board, virtual, report, monkeypatch):
    _firmware_that_fails(job, monkeypatch)  # a node that runs writes its settings within half a second
    flash(job, report, None)

    tree = stage.files(job.node, job.board, job.credentials, root=job.root)
    size = (8 if board.name == "esp32_s3_devkit" else 4) * (1 << 20) - FILES_AT
    written = file_system.build(tree, size=size)
    assert bytes(virtual.flash.data[FILES_AT:]) == written


@pytest.mark.parametrize(
    ("board", "chip"),
    [("esp32_devkit_v1", "ESP32"), ("esp32_s3_devkit", "ESP32-S3"), ("esp32_c3_mini", "ESP32-C3")],
    indirect=["board"],
)
def test_esptool_finds_out_which_chip_it_is(virtual, chip):
    """Without being told: by its security info, and where a chip has none, by a word in its ROM."""
    done = subprocess.run(
        [sys.executable, "-m", "esptool", "--port", virtual.port, "--no-stub", "flash-id"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"Connected to {chip} on" in done.stdout
    assert f"Detected flash size: {len(virtual.flash.data) >> 20}MB" in done.stdout
    assert "02:57:52:00:00:01" in done.stdout


@pytest.mark.parametrize("board", ["esp32_devkit_v1", "esp32_c3_mini"], indirect=True)
def test_the_node_shows_its_name_and_a_press_turns_the_page(job, virtual, watch, report, until):
    flash(job, report, watch)

    until(lambda: "ups_a" in virtual.oled.text())
    virtual.press()
    until(lambda: any("a-network" in line for line in virtual.oled.text()))  # the network page


def test_a_corrupted_block_is_caught(job, virtual, watch, report):
    virtual.flash.flip_at.add(FILES_AT + 5000)

    with pytest.raises(BoardError, match="does not hold what was written") as caught:
        flash(job, report, watch)
    assert "run it again" in caught.value.cure


def test_an_unplugged_board_is_told_and_a_second_try_succeeds(job, virtual, watch, report):
    virtual.unplug_after_writes = 10

    with pytest.raises(BoardError, match="unplugged") as caught:
        flash(job, report, watch)
    assert "run the same command" in caught.value.cure
    assert not Path(job.port).exists()

    virtual.plug_in()
    assert virtual.boots == 0
    assert "invalid header" in virtual.console_text()
    assert flash(job, report, watch) is not None


def test_a_board_whose_program_never_lets_go_is_flashed_again(job, virtual, watch, report, until):
    stuck = b"import time\nprint('stuck now')\ntime.sleep_ms(1)\nwhile True:\n    pass\n"
    image = stand_in.image(job.board.chip)
    virtual.flash.data[0x1000 : 0x1000 + len(image)] = image
    virtual.flash.data[FILES_AT:] = file_system.build({"main.py": stuck}, size=len(virtual.flash.data) - FILES_AT)
    virtual.unplug()
    virtual.plug_in()
    until(lambda: "stuck now" in virtual.console_text())

    assert flash(job, report, watch) is not None


@pytest.mark.soak(90)
def test_pulling_the_plug_anywhere_is_told_and_mended(job, virtual, watch, report):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(10):
        virtual.unplug_after_writes = rng.randint(1, 300)
        with pytest.raises(BoardError) as caught:
            flash(job, report, watch)
        assert caught.value.cure
        virtual.plug_in()
    assert flash(job, report, watch) is not None


@pytest.mark.parametrize(
    ("board", "told", "words"),
    [
        ("esp32_devkit_v1", "esp32_s3_devkit", "is an ESP32, the board file says ESP32-S3"),
        ("esp32_s3_devkit", "esp32_devkit_v1", "is an ESP32-S3, the board file says ESP32"),
        ("esp32_c3_mini", "esp32_s3_devkit", "is an ESP32-C3, the board file says ESP32-S3"),
    ],
    indirect=["board"],
)
def test_the_wrong_chip_is_refused_before_anything_is_written(job, virtual, report, told, words):
    other = dataclasses.replace(job, board=loader.load(told))
    with pytest.raises(BoardError, match=words) as caught:
        flash(other, report, None)
    assert "BOARD=" in caught.value.cure
    assert virtual.blocks_written == 0


def test_a_chip_that_looks_wrong_once_is_looked_at_again(job, virtual):
    esptool = Esptool(virtual.port, job.board.chip.name, job.flags)
    virtual.late_refusals = 1
    assert esptool.probe().flash_bytes == len(virtual.flash.data)
    assert virtual.late_refusals == 0

    virtual.late_refusals = 2
    with pytest.raises(BoardError, match="is an ESP32-S2, the board file says ESP32"):
        esptool.probe()


def test_a_node_that_cannot_join_is_told_with_its_console(job, virtual, watch, report, until, monkeypatch):
    _firmware_that_fails(job, monkeypatch)
    wait = watch.wait

    def patient(timeout_s):
        until(lambda: "my typo" in virtual.console_text())  # a busy machine may boot it in longer than it waits for
        return wait(timeout_s)

    monkeypatch.setattr(watch, "wait", patient)
    with pytest.raises(BoardError, match="did not report within 3 s") as caught:
        flash(dataclasses.replace(job, join_s_max=3.0), report, watch)
    assert "ValueError: my typo" in caught.value.cause


def test_credentials_are_on_no_command_line_and_in_no_report(job, virtual, watch, report):
    seen: set[str] = set()
    done = threading.Event()

    def look():
        while not done.is_set():
            for line in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(line.read_bytes().decode("utf-8", "replace"))
                except OSError:
                    continue  # it has just ended
            time.sleep(0.01)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        flash(job, report, watch)
    finally:
        done.set()
        looker.join()

    assert any("esptool" in line for line in seen)
    assert not [line for line in seen if WIFI_PASSWORD in line]
    assert WIFI_PASSWORD not in "\n".join(report.lines)
    assert WIFI_PASSWORD in virtual.files()["node.json"].decode()


def test_nothing_with_credentials_stays_behind(job, report, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    flash(job, report, None)

    assert list(scratch.iterdir()) == []


def test_a_port_that_is_open_elsewhere_is_named_with_its_holder(job, virtual):
    program = "import os, sys, time; os.open(sys.argv[1], os.O_RDWR); print(flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", program, virtual.port], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(BoardError, match=rf"in use by .*\({holder.pid}\)"):
            check(virtual.port)
    finally:
        holder.kill()
        holder.wait()


def test_a_board_whose_micropython_cannot_read_compiled_files_gets_plain_ones_and_says_so(job, virtual, watch, report):
    file = Path(job.image_path)
    file.write_bytes(file.read_bytes().replace(b"MicroPython v1.27.0 on", b"MicroPython v1.18.0 on"))

    assert flash(job, report, watch) is not None
    assert "winter_node/core.py" in virtual.files()
    said = [line for line in report.lines if "plain sources" in line]
    assert said and "cure: take image 1.27.0" in said[0]


def test_a_source_that_cannot_be_made_compact_goes_plain_and_says_so(job, virtual, watch, report, monkeypatch):
    firmware = stage.sources()
    text = firmware["winter_node/ticks.py"].read_text() + "\nprint('ticking')\n"
    edited = {**firmware, "winter_node/ticks.py": _file(Path(job.image_path).with_name("ticks.py"), text)}
    monkeypatch.setattr(stage, "sources", lambda: edited)

    assert flash(job, report, watch) is not None
    assert [line for line in report.lines if "plain sources" in line and "winter_node.ticks, line" in line]
