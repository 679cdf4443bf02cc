"""The lamp: steady while all is well, blinking while not, hurried while somebody wants to see which board this is."""

# pattern -> half a period in ms; 0: steady
CALM, TROUBLE, IDENTIFY = "calm", "trouble", "identify"
_HALF_MS = {CALM: 0, TROUBLE: 500, IDENTIFY: 100}


class Lamp:
    """One LED. show() is called each pass."""

    def __init__(self, hw, board):
        """board: pin `led`, None where there is none; `led_low` where it lights on a low level."""
        pin = board.get("led")
        self._pin = None if pin is None else hw.machine.Pin(pin, hw.machine.Pin.OUT)
        self._low = board.get("led_low") is True
        self._lit = None

    def show(self, pattern, now_ms):
        half_ms = _HALF_MS[pattern]
        lit = half_ms == 0 or now_ms // half_ms % 2 == 0
        if self._pin is not None and lit != self._lit:
            self._pin.value(0 if lit == self._low else 1)
            self._lit = lit
