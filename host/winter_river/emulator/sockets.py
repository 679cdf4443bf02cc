"""MicroPython's stream sockets over the machine's own TCP.

read, readinto and write give None when nothing can be done at once, b"" (0) at the end of the stream; a short read
or write is normal without blocking. Errors are OSError with the machine's errno. While the node's Wi-Fi is down
nothing goes in or out and a connect fails, but a connection stays as it is: the far end sees silence, no end.
"""

import errno
import select
import socket as _socket
import struct
from collections.abc import Callable
from typing import Any

AF_INET, SOCK_STREAM = int(_socket.AF_INET), int(_socket.SOCK_STREAM)
SOL_SOCKET, SO_REUSEADDR = int(_socket.SOL_SOCKET), int(_socket.SO_REUSEADDR)
IPPROTO_TCP, TCP_NODELAY = int(_socket.IPPROTO_TCP), int(_socket.TCP_NODELAY)
READ_BYTES = 4096  # of one call to the system
_NOT_NOW = (errno.EAGAIN, errno.EWOULDBLOCK)


class StreamSocket:
    """One TCP socket as MicroPython shows it. `connecting`: a non-blocking connect is under way."""

    def __init__(self, sockets: "Sockets") -> None:
        self._sockets = sockets
        self._socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self._socket.setblocking(False)  # always: waiting is done here, so that Wi-Fi loss is seen while waiting
        self._timeout_s: float | None = None
        self._received = bytearray()  # taken from the system, not yet by the firmware, which reads byte by byte
        self.connecting = False
        self.closed = False
        self.decrypted_bytes: Callable[[], int] = lambda: 0  # of the TLS around it: read, but not yet by the firmware
        sockets.opened.add(self)

    def fileno(self) -> int:
        return self._socket.fileno()

    def settimeout(self, seconds: float | None) -> None:
        self._timeout_s = seconds

    def setblocking(self, blocking: bool) -> None:
        self._timeout_s = None if blocking else 0.0

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        if isinstance(value, int):
            self._socket.setsockopt(level, option, value)

    def connect(self, address: tuple[str, int]) -> None:
        """Raises OSError: EINPROGRESS without blocking, EHOSTUNREACH without Wi-Fi, ETIMEDOUT, ECONNREFUSED ..."""
        self._check_open()
        if not self._sockets.link_up():
            raise OSError(errno.EHOSTUNREACH, "no Wi-Fi")
        code = self._socket.connect_ex(self._sockets.route or address)
        if code == errno.EINPROGRESS:
            self.connecting = True
            if self._timeout_s == 0:
                raise OSError(code, "connection under way")
            self._wait(write=True)
            code = self._socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
            self.connecting = False
        if code not in (0, errno.EISCONN):
            raise OSError(code, errno.errorcode.get(code, "connect"))

    def buffered(self) -> int:
        """Bytes that can be read without the system telling of them again: whoever waits for sockets must ask."""
        return len(self._received) + self.decrypted_bytes() if self._sockets.link_up() else 0

    def read(self, size: int = -1) -> bytes | None:
        """size bytes (fewer without blocking or at the end), all until the end where it is negative."""
        data = bytearray()
        while size < 0 or len(data) < size:
            part = self._receive(READ_BYTES if size < 0 else size - len(data))
            if part is None:
                return bytes(data) if data else None
            if not part:
                break
            data += part
        return bytes(data)

    def readinto(self, buffer: bytearray | memoryview, size: int = -1) -> int | None:
        """Number of bytes put into the buffer (at most size, where it is given), None when there are none yet."""
        data = self.read(len(buffer) if size < 0 else min(size, len(buffer)))
        if data is None:
            return None
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any, size: int = -1) -> int | None:
        """Number of bytes taken, None when none could be."""
        left = memoryview(data)
        if size >= 0:
            left = left[:size]
        total = len(left)
        while left:
            taken = self._transmit(left)
            if taken is None:
                break
            left = left[taken:]
        done = total - len(left)
        return done if done or not total else None

    def recv(self, size: int) -> bytes:
        """Whatever is there, up to size bytes; raises OSError EAGAIN where read gives None."""
        data = self._receive(size)
        if data is None:
            raise OSError(errno.EAGAIN, "nothing yet")
        return data

    def send(self, data: Any) -> int:
        taken = self._transmit(memoryview(data))
        if taken is None:
            raise OSError(errno.EAGAIN, "no room yet")
        return taken

    def sendall(self, data: Any) -> None:
        if self.write(data) != len(data):
            raise OSError(errno.EAGAIN, "no room yet")

    def close(self) -> None:
        self.closed = True
        self._sockets.opened.discard(self)
        self._socket.close()

    def abort(self) -> None:
        """Close with a TCP reset: what the far end sees of a board that loses power and comes back."""
        if not self.closed:
            self._socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close()

    def _receive(self, size: int) -> bytes | None:
        """Some bytes, at most size; b"" at the end; None when there is nothing and we may not wait."""
        self._check_open()
        while True:
            if self._sockets.link_up():
                if self._received:
                    data = bytes(self._received[:size])
                    del self._received[:size]
                    return data
                try:
                    self._received += self._socket.recv(READ_BYTES)
                    self.connecting = False
                except OSError as error:
                    self._pass_over(error)
                else:
                    if self._received:
                        continue
                    return b""
            if self._timeout_s == 0:
                return None
            self._wait(write=False)

    def _transmit(self, data: memoryview) -> int | None:
        self._check_open()
        limit = self._sockets.write_bytes_max
        while True:
            if self._sockets.link_up():
                try:
                    taken = self._socket.send(data[:limit] if limit else data, _socket.MSG_NOSIGNAL)
                    self.connecting = False
                    return taken
                except OSError as error:
                    self._pass_over(error)
            if self._timeout_s == 0:
                return None
            self._wait(write=True)

    def _pass_over(self, error: OSError) -> None:
        """Raise an error again unless it only means `not now`. A send before the connect is through says ENOTCONN."""
        if error.errno in _NOT_NOW or (self.connecting and error.errno == errno.ENOTCONN):
            return
        self.connecting = False
        raise error

    def _wait(self, *, write: bool) -> None:
        """Wait for the socket in real time. Raises OSError ETIMEDOUT after the socket's timeout.

        Without Wi-Fi there is nothing to wait for, since the node's own time stands still: it ends at once.
        """
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT if write else select.POLLIN)
        timeout_ms = None if self._timeout_s is None else self._timeout_s * 1000
        if not self._sockets.link_up() or not poll.poll(timeout_ms):
            raise OSError(errno.ETIMEDOUT, "timed out")

    def _check_open(self) -> None:
        if self.closed:
            raise OSError(errno.EBADF, "socket is closed")


class Sockets:
    """The `socket` module of one board. opened: the sockets it holds, for whoever waits for them or resets them.

    write_bytes_max: most bytes one write hands to the system, to provoke short writes; None for no limit. route: where
    every connection leads, as the network around a board decides it; None: to its address.
    """

    AF_INET, SOCK_STREAM = AF_INET, SOCK_STREAM
    SOL_SOCKET, SO_REUSEADDR = SOL_SOCKET, SO_REUSEADDR
    IPPROTO_TCP, TCP_NODELAY = IPPROTO_TCP, TCP_NODELAY

    def __init__(self, link_up: Callable[[], bool] = lambda: True) -> None:
        self.link_up = link_up
        self.opened: set[StreamSocket] = set()
        self.write_bytes_max: int | None = None
        self.route: tuple[str, int] | None = None

    def socket(self, af: int = AF_INET, type: int = SOCK_STREAM, proto: int = 0) -> StreamSocket:
        if type != SOCK_STREAM:
            raise OSError(errno.EPROTONOSUPPORT, "only TCP is emulated")
        return StreamSocket(self)

    def getaddrinfo(
        self, host: str, port: int, af: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        """[(family, type, protocol, name, (address, port))]: always a list, IPv4 only. Blocks, as on the board."""
        if not self.link_up():
            raise OSError(-202)  # what an ESP32 says (EAI_FAIL of lwIP)
        found = _socket.getaddrinfo(host, port, _socket.AF_INET, _socket.SOCK_STREAM)
        return [(AF_INET, SOCK_STREAM, 0, "", (str(row[4][0]), int(row[4][1]))) for row in found]
