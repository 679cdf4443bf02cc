"""Board files: found by name, read and checked, every fault at once. Adding a board is adding a file."""

import re
from pathlib import Path

from winter_river import paths
from winter_river.board import file_system
from winter_river.board.chips import CHIPS, Chip
from winter_river.board.model import Board, Image, Led, Screen
from winter_river.board.partitions import Region
from winter_river.board.toml_lines import Section, TomlFile
from winter_river.facility.faults import nearest

DEFAULT = "esp32_devkit_v1"
SUFFIX = ".toml"
ADDRESSES = (0x3C, 0x3D)  # the two that an SSD1306 can be wired to; the firmware tries no other
FLASH_BYTES_MAX = 1 << 27  # 128 MiB, the largest that esptool knows
CLOCK_HZ_MIN, CLOCK_HZ_MAX = 10_000, 1_000_000  # what winter_node.settings takes
PIN_MAX = 48
_SECTIONS = ("title", "chip", "image", "flash", "oled", "button", "led", "potentiometer")


def names() -> tuple[str, ...]:
    """The boards that come with Winter River."""
    return tuple(sorted(file.stem for file in paths.boards_dir().glob(f"*{SUFFIX}")))


def load(name_or_path: str) -> Board:
    """A board by its name or by the path of its file.

    Raises FileError with every fault of the file, ValueError where there is no such board.
    """
    if name_or_path.endswith(SUFFIX) or "/" in name_or_path:
        return read(Path(name_or_path))
    if name_or_path not in names():
        hint = nearest(name_or_path, names())
        raise ValueError(f"there is no board {name_or_path}" + (f" ({hint})" if hint else ""))
    return read(paths.boards_dir() / f"{name_or_path}{SUFFIX}")


def read(path: Path) -> Board:
    """A board from its file. Raises FileError with every fault."""
    file = TomlFile(path)
    top = file.section("", _SECTIONS)
    chip = CHIPS[top.word("chip", tuple(CHIPS))]
    pins = _Pins(chip)
    flash = file.section("flash", ("flash_bytes", "file_system_offset", "file_system_bytes"))
    flash_bytes = flash.whole("flash_bytes", low=1 << 20, high=FLASH_BYTES_MAX)
    oled = file.section("oled", ("sda", "scl", "clock_hz", "addresses"))
    board = Board(
        name=path.stem,
        title=top.text("title", high=60),
        chip=chip,
        image=_image(file, chip),
        flash_bytes=flash_bytes,
        file_system=_region(flash, flash_bytes),
        screen=Screen(
            sda=pins.output(oled, "sda"),
            scl=pins.output(oled, "scl"),
            clock_hz=oled.whole("clock_hz", 400_000, low=CLOCK_HZ_MIN, high=CLOCK_HZ_MAX),
            addresses=oled.wholes("addresses", ADDRESSES),
        ),
        button=_button(file, pins),
        led=_led(file, pins),
        potentiometer=_potentiometer(file, pins),
    )
    file.finish()
    return board


class _Pins:
    """Checks pins against the chip, and that no two parts share one."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._taken: dict[int, str] = {}

    def output(self, section: Section, key: str = "pin") -> int:
        return self._take(section, key, self._chip.outputs, "drive a level")

    def input(self, section: Section, key: str = "pin") -> int:
        return self._take(section, key, self._chip.outputs | self._chip.inputs_only, "be used")

    def analog(self, section: Section, key: str = "pin") -> int:
        return self._take(section, key, self._chip.analog, "measure while Wi-Fi is on")

    def _take(self, section: Section, key: str, allowed: frozenset[int], ability: str) -> int:
        faults_before = len(section.faults)
        pin = section.whole(key, low=0, high=PIN_MAX)
        if not section.present or len(section.faults) > faults_before:
            return pin
        if pin not in allowed:
            section.fault(key, f"is {pin}, a pin of the {self._chip.title} that cannot {ability}")
        elif pin in self._taken:
            section.fault(key, f"is {pin}, which {self._taken[pin]} has already")
        else:
            self._taken[pin] = f"{section.name}.{key}"
        return pin


def _image(file: TomlFile, chip: Chip) -> Image:
    section = file.section("image", ("version", "url", "offset", "sha256"))
    image = Image(
        version=section.text("version", high=20),
        url=section.text("url"),
        offset=section.whole("offset", low=0, high=FLASH_BYTES_MAX),
        sha256=section.text("sha256", "", low=0, high=64).lower(),
    )
    if image.url and not re.fullmatch(r"https://[^\s/]+/\S*[^\s/]", image.url):
        section.fault("url", "is no https:// address of a file")
    if section.present and image.offset != chip.boot_offset:
        section.fault("offset", f"is 0x{image.offset:X}; an {chip.title} starts at 0x{chip.boot_offset:X}")
    if image.sha256 and not re.fullmatch(r"[0-9a-f]{64}", image.sha256):
        section.fault("sha256", "is not 64 hexadecimal digits")
    return image


def _region(section: Section, flash_bytes: int) -> Region:
    offset = section.whole("file_system_offset", low=0, high=FLASH_BYTES_MAX)
    size = section.whole("file_system_bytes", low=0, high=FLASH_BYTES_MAX)
    if not section.present:
        return Region(offset, size)
    if flash_bytes & (flash_bytes - 1):
        section.fault("flash_bytes", f"is {flash_bytes}; a chip has a power of two")
    for key, value in (("file_system_offset", offset), ("file_system_bytes", size)):
        if value % file_system.BLOCK_BYTES or not value:
            section.fault(key, f"is 0x{value:X}; it must be a multiple of 0x{file_system.BLOCK_BYTES:X}")
    if offset + size > flash_bytes:
        section.fault("file_system_bytes", f"ends at 0x{offset + size:X}, behind the flash of 0x{flash_bytes:X} bytes")
    return Region(offset, size)


def _button(file: TomlFile, pins: _Pins) -> int | None:
    section = file.section("button", ("pin",), needed=False)
    return pins.input(section) if section.present else None


def _led(file: TomlFile, pins: _Pins) -> Led | None:
    section = file.section("led", ("pin", "lights_on"), needed=False)
    if not section.present:
        return None
    return Led(pins.output(section), low=section.word("lights_on", ("high", "low"), "high") == "low")


def _potentiometer(file: TomlFile, pins: _Pins) -> int | None:
    section = file.section("potentiometer", ("pin",), needed=False)
    return pins.analog(section) if section.present else None
