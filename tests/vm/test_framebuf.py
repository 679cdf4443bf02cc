"""The emulator's framebuf against MicroPython's C one, in the real VM."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from winter_river.emulator import font, framebuf

CASES = Path(__file__).with_name("cases_drawing.py")
SEED = 20_240_229
SIZES = ((128, 64, 128), (128, 32, 128), (13, 21, 17), (64, 48, 64))
CALLS = (
    "fill", "pixel", "hline", "vline", "line", "rect", "fill_rect", "ellipse", "text", "scroll", "blit",
)  # fmt: skip


def _arguments(rng: random.Random, name: str, width: int, height: int) -> list[Any]:
    """Arguments of one call, often beyond the edges, sometimes negative sizes."""

    def x() -> int:
        return rng.randint(-width // 2, width + width // 2)

    def y() -> int:
        return rng.randint(-height // 2, height + height // 2)

    colour = rng.randint(0, 1)
    if name == "fill":
        return [colour]
    if name == "pixel":
        return [x(), y(), colour]
    if name in ("hline", "vline"):
        return [x(), y(), rng.randint(-5, width), colour]
    if name == "line":
        return [x(), y(), x(), y(), colour]
    if name in ("rect", "fill_rect"):
        size = [rng.randint(-2, width), rng.randint(-2, height)]
        return [x(), y(), *size, colour, *([rng.random() < 0.3] if name == "rect" else [])]
    if name == "ellipse":
        radii = [rng.randint(0, width // 2), rng.randint(0, height // 2)]
        return [x(), y(), *radii, colour, rng.random() < 0.3, rng.randint(0, 31)]
    if name == "text":
        letters = "".join(
            chr(rng.choice((rng.randint(32, 127), rng.randint(1, 400)))) for _ in range(rng.randint(0, 17))
        )
        return [letters, x(), y(), colour]
    if name == "scroll":
        return [rng.randint(-width - 2, width + 2), rng.randint(-height - 2, height + 2)]
    return ["icon", x(), y(), rng.randint(-1, 1), *(["palette"] if rng.random() < 0.3 else [])]


def _program(rng: random.Random) -> dict[str, Any]:
    width, height, stride = rng.choice(SIZES)
    start = rng.randbytes(stride * ((height + 7) // 8))
    icon = rng.randbytes(8)
    buffer = bytearray(start)
    target = framebuf.FrameBuffer(buffer, width, height, framebuf.MONO_VLSB, stride)
    surfaces = {
        "icon": framebuf.FrameBuffer(bytearray(icon), 8, 8, framebuf.MONO_VLSB),
        "palette": framebuf.FrameBuffer(bytearray([1, 0]), 2, 1, framebuf.MONO_VLSB),
    }
    calls = []
    for _ in range(12):
        name = rng.choice(CALLS)
        arguments = _arguments(rng, name, width, height)
        real = [surfaces.get(a, a) if name == "blit" else a for a in arguments]
        getattr(target, name)(*real)
        calls.append([name, arguments, buffer.hex()])
    return {
        "width": width, "height": height, "stride": stride, "start": start.hex(), "icon": icon.hex(), "calls": calls,
    }  # fmt: skip


def _size_fits(count: int, width: int, height: int, stride: int) -> bool:
    try:
        framebuf.FrameBuffer(bytearray(count), width, height, framebuf.MONO_VLSB, stride)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def drawings() -> dict[str, Any]:
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    shapes = [
        (1024, 128, 64, 128),
        (1023, 128, 64, 128),
        (0, 0, 0, 0),
        (8, 8, 8, 4),
        (37, 13, 21, 17),
        (30, 13, 21, 17),
    ]
    return {
        "programs": [_program(rng) for _ in range(150)],
        "glyphs": [glyph.hex() for glyph in font.GLYPHS],
        "sizes": [[*shape, _size_fits(*shape)] for shape in shapes],
    }


def test_the_real_framebuf_draws_the_same_pixels(vm_run: Callable[..., Any], drawings: dict[str, Any]) -> None:
    vm_run(CASES, data=drawings, heap_bytes=8 << 20).check()
