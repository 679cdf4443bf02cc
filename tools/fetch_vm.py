"""Bring the real MicroPython VM into the user's cache, for the tests and `winter-river run --nodes vm`."""

import sys

from winter_river.emulator.vm import package

if __name__ == "__main__":
    try:
        package.find(progress=print)
    except package.VmError as failure:
        sys.exit(f"fetch_vm: {failure}")
