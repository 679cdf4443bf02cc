"""A screen behind the real driver, and node.json contents, for the tests of the emulator."""

from collections.abc import Callable
from typing import Any

import pytest
from winter_river.emulator import Oled, dialect
from winter_river.emulator.clock import NodeTime
from winter_river.emulator.machine import Machine


@pytest.fixture
def oled() -> Oled:
    """A screen that has just got power."""
    return Oled()


@pytest.fixture
def display(oled: Oled) -> Any:
    """The real SSD1306 driver on an emulated I2C bus with that screen."""
    dialect.install()
    import ssd1306  # type: ignore[import-not-found]  # a MicroPython driver, there after install()

    machine = Machine(NodeTime(), name="board", reset_cause="power_on", i2c_devices={0x3C: oled})
    return ssd1306.SSD1306_I2C(128, 64, machine.SoftI2C(scl=22, sda=21))


@pytest.fixture
def node_settings() -> Callable[..., dict[str, Any]]:
    """node_settings(id, type, ...): the contents of a node.json; the broker is never reached in these tests."""

    def build(node_id: str = "ups_a", type_name: str = "ups", **more: Any) -> dict[str, Any]:
        broker = {"host": "127.0.0.1", "port": 1}
        return {
            "id": node_id,
            "type": type_name,
            "wifi": {"ssid": "lab", "password": "secret-1"},
            "broker": broker,
        } | more

    return build
