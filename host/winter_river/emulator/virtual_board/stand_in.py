"""A stand-in for a MicroPython image: what the virtual board accepts as one where the real image is not at hand.

It has the real layout (boot loader, partition table, application) and the real size, but no program in it.
"""

import random

from winter_river.board import partitions
from winter_river.board.chips import CHIPS, Chip

APPLICATION_OFFSET, APPLICATION_BYTES = 0x10000, 0x1F0000
IMAGE_MAGIC = 0xE9  # the first byte of a boot loader and of an application
CHIP_ID_AT = 12  # in its header
GREETING, GREETING_AT = b"MicroPython v1.27.0 on 2025-12-09", APPLICATION_OFFSET + 0x400  # the VM's version
FILLED_BYTES = 0x40000  # chosen: enough for esptool to have something to compress and write
_TABLE = (
    partitions.Partition("nvs", 1, 2, 0x9000, 0x6000),
    partitions.Partition("phy_init", 1, 1, 0xF000, 0x1000),
    partitions.Partition("factory", 0, 0, APPLICATION_OFFSET, APPLICATION_BYTES),
)


def image(chip: Chip = CHIPS["esp32"], *, seed: int = 1) -> bytes:
    """Bytes to be written at the chip's boot_offset."""
    noise = random.Random(seed)
    start = chip.boot_offset
    whole = bytearray(b"\xff" * (APPLICATION_OFFSET + FILLED_BYTES))
    whole[start : start + 0x4000] = noise.randbytes(0x4000)
    whole[start] = IMAGE_MAGIC
    whole[start + CHIP_ID_AT : start + CHIP_ID_AT + 2] = chip.image_id.to_bytes(2, "little")
    table = partitions.pack(_TABLE)
    whole[partitions.TABLE_OFFSET : partitions.TABLE_OFFSET + len(table)] = table
    whole[APPLICATION_OFFSET:] = noise.randbytes(FILLED_BYTES)
    whole[APPLICATION_OFFSET] = IMAGE_MAGIC
    whole[GREETING_AT : GREETING_AT + len(GREETING)] = GREETING
    return bytes(whole[start:])
