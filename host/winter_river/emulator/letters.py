"""Reading a screen: which letters of the 8x8 font stand where on a picture."""

from collections.abc import Sequence

from winter_river.emulator import font

GRAPHIC = "\u2592"  # a cell of a line that shows no letter
SOLID = "\u2588"  # a cell that is all lit
_CELL = 8
_LETTERS = {glyph: chr(font.FIRST + index) for index, glyph in enumerate(font.GLYPHS)}
_INVERTING = bytes(255 - byte for byte in range(256))
_INVERSE = {glyph.translate(_INVERTING): letter for glyph, letter in _LETTERS.items()}
_BLANK, _FULL = bytes(_CELL), b"\xff" * _CELL
_NO_PROOF = " _|"  # blanks, rules and edges of boxes look like these: they do not make a line of text


def read(pages: Sequence[bytes]) -> tuple[str, ...]:
    """The lines of text on a picture, from the top, without the blanks at their ends.

    pages: the picture in bands of eight rows, each a byte a column, the topmost pixel in its lowest bit. Lines may
    begin at any row; letters stand side by side from column 0, or from column 4 where nothing is found there (a
    centred line). Dark letters on light count too. Where a part of the picture could be read in two ways, the one
    with more letters counts, then the one on the grid of eight rows, then the upper one.
    """
    for start in (0, 4):
        lines = _read_from(pages, start)
        if lines:
            return lines
    return ()


def _read_from(pages: Sequence[bytes], start: int) -> tuple[str, ...]:
    bands = [_band(pages, top)[start:] for top in range(len(pages) * 8 - _CELL + 1)]
    found = [_letters_in(band) for band in bands]
    scores = [2 * count + (top % _CELL == 0) if count else 0 for top, count in enumerate(found)]
    best = [0] * (len(bands) + _CELL)  # most points of lines that begin at this row or below; none overlap
    for top in reversed(range(len(bands))):
        best[top] = max(best[top + 1], scores[top] + best[top + _CELL])
    lines, top = [], 0
    while top < len(bands):
        if scores[top] and best[top] == scores[top] + best[top + _CELL]:
            lines.append(_line(bands[top]))
            top += _CELL
        else:
            top += 1
    return tuple(lines)


def _band(pages: Sequence[bytes], top: int) -> bytes:
    """The eight rows from `top` down, as columns."""
    page, down = divmod(top, 8)
    if not down:
        return pages[page]
    upper, lower = int.from_bytes(pages[page], "little"), int.from_bytes(pages[page + 1], "little")
    width = len(pages[page])
    keep_low = int.from_bytes(bytes([0xFF >> down]) * width, "little")
    keep_high = keep_low ^ int.from_bytes(b"\xff" * width, "little")
    return ((upper >> down & keep_low) | (lower << (8 - down) & keep_high)).to_bytes(width, "little")


def _cells(band: bytes) -> list[bytes]:
    return [band[x : x + _CELL] for x in range(0, len(band) - _CELL + 1, _CELL)]


def _letters_in(band: bytes) -> int:
    """How many cells of a band show a letter for certain."""
    return sum((_LETTERS.get(cell) or _INVERSE.get(cell) or " ") not in _NO_PROOF for cell in _cells(band))


def _line(band: bytes) -> str:
    """The text of a band. Among dark letters on light, a lit cell is a space."""
    cells = _cells(band)
    dark_on_light = any(_INVERSE.get(cell, " ") != " " for cell in cells)
    letters = []
    for cell in cells:
        if cell == _FULL:
            letters.append(" " if dark_on_light else SOLID)
        else:
            letters.append(_LETTERS.get(cell) or _INVERSE.get(cell) or GRAPHIC)
    return "".join(letters).rstrip()
