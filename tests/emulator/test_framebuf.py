"""Drawing worked by hand; that it equals MicroPython's framebuf pixel for pixel is shown in the real VM (tests/vm)."""

import pytest
from winter_river.emulator.framebuf import MONO_VLSB, FrameBuffer


def surface(width: int = 16, height: int = 16) -> tuple[bytearray, FrameBuffer]:
    buffer = bytearray(width * height // 8)
    return buffer, FrameBuffer(buffer, width, height, MONO_VLSB)


def test_a_byte_is_eight_pixels_of_a_column_from_the_top() -> None:
    buffer, canvas = surface()
    canvas.pixel(2, 9, 1)
    assert buffer[16 + 2] == 0b10
    assert canvas.pixel(2, 9) == 1


def test_text_crosses_pages_and_edges() -> None:
    buffer, canvas = surface()
    canvas.text("I", -2, 12)  # columns of I: 00 00 41 7f 7f 41 00 00
    assert buffer[16:20] == bytes([0x10, 0xF0, 0xF0, 0x10])
    assert not any(buffer[:16])


def test_text_leaves_the_background_alone() -> None:
    buffer, canvas = surface()
    canvas.fill(1)
    canvas.text("I", 0, 0, 0)
    assert buffer[:4] == bytes([0xFF, 0xFF, 0xBE, 0x80])


def test_rectangle_touches_only_its_rows() -> None:
    buffer, canvas = surface()
    canvas.fill_rect(1, 6, 2, 4, 1)
    assert (buffer[1], buffer[17], buffer[0], buffer[3]) == (0b11000000, 0b00000011, 0, 0)


def test_drawing_outside_changes_nothing() -> None:
    buffer, canvas = surface()
    canvas.fill_rect(-9, -9, 5, 5, 1)
    canvas.text("A", 16, 0)
    canvas.text("A", 0, -8)
    canvas.pixel(0, 16, 1)
    assert not any(buffer)
    assert canvas.pixel(-1, 0) is None


@pytest.mark.parametrize(("count", "width", "height", "kind"), [(31, 16, 16, 0), (32, 0, 16, 0), (32, 16, 16, 4)])
def test_a_surface_that_does_not_fit_is_refused(count: int, width: int, height: int, kind: int) -> None:
    with pytest.raises(ValueError):
        FrameBuffer(bytearray(count), width, height, kind)
