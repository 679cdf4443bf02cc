"""The screen: an SSD1306 at 0x3C or 0x3D, drawn by its driver; a board without one runs on.

show() blocks for one frame on the wire: 1,040 bytes, 24 ms at 400 kHz.
"""

from winter_node import screen, ticks

ADDRESSES = (0x3C, 0x3D)
LOOK_AGAIN_MS = 10000  # chosen: a screen that is plugged in later is found, at the cost of two bytes on the bus


class Oled:
    """Finds the screen and draws pictures on it."""

    def __init__(self, hw, board, now_ms):
        """board: pins `sda` and `scl`, bus speed `i2c_hz`."""
        self._hw = hw
        self._board = board
        self._i2c = None
        self._display = None
        self._look_ms = now_ms

    def present(self):
        return self._display is not None

    def poll(self, now_ms):
        """Looks for the screen while there is none. True when it has just been found: it shows nothing yet."""
        if self._display is not None or ticks.diff(now_ms, self._look_ms) < 0:
            return False
        self._look_ms = ticks.add(now_ms, LOOK_AGAIN_MS)
        if self._i2c is None:
            pin = self._hw.machine.Pin
            self._i2c = self._hw.machine.SoftI2C(
                scl=pin(self._board["scl"]), sda=pin(self._board["sda"]), freq=self._board["i2c_hz"]
            )
        found = self._i2c.scan()
        for address in ADDRESSES:
            if address in found:
                import ssd1306

                self._display = ssd1306.SSD1306_I2C(screen.WIDTH, screen.HEIGHT, self._i2c, address)
                return True
        return False

    def show(self, picture):
        """Draws a picture (see winter_node.screen). Raises OSError when the screen has gone; poll() looks again."""
        if self._display is None:
            return
        try:
            screen.draw(self._display, picture)
            self._display.show()
        except OSError:
            self._display = None
            raise
