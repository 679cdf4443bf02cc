"""Board files: the ones that come with us are right, and a wrong one is told every fault at its line."""

import pytest
from winter_river import paths
from winter_river.board import loader
from winter_river.facility.faults import FileError

GOOD = """\
title = "A board"
chip = "esp32"
[image]
version = "1.27.0"
url = "https://example.org/image.bin"
offset = 0x1000
[flash]
flash_bytes = 0x400000
file_system_offset = 0x200000
file_system_bytes = 0x200000
[oled]
sda = 21
scl = 22
addresses = [0x3C, 0x3D]
[button]
pin = 0
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        file = tmp_path / "a_board.toml"
        file.write_text(text)
        return loader.read(file)

    return read


# Where the boot loader of each chip lies: esptool's documentation, "Boot Loader Offset". File system: MicroPython's
# ports/esp32/partitions-4MiB.csv and partitions-8MiB.csv (factory application ends at 0x200000).
@pytest.mark.parametrize(
    ("name", "chip", "offset", "size"),
    [
        ("esp32_devkit_v1", "esp32", 0x1000, 2 << 20),
        ("esp32_s3_devkit", "esp32s3", 0x0, 6 << 20),
        ("esp32_c3_mini", "esp32c3", 0x0, 2 << 20),
    ],
)
def test_our_boards_have_their_chips_layout(name, chip, offset, size):
    board = loader.load(name)
    assert (board.chip.name, board.image.offset) == (chip, offset)
    assert (board.file_system.offset, board.file_system.size) == (0x200000, size)
    assert board.screen.addresses == (0x3C, 0x3D)


def test_every_file_in_the_folder_is_good():
    files = sorted(paths.boards_dir().glob("*"))
    assert [file.suffix for file in files] == [".toml"] * len(files)
    assert [loader.read(file).name for file in files] == list(loader.names())


def test_a_good_file_is_read(read):
    board = read(GOOD + '[led]\npin = 2\nlights_on = "low"\n[potentiometer]\npin = 34\n')
    assert (board.button, board.led.pin, board.led.low, board.potentiometer) == (0, 2, True, 34)
    pins = {"sda": 21, "scl": 22, "button": 0, "led": 2, "pot": 34}
    assert board.settings() == pins | {"i2c_hz": 400000, "led_low": True}


def test_parts_may_be_missing(read):
    board = read(GOOD.replace("[button]\npin = 0\n", ""))
    assert (board.button, board.led, board.potentiometer) == (None, None, None)
    assert board.settings()["button"] is None


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        pytest.param('"esp32"', '"esp23"', 2, "chip is `esp23` (did you mean `esp32`?)", id="chip"),
        pytest.param("offset = 0x1000", "offset = 0", 6, "an ESP32 starts at 0x1000", id="image offset"),
        pytest.param("https:", "http:", 5, "is no https:// address", id="plain http"),
        pytest.param("0x400000", "0x300000", 8, "a chip has a power of two", id="flash size"),
        pytest.param("_bytes = 0x200000", "_bytes = 0x300000", 10, "behind the flash of 0x400000", id="too large"),
        pytest.param("offset = 0x200000", "offset = 0x200800", 9, "a multiple of 0x1000", id="not aligned"),
        pytest.param("sda = 21", "sda = 6", 12, "a pin of the ESP32 that cannot drive", id="a flash pin"),
        pytest.param("sda = 21", "sda = 35", 12, "a pin of the ESP32 that cannot drive", id="an input-only pin"),
        pytest.param("scl = 22", "scl = 21", 13, "which oled.sda has already", id="one pin twice"),
        pytest.param("[0x3C, 0x3D]", "[0x3E]", 14, "0x3C, 0x3D", id="address"),
        pytest.param("pin = 0", "pni = 0", 16, "button.pni is not known here", id="misspelt key"),
        pytest.param("pin = 0", 'pin = "0"', 16, "whole number from 0 to 48", id="text for a number"),
        pytest.param("sda = 21\n", "", 11, "oled.sda is missing", id="missing key"),
        pytest.param("title", "titel", 1, "titel is not known here", id="misspelt at the top"),
    ],
)
def test_a_fault_is_told_at_its_line(read, old, new, line, said):
    with pytest.raises(FileError) as caught:
        read(GOOD.replace(old, new, 1))
    assert any(fault.line == line and said in str(fault) for fault in caught.value.faults), str(caught.value)


def test_every_fault_is_told_at_once(read):
    with pytest.raises(FileError) as caught:
        read(GOOD.replace('"esp32"', "32").replace("sda = 21", "sda = 99").replace("pin = 0", "pin = 7"))
    assert [fault.line for fault in caught.value.faults] == [2, 12, 16]


@pytest.mark.parametrize("text", ["title = ", "\x00", "[oled\n", "a = 1\na = 2\n"])
def test_what_is_no_toml_is_told_with_a_place(read, text):
    with pytest.raises(FileError, match=r"a_board\.toml:\d+:\d+: is no TOML"):
        read(text)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(ValueError, match="did you mean `esp32_devkit_v1`"):
        loader.load("esp32_devkit")
