"""A virtual ESP32 for machines without boards: its boot loader on a PTY, then the real MicroPython VM on the same PTY."""

from winter_river.emulator.virtual_board.device import VirtualEsp32
from winter_river.emulator.vm.package import VmError

__all__ = ["VirtualEsp32", "VmError"]
