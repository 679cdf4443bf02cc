"""Where a broker is and how we are let in: its address, and for mqtts:// the certificates of both sides.

A broker over TLS is always verified: its certificate must be of an authority we trust and name the host we called.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

PORT = 1883  # IANA's port of MQTT
PORT_TLS = 8883  # and of MQTT over TLS
SCHEMES = {"mqtt": PORT, "mqtts": PORT_TLS}
FILE_BYTES_MAX = 65_536  # chosen: ten chains of the longest certificates in use

# X509_V_ERR_... of OpenSSL's x509_vfy.h
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 9, 10, 62, 64
# What the far end's alert means (RFC 8446, section 6), in the spelling of OpenSSL.
_ALERTS = (
    (r"CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE", "it wants a certificate of ours", "set broker_cert and broker_key"),
    (r"CERTIFICATE_EXPIRED", "our certificate has expired", "renew it, and the file that broker_cert names"),
    (
        r"ALERT_UNKNOWN_CA|ALERT_(BAD|UNSUPPORTED|UNKNOWN)?_?CERTIFICATE|CERTIFICATE_REVOKED|ACCESS_DENIED|DECRYPT_ERROR",
        "it does not accept our certificate",
        "have broker_cert signed by the authority that this broker trusts",
    ),
    (
        r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST|UNEXPECTED_EOF|EOF occurred",
        "it does not speak TLS on this port",
        "its port with TLS is mostly 8883; mqtt://host:port is the address of one without",
    ),
)


@dataclass(frozen=True, slots=True)
class Certificates:
    """The contents of certificate files, PEM or DER. ca: whom we trust, empty: whom this machine trusts.

    cert, key: who we are, both or none.
    """

    ca: bytes = field(default=b"", repr=False)
    cert: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)

    def context(self) -> ssl.SSLContext:
        """TLS that verifies the broker. Raises ValueError for contents that are no certificate, or no key of it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = _TellingSocket
        if self.ca:
            pem = _is_pem(self.ca)
            try:
                context.load_verify_locations(cadata=self.ca.decode("ascii") if pem else self.ca)
            except (ssl.SSLError, UnicodeDecodeError):
                raise ValueError("broker_ca holds no certificate, neither PEM nor DER") from None
        else:
            context.load_default_certs()
        if self.cert:
            self._show(context)
        return context

    def _show(self, context: ssl.SSLContext) -> None:
        # The machine's TLS takes these from files only; mkdtemp makes the folder ours alone.
        with tempfile.TemporaryDirectory() as folder:
            cert, key = Path(folder, "cert"), Path(folder, "key")
            for place, data, kind in ((cert, self.cert, "CERTIFICATE"), (key, self.key, "PRIVATE KEY")):
                place.touch(mode=0o600)
                place.write_bytes(data if _is_pem(data) else _as_pem(data, kind))
            try:
                context.load_cert_chain(cert, key, password=_no_passphrase)
            except (ssl.SSLError, ValueError):
                raise ValueError(
                    "broker_cert and broker_key are no certificate and its own key, PEM or DER without a passphrase"
                ) from None


def read_certificates(*, ca: str = "", cert: str = "", key: str = "") -> Certificates:
    """The certificates in these files, "" for none, tried. Raises ValueError with the setting, the cause and the cure."""
    contents = {}
    for role, name in (("ca", ca), ("cert", cert), ("key", key)):
        contents[role] = _content(f"broker_{role}", Path(name).expanduser()) if name else b""
    if bool(cert) != bool(key):
        raise ValueError("broker_cert and broker_key go together: give both, or none")
    if key and os.stat(Path(key).expanduser()).st_mode & 0o077:
        raise ValueError(f"broker_key = {key} can be read by others\ncure: chmod 600 {key}")
    found = Certificates(**contents)
    found.context()
    return found


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is. certificates: for TLS, None without."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    certificates: Certificates | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.certificates else ''}://{host}:{self.port}"


def parse_url(url: str, certificates: Certificates | None = None) -> Address:
    """The address in mqtt[s]://[user:password@]host[:port]; raises ValueError saying what is wrong with it.

    certificates: those for mqtts; without them it trusts whom this machine trusts, and shows none.
    """
    parts = urlsplit(url if "//" in url else f"//{url}", scheme="mqtt")
    if parts.scheme not in SCHEMES:
        raise ValueError(f"broker is {_shown(url)}; only mqtt://host:port and mqtts://host:port are supported")
    try:
        port = SCHEMES[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not parts.hostname or port == 0 or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"broker is {_shown(url)}; expected mqtt://host:port or mqtts://host:port")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    secure = (certificates or Certificates()) if parts.scheme == "mqtts" else None
    return Address(parts.hostname, port, user, password, secure)


class _TellingSocket(ssl.SSLSocket):
    """A broker that does not want our certificate says so and hangs up, mostly before we have written anything.

    The write then fails with nothing but the hang-up, while the reason waits to be read: the error is that reason.
    """

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            try:
                self.recv(1)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                raise error from None
            raise

    def sendall(self, data: Any, flags: int = 0) -> None:
        view = memoryview(data).cast("B")
        while view:
            view = view[self.send(view, flags) :]


class Fault(NamedTuple):
    """What went wrong with a connection, as a person would say it; cure is "" where there is none to name."""

    cause: str
    cure: str = ""


def tls_fault(error: ssl.SSLError | str, host: str) -> Fault:
    """What an error of TLS means. error: as raised, or as text."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in (_OTHER_HOST, _OTHER_ADDRESS):
            return Fault(f"its certificate is not for {host}", "call the broker as its certificate names it")
        if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
            word = "has expired" if error.verify_code == _EXPIRED else "is not valid yet"
            return Fault(f"its certificate {word}", "renew it on the broker; is the clock of this machine right?")
        return Fault(
            f"its certificate is of an authority we do not trust ({error.verify_message})",
            "set broker_ca to the certificate of the authority that signed it",
        )
    text = str(error)
    for pattern, cause, cure in _ALERTS:
        if re.search(pattern, text):
            return Fault(cause, cure)
    return Fault(f"TLS failed: {text}")


def _shown(url: str) -> str:
    """The address without a password."""
    return re.sub(r"//[^@/]*@", "//...@", url)


def _content(name: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"{name} = {path} cannot be read: {error.strerror}") from None
    if not 0 < len(data) <= FILE_BYTES_MAX:
        raise ValueError(f"{name} = {path} has {len(data)} bytes; a certificate has 1 to {FILE_BYTES_MAX}")
    return data


def _is_pem(data: bytes) -> bool:
    return b"-----BEGIN" in data


def _as_pem(data: bytes, kind: str) -> bytes:
    return ssl.DER_cert_to_PEM_cert(data).replace("CERTIFICATE", kind).encode()


def _no_passphrase() -> str:
    # Asked for only where the key is encrypted; without this OpenSSL would ask on the terminal.
    raise ValueError("the key has a passphrase")
