"""A board's `machine` module: pins, I2C, watchdog, reset. One Machine per node; it holds all their state."""

import zlib
from collections.abc import Callable, Sequence
from errno import ENODEV
from typing import Any, ClassVar, Protocol

from winter_river.emulator.clock import NodeTime

RESET_CAUSES = {"power_on": 1, "hard": 2, "watchdog": 3, "deep_sleep": 4, "soft": 5}  # numbers of the ESP32 port


class Reset(BaseException):
    """The program ends here: machine.reset() never returns. Not an Exception, so that no firmware catches it."""


class I2cDevice(Protocol):
    """What answers at an I2C address."""

    def write(self, message: bytes) -> None: ...


class Pin:
    """One view of a pin; all views of a number share its level. Made by Machine.Pin."""

    def __init__(
        self, machine: "Machine", number: int, mode: int = -1, pull: int | None = -1, *, value: int | None = None
    ) -> None:
        self._machine, self.number = machine, number
        self.init(mode, pull, value=value)

    def init(self, mode: int = -1, pull: int | None = -1, *, value: int | None = None) -> None:
        if value is not None:
            self.value(value)
        elif pull == PinMaker.PULL_UP:
            self._machine.levels.setdefault(self.number, 1)

    def value(self, level: int | None = None) -> int | None:
        if level is None:
            return self._machine.levels.get(self.number, 0)
        self._machine.levels[self.number] = int(bool(level))
        return None

    __call__ = value

    def on(self) -> None:
        self.value(1)

    def off(self) -> None:
        self.value(0)

    def irq(self, handler: Callable[["Pin"], Any] | None = None, trigger: int = 3) -> None:
        self._machine.interrupts[self.number] = (handler, trigger, self)


class PinMaker:
    """`machine.Pin`: the constants, and a call that makes a pin of this board."""

    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine

    def __call__(self, number: int, mode: int = -1, pull: int | None = -1, *, value: int | None = None) -> Pin:
        return Pin(self._machine, number, mode, pull, value=value)


class I2c:
    """A bus with the board's devices on it, whatever its pins and speed. Made by Machine.I2C and Machine.SoftI2C."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine

    def scan(self) -> list[int]:
        return sorted(self._machine.i2c_devices)

    def writeto(self, address: int, data: Any, stop: bool = True) -> int:
        """Raises OSError ENODEV when nobody answers at the address."""
        return self.writevto(address, (data,), stop)

    def writevto(self, address: int, parts: Sequence[Any], stop: bool = True) -> int:
        device = self._machine.i2c_devices.get(address)
        if device is None:
            raise OSError(ENODEV)
        message = b"".join(parts)
        device.write(message)
        return len(message) + 1  # acknowledged bytes, the address among them


class AdcMaker:
    """`machine.ADC`: the constants, and a call that makes a converter of this board, read in 16 bits."""

    ATTN_0DB, ATTN_2_5DB, ATTN_6DB, ATTN_11DB = 0, 1, 2, 3  # numbers of the ESP32 port

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine

    def __call__(self, pin: Pin) -> "Adc":
        return Adc(self._machine, pin.number)


class Adc:
    """One converter on a pin. Made by Machine.ADC."""

    def __init__(self, machine: "Machine", number: int) -> None:
        self._machine, self._number = machine, number

    def atten(self, attenuation: int) -> None:
        """The range; levels here are parts of it, whichever it is."""

    def read_u16(self) -> int:
        return round(self._machine.analog.get(self._number, 0.0) * 65535)


class Watchdog:
    """`machine.WDT`: once started it cannot be stopped, only fed."""

    def __init__(self, machine: "Machine", timeout_ms: int) -> None:
        self._machine, self.timeout_ms = machine, timeout_ms
        self.feed()

    def feed(self) -> None:
        self.fed_ms = self._machine.time.now_ms
        self._machine.watchdog_feeds += 1


class Machine:
    """The `machine` module of one board, with what the outside may see and touch: levels, i2c_devices, watchdog.

    analog: part of the full range, 0 to 1, by pin.
    """

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
    I2C_CLOCK_HZ: ClassVar[int] = 400_000

    def __init__(self, time: NodeTime, *, name: str, reset_cause: str, i2c_devices: dict[int, I2cDevice]) -> None:
        """name: gives the board its unique id. reset_cause: a key of RESET_CAUSES."""
        self.time = time
        self.i2c_devices = i2c_devices
        self.levels: dict[int, int] = {}
        self.analog: dict[int, float] = {}
        self.interrupts: dict[int, tuple[Callable[[Pin], Any] | None, int, Pin]] = {}
        self.watchdog: Watchdog | None = None
        self.watchdog_feeds = 0
        self.Pin = PinMaker(self)
        self.ADC = AdcMaker(self)
        self._unique_id = b"\x02" + zlib.crc32(name.encode()).to_bytes(4, "big") + b"\x01"  # a local MAC address
        self._reset_cause = RESET_CAUSES[reset_cause]

    def I2C(self, id: int = 0, *, scl: Any = None, sda: Any = None, freq: int = I2C_CLOCK_HZ) -> I2c:
        return I2c(self)

    def SoftI2C(self, *, scl: Any, sda: Any, freq: int = I2C_CLOCK_HZ, timeout: int = 50_000) -> I2c:
        return I2c(self)

    def WDT(self, id: int = 0, timeout: int = 5000) -> Watchdog:
        self.watchdog = Watchdog(self, timeout)
        return self.watchdog

    def reset(self) -> None:
        raise Reset("hard")

    def soft_reset(self) -> None:
        raise Reset("soft")

    def reset_cause(self) -> int:
        return self._reset_cause

    def unique_id(self) -> bytes:
        return self._unique_id

    def freq(self, hz: int | None = None) -> int:
        return 160_000_000  # what an ESP32 starts with, Hz

    def drive(self, number: int, level: int) -> None:
        """From outside: bring a pin to a level and run its interrupt, as a finger on the button does."""
        before = self.levels.get(number, 1)
        self.levels[number] = level
        handler, trigger, pin = self.interrupts.get(number, (None, 0, None))
        edge = PinMaker.IRQ_RISING if level > before else PinMaker.IRQ_FALLING if level < before else 0
        if handler and pin and trigger & edge:
            handler(pin)
