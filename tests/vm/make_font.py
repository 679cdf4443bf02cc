"""Write the emulator's font from the real VM: `python tests/vm/make_font.py`. The VM draws every glyph once."""

import tempfile
from pathlib import Path

from winter_river.emulator.vm import package
from winter_river.emulator.vm.cases import run_cases

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "host" / "winter_river" / "emulator" / "font.py"
CASE = """
import framebuf
def case_font():
    for code in range(32, 128):
        cell = bytearray(8)
        framebuf.FrameBuffer(cell, 8, 8, framebuf.MONO_VLSB).text(chr(code), 0, 0)
        print(cell.hex())
"""
HEAD = '''"""MicroPython's 8x8 font (petme128, MIT licence), written by tests/vm/make_font.py: do not edit.

One glyph a line, from code 32 to 127; eight columns, left to right; the lowest bit of a column is its top pixel.
A test in the real VM holds these bytes equal to what MicroPython draws.
"""

FIRST = 32
_ROWS = """
'''
TAIL = '''"""
GLYPHS = tuple(bytes.fromhex(row.split()[0]) for row in _ROWS.strip().splitlines())
'''


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        case_file = Path(folder) / "cases_font.py"
        case_file.write_text(CASE)
        run = run_cases(package.find(), case_file)
    run.check()
    names = ["space", *(chr(code).replace("\\", "backslash") for code in range(33, 127)), "unknown"]
    TARGET.write_text(HEAD + "".join(f"{row} {name}\n" for row, name in zip(run.lines, names, strict=True)) + TAIL)


if __name__ == "__main__":
    main()
