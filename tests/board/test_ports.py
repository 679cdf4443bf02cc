"""Choosing a serial port, and what is said about one that cannot be used."""

import grp
import os

import pytest
from winter_river.board.errors import BoardError
from winter_river.board.run_esptool import Esptool
from winter_river.board.serial_ports import Port, choose

ONE = Port("/dev/ttyUSB6", "CP2102 USB to UART", "10c4:ea60")
OTHER = Port("/dev/ttyUSB7", "CH340", "1a86:7523")


@pytest.fixture
def terminal():
    """The path of a terminal that only we have open: as good as a serial port."""
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_the_only_board_is_found_by_itself(terminal):
    assert choose("", [Port(terminal, "CP2102 USB to UART", "10c4:ea60")]) == terminal


def test_two_boards_have_to_be_told_apart():
    with pytest.raises(BoardError, match="2 boards are connected") as caught:
        choose("", [ONE, OTHER])
    assert "/dev/ttyUSB7  CH340" in caught.value.cause


def test_no_board_is_told():
    with pytest.raises(BoardError, match="no board is connected"):
        choose("", [])


def test_a_file_is_no_port(tmp_path):
    file = tmp_path / "thing"
    file.touch()
    with pytest.raises(BoardError, match="is no serial port"):
        choose(str(file))


def test_a_port_without_permission_names_the_group(terminal, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the tests may run as root, who may open everything
    group = grp.getgrgid(os.stat(terminal).st_gid).gr_name
    with pytest.raises(BoardError, match=f"you may not use {terminal}") as caught:
        choose(terminal)
    assert f"usermod -aG {group}" in caught.value.cure


# The words of esptool 5 and of pySerial on Linux.
@pytest.mark.parametrize(
    ("said", "cause", "cure"),
    [
        ("A fatal error occurred: Failed to connect to ESP32: No serial data received.", "does not answer", "hold the BOOT"),
        ("A fatal error occurred: This chip is ESP32-S3, not ESP32. Wrong chip argument?", "is an ESP32-S3", "BOARD="),
        ("[Errno 13] could not open port /dev/x: [Errno 13] Permission denied: '/dev/x'", "may not use", "usermod -aG"),
        ("[Errno 11] Could not exclusively lock port /dev/x: [Errno 11] Resource temporarily", "in use", "end that program"),
        ("A serial exception error occurred: read failed: [Errno 5] Input/output error", "unplugged", "plug it in again"),
        ("A fatal error occurred: MD5 of file does not match data in flash!", "MD5", "run it again"),
        ("A fatal error occurred: Failed to start stub flasher.", "helper program", "--no-stub"),
        ("Unheard of\nA fatal error occurred: The moon is full.", "The moon is full", ""),
    ],
)  # fmt: skip
def test_what_esptool_says_becomes_cause_and_cure(said, cause, cure):
    error = Esptool("/dev/x", "esp32")._fault(said)
    assert cause in error.cause
    assert cure in error.cure
