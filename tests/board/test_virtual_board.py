"""The virtual ESP32 behind its serial port: console, files, resets, button, watchdog."""

import os
import struct
import subprocess
import sys

import pytest
from winter_river.board import file_system
from winter_river.board.run_mpremote import Mpremote
from winter_river.emulator.virtual_board import VirtualEsp32, device, rom, slip, stand_in

FILES_AT, FILES_BYTES = 0x200000, 0x200000


@pytest.fixture
def running(virtual, until):
    """start(files): a board whose flash holds an image and these files, switched on."""

    def start(files):
        image = stand_in.image()
        virtual.flash.data[0x1000 : 0x1000 + len(image)] = image
        virtual.flash.data[FILES_AT:] = file_system.build(files, size=FILES_BYTES)
        virtual.unplug()
        virtual.plug_in()
        until(lambda: ">>>" in virtual.console_text())
        return Mpremote(virtual.port)

    return start


def test_boot_and_main_run_after_power_on(running, virtual):
    running({"boot.py": b"print('this is boot')", "main.py": b"print('this is main')"})
    text = virtual.console_text()
    assert "this is boot\r\nthis is main\r\n" in text


def test_a_failing_main_leaves_its_traceback_and_a_prompt(running, virtual):
    running({"main.py": b"1 / 0"})
    assert "ZeroDivisionError" in virtual.console_text()


def test_mpremote_copies_lists_runs_and_reads_back(running, virtual, tmp_path, until):
    mpremote = running({"boot.py": b""})
    file = tmp_path / "thing.py"
    file.write_text("print('thing', 6 * 7)\n")

    mpremote.run("mkdir", ":lib", "+", "cp", str(file), ":lib/thing.py")
    assert mpremote.run("exec", "import thing") == "thing 42\n"
    assert "thing.py" in mpremote.run("ls", ":lib")
    assert mpremote.run("cat", ":lib/thing.py").strip() == file.read_text().strip()
    until(lambda: virtual.files().get("lib/thing.py") == file.read_bytes())


def test_files_outlive_a_soft_reset_and_a_power_cut(running, virtual, until):
    mpremote = running({"boot.py": b""})
    mpremote.run("exec", "open('kept.txt', 'w').write('still here')")
    mpremote.run("soft-reset")
    until(lambda: "kept.txt" in virtual.files())
    virtual.unplug()
    virtual.plug_in()
    assert mpremote.run("exec", "print(open('kept.txt').read())") == "still here\n"


def test_a_soft_reset_from_raw_mode_runs_boot_but_not_main(running, virtual):
    mpremote = running({"boot.py": b"print('boot')", "main.py": b"print('main')"})
    mpremote.run("soft-reset")
    after = virtual.console_text().partition("soft reboot")[2]
    assert "boot" in after
    assert "main" not in after


@pytest.mark.parametrize(("how", "cause"), [("machine.reset()", 2), ("machine.soft_reset()", 5)])
def test_the_reset_cause_is_told(running, until, virtual, how, cause):
    mpremote = running({"boot.py": b""})
    boots = virtual.boots
    mpremote.run("exec", "--no-follow", f"import machine; {how}")
    # mpremote itself makes a soft reset before it runs anything, so there are two.
    until(lambda: virtual.boots > boots + 1 and virtual.console_text().rstrip().endswith(">"))
    assert mpremote.run("resume", "exec", "import machine; print(machine.reset_cause())") == f"{cause}\n"


def test_an_unfed_watchdog_restarts_the_board(running, until, virtual):
    mpremote = running({"boot.py": b""})
    boots = virtual.boots  # mpremote makes a soft reset first; it does not wait for what the dog would cut off
    mpremote.run("exec", "--no-follow", "import machine; machine.WDT(timeout=3000)")
    # Before it bites the console ends with the ">" of raw mode.
    until(lambda: virtual.boots > boots + 1 and virtual.console_text().rstrip().endswith(">>>"))
    assert mpremote.run("resume", "exec", "import machine; print(machine.reset_cause())") == "3\n"


def test_a_program_that_sleeps_can_be_interrupted(running, until, virtual):
    mpremote = running({"boot.py": b""})
    looping = subprocess.Popen(
        mpremote.command("exec", "--no-follow", "import time\nwhile True: time.sleep(1)"), stdout=subprocess.DEVNULL
    )
    looping.wait(60)
    assert mpremote.run("resume", "exec", "print('free again')") == "free again\n"


def test_a_missing_file_has_the_error_number_of_a_board(running):
    mpremote = running({"boot.py": b""})
    assert mpremote.run("exec", "try: open('nothing')\nexcept OSError as error: print(error.errno)") == "2\n"


def test_reading_the_flash_back_gives_what_it_holds(running, virtual, tmp_path):
    running({"boot.py": b"print('x')"})
    target = tmp_path / "read.bin"
    command = [sys.executable, "-m", "esptool", "--no-stub", "--chip", "esp32", "--port", virtual.port]
    subprocess.run(
        [*command, "read-flash", "0x200000", "0x2000", str(target)], check=True, capture_output=True, timeout=60
    )
    assert target.read_bytes() == bytes(virtual.flash.data[FILES_AT : FILES_AT + 0x2000])


def test_a_board_in_download_mode_that_hears_nothing_starts_what_it_has(running, virtual, until, monkeypatch):
    """It cannot see a port that is closed and opened again in one moment."""
    monkeypatch.setattr(device, "IDLE_LOOKS", 10)
    running({})
    boots = virtual.boots
    port = os.open(virtual.port, os.O_RDWR | os.O_NOCTTY)
    try:
        os.write(port, slip.encode(struct.pack("<BBHI", 0, rom.SYNC, 36, 0) + b"\x07\x07\x12\x20" + b"U" * 32))
        assert os.read(port, 5) == b"\xc0\x01\x08\x04\x00"
        until(lambda: virtual.boots == boots + 1)
    finally:
        os.close(port)


def test_the_flash_file_keeps_the_flash(vm_command, tmp_path):
    place = tmp_path / "flash.bin"
    with VirtualEsp32(link=tmp_path / "a", flash_file=place) as board:
        board.flash.data[0:4] = b"kept"
    with VirtualEsp32(link=tmp_path / "b", flash_file=place) as board:
        assert board.flash.data[0:4] == b"kept"
