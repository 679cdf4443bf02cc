"""The registers of the chips that esptool reads and writes: who it is, its clock, and the unit that talks to its flash.

Source of the addresses: Espressif's technical reference manuals of the ESP32, ESP32-S3 and ESP32-C3, chapters on eFuse,
UART and SPI; the same ones esptool names.
"""

from collections.abc import Mapping
from typing import NamedTuple

from winter_river.board.chips import Chip

_CHIP_MAGIC_REGISTER = 0x40001000  # in the ROM: another word in each chip
_CHIP_MAGIC_ESP32 = 0x00F01D83
_ESP32_MAC_LOW, _ESP32_MAC_HIGH, _ESP32_REVISION = 0x3FF5A004, 0x3FF5A008, 0x3FF5A00C
_ESP32_CLOCK_DIVIDER, _DIVIDER_AT_40_MHZ = 0x3FF40014, 347  # 40 MHz / 115,200 baud
_ESP32_REVISION_1 = 1 << 15
_MAC_LOW = {"esp32s3": 0x60007044, "esp32c3": 0x60008844}  # first word of eFuse block 1; the second has the rest


class SpiUnit(NamedTuple):
    """The registers of the unit that sends a command to the flash chip."""

    command: int
    user2: int
    word0: int


_NEWER = SpiUnit(0x60002000, 0x60002020, 0x60002058)
SPI: Mapping[str, SpiUnit] = {
    "esp32": SpiUnit(0x3FF42000, 0x3FF42024, 0x3FF42080),
    "esp32s3": _NEWER,
    "esp32c3": _NEWER,
}


def at_reset(chip: Chip, mac: bytes) -> dict[int, int]:
    """What the registers hold when the chip comes out of reset; those that are missing hold 0. mac: six bytes."""
    low, high = int.from_bytes(mac[2:], "big"), int.from_bytes(mac[:2], "big")
    if chip.name == "esp32":
        return {
            _CHIP_MAGIC_REGISTER: _CHIP_MAGIC_ESP32,
            _ESP32_MAC_LOW: low,
            _ESP32_MAC_HIGH: high,
            _ESP32_REVISION: _ESP32_REVISION_1,
            _ESP32_CLOCK_DIVIDER: _DIVIDER_AT_40_MHZ,
        }
    # The crystal of the newer ones is fixed, so nobody works it out from the divider.
    return {_MAC_LOW[chip.name]: low, _MAC_LOW[chip.name] + 4: high}
