"""MicroPython's framebuf on CPython, pixel for pixel: the MONO_VLSB form that the SSD1306 driver draws in.

Byte (y // 8) * stride + x holds eight pixels of column x, the topmost in its lowest bit. What a frame uses again
and again (fill, text, rectangles, straight lines) works on whole runs of bytes. Checked against the C code in the
real VM by tests/vm. Other formats and `poly` are not emulated: the constructor refuses, the method is missing.
"""

from __future__ import annotations

from functools import cache, lru_cache

from winter_river.emulator import font

MVLSB = MONO_VLSB = 0
_SIDE_MAX = 0xFFFF
_UNKNOWN = len(font.GLYPHS) - 1
_QUADRANTS_ALL = 0x0F


@cache
def _setting(mask: int) -> bytes:
    """The table for bytes.translate that sets the bits of mask (1 to 255: bounded by nature)."""
    return bytes(byte | mask for byte in range(256))


@cache
def _clearing(mask: int) -> bytes:
    return bytes(byte & ~mask for byte in range(256))


@cache
def _shifting(bits: int) -> bytes:
    """The table that shifts a byte up by bits, or down where bits is negative; what leaves the byte is lost."""
    return bytes((byte << bits) & 0xFF if bits >= 0 else byte >> -bits for byte in range(256))


@lru_cache(maxsize=4096)  # a large site's screens hold about as many different texts, and most stay from frame to frame
def _glyphs(text: str | bytes) -> bytes:
    """The columns of a text: MicroPython draws its UTF-8 bytes, up to a NUL, and one box for each unknown byte."""
    raw = text.encode() if isinstance(text, str) else bytes(text)
    columns = []
    for code in raw.split(b"\0")[0]:
        index = code - font.FIRST
        columns.append(font.GLYPHS[index if 0 <= index < _UNKNOWN else _UNKNOWN])
    return b"".join(columns)


class FrameBuffer:
    """A drawing surface over the caller's buffer; colours are 0 and anything else."""

    def __init__(
        self, buffer: bytearray | memoryview, width: int, height: int, format: int, stride: int | None = None
    ) -> None:
        if format != MONO_VLSB:
            raise ValueError("invalid format")
        stride = width if stride is None else stride
        if not (1 <= width <= stride <= _SIDE_MAX and 1 <= height <= _SIDE_MAX):
            raise ValueError("invalid size")
        self._pages = (height + 7) // 8
        if len(buffer) < (self._pages - 1) * stride + width:
            raise ValueError("buffer too small")
        self._buffer = buffer
        self._width, self._height, self._stride = width, height, stride

    def fill(self, c: int) -> None:
        if self._width == self._stride and self._height == self._pages * 8:
            size = self._pages * self._stride
            self._buffer[:size] = (b"\xff" if c else b"\0") * size
        else:
            self.fill_rect(0, 0, self._width, self._height, c)

    def fill_rect(self, x: int, y: int, w: int, h: int, c: int) -> None:
        left, right = max(x, 0), min(x + w, self._width)
        top, bottom = max(y, 0), min(y + h, self._height)
        if left >= right or top >= bottom:
            return
        for page in range(top // 8, (bottom + 7) // 8):
            first, last = max(top - page * 8, 0), min(bottom - page * 8, 8)
            mask = (1 << last) - (1 << first)
            at = page * self._stride
            run = slice(at + left, at + right)
            if mask == 0xFF:
                self._buffer[run] = (b"\xff" if c else b"\0") * (right - left)
            else:
                table = _setting(mask) if c else _clearing(mask)
                self._buffer[run] = bytes(self._buffer[run]).translate(table)

    def pixel(self, x: int, y: int, c: int | None = None) -> int | None:
        if not (0 <= x < self._width and 0 <= y < self._height):
            return None
        at, bit = (y >> 3) * self._stride + x, 1 << (y & 7)
        if c is None:
            return int(bool(self._buffer[at] & bit))
        self._buffer[at] = self._buffer[at] | bit if c else self._buffer[at] & ~bit
        return None

    def hline(self, x: int, y: int, w: int, c: int) -> None:
        self.fill_rect(x, y, w, 1, c)

    def vline(self, x: int, y: int, h: int, c: int) -> None:
        self.fill_rect(x, y, 1, h, c)

    def rect(self, x: int, y: int, w: int, h: int, c: int, f: bool = False) -> None:
        if f:
            self.fill_rect(x, y, w, h, c)
            return
        self.hline(x, y, w, c)
        self.hline(x, y + h - 1, w, c)
        self.vline(x, y, h, c)
        self.vline(x + w - 1, y, h, c)

    def line(self, x1: int, y1: int, x2: int, y2: int, c: int) -> None:
        """Bresenham's line; ties go the way the C code lets them go, and the end point is always drawn."""
        length, width = abs(x2 - x1), abs(y2 - y1)
        step_x, step_y = (1 if x2 > x1 else -1), (1 if y2 > y1 else -1)
        steep = width > length
        if steep:
            length, width = width, length
        error = 2 * width - length
        x, y = x1, y1
        for _ in range(length):
            self.pixel(x, y, c)
            if error >= 0:
                x, y = (x + step_x, y) if steep else (x, y + step_y)
                error -= 2 * length
            x, y = (x, y + step_y) if steep else (x + step_x, y)
            error += 2 * width
        self.pixel(x2, y2, c)

    def ellipse(self, x: int, y: int, xr: int, yr: int, c: int, f: bool = False, m: int = _QUADRANTS_ALL) -> None:
        """Midpoint ellipse around (x, y); m picks quadrants, bit 0 upper right and on counter-clockwise."""
        m &= _QUADRANTS_ALL
        if xr == 0 and yr == 0:
            if m:
                self.pixel(x, y, c)
            return
        for across, down in _arc(xr, yr):
            self._mirror(x, y, across, down, c, f, m)
        for down, across in _arc(yr, xr):
            self._mirror(x, y, across, down, c, f, m)

    def _mirror(self, x: int, y: int, across: int, down: int, c: int, fill: bool, quadrants: int) -> None:
        for quadrant, (side, height) in enumerate(((1, -1), (-1, -1), (-1, 1), (1, 1))):
            if not quadrants & 1 << quadrant:
                continue
            if fill:
                self.hline(x if side > 0 else x - across, y + height * down, across + 1, c)
            else:
                self.pixel(x + side * across, y + height * down, c)

    def text(self, s: str | bytes, x: int, y: int, c: int = 1) -> None:
        """Only the pixels of the letters are drawn, in colour c; the background stays."""
        columns = _glyphs(s)
        start, end = max(0, -x), min(len(columns), self._width - x)
        if start >= end:
            return
        columns = columns[start:end]
        page, down = y >> 3, y & 7
        self._stamp(columns.translate(_shifting(down)) if down else columns, x + start, page, c)
        if down:
            self._stamp(columns.translate(_shifting(down - 8)), x + start, page + 1, c)

    def _stamp(self, columns: bytes, x: int, page: int, c: int) -> None:
        """Set (or clear) the bits of a run of columns in one page; bits below the last row are not ours."""
        if not 0 <= page < self._pages:
            return
        rows = self._height - page * 8
        if rows < 8:
            columns = columns.translate(_clearing(0xFF & ~((1 << rows) - 1)))
        at = page * self._stride + x
        run = slice(at, at + len(columns))
        old, new = int.from_bytes(self._buffer[run], "little"), int.from_bytes(columns, "little")
        self._buffer[run] = (old | new if c else old & ~new).to_bytes(len(columns), "little")

    def scroll(self, xstep: int, ystep: int) -> None:
        """Move the picture; what it leaves behind stays as it was, as in the C code."""
        if abs(xstep) >= self._width or abs(ystep) >= self._height:
            return
        old = FrameBuffer(bytearray(self._buffer), self._width, self._height, MONO_VLSB, self._stride)
        for y in range(max(ystep, 0), self._height + min(ystep, 0)):
            for x in range(max(xstep, 0), self._width + min(xstep, 0)):
                self.pixel(x, y, old.pixel(x - xstep, y - ystep))

    def blit(self, fbuf: FrameBuffer, x: int, y: int, key: int = -1, palette: FrameBuffer | None = None) -> None:
        """Copy another surface to (x, y); pixels of colour key, after the palette, are let through."""
        for row in range(max(0, -y), min(fbuf._height, self._height - y)):
            for column in range(max(0, -x), min(fbuf._width, self._width - x)):
                colour = fbuf.pixel(column, row) or 0
                if palette:
                    colour = palette.pixel(colour, 0) or 0
                if colour != key:
                    self.pixel(x + column, y + row, colour)


def _arc(radius: int, other: int) -> list[tuple[int, int]]:
    """Points of an ellipse from its end on the first axis to where it turns 45 degrees: (along, across) from the centre.

    radius, other: radii along the first and the second axis, pixels.
    """
    points = []
    along, across = radius, 0
    change_along, change_across = other * other * (1 - 2 * radius), radius * radius
    error = 0
    stop_along, stop_across = 2 * other * other * radius, 0
    while stop_along >= stop_across:
        points.append((along, across))
        across += 1
        stop_across += 2 * radius * radius
        error += change_across
        change_across += 2 * radius * radius
        if 2 * error + change_along > 0:
            along -= 1
            stop_along -= 2 * other * other
            error += change_along
            change_along += 2 * other * other
    return points
