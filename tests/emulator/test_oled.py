"""The screen model, held to the SSD1306 data sheet (rev. 1.1) and to what the real driver sends."""

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from winter_river.emulator import Oled, letters

ON = (0x8D, 0x14, 0xAF)  # charge pump, display on: what makes a bare module light up
UPRIGHT = (0xA1, 0xC8)


def command(oled: Oled, *values: int) -> None:
    """Commands as the driver sends them: each byte in a transaction of its own, after control byte 0x80."""
    for value in values:
        oled.write(bytes([0x80, value]))


def data(oled: Oled, *values: int) -> None:
    oled.write(bytes([0x40, *values]))


def lit(oled: Oled) -> set[tuple[int, int]]:
    """The lit pixels as (x, y) from the upper left."""
    return {(x, y) for y, row in enumerate(oled.pixels) for x, pixel in enumerate(row) if pixel}


def test_screen_is_dark_before_it_is_told_anything(oled: Oled) -> None:
    data(oled, 0xFF)
    assert lit(oled) == set()


def test_screen_stays_dark_without_its_charge_pump(oled: Oled) -> None:
    command(oled, *UPRIGHT, 0xAF)
    data(oled, 0xFF)
    assert lit(oled) == set()


def test_lowest_bit_of_the_first_byte_is_the_upper_left_pixel(oled: Oled) -> None:
    command(oled, *UPRIGHT, *ON)
    data(oled, 0x01)
    assert lit(oled) == {(0, 0)}


def test_panel_as_reset_leaves_it_is_upside_down(oled: Oled) -> None:
    command(oled, *ON)
    data(oled, 0x01)
    assert lit(oled) == {(127, 63)}


def test_page_mode_stays_in_its_page(oled: Oled) -> None:
    command(oled, *UPRIGHT, *ON, 0xB2, 0x0F, 0x17)  # page 2, column 0x7F
    data(oled, 0x01, 0x01)
    assert lit(oled) == {(127, 16), (0, 16)}


def test_horizontal_mode_wraps_inside_its_window(oled: Oled) -> None:
    command(oled, *UPRIGHT, *ON, 0x20, 0x00, 0x21, 10, 11, 0x22, 3, 4)
    data(oled, 0x01, 0x02, 0x04, 0x08, 0x10)  # two columns, two pages, then over the first again
    assert lit(oled) == {(10, 28), (11, 25), (10, 34), (11, 35)}


def test_vertical_mode_goes_down_before_it_goes_right(oled: Oled) -> None:
    command(oled, *UPRIGHT, *ON, 0x20, 0x01, 0x21, 5, 6, 0x22, 0, 1)
    data(oled, 0x01, 0x01, 0x01)
    assert lit(oled) == {(5, 0), (5, 8), (6, 0)}


def test_start_line_scrolls_the_picture_up(oled: Oled) -> None:
    command(oled, *UPRIGHT, *ON, 0x40 + 3)
    data(oled, 0x08)
    assert lit(oled) == {(0, 0)}


def test_offset_and_multiplex_ratio_shift_and_cut(oled: Oled) -> None:
    # Data sheet, table 9-2: multiplex 56, offset 8: COM0 shows row 8, COM48 to COM55 nothing, COM56 shows row 0.
    command(oled, *UPRIGHT, *ON, 0xA8, 55, 0xD3, 8)
    data(oled, 0x01)
    assert lit(oled) == {(0, 56)}
    command(oled, 0xA5)
    assert {y for _, y in lit(oled)} == set(range(64)) - set(range(48, 56))


def test_inverted_screen_shows_the_opposite(oled: Oled) -> None:
    command(oled, *UPRIGHT, *ON, 0xA7)
    data(oled, 0x01)
    assert len(lit(oled)) == 128 * 64 - 1


def test_several_commands_may_share_a_transaction(oled: Oled) -> None:
    oled.write(bytes([0x00, *UPRIGHT, *ON]))
    oled.write(bytes([0x80, 0x81, 0x80, 0x33, 0x40, 0x01]))
    assert (oled.contrast, lit(oled)) == (0x33, {(0, 0)})


def test_unknown_commands_are_counted(oled: Oled) -> None:
    command(oled, 0xF1, 0xE3)  # 0xE3 is NOP
    assert oled.unknown == 1


def test_driver_shows_what_it_drew(oled: Oled, display: Any) -> None:
    display.text("ups_a", 0, 0)
    display.pixel(127, 63, 1)
    display.show()
    assert oled.text() == ("ups_a",)
    assert oled.pixels[63][127] == 1
    assert oled.unknown == 0


def test_one_frame_is_1025_bytes_of_data_and_six_commands(oled: Oled, display: Any) -> None:
    writes, count = oled.writes, oled.bytes
    display.show()
    # Six commands of two bytes each, then one transaction of a control byte and 1,024 bytes.
    assert (oled.writes - writes, oled.bytes - count) == (7, 6 * 2 + 1025)


def test_driver_can_switch_invert_and_dim(oled: Oled, display: Any) -> None:
    display.contrast(7)
    display.invert(1)
    display.show()
    assert (oled.contrast, len(lit(oled))) == (7, 128 * 64)
    display.poweroff()
    assert lit(oled) == set()


def test_text_is_read_at_any_row(oled: Oled, display: Any) -> None:
    display.text("[NORMAL]", 0, 9)
    display.hline(0, 18, 128, 1)
    display.text("40.2kW", 0, 21)
    display.text("80%", 128 - 3 * 8, 21)
    display.show()
    assert oled.text() == ("[NORMAL]", "40.2kW       80%")


def test_text_reads_dark_letters_on_light_and_centred_ones(oled: Oled, display: Any) -> None:
    display.fill(1)
    display.text("a b", 4, 28, 0)
    display.show()
    assert oled.text() == ("a b",)


def test_graphics_in_a_line_are_marked(oled: Oled, display: Any) -> None:
    display.text("A", 0, 0)
    display.line(8, 0, 15, 7, 1)
    display.fill_rect(16, 0, 8, 8, 1)
    display.show()
    assert oled.text() == ("A" + letters.GRAPHIC + letters.SOLID,)


def test_png_holds_the_pixels(oled: Oled, display: Any, tmp_path: Path) -> None:
    display.rect(3, 5, 40, 20, 1)
    display.show()
    file = oled.png(tmp_path / "screen.png", scale=2).read_bytes()
    width, height, depth = struct.unpack(">IIB", file[16:25])
    assert (width, height, depth) == (256, 128, 1)
    start = file.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", file[start - 8 : start - 4])
    rows = zlib.decompress(file[start : start + length])
    stride = 1 + 256 // 8
    for y in range(0, 128, 9):
        bits = f"{int.from_bytes(rows[y * stride + 1 : (y + 1) * stride], 'big'):0256b}"
        assert bits[::2] == "".join(str(pixel) for pixel in oled.pixels[y // 2])


def test_png_scale_is_limited(oled: Oled, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scale is 0; from 1 to 64"):
        oled.png(tmp_path / "screen.png", scale=0)


def test_half_blocks_show_two_rows_a_line(oled: Oled, display: Any) -> None:
    display.pixel(0, 0, 1)
    display.pixel(1, 1, 1)
    display.vline(2, 0, 2, 1)
    display.show()
    lines = oled.ascii().split("\n")
    assert (len(lines), lines[0]) == (32, "\u2580\u2584\u2588")
