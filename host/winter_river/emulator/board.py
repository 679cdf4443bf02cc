"""One emulated board: what outlives a reset (flash, screen, radio), and what each boot gets anew (`hw`)."""

from __future__ import annotations

import random
import select
from collections import deque
from collections.abc import Callable
from errno import ETIMEDOUT
from types import SimpleNamespace
from typing import Any

from winter_river.emulator.clock import NodeTime
from winter_river.emulator.flash import Flash
from winter_river.emulator.machine import I2cDevice, Machine
from winter_river.emulator.network import AccessPoint, Network
from winter_river.emulator.oled import Oled
from winter_river.emulator.sockets import Sockets
from winter_river.emulator.tls import Ssl

OLED_ADDRESS = 0x3C
HEAP_BYTES = 128 * 1024  # what the garbage collector of an ESP32 without PSRAM starts with, near enough
HEAP_FREE_BYTES = 64 * 1024  # a stand-in: CPython's memory says nothing about a board's
CONSOLE_LINES_MAX = 200


class Heap:
    """The `gc` module of one board: numbers that stand in for a heap it does not have."""

    def collect(self) -> None:
        """Nothing: collecting the whole process once for each of 500 nodes would stop them all."""

    def mem_free(self) -> int:
        return HEAP_FREE_BYTES

    def mem_alloc(self) -> int:
        return HEAP_BYTES - HEAP_FREE_BYTES


class TimeServer:
    """The `ntptime` module of one board: sets its clock from the host's, where there is one and the network is up."""

    def __init__(self, time: NodeTime, unix_s: Callable[[], float] | None, link_up: Callable[[], bool]) -> None:
        self.host = "pool.ntp.org"  # MicroPython's default; never asked here
        self.timeout = 1
        self._time, self._unix_s, self._link_up = time, unix_s, link_up

    def settime(self) -> None:
        """Raises OSError ETIMEDOUT when nobody answers."""
        if self._unix_s is None or not self._link_up():
            raise OSError(ETIMEDOUT, "no time server")
        self._time.unix_s = self._unix_s


class Board:
    """One board with power on. `hw` holds its modules, as main.py finds them on a real one.

    boot() makes a new `hw`: the old one's sockets are reset and its state is gone, but flash, screen, radio and
    console (the last lines printed) stay.
    """

    def __init__(
        self,
        name: str,
        *,
        access_point: AccessPoint,
        seed: int = 0,
        screen: bool = True,
        flash: Flash | None = None,
        unix_s: Callable[[], float] | None = None,
        ticks_start_ms: int = 0,
    ) -> None:
        """unix_s: the time of day that a time server would tell, seconds since 1970; None: there is none."""
        self.name = name
        self.access_point = access_point
        self.oled = Oled()
        self.flash = flash or Flash()
        self.console: deque[str] = deque(maxlen=CONSOLE_LINES_MAX)
        self.random = random.Random(f"{seed}:{name}")
        self._devices: dict[int, I2cDevice] = {OLED_ADDRESS: self.oled} if screen else {}
        self._unix_s, self._ticks_start_ms = unix_s, ticks_start_ms
        self.time = NodeTime()
        self.sockets = Sockets()
        self.boot("power_on")

    def boot(self, cause: str) -> SimpleNamespace:
        """Start again: cause is a key of machine.RESET_CAUSES. Gives the new `hw`."""
        self.abort_sockets()
        self.time = NodeTime(ticks_start_ms=self._ticks_start_ms)
        self.machine = Machine(self.time, name=self.name, reset_cause=cause, i2c_devices=self._devices)
        self.network = Network(self.time, self.access_point, self.machine.unique_id())
        link_up = self.network.WLAN().isconnected
        self.sockets = Sockets(link_up)
        self.hw = SimpleNamespace(
            machine=self.machine,
            network=self.network,
            time=self.time,
            socket=self.sockets,
            select=select,
            ssl=Ssl,
            gc=Heap(),
            ntptime=TimeServer(self.time, self._unix_s, link_up),
            os=SimpleNamespace(
                urandom=self.random.randbytes,
                listdir=self.flash.listdir,
                remove=self.flash.remove,
                rename=self.flash.rename,
                uname=lambda: ("esp32", "esp32", "1.27.0", "emulated", "Winter River emulated board"),
            ),
            random=self.random,
            open=self.flash.open,
            print=self._print,
        )
        return self.hw

    def abort_sockets(self) -> None:
        """Reset every connection: the other end sees it break."""
        for socket in list(self.sockets.opened):
            socket.abort()

    def _print(self, *parts: Any) -> None:
        self.console.append(" ".join(str(part) for part in parts))
