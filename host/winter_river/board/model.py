"""A kind of board as values: what its file in `boards/` says once it has been checked."""

from dataclasses import dataclass

from winter_river.board.chips import Chip
from winter_river.board.partitions import Region


@dataclass(frozen=True, slots=True)
class Image:
    """The MicroPython image for a board. offset: where it goes in the flash. sha256: "" where the file pins none."""

    version: str
    url: str
    offset: int
    sha256: str = ""

    @property
    def file_name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Screen:
    """The pins of the OLED's I2C bus; its addresses in the order they are tried."""

    sda: int
    scl: int
    clock_hz: int
    addresses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Led:
    """A plain LED; low: it lights on a low level."""

    pin: int
    low: bool


@dataclass(frozen=True, slots=True)
class Board:
    """One kind of board. name: of its file, without the ending. Parts that a board lacks are None."""

    name: str
    title: str
    chip: Chip
    image: Image
    flash_bytes: int
    file_system: Region
    screen: Screen
    button: int | None = None
    led: Led | None = None
    potentiometer: int | None = None

    def settings(self) -> dict[str, object]:
        """The `board` group of a node.json, in the words of winter_node.settings."""
        return {
            "sda": self.screen.sda,
            "scl": self.screen.scl,
            "i2c_hz": self.screen.clock_hz,
            "button": self.button,
            "led": self.led.pin if self.led else None,
            "led_low": self.led.low if self.led else False,
            "pot": self.potentiometer,
        }
