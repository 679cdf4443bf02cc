"""The whole firmware on an emulated board, in simulated time, with no network to reach."""

from collections.abc import Callable
from typing import Any

import pytest
from winter_node.hal.flash import Flash
from winter_river.emulator import VirtualNode
from winter_river.emulator.network import AccessPoint

Settings = Callable[..., dict[str, Any]]


def run(node: VirtualNode, now_ms: int, until_ms: int) -> int:
    """Step the node whenever it asks to be; the time after it."""
    while now_ms < until_ms:
        now_ms += max(1, min(node.step(now_ms), until_ms - now_ms))
    return now_ms


@pytest.fixture
def no_radio() -> AccessPoint:
    return AccessPoint("lab", "secret-1", up=False)


@pytest.fixture
def node(node_settings: Settings, no_radio: AccessPoint) -> VirtualNode:
    node = VirtualNode(node_settings(), access_point=no_radio)
    node.start(0)
    return node


def test_screen_says_who_it_is_and_why_it_is_alone(node: VirtualNode) -> None:
    run(node, 0, 6000)
    lines = node.oled.text()
    assert (lines[0], lines[-1]) == ("ups_a", "AP NOT SEEN")
    assert node.crashes == 0, node.error


def test_screen_says_that_the_password_is_wrong(node_settings: Settings) -> None:
    node = VirtualNode(node_settings(), access_point=AccessPoint("lab", "another"))
    node.start(0)
    run(node, 0, 6000)
    assert node.oled.text()[-1] == "WRONG PASSWORD"


def test_bad_settings_are_shown_on_screen_and_console(no_radio: AccessPoint) -> None:
    node = VirtualNode({"id": "UPS A", "type": "ups"}, access_point=no_radio)
    node.start(0)
    assert node.oled.text()[0] == "BAD SETTINGS"
    assert "id is 'UPS A'" in " ".join(node.board.console)
    assert node.step(10) > 0
    assert node.runner is None


def test_board_without_a_screen_runs_on(node_settings: Settings, no_radio: AccessPoint) -> None:
    node = VirtualNode(node_settings(), access_point=no_radio, screen=False)
    node.start(0)
    run(node, 0, 15_000)
    assert (node.oled.writes, node.crashes) == (0, 0)
    assert node.runner.core.uptime_ms >= 14_000


def test_short_press_turns_the_page_and_long_press_moves_the_handle(node: VirtualNode) -> None:
    now_ms = run(node, 0, 3000)
    node.press()
    now_ms = run(node, now_ms, now_ms + 1000)
    assert node.oled.text()[0] == "NETWORK"
    node.press(long=True)
    run(node, now_ms, now_ms + 3000)
    assert (node.runner.core.device.handle(), node.runner.core.device.mode()) == ("bypass", "local")


def test_uptime_runs_past_the_wrap_of_the_ticks(node_settings: Settings, no_radio: AccessPoint) -> None:
    node = VirtualNode(node_settings(), access_point=no_radio, ticks_start_ms=2**30 - 4000)
    node.start(0)
    run(node, 0, 10_000)
    assert node.board.hw.time.ticks_ms() < 10_000
    assert 9_000 <= node.runner.core.uptime_ms <= 10_000
    assert node.oled.text()[-1] == "AP NOT SEEN"


def test_healthy_node_feeds_its_watchdog(node: VirtualNode) -> None:
    run(node, 0, 120_000)
    assert (node.boots, node.watchdog_resets) == (1, 0)
    assert node.board.machine.watchdog_feeds > 100


def test_program_that_fails_for_good_is_restarted_by_the_watchdog(node: VirtualNode) -> None:
    now_ms = run(node, 0, 2000)

    def broken(now_ms: int) -> None:
        raise ZeroDivisionError("a bug")

    node.runner.core.on_tick = broken
    now_ms = run(node, now_ms, now_ms + 29_000)
    assert (node.boots, node.watchdog_resets) == (1, 0)
    run(node, now_ms, now_ms + 2000)  # the firmware's watchdog waits 30 s
    assert (node.boots, node.watchdog_resets) == (2, 1)
    assert node.crashes > 0
    assert "a bug" in node.error
    assert node.runner.core.vitals["reset_cause"] == "watchdog"


def test_killed_node_is_dark_until_it_gets_power(node: VirtualNode) -> None:
    run(node, 0, 2000)
    assert any(map(any, node.oled.pixels))
    node.kill()
    assert not any(map(any, node.oled.pixels))
    assert node.step(3000) > 0
    node.start(4000)
    run(node, 4000, 6000)
    assert (node.boots, node.oled.text()[0]) == (2, "ups_a")


def test_epoch_outlives_a_power_cut(node: VirtualNode) -> None:
    Flash(node.board.hw).put("epoch", 7)
    node.kill()
    node.start(1000)
    assert node.runner.core.commands.epoch == 7


def test_500_nodes_share_no_state(node_settings: Settings, no_radio: AccessPoint) -> None:
    nodes = [VirtualNode(node_settings(f"ups_{number}"), access_point=no_radio) for number in range(500)]
    for each in nodes:
        each.start(0)
        each.step(0)
        each.step(500)
    before = [(each.runner.core.snapshot(), each.oled.pixels, dict(each.board.flash.files)) for each in nodes]
    nodes[250].press(long=True)
    Flash(nodes[250].board.hw).put("epoch", 3)
    run(nodes[250], 500, 4000)
    after = [(each.runner.core.snapshot(), each.oled.pixels, dict(each.board.flash.files)) for each in nodes]
    assert all(one != other for one, other in zip(after[250], before[250], strict=True))
    del before[250], after[250]
    assert after == before
    assert len({each.runner.core.boot for each in nodes}) == 500
