"""A board's `ssl` module: MicroPython's contexts and streams over an emulated socket, by the machine's own TLS.

Errors come as on a board: OSError with mbedTLS's numbers. Reads and writes drive the handshake and never wait.
"""

import contextlib
import errno
import ssl
import tempfile
from pathlib import Path
from typing import Any

from winter_river.emulator.sockets import READ_BYTES, StreamSocket

VERIFY_FAILED = -0x2700  # MBEDTLS_ERR_X509_CERT_VERIFY_FAILED
FATAL_ALERT = -0x7780  # MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE


class SecureStream:
    """What SSLContext.wrap_socket gives: read, readinto and write as StreamSocket has them, secured."""

    def __init__(self, socket: StreamSocket, context: ssl.SSLContext, server_hostname: str | None) -> None:
        self._socket = socket
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._in, self._out, server_hostname=server_hostname)
        self._unsent = b""
        self._secured = False
        socket.decrypted_bytes = self._object.pending

    def setblocking(self, blocking: bool) -> None:
        self._socket.setblocking(blocking)

    def read(self, size: int = -1) -> bytes | None:
        """size bytes, or READ_BYTES where it is negative; fewer when there are no more, None when there are none."""
        buffer = bytearray(READ_BYTES if size < 0 else size)
        count = self.readinto(buffer)
        return None if count is None else bytes(buffer[:count])

    def readinto(self, buffer: bytearray | memoryview, size: int = -1) -> int | None:
        room = len(buffer) if size < 0 else min(size, len(buffer))
        ended = self._take()
        if not self._shake_hands():
            return 0 if ended else None
        try:
            data = self._call(self._object.read, room)
        except ssl.SSLWantReadError:
            return 0 if ended else None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return 0
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any, size: int = -1) -> int | None:
        left = memoryview(data) if size < 0 else memoryview(data)[:size]
        self._take()
        if not self._shake_hands() or not self._send():
            return None
        count: int = self._call(self._object.write, left)
        self._send()
        return count

    def close(self) -> None:
        with contextlib.suppress(ssl.SSLError, OSError):
            self._object.unwrap()
        with contextlib.suppress(OSError):
            self._send()
        self._socket.close()

    def _take(self) -> bool:
        """Hands what has come to TLS; whether the far end has closed."""
        while data := self._socket.read(READ_BYTES):
            self._in.write(data)
        return data == b""

    def _shake_hands(self) -> bool:
        if not self._secured:
            try:
                self._call(self._object.do_handshake)
                self._secured = True
            except ssl.SSLWantReadError:
                pass
            self._send()
        return self._secured

    def _send(self) -> bool:
        """Writes what TLS has for the far end; whether it all went."""
        self._unsent += self._out.read()
        if self._unsent:
            self._unsent = self._unsent[self._socket.write(self._unsent) or 0 :]
        return not self._unsent

    def _call(self, function: Any, *arguments: Any) -> Any:
        """Calls TLS; its errors become a board's, after the alert that belongs to them has left."""
        try:
            return function(*arguments)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
            raise
        except ssl.SSLError as error:
            with contextlib.suppress(OSError):
                self._send()
            verify = isinstance(error, ssl.SSLCertVerificationError)
            raise OSError(VERIFY_FAILED if verify else FATAL_ALERT, str(error)) from None


class SSLContext:
    """MicroPython's SSLContext, as far as a client needs it; certificates and keys may be bytes."""

    def __init__(self, protocol: int) -> None:
        self._context = ssl.SSLContext(protocol)

    @property
    def verify_mode(self) -> int:
        return self._context.verify_mode

    @verify_mode.setter
    def verify_mode(self, mode: int) -> None:
        self._context.verify_mode = ssl.VerifyMode(mode)

    def load_verify_locations(self, cafile: str | None = None, cadata: bytes | None = None) -> None:
        """Raises ValueError for what is no certificate, as a board does."""
        try:
            pem = cadata is not None and cadata.startswith(b"-----")
            self._context.load_verify_locations(cafile, cadata=cadata.decode() if cadata and pem else cadata)
        except ssl.SSLError as error:
            raise ValueError("invalid cert") from error

    def load_cert_chain(self, certfile: bytes, keyfile: bytes) -> None:
        """Raises ValueError for what is no certificate or no key of it."""
        with tempfile.TemporaryDirectory() as folder:  # the machine's TLS reads files only; mkdtemp makes it private
            cert, key = Path(folder, "cert"), Path(folder, "key")
            cert.write_text(_pem(certfile, "CERTIFICATE"))
            key.write_text(_pem(keyfile, "PRIVATE KEY"))
            try:
                self._context.load_cert_chain(cert, key)
            except ssl.SSLError as error:
                raise ValueError("invalid cert") from error

    def wrap_socket(
        self,
        sock: StreamSocket,
        *,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        server_hostname: str | None = None,
    ) -> SecureStream:
        if server_side or do_handshake_on_connect:
            raise OSError(errno.EOPNOTSUPP, "only a client that shakes hands later is emulated")
        return SecureStream(sock, self._context, server_hostname)


class Ssl:
    """The `ssl` module of a board."""

    PROTOCOL_TLS_CLIENT = int(ssl.PROTOCOL_TLS_CLIENT)
    CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = int(ssl.CERT_NONE), int(ssl.CERT_OPTIONAL), int(ssl.CERT_REQUIRED)
    SSLContext = SSLContext


def _pem(data: bytes, kind: str) -> str:
    """Text with the marks of PEM around it, whichever of the two forms the data has."""
    if data.startswith(b"-----"):
        return data.decode()
    text: str = ssl.DER_cert_to_PEM_cert(data)
    return text.replace("CERTIFICATE", kind)
