"""A virtual board on a pseudo-terminal: its boot loader for esptool, then the MicroPython VM's console for mpremote.

A pseudo-terminal has no modem lines, so the two resets that a real board gets from them are told otherwise: a sync
packet of the boot loader's protocol brings download mode, and closing the port in download mode starts what is in the
flash. One thread owns the terminal, the boot loader and the VM; everything else asks it.
"""

import json
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from winter_river.board import file_system, loader, partitions
from winter_river.board.model import Board
from winter_river.emulator.machine import RESET_CAUSES
from winter_river.emulator.oled import Oled
from winter_river.emulator.virtual_board import rom as roms
from winter_river.emulator.virtual_board import slip, stand_in
from winter_river.emulator.virtual_board.flash_memory import FlashMemory
from winter_river.emulator.virtual_board.rom import Rom
from winter_river.emulator.virtual_board.serial_line import SerialLine
from winter_river.emulator.virtual_board.vm_process import BootRequest, VmProcess, files_of
from winter_river.emulator.vm import package as vm_package

OLED_ADDRESS = 0x3C
CONSOLE_BYTES_MAX = 1 << 16
READ_BYTES = 1 << 16
POLL_MS = 20  # how often an unattended port is looked at
# chosen: 8 s, esptool never pauses so long; the port may be closed and opened before we could see it. Counted, not timed:
# where the machine stood still for a while, esptool did so, too.
IDLE_LOOKS = 8_000 // POLL_MS
LOOK_S = 0.5  # chosen: how often a caller looks whether the thread it waits for still lives
PRESS_S = {False: 0.2, True: 1.4}  # a short and a long press
_RESETS = {"soft": "soft", "hard": "hard", "watchdog": "watchdog"}


class VirtualEsp32:
    """A board to flash, deploy to and run: `port` is its serial port while it is started.

    board: which kind it is. flash: its memory. oled: its screen. console: the last bytes it sent. boots: how often the VM was started.
    """

    def __init__(
        self,
        board: Board | None = None,
        *,
        link: Path | None = None,
        flash_file: Path | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        """board: which one, the default board where none is named. link: a path that always leads to the port.

        flash_file: keeps the flash from one start to the next. Raises VmError where there is no MicroPython VM to be
        had, ValueError for a flash file of another size.
        """
        self._vm_command = vm_package.find(progress)
        self.board = loader.load(loader.DEFAULT) if board is None else board
        self.flash = FlashMemory(self.board.flash_bytes, file=flash_file)
        self.oled = Oled()
        self.console: deque[int] = deque(maxlen=CONSOLE_BYTES_MAX)
        self.boots = 0
        self.unplug_after_writes: int | None = None  # pulls the plug once so many more blocks were written
        self.late_refusals = 0  # reads of a register that get an old refusal first, as a slow USB bridge gives it
        self.blocks_written = 0
        self._line = SerialLine(link)
        self._calls: deque[Callable[[], None]] = deque()
        self._wake_read, self._wake_write = os.pipe()
        self._rom: Rom | None = None
        self._slip = slip.Decoder()
        self._vm: VmProcess | None = None
        self._tail = b""  # of what came in, to find a sync packet across two reads
        self._idle_looks = 0  # how often nothing has come in download mode
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="virtual-esp32", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def port(self) -> str:
        """The path of the serial port."""
        return self._line.path

    def start(self) -> None:
        """Power on."""
        self._line.plug_in()
        self._thread.start()
        self._call(lambda: self._boot("power_on"))

    def stop(self) -> None:
        """Power off; harmless a second time."""
        if self._thread.is_alive():
            self._call(self._end)
            self._thread.join()
        self.flash.save()

    def wait(self) -> None:
        """Comes back when it has been switched off."""
        self._thread.join()

    def unplug(self) -> None:
        """Pulls the plug: the port is gone in the middle of whatever went on."""
        self._call(self._unplug)

    def plug_in(self) -> None:
        """Puts it back: power on, with a new port behind the same link."""
        self._call(self._plug_in)

    def press(self, *, long: bool = False) -> None:
        """A finger on the button; comes back when it has let go. Raises ValueError for a board that has none."""
        button = self.board.button
        if button is None:
            raise ValueError(f"{self.board.title} has no button")
        self._call(lambda: self._pin(button, 0))
        time.sleep(PRESS_S[long])
        self._call(lambda: self._pin(button, 1))

    def files(self) -> dict[str, bytes]:
        """The files in its flash; empty where there is no file system."""
        region = self._region()
        if region is None:
            return {}
        try:
            return file_system.read(bytes(self.flash.data[region.offset : region.offset + region.size]))
        except file_system.FileSystemError:
            return {}

    def console_text(self) -> str:
        return bytes(self.console).decode("utf-8", "replace")

    # -- from other threads -------------------------------------------------------------------------------------------

    def _call(self, act: Callable[[], None]) -> None:
        """Has the board's thread do something, and waits until it is done. Raises RuntimeError where that has ended."""
        done = threading.Event()

        def both() -> None:
            try:
                act()
            finally:
                done.set()

        self._calls.append(both)
        os.write(self._wake_write, b"\0")
        while not done.wait(LOOK_S):
            if not self._thread.is_alive():
                raise RuntimeError("the virtual board's thread has ended; what it said stands in the log above")

    # -- in the board's thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self._wait()
            while self._calls:
                self._calls.popleft()()
            self._serve_line()
            self._serve_vm()
            if self._rom is not None and self._idle_looks > IDLE_LOOKS:
                self._boot("power_on")

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._wake_read, select.POLLIN)
        if self._vm is not None:
            poll.register(self._vm.fileno(), select.POLLIN)
        line = self._line.fileno()
        if line is not None and self._line.attended:
            poll.register(line, select.POLLIN | (select.POLLOUT if self._line.wants_out else 0))
        # A port that nobody has open reports a hang-up all the time, so it is not waited for but looked at.
        events = dict(poll.poll(None if self._line.attended and self._rom is None else POLL_MS))
        if self._wake_read in events:
            os.read(self._wake_read, READ_BYTES)

    def _serve_line(self) -> None:
        data, left = self._line.update()
        self._idle_looks += 1
        if data:
            self._idle_looks = 0
            self._receive(data)
        if left and self._rom is not None:
            self._boot("power_on")

    def _receive(self, data: bytes) -> None:
        if self._rom is None:
            window = self._tail + data
            at = window.find(roms.SYNC_HEAD)
            if at < 0:
                self._tail = window[-len(roms.SYNC_HEAD) + 1 :]
                if self._vm is not None:
                    self._vm.send(b"U", data)
                return
            self._enter_download_mode()
            data = window[at:]
        for packet in roms.awaited(self._slip.feed(data)):
            self._answer(packet)
            if self._rom is None:
                return

    def _answer(self, packet: bytes) -> None:
        assert self._rom is not None
        before = self.flash.writes
        if self.late_refusals and roms.asks(packet, roms.READ_REGISTER):
            self.late_refusals -= 1
            self._line.send(slip.encode(roms.refusal(roms.SECURITY_INFO)))
        for answer in self._rom.handle(packet):
            self._line.send(slip.encode(answer))
        self.blocks_written += self.flash.writes - before
        if self.unplug_after_writes is not None:
            self.unplug_after_writes -= self.flash.writes - before
            if self.unplug_after_writes <= 0:
                self.unplug_after_writes = None
                self._unplug()
                return
        if self._rom.leaves:
            self._line.flush()
            self._boot("power_on")

    def _enter_download_mode(self) -> None:
        self._stop_vm()
        self._rom = Rom(self.flash, chip=self.board.chip)
        self._slip = slip.Decoder()
        self._line.drop_output()

    def _serve_vm(self) -> None:
        vm = self._vm
        if vm is None:
            return
        newest: bytes | None = None  # each has all files, and a flash is slow to write
        ends: Callable[[], None] | None = None
        for kind, payload in vm.frames():
            if kind == b"U":
                self._print(payload)
            elif kind == b"F":
                newest = payload
            elif kind == b"I":
                self.oled.write(payload[1:])
            elif kind == b"R":
                reset = json.loads(payload)
                raw = reset["raw"] and reset["kind"] == "soft"
                ends = partial(self._boot, _RESETS[reset["kind"]], raw=raw)
                break
            elif kind == b"":
                ends = partial(self._vm_ended, vm)
                break
        if newest is not None:
            self._keep_files(files_of(newest))
        if ends is not None:
            ends()

    def _vm_ended(self, vm: VmProcess) -> None:
        """Never by anything a board's program does. Booting it again could go on for ever."""
        self._print(f"virtual board: the MicroPython VM has ended\r\n{vm.complaint()}\r\n".encode())
        self._stop_vm()

    def _boot(self, cause: str, *, raw: bool = False) -> None:
        """Starts what is in the flash; an empty one says what a real chip says, and waits."""
        self._stop_vm()
        self._rom = None
        self._tail = b""
        region = self._region()
        if region is None:
            self._print(b"invalid header: 0xffffffff\r\n")
            return
        image = bytes(self.flash.data[region.offset : region.offset + region.size])
        try:
            files = file_system.read(image)
        except file_system.FileSystemError:
            # MicroPython formats what it cannot read.
            self.flash.data[region.offset : region.offset + region.size] = file_system.build({}, size=region.size)
            files = {}
        self.boots += 1
        self._vm = VmProcess(
            self._vm_command,
            BootRequest(
                files=files, raw=raw, reset_cause=RESET_CAUSES[cause], i2c=(OLED_ADDRESS,), flash_bytes=region.size
            ),
        )

    def _region(self) -> partitions.Region | None:
        """Where the files are; None where the flash holds no image that could run.

        A real boot loader also checks the whole application against its hash.
        """
        data = self.flash.data
        starts = (self.board.chip.boot_offset, stand_in.APPLICATION_OFFSET)
        if any(data[at] != stand_in.IMAGE_MAGIC for at in starts):
            return None
        start = partitions.TABLE_OFFSET
        table = partitions.parse(bytes(data[start : start + partitions.TABLE_BYTES]))
        return partitions.file_system(table, flash_bytes=len(data))

    def _keep_files(self, files: dict[str, bytes]) -> None:
        region = self._region()
        if region is None:
            return
        part = slice(region.offset, region.offset + region.size)
        with suppress(file_system.FileSystemError):  # a full flash keeps what it has
            self.flash.data[part] = file_system.update(bytes(self.flash.data[part]), files)

    def _stop_vm(self) -> None:
        vm, self._vm = self._vm, None
        if vm is None:
            return
        for kind, payload in vm.frames():
            if kind == b"F":
                self._keep_files(files_of(payload))
        vm.stop()

    def _pin(self, number: int, level: int) -> None:
        if self._vm is not None:
            self._vm.send(b"P", json.dumps([number, level]).encode())

    def _print(self, data: bytes) -> None:
        self.console.extend(data)
        self._line.send(data)

    def _unplug(self) -> None:
        self._stop_vm()
        self._rom = None
        self._line.unplug()

    def _plug_in(self) -> None:
        self._line.plug_in()
        self._boot("power_on")

    def _end(self) -> None:
        self._unplug()
        self._stopping = True
