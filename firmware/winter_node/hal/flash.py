"""The few values that outlive a reboot, as two files with a checksum: a power cut spoils at most the one being written."""

import binascii
import json

NAMES = ("state0.json", "state1.json")


class Flash:
    """A small dict of plain values. Writes wear the chip: only for what rises rarely (the epoch)."""

    def __init__(self, hw):
        """hw.open: the file system's open(); without one nothing is kept and all else works."""
        self._open = getattr(hw, "open", None)
        self._serial = 0
        self._values = {}
        for name in NAMES:
            saved = self._read(name)
            if saved and saved["serial"] > self._serial:
                self._serial = saved["serial"]
                self._values = saved["values"]

    def get(self, name, default):
        return self._values.get(name, default)

    def put(self, name, value):
        """Keeps a value. Raises OSError when the chip does not take it."""
        self._values[name] = value
        self._serial += 1
        if self._open is None:
            return
        text = json.dumps({"serial": self._serial, "values": self._values})
        # The older of the two is overwritten, the newer stays whole.
        with self._open(NAMES[self._serial % 2], "w") as file:
            file.write("%08x %s" % (binascii.crc32(text.encode()), text))

    def _read(self, name):
        if self._open is None:
            return None
        try:
            with self._open(name, "r") as file:
                text = file.read()
            if int(text[:8], 16) != binascii.crc32(text[9:].encode()):
                return None
            return json.loads(text[9:])
        except (OSError, ValueError):  # not there yet, or torn by a power cut
            return None
