"""A stand-in for a MicroPython image: what the virtual board accepts as one where the real image is not at hand.

It has the real layout (boot loader, partition table, application) and the real size, but no program in it.
"""

import random

from winter_river.board import partitions

IMAGE_OFFSET = 0x1000  # in the flash of an ESP32
APPLICATION_OFFSET, APPLICATION_BYTES = 0x10000, 0x1F0000
IMAGE_MAGIC = 0xE9  # the first byte of a boot loader and of an application
CHIP_ID_AT = 12  # in its header
FILLED_BYTES = 0x40000  # chosen: enough for esptool to have something to compress and write
_TABLE = (
    partitions.Partition("nvs", 1, 2, 0x9000, 0x6000),
    partitions.Partition("phy_init", 1, 1, 0xF000, 0x1000),
    partitions.Partition("factory", 0, 0, APPLICATION_OFFSET, APPLICATION_BYTES),
)


def image(seed: int = 1) -> bytes:
    """Bytes to be written at IMAGE_OFFSET."""
    noise = random.Random(seed)
    whole = bytearray(b"\xff" * (APPLICATION_OFFSET + FILLED_BYTES))
    whole[IMAGE_OFFSET : IMAGE_OFFSET + 0x4000] = noise.randbytes(0x4000)
    whole[IMAGE_OFFSET] = IMAGE_MAGIC
    whole[IMAGE_OFFSET + CHIP_ID_AT : IMAGE_OFFSET + CHIP_ID_AT + 2] = bytes(2)  # an ESP32 has number 0
    table = partitions.pack(_TABLE)
    whole[partitions.TABLE_OFFSET : partitions.TABLE_OFFSET + len(table)] = table
    whole[APPLICATION_OFFSET:] = noise.randbytes(FILLED_BYTES)
    whole[APPLICATION_OFFSET] = IMAGE_MAGIC
    return bytes(whole[IMAGE_OFFSET:])
