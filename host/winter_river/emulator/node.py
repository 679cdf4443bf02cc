"""One virtual node: the firmware's own main.py on an emulated board, a step at a time."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from winter_node import settings as rules

from winter_river.emulator import dialect
from winter_river.emulator.board import Board
from winter_river.emulator.flash import Flash
from winter_river.emulator.machine import Reset
from winter_river.emulator.network import AccessPoint

if TYPE_CHECKING:
    from winter_river.emulator.slots import HasBundle

OFF_WAIT_MS = 1000  # how often a board without power or program is looked at
SHORT_PRESS_MS = 150  # chosen: longer than the firmware's debouncing, far from its long press
MQTT_DISCONNECT = b"\xe0\x00"  # MQTT 3.1.1, 3.14: the broker then keeps the last will to itself
LONG_PRESS_MS = 1300  # chosen: longer than the firmware's long press


class VirtualNode:
    """A board with power on or off that runs the firmware; all its state is its own.

    boots: how often it has started. crashes, error: exceptions that reached main's loop, and the last traceback.
    runner: the firmware's Runner of this boot, None while there is none (no power, bad settings).
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        seed: int = 0,
        access_point: AccessPoint | None = None,
        screen: bool = True,
        flash: Flash | None = None,
        unix_s: Callable[[], float] | None = None,
        ticks_start_ms: int = 0,
    ) -> None:
        """settings: the contents of node.json, which the firmware checks itself.

        access_point: the radio around it; by default one that suits the settings. unix_s: see Board.
        """
        dialect.install()
        self._main = dialect.firmware_main()
        self.node_id = str(settings.get("id", ""))
        wifi = settings.get("wifi", {})
        self.access_point = access_point or AccessPoint(wifi.get("ssid", rules.SSID), wifi.get("password", ""))
        self.board = Board(
            self.node_id,
            access_point=self.access_point,
            seed=seed,
            screen=screen,
            flash=flash,
            unix_s=unix_s,
            ticks_start_ms=ticks_start_ms,
        )
        self.board.flash.files[self._main.SETTINGS_FILE] = json.dumps(dict(settings)).encode()
        self.oled = self.board.oled
        self.powered = False
        self.boots = self.crashes = self.watchdog_resets = 0
        self.error = ""
        self.runner: Any = None
        self._complaint: Any = None  # what runs instead while the settings are no good
        self._button: int | None = None
        self._hold_ms = 0
        self._release_ms: int | None = None
        self._booted_ms = self._now_ms = 0

    def provide(self, bundle: HasBundle) -> None:
        """Writes what a secured site gives its node into the flash, for the next start; the rest of node.json stays."""
        files = self.board.flash.files
        settings = json.loads(files[self._main.SETTINGS_FILE])
        broker = settings["broker"]
        settings |= bundle.settings(host=broker["host"], port=broker["port"])
        files[self._main.SETTINGS_FILE] = json.dumps(settings).encode()
        for path, data in bundle.files().items():
            files[path] = data

    def start(self, now_ms: int = 0) -> None:
        """Power on: the screen starts dark, the firmware from its beginning."""
        self._now_ms = now_ms
        self.powered = True
        self.oled.power_cycle()
        self._boot("power_on")

    def step(self, now_ms: int) -> int:
        """One pass of the firmware's loop at now_ms (any clock that only rises); ms until it wants the next one."""
        self._now_ms = now_ms
        program = self.runner or self._complaint
        if not self.powered or program is None:
            return OFF_WAIT_MS
        time = self.board.time
        time.now_ms = max(time.now_ms, now_ms - self._booted_ms)
        if self._hold_ms:
            self._release_ms, self._hold_ms = now_ms + self._hold_ms, 0
        if self._release_ms is not None and now_ms >= self._release_ms:
            self._release()
        try:
            wait_ms = int(program.step(time.ticks_ms()))
        except Reset as reset:
            self._boot(str(reset))
            return 0
        except Exception as error:  # noqa: BLE001 (what main's loop does on a board: say so, go on, starve the watchdog)
            self.crashes += 1  # as main's turn() does it
            self.error = traceback.format_exc()
            program.failed(error, time.ticks_ms())
            wait_ms = int(self._main.POLL_MS)
        if self._watchdog_bites():
            self.watchdog_resets += 1
            self._boot("watchdog")
            return 0
        if any(socket.buffered() for socket in self.board.sockets.opened):
            return 0
        return wait_ms if self._release_ms is None else max(0, min(wait_ms, self._release_ms - now_ms))

    def press(self, *, long: bool = False) -> None:
        """Hold the button, from the next step on, as long as a short or a long press takes."""
        if self.powered and self._button is not None:
            self.board.machine.drive(self._button, 0)
            self._hold_ms = LONG_PRESS_MS if long else SHORT_PRESS_MS

    def kill(self) -> None:
        """Power off at once: connections break with a TCP reset, so that the broker speaks the last will."""
        self.board.abort_sockets()
        self._power_off()

    def stop(self) -> None:
        """Power off in good order: the firmware says goodbye and closes its connection."""
        if self.runner is not None:
            self.runner.stop(self.board.time.ticks_ms())
        self._power_off()

    def vanish(self) -> None:
        """Power off without a word: no goodbye, and no last will either."""
        for socket in list(self.board.sockets.opened):
            with suppress(OSError):  # it may have broken already, and then there is nobody to take leave of
                socket.write(MQTT_DISCONNECT)
            socket.close()
        self._power_off()

    def move(self, host: str, port: int) -> None:
        """Its broker is elsewhere from now on: written in its node.json, and its connection of now breaks. What it is
        set to, its faults and its boot stay: only the network around it has changed."""
        file = self._main.SETTINGS_FILE
        kept = json.loads(self.board.flash.files[file])
        kept["broker"] = {**kept.get("broker", {}), "host": host, "port": port}
        self.board.flash.files[file] = json.dumps(kept).encode()
        if self.runner is not None:
            self.runner.settings["broker"].update(host=host, port=port)
            self.board.sockets.route = (host, port)
        self.board.abort_sockets()

    def link_up(self) -> bool:
        """Whether its Wi-Fi is joined: without it there is no point in waiting for its sockets."""
        return self.powered and self.board.network.WLAN().isconnected()

    def _boot(self, cause: str) -> None:
        hw = self.board.boot(cause)
        self.boots += 1
        self._booted_ms = self._now_ms
        self._hold_ms, self._release_ms = 0, None
        program = self._main.start(hw)
        self.runner, self._complaint = (program, None) if hasattr(program, "core") else (None, program)
        if self.runner is not None:
            self._button = self.runner.settings["board"]["button"]

    def _release(self) -> None:
        self._release_ms = None
        if self._button is not None:
            self.board.machine.drive(self._button, 1)

    def _power_off(self) -> None:
        self.powered = False
        self.runner = self._complaint = None
        self._release_ms = None
        self.oled.power_cycle()

    def _watchdog_bites(self) -> bool:
        dog = self.board.machine.watchdog
        return dog is not None and self.board.time.now_ms - dog.fed_ms > dog.timeout_ms
