"""A serial port of this machine that leads to a virtual board: a pseudo-terminal with a name that stays."""

import os
import pty
import select
import tty
from pathlib import Path

READ_BYTES = 1 << 16


class SerialLine:
    """The board's end of the line. Nothing here waits.

    attended: whether somebody had the port open when update() last looked. wants_out: bytes wait to be taken.
    """

    def __init__(self, link: Path | None) -> None:
        """link: a path that leads to the port whenever it is plugged in."""
        self.attended = False
        self._link = link
        self._master: int | None = None
        self._port = ""
        self._out = bytearray()

    @property
    def path(self) -> str:
        return str(self._link) if self._link else self._port

    @property
    def wants_out(self) -> bool:
        return bool(self._out)

    def fileno(self) -> int | None:
        """To wait on; None while it is unplugged."""
        return self._master

    def plug_in(self) -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        self._port = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(master, False)
        self._master = master
        if self._link is not None:
            self._link.parent.mkdir(parents=True, exist_ok=True)
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self._port)

    def unplug(self) -> None:
        """The port is gone at once; harmless a second time."""
        self.attended = False
        self._out.clear()
        if self._master is not None:
            os.close(self._master)
            self._master = None
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def update(self) -> tuple[bytes, bool]:
        """(what has come in, whether somebody has closed the port since the last time)."""
        if self._master is None:
            return b"", False
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        events = dict(poll.poll(0)).get(self._master, 0)
        attended = not events & select.POLLHUP
        if attended != self.attended:
            self._out.clear()  # what nobody took is lost, as on a wire
        left = self.attended and not attended
        self.attended = attended
        data = b""
        if events & select.POLLIN:
            try:
                data = os.read(self._master, READ_BYTES)
            except OSError:
                data = b""  # closed in this very moment; the next update() sees it
        self.flush()
        return data, left

    def send(self, data: bytes) -> None:
        """Bytes for whoever has the port open; lost where nobody has."""
        if self.attended:
            self._out += data
            self.flush()

    def drop_output(self) -> None:
        """Forgets what has not been taken yet."""
        self._out.clear()

    def flush(self) -> None:
        """Writes what the port takes now."""
        while self._out and self._master is not None:
            try:
                taken = os.write(self._master, self._out)
            except BlockingIOError:
                return
            except OSError:
                self._out.clear()
                return
            del self._out[:taken]
