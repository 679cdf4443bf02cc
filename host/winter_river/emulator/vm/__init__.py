"""The firmware in the real MicroPython VM: many boards in one Node.js process, or one case file of the tests."""

from winter_river.emulator.vm.fleet import VmFleet, VmNode
from winter_river.emulator.vm.package import VmError

__all__ = ["VmError", "VmFleet", "VmNode"]
