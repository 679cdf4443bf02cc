"""A power cut at every byte of every write: the node boots with valid settings, of before or after, every time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from winter_node import settings_store
from winter_node.hal.flash import SETTINGS, STATE, Flash
from winter_node.supervisor import Supervisor
from winter_river.emulator import dialect
from winter_river.emulator.board import Board
from winter_river.emulator.flash import PowerCut
from winter_river.emulator.network import AccessPoint

FILE = "node.json"
CUTS_MIN = 10_000
FULL_BOOT_EVERY = 97  # chosen: the whole firmware is started after about a hundred of the cuts
Act = Callable[[], None]


class Bench:
    """A board, its flash, and the acts that write to it, each through the firmware's own code."""

    def __init__(self, seed: int) -> None:
        dialect.install()
        self.rng = random.Random(seed)
        self.board = Board("x", access_point=AccessPoint("lab"))
        self.flash = self.board.flash
        self.flash.erased_tail = seed % 2 == 1
        self.deploy()

    def deploy(self) -> None:
        """Somebody puts a node.json there, written by hand: its own writing is not the node's to guard."""
        text = json.dumps({"id": "x", "type": "server", "broker": {"host": self.word()}, "load_kw_max": 200.5})
        self.flash.files[FILE] = text.encode()

    def word(self) -> str:
        return "".join(self.rng.choices("abcdefgh.ä€", k=self.rng.randint(1, 20)))

    def settings(self) -> Any:
        return settings_store.load(self.board.hw.open, FILE, Flash(self.board.hw, SETTINGS))

    def state(self) -> dict[str, Any]:
        return dict(Flash(self.board.hw, STATE)._values)

    def boot(self, cause: str) -> None:
        Supervisor(Flash(self.board.hw), cause, 0)
        self.settings()

    def epoch(self, number: int) -> None:
        Flash(self.board.hw).put("epoch", number)

    def order(self, verb: str, params: dict[str, object]) -> None:
        settings, _ = self.settings()
        settings_store.keeper(self.board.hw, FILE, settings)(verb, params)

    def acts(self) -> Iterator[tuple[str, Act]]:
        """A life: boots, crashes, epochs, orders, a new node.json now and then."""
        yield "first boot", lambda: self.boot("power")
        for number in range(1, 7):
            host, seconds = self.word(), number % 5 + 1
            yield "boot", lambda: self.boot("reset")
            yield "crash", lambda: self.boot("watchdog")
            yield "epoch", lambda number=number: self.epoch(number)  # type: ignore[misc]
            yield (
                "config",
                lambda host=host, seconds=seconds: self.order("config", {"broker_host": host, "status_s": seconds}),  # type: ignore[misc]
            )
            if number % 3 == 0:
                self.deploy()
                yield "new node.json", lambda: self.boot("reset")
            if number % 4 == 0:
                yield "factory reset", lambda: self.order("factory_reset", {})


def cut_everywhere(bench: Bench, name: str, act: Act, note: str, stride: int) -> int:
    """Lets the power go at every stride-th byte of an act and boots after each; how many cuts that were."""
    flash, main = bench.flash, dialect.firmware_main()
    before, first = dict(flash.files), flash.bytes_written
    act()
    after, written = dict(flash.files), flash.bytes_written - first
    states, settings = [], []
    for files in (before, after):
        flash.files = dict(files)
        states.append(bench.state())
        settings.append(bench.settings()[0])
    for cut in range(0, written, stride):
        flash.files = dict(before)
        flash.cut_after_bytes = cut
        with pytest.raises(PowerCut):
            act()
        flash.cut_after_bytes = None
        where = f"{note}, {name}, byte {cut} of {written}"
        found = bench.settings()
        assert found[0] is not None and found[1] == [] and found[0] in settings, where
        assert bench.state().get("epoch", 0) in [state.get("epoch", 0) for state in states], where
        assert bench.state().get("boots", 0) in [state.get("boots", 0) for state in states], where
        if cut % FULL_BOOT_EVERY == 0:
            assert main.start(bench.board.boot("power_on")).core.node_id == "x", where
    flash.files = after
    return len(range(0, written, stride))


def live(seeds: range, stride: int) -> int:
    cuts = 0
    for seed in seeds:
        bench = Bench(seed)
        for name, act in bench.acts():
            cuts += cut_everywhere(bench, name, act, f"seed {seed}", stride)
    return cuts


def test_node_boots_with_valid_settings_after_a_cut_at_every_byte_of_every_write() -> None:
    cuts = live(range(2), 1)
    print(f"{cuts} cuts")
    assert cuts >= CUTS_MIN


@pytest.mark.soak(95)
def test_node_boots_after_every_cut_of_many_lives() -> None:
    start = random.SystemRandom().randrange(1 << 30)
    assert live(range(start, start + 20), 1) >= 10 * CUTS_MIN


def test_node_json_that_is_torn_while_it_is_deployed_leaves_the_settings_before_it_in_force_and_says_so() -> None:
    bench = Bench(0)
    bench.boot("power")
    whole, old = bench.flash.files[FILE], bench.settings()[0]
    for length in range(len(whole) - 1):
        bench.flash.files[FILE] = whole[:length]
        settings, faults = bench.settings()
        assert (settings, faults) == (old, ["node.json is not JSON"]), length
    program = dialect.firmware_main().start(bench.board.boot("power_on"))
    assert program.facts()["note"] == "BAD SETTINGS"
    assert "node.json: node.json is not JSON" in bench.board.console


def test_settings_that_rot_in_both_copies_are_read_from_node_json_again() -> None:
    bench = Bench(0)
    bench.boot("power")
    bench.order("config", {"status_s": 2})
    for name in SETTINGS:
        bench.flash.files[name] = b"\x00" + bench.flash.files[name][1:]
    settings, faults = bench.settings()
    assert (settings["status_s"], faults) == (5, [])


def test_no_settings_at_all_are_told_with_every_fault_and_nothing_is_joined() -> None:
    bench = Bench(0)
    bench.flash.files[FILE] = b'{"id": "UPS A", "type": "upss"}'
    hw = bench.board.boot("power_on")
    program = dialect.firmware_main().start(hw)
    assert not hasattr(program, "core")
    console = "\n".join(bench.board.console)
    assert "id is 'UPS A'" in console and "type is 'upss'" in console
    assert bench.board.oled.text()[0].startswith("BAD SETTINGS 1/")
    assert program.step(5000) > 0
    assert bench.board.oled.text()[0].startswith("BAD SETTINGS 2/")
