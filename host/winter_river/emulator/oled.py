"""The SSD1306 screen as its own chip sees it: bytes on the I2C bus in, a picture out.

Commands and addressing follow the SSD1306 data sheet (Solomon Systech, rev. 1.1, chapters 8 and 9). The module is
the common one: 128 x 64, mounted so that segment remap and reversed COM scan give an upright picture, with no
external supply, so the charge pump must run for anything to be seen. Hardware scrolling is taken in, not shown.
"""

from __future__ import annotations

from pathlib import Path

from winter_river.emulator import letters, png

WIDTH, HEIGHT = 128, 64
PAGES = HEIGHT // 8

_HORIZONTAL, _VERTICAL, _PAGE = 0, 1, 2

# How many bytes follow a command that takes any (data sheet, table 9-1).
_FOLLOWING = {
    0x20: 1, 0x21: 2, 0x22: 2, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, 0x81: 1, 0x8D: 1, 0xA3: 2, 0xA8: 1,
    0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1,
}  # fmt: skip
_BIT_TABLES = tuple(bytes((byte >> bit) & 1 for byte in range(256)) for bit in range(8))


class Oled:
    """One SSD1306: an I2C device (write) and the picture on its glass (pixels, text, png).

    writes, bytes: I2C transactions and bytes since power came on; unknown: commands the chip does not have.
    """

    def __init__(self) -> None:
        self.power_cycle()

    def power_cycle(self) -> None:
        """What a loss of power leaves: the reset values of the data sheet. (The memory is really random then.)"""
        self.memory = bytearray(PAGES * WIDTH)
        self.writes = self.bytes = self.unknown = 0
        self.contrast = 0x7F
        self.on = self.inverted = self.all_lit = self.charge_pump = False
        self._mirrored, self._upside_down = True, True  # seen from the front, before the driver turns both
        self._start_line = self._offset = 0
        self._lines_shown = HEIGHT
        self._mode = _PAGE
        self._column = self._column_first = 0
        self._page = self._page_first = 0
        self._column_last, self._page_last = WIDTH - 1, PAGES - 1
        self._command: list[int] = []

    def write(self, message: bytes) -> None:
        """One I2C transaction to this address: control bytes, each followed by one byte or, last, by a run."""
        self.writes += 1
        self.bytes += len(message)
        at = 0
        while at < len(message):
            control = message[at]
            at += 1
            end = at + 1 if control & 0x80 else len(message)  # Co: one byte, then another control byte
            if control & 0x40:
                self._take_data(message[at:end])
            else:
                for byte in message[at:end]:
                    self._take_command(byte)
            at = end

    def _take_command(self, byte: int) -> None:
        self._command.append(byte)
        head = self._command[0]
        if len(self._command) <= _FOLLOWING.get(head, 0):
            return  # the driver sends each byte of a command in a transaction of its own
        arguments, self._command = self._command[1:], []
        if arguments:
            self._obey_long(head, arguments)
        else:
            self._obey_short(head)

    def _obey_long(self, head: int, arguments: list[int]) -> None:
        if head == 0x20:
            self._mode = min(arguments[0] & 3, _PAGE)
        elif head == 0x21:
            self._column_first, self._column_last = (value & 0x7F for value in arguments)
            self._column = self._column_first
        elif head == 0x22:
            self._page_first, self._page_last = (value & 7 for value in arguments)
            self._page = self._page_first
        elif head == 0x81:
            self.contrast = arguments[0]
        elif head == 0x8D:
            self.charge_pump = bool(arguments[0] & 4)
        elif head == 0xA8:
            self._lines_shown = (arguments[0] & 0x3F) + 1
        elif head == 0xD3:
            self._offset = arguments[0] & 0x3F
        # The rest sets timing, drive strength and scrolling, which this glass does not show.

    def _obey_short(self, head: int) -> None:
        if head < 0x10 and self._mode == _PAGE:
            self._column = self._column & 0x70 | head
        elif head < 0x20 and self._mode == _PAGE:
            self._column = self._column & 0x0F | (head & 7) << 4
        elif 0x40 <= head <= 0x7F:
            self._start_line = head & 0x3F
        elif head in (0xA0, 0xA1):
            self._mirrored = head == 0xA0
        elif head in (0xA4, 0xA5):
            self.all_lit = head == 0xA5
        elif head in (0xA6, 0xA7):
            self.inverted = head == 0xA7
        elif head in (0xAE, 0xAF):
            self.on = head == 0xAF
        elif 0xB0 <= head <= 0xB7 and self._mode == _PAGE:
            self._page = head & 7
        elif head & 0xF0 == 0xC0:
            self._upside_down = not head & 8
        elif head not in (0x2E, 0x2F, 0xE3) and not (head < 0x20 or 0xB0 <= head <= 0xB7):
            self.unknown += 1

    def _take_data(self, data: bytes) -> None:
        whole = (
            self._mode == _HORIZONTAL
            and len(data) == len(self.memory)
            and (self._column, self._column_first, self._column_last) == (0, 0, WIDTH - 1)
            and (self._page, self._page_first, self._page_last) == (0, 0, PAGES - 1)
        )
        if whole:  # a full frame, as the driver sends it: the pointers end where they began
            self.memory[:] = data
            return
        for byte in data:
            self.memory[self._page * WIDTH + self._column] = byte
            self._advance()

    def _advance(self) -> None:
        """Move to the next place of the memory, as the addressing mode says."""
        if self._mode == _VERTICAL:
            self._page, wrapped = _next(self._page, self._page_first, self._page_last, PAGES)
            if wrapped:
                self._column, _ = _next(self._column, self._column_first, self._column_last, WIDTH)
        elif self._mode == _HORIZONTAL:
            self._column, wrapped = _next(self._column, self._column_first, self._column_last, WIDTH)
            if wrapped:
                self._page, _ = _next(self._page, self._page_first, self._page_last, PAGES)
        else:
            self._column = (self._column + 1) % WIDTH

    def _glass(self) -> tuple[bytes, ...]:
        """The picture as PAGES pages of WIDTH columns of eight pixels, as the memory holds it."""
        pixels = self.pixels
        pages = []
        for top in range(0, HEIGHT, 8):
            columns = 0
            for bit in range(8):
                columns |= int.from_bytes(pixels[top + bit], "little") << bit
            pages.append(columns.to_bytes(WIDTH, "little"))
        return tuple(pages)

    def frame(self) -> bytes:
        """The picture as PAGES * WIDTH bytes: eight pixels of a column a byte, the topmost in its lowest bit."""
        return b"".join(self._glass())

    @property
    def pixels(self) -> tuple[bytes, ...]:
        """The picture: HEIGHT rows from the top of WIDTH bytes from the left, each 0 (dark) or 1 (lit)."""
        dark = bytes(WIDTH)
        if not (self.on and self.charge_pump):
            return (dark,) * HEIGHT
        rows = []
        for glass_row in range(HEIGHT):
            com = HEIGHT - 1 - glass_row if self._upside_down else glass_row
            line = (com + self._offset) % HEIGHT
            if line >= self._lines_shown:
                rows.append(dark)
                continue
            line = (line + self._start_line) % HEIGHT
            page = bytes(self.memory[line // 8 * WIDTH : (line // 8 + 1) * WIDTH])
            row = page.translate(_BIT_TABLES[line % 8])
            if self.all_lit:
                row = b"\1" * WIDTH
            elif self.inverted:
                row = row.translate(b"\1\0" + bytes(254))
            rows.append(row[::-1] if self._mirrored else row)
        return tuple(rows)

    def text(self) -> tuple[str, ...]:
        """The lines of letters on the glass, from the top, wherever they begin; see letters.read."""
        return letters.read(self._glass())

    def png(self, path: str | Path, *, scale: int = 4) -> Path:
        """Write the picture to a PNG file, each pixel scale x scale dots; gives the path back."""
        path = Path(path)
        path.write_bytes(png.encode(self.pixels, scale=scale))
        return path

    def ascii(self) -> str:
        """The picture in half blocks: 32 lines of 128 characters."""
        pixels = self.pixels
        blocks = " \u2580\u2584\u2588"
        return "\n".join(
            "".join(blocks[upper + 2 * lower] for upper, lower in zip(pixels[y], pixels[y + 1], strict=True)).rstrip()
            for y in range(0, HEIGHT, 2)
        )


def _next(value: int, first: int, last: int, count: int) -> tuple[int, bool]:
    """The value after this one inside a window, and whether it went back to the first."""
    return (first, True) if value == last else ((value + 1) % count, False)
