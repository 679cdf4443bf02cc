"""MicroPython's own modules for CPython, so that drivers and firmware import unchanged.

Nothing happens on import of this package: install() registers them, and only names that are not taken. They hold no
state of any node; what a board owns (pins, clock, sockets, Wi-Fi) comes to the firmware as a namespace instead.
"""

import binascii
import errno
import hashlib
import importlib.util
import json
import os
import random
import re
import select
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from winter_river import drivers, paths
from winter_river.emulator import clock, framebuf, sockets

_FIRMWARE_MAIN = "_winter_river_firmware_main"
_RENAMED: dict[str, ModuleType] = {
    "ubinascii": binascii,
    "uerrno": errno,
    "uhashlib": hashlib,
    "ujson": json,
    "uos": os,
    "urandom": random,
    "ure": re,
    "uselect": select,
    "ustruct": struct,
}
_Any = TypeVar("_Any")


def install(*, drivers_dir: Path | None = None, progress: Callable[[str], None] | None = None) -> None:
    """Make framebuf, micropython, usocket, utime ..., umqtt.simple and ssd1306 importable. Harmless when repeated.

    drivers_dir: holds `umqtt/` and `ssd1306.py`; without it winter_river.drivers finds or fetches them.
    Raises DriversError when they cannot be had.
    """
    for name, module in _RENAMED.items():
        sys.modules.setdefault(name, module)
    for name, build in (("micropython", _micropython), ("usocket", _usocket), ("utime", _utime)):
        if name not in sys.modules:
            sys.modules[name] = build()
    sys.modules.setdefault("framebuf", framebuf)
    if "umqtt" in sys.modules and "ssd1306" in sys.modules:
        return
    folder = drivers_dir or drivers.path(progress)
    package = ModuleType("umqtt")
    package.__path__ = [str(folder / "umqtt")]
    sys.modules.setdefault("umqtt", package)
    if "ssd1306" not in sys.modules:
        _load("ssd1306", folder / "ssd1306.py")


def firmware_main() -> ModuleType:
    """The board's main.py as a module under a name of ours; loaded once, and it runs nothing by itself."""
    if _FIRMWARE_MAIN not in sys.modules:
        _load(_FIRMWARE_MAIN, paths.firmware_dir() / "main.py")
    return sys.modules[_FIRMWARE_MAIN]


def _load(name: str, file: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]  # a half-made module would answer the next import
        raise


def _micropython() -> ModuleType:
    module: Any = ModuleType("micropython", "Stand-in for MicroPython's module: hints to its compiler do nothing here.")

    def unchanged(value: _Any) -> _Any:
        return value

    def schedule(function: Callable[[Any], Any], argument: Any) -> None:
        function(argument)

    module.const = module.native = module.viper = unchanged
    module.schedule = schedule
    module.alloc_emergency_exception_buf = lambda size: None
    module.opt_level = lambda level=0: 0
    return module  # type: ignore[no-any-return]


def _usocket() -> ModuleType:
    """Sockets of no board: the Wi-Fi is always up, and nobody keeps a list of them."""
    module: Any = ModuleType("usocket")
    free = sockets.Sockets()
    for name in ("AF_INET", "SOCK_STREAM", "SOL_SOCKET", "SO_REUSEADDR", "IPPROTO_TCP", "TCP_NODELAY"):
        setattr(module, name, getattr(free, name))
    module.getaddrinfo = free.getaddrinfo
    module.socket = lambda *arguments: sockets.Sockets().socket(*arguments)
    return module  # type: ignore[no-any-return]


def _utime() -> ModuleType:
    """Python's time with the ticks of MicroPython: of this machine, not of a node."""
    module: Any = ModuleType("utime")
    module.ticks_add, module.ticks_diff = clock.ticks_add, clock.ticks_diff
    module.ticks_ms = lambda: time.monotonic_ns() // 1_000_000 % clock.TICKS_PERIOD
    module.sleep_ms = lambda ms: time.sleep(ms / 1000)
    module.sleep, module.time = time.sleep, lambda: int(time.time()) - clock.EPOCH_2000_S
    return module  # type: ignore[no-any-return]
