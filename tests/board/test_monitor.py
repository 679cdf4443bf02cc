"""`make monitor` on a terminal: the console of a virtual board, until Ctrl-]."""

import os
import pty
import select
import subprocess
import sys
import time

import pytest
from winter_river.board import file_system
from winter_river.emulator.virtual_board import stand_in

WAIT_S = 60.0
CTRL_BRACKET = b"\x1d"


@pytest.fixture
def terminal():
    """A terminal's two ends: ours, and that of the program that runs in it."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def read_until(ours, wanted, *, typing=b""):
    """Reads until it shows; types that again and again meanwhile: the monitor takes the keyboard in its own time."""
    text, end_s = b"", time.monotonic() + WAIT_S
    while wanted not in text:
        assert time.monotonic() < end_s, text
        os.write(ours, typing)
        if select.select([ours], [], [], 0.3)[0]:
            text += os.read(ours, 4096)


def test_monitor_shows_the_console_takes_what_is_typed_and_ends_with_ctrl_bracket(virtual, until, terminal):
    image = stand_in.image(virtual.board.chip)
    virtual.flash.data[0x1000 : 0x1000 + len(image)] = image
    virtual.flash.data[0x200000:] = file_system.build({"main.py": b"print('this is main')"}, size=0x200000)
    virtual.unplug()
    virtual.plug_in()
    until(lambda: ">>>" in virtual.console_text())
    ours, theirs = terminal
    command = [sys.executable, "-m", "winter_river", "board", "monitor", "--port", virtual.port]
    monitor = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    try:
        read_until(ours, b"Ctrl-]")  # mpremote says how to leave
        read_until(ours, b">>> ", typing=b"\r")
        os.write(ours, b"print(6 * 7)\r")
        read_until(ours, b"\n42")
        os.write(ours, CTRL_BRACKET)
        assert monitor.wait(WAIT_S) == 0
    finally:
        monitor.kill()
        monitor.wait()
    assert virtual.boots == 1  # looking at it has not restarted it
