"""Asks one question of a server: are you an MQTT broker that lets us in?"""

import secrets
import socket
import ssl
import time

from winter_river.address import Certificates, tls_fault

ANSWER_S_MAX = 3.0  # chosen: fifteen round trips over the poorest link a site has

# CONNACK return codes, MQTT 3.1.1 table 3.1.
_REFUSALS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it refused our client id",
    3: "it is not ready",
    4: "it wants a user name and password",
    5: "it does not let us in without a user name and password",
}


class ProbeError(Exception):
    """The server is not reachable, is no broker, or refuses us; the text says which."""


def probe(host: str, port: int, *, certificates: Certificates | None = None, timeout_s: float = ANSWER_S_MAX) -> None:
    """Connect as an MQTT client and leave again. certificates: for TLS. Raises ProbeError."""
    try:
        with _stream(host, port, certificates, timeout_s) as stream:
            stream.sendall(_connect_packet(f"probe-{secrets.token_hex(4)}"))
            answer = _read(stream, 4, until_s=time.monotonic() + timeout_s)
            if len(answer) < 4 or answer[:2] != b"\x20\x02":
                raise ProbeError("what answers there is no MQTT broker")
            if answer[3] != 0:
                raise ProbeError(_REFUSALS.get(answer[3], f"it refused us with code {answer[3]}"))
            stream.sendall(b"\xe0\x00")  # DISCONNECT
    except TimeoutError as error:
        raise ProbeError(f"no answer in {timeout_s:g} s") from error
    except ssl.SSLError as error:
        cause, cure = tls_fault(error, host)
        raise ProbeError(f"{cause}\ncure: {cure}" if cure else cause) from error
    except OSError as error:
        raise ProbeError(error.strerror or str(error)) from error


def _stream(host: str, port: int, certificates: Certificates | None, timeout_s: float) -> socket.socket:
    plain = socket.create_connection((host, port), timeout=timeout_s)
    if certificates is None:
        return plain
    try:
        return certificates.context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _connect_packet(client_id: str) -> bytes:
    """CONNECT of MQTT 3.1.1 (section 3.1): clean session, no will, no user, 10 s keepalive."""
    body = b"\x00\x04MQTT\x04\x02\x00\x0a" + len(client_id).to_bytes(2, "big") + client_id.encode()
    return b"\x10" + bytes([len(body)]) + body


def _read(stream: socket.socket, count: int, *, until_s: float) -> bytes:
    """Up to count bytes; fewer when the server hangs up. Raises TimeoutError."""
    data = b""
    while len(data) < count:
        stream.settimeout(max(0.001, until_s - time.monotonic()))
        part = stream.recv(count - len(data))
        if not part:
            break
        data += part
    return data
