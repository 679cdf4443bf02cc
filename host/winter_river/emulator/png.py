"""A black and white picture as PNG, with nothing but the standard library (PNG 1.2, RFC 2083)."""

import struct
import zlib
from collections.abc import Sequence

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SCALE_MAX = 64  # chosen: a 128 x 64 screen is 8192 x 4096 then, 4 MB at one bit a pixel


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def encode(rows: Sequence[bytes], *, scale: int = 1) -> bytes:
    """PNG bytes of rows of pixels (each byte 0 or 1, all rows of one length), each pixel scale x scale dots.

    Raises ValueError when scale is not from 1 to SCALE_MAX.
    """
    if not 1 <= scale <= SCALE_MAX:
        raise ValueError(f"scale is {scale}; from 1 to {SCALE_MAX}")
    width, height = len(rows[0]) * scale, len(rows) * scale
    lines = []
    for row in rows:
        bits = "".join(("1" if pixel else "0") * scale for pixel in row)
        packed = int(bits.ljust((width + 7) // 8 * 8, "0"), 2).to_bytes((width + 7) // 8, "big")
        lines.append((b"\0" + packed) * scale)  # filter 0: none
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)  # one bit a pixel, grey
    return (
        _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9)) + _chunk(b"IEND", b"")
    )
