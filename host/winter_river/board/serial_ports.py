"""Serial ports: which have a board, who holds one, what its console says. The only importer of pyserial."""

import grp
import os
import re
import stat
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import serial
from serial.tools import list_ports

from winter_river.board.errors import BoardError

BAUD = 115_200  # what a chip's boot loader and MicroPython start with
CONSOLE_BYTES_MAX = 16_384
_READ_S = 0.1
_REOPEN_S = 0.1


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port with a USB device behind it."""

    path: str
    description: str
    usb_id: str


def connected() -> tuple[Port, ...]:
    """The USB serial ports of this machine, in the order of their names."""
    found = [
        Port(each.device, each.description or "", f"{each.vid:04x}:{each.pid:04x}")
        for each in list_ports.comports()
        if each.vid is not None and each.pid is not None
    ]
    return tuple(sorted(found, key=lambda port: port.path))


def choose(wanted: str, ports: Sequence[Port] | None = None) -> str:
    """The port that was asked for, else the only one there is. Raises BoardError where it cannot be used."""
    if not wanted:
        found = connected() if ports is None else ports
        if not found:
            raise BoardError(
                "no board is connected: there is no USB serial port",
                "plug one in with a cable that carries data, or name the port: PORT=/dev/ttyUSB0",
            )
        if len(found) > 1:
            listing = "".join(f"\n  {port.path}  {port.description}" for port in found)
            raise BoardError(f"{len(found)} boards are connected:{listing}", f"name one: PORT={found[0].path}")
        wanted = found[0].path
    check(wanted)
    return wanted


def check(path: str) -> None:
    """Raises BoardError where a port is not there, not ours to open, or in use."""
    if "://" in path:
        return
    try:
        status = os.stat(path)
    except OSError:
        raise BoardError(f"there is no port {path}", "see `make boards`; is the board plugged in?") from None
    if not stat.S_ISCHR(status.st_mode):
        raise BoardError(f"{path} is no serial port", "see `make boards`")
    if not os.access(path, os.R_OK | os.W_OK):
        group = _group(status.st_gid)
        raise BoardError(f"you may not use {path}", f"sudo usermod -aG {group} $USER, then log out and in again")
    user = holder(path)
    if user:
        raise BoardError(f"{path} is in use by {user}", "end that program (a serial monitor?), then try again")


def holder(path: str) -> str:
    """Which other process has the port open, as `name (pid)`; "" for none that we may see."""
    real = os.path.realpath(path)
    for descriptors in Path("/proc").glob("[0-9]*/fd"):
        pid = int(descriptors.parent.name)
        try:
            if pid != os.getpid() and any(os.readlink(each) == real for each in descriptors.iterdir()):
                return f"{(descriptors.parent / 'comm').read_text().strip()} ({pid})"
        except OSError:  # another user's process, or one that has just ended
            continue
    return ""


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


class Console:
    """Listens on a board's console without touching its reset lines; a context manager.

    A board that is its own USB device goes and comes back when it restarts: the port is opened again and again.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._bytes: deque[int] = deque(maxlen=CONSOLE_BYTES_MAX)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="console", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._thread.join()

    def lines(self, count: int) -> list[str]:
        """The last lines that came, without what no terminal should see."""
        text = bytes(self._bytes).decode("utf-8", "replace")
        printable = re.sub(r"[^\x20-\x7e\n]", "", text.replace("\r", ""))
        return [line for line in printable.splitlines() if line.strip()][-count:]

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                self._read()
            except (OSError, serial.SerialException):
                self._ended.wait(_REOPEN_S)

    def _read(self) -> None:
        """Reads until told to end. Raises OSError, SerialException when the port goes."""
        line = serial.serial_for_url(self._path, do_not_open=True, baudrate=BAUD, timeout=_READ_S)
        line.dtr = line.rts = False  # both low: the chip runs
        line.open()
        try:
            while not self._ended.is_set():
                self._bytes.extend(line.read(256))
        finally:
            line.close()
