"""What the supported chips are like: where they boot from, which pins are free, which can measure.

Sources: Espressif's data sheets (ESP32, ESP32-S3, ESP32-C3), chapters on pins; esptool's boot loader offsets.
Pins of the flash are left out; so is the second ADC, which does not work while Wi-Fi is on.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chip:
    """One chip: esptool's word for it, its name, where its boot loader lies, and what its pins can do.

    image_id: the chip's number in the header of an image; Espressif, "Firmware Image Format".
    """

    name: str
    title: str
    boot_offset: int
    image_id: int
    outputs: frozenset[int]
    inputs_only: frozenset[int]
    analog: frozenset[int]


def _pins(*ranges: tuple[int, int]) -> frozenset[int]:
    return frozenset(pin for first, last in ranges for pin in range(first, last + 1))


CHIPS: Mapping[str, Chip] = {
    chip.name: chip
    for chip in (
        Chip(
            name="esp32",
            title="ESP32",
            boot_offset=0x1000,
            image_id=0,
            outputs=_pins((0, 5), (12, 19), (21, 23), (25, 27), (32, 33)),
            inputs_only=_pins((34, 36), (39, 39)),
            analog=_pins((32, 36), (39, 39)),
        ),
        Chip(
            name="esp32s3",
            title="ESP32-S3",
            boot_offset=0x0,
            image_id=9,
            outputs=_pins((0, 21), (33, 48)),
            inputs_only=frozenset(),
            analog=_pins((1, 10)),
        ),
        Chip(
            name="esp32c3",
            title="ESP32-C3",
            boot_offset=0x0,
            image_id=5,
            outputs=_pins((0, 10), (18, 21)),
            inputs_only=frozenset(),
            analog=_pins((0, 4)),
        ),
    )
}
