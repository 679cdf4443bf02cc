"""The potentiometer: a load set by hand. Its place at power-on counts for nothing; only a turn does."""

from winter_node import ticks

LOOK_MS = 100
DEAD_BAND = 0.02  # chosen: an ESP32's converter wanders by about 1 % of its range
_FULL = 65535  # read_u16()


class Pot:
    """poll() gives the part of its way, 0 to 1, when it has been turned; else None."""

    def __init__(self, hw, board, now_ms):
        """board: pin `pot`, None where there is none."""
        pin = board.get("pot")
        self._adc = None if pin is None else hw.machine.ADC(hw.machine.Pin(pin))
        if hasattr(self._adc, "atten"):
            self._adc.atten(hw.machine.ADC.ATTN_11DB)  # the range up to the supply voltage, not up to 1 V
        self._look_ms = now_ms
        self._told = None

    def poll(self, now_ms):
        if self._adc is None or ticks.diff(now_ms, self._look_ms) < 0:
            return None
        self._look_ms = ticks.add(now_ms, LOOK_MS)
        part = self._adc.read_u16() / _FULL
        if self._told is None:
            self._told = part
        if abs(part - self._told) < DEAD_BAND:
            return None
        self._told = part
        return 0.0 if part < DEAD_BAND else 1.0 if part > 1 - DEAD_BAND else part
