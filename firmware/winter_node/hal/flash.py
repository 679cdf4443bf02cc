"""What outlives a reboot: a dict of plain values in two files with a checksum, so that a power cut at any byte of any
write spoils at most the copy being written. The newest whole copy holds.
"""

import binascii
import json

STATE = ("state0.json", "state1.json")  # counters and fences
SETTINGS = ("node0.json", "node1.json")  # the settings in force


class Flash:
    """One such dict. Writes wear the chip, so a value that does not change is not written."""

    def __init__(self, hw, names=STATE):
        """hw.open: the file system's open(); without one nothing is kept and all else works."""
        self._open = getattr(hw, "open", None)
        self._names = names
        self._serial = 0
        self._values = {}
        for name in names:
            saved = self._read(name)
            if saved and saved["serial"] > self._serial:
                self._serial = saved["serial"]
                self._values = saved["values"]

    def get(self, name, default):
        return self._values.get(name, default)

    def put(self, name, value):
        """Keeps a value. Raises OSError when the chip does not take it."""
        self.put_all({name: value})

    def put_all(self, values):
        """Keeps several values in one write: all of them or, after a power cut, none."""
        wanted = dict(self._values)
        wanted.update(values)
        if wanted == self._values:
            return
        if self._open is not None:
            text = json.dumps({"serial": self._serial + 1, "values": wanted})
            # The older of the two is overwritten, the newer stays whole.
            with self._open(self._names[(self._serial + 1) % 2], "w") as file:
                file.write("%08x %s" % (binascii.crc32(text.encode()), text))
        self._serial += 1
        self._values = wanted

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
