"""TLS around the connection to the broker: the broker proves itself to our CA, and we to it where we have a certificate.

Loaded only where the settings ask for it. The handshake is driven by reads and writes, which never wait; its arithmetic
takes an ESP32 about a second. Files are DER, or PEM where the build reads it.
"""

NO_TLS = "NO TLS IN IMAGE"  # this MicroPython was built without it
NO_FILE = "CERT MISSING"
BAD_CERTIFICATE = "BAD CERTIFICATE"  # the broker's: not of our CA, of another host, or out of date
REFUSED = "TLS REFUSED"  # the broker wants another certificate than ours, or another TLS
_VERIFY_FAILED = -0x2700  # MBEDTLS_ERR_X509_CERT_VERIFY_FAILED


class TlsError(OSError):
    """args[0]: words for the screen."""


def wrap(hw, socket, broker):
    """The secured stream over a connected socket. broker: host, ca, cert, key of the settings. Raises TlsError."""
    if hw.ssl is None:
        raise TlsError(NO_TLS)
    ssl = hw.ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(cadata=_read(hw, broker["ca"]))
        if broker["cert"]:
            context.load_cert_chain(_read(hw, broker["cert"]), _read(hw, broker["key"]))
    except (OSError, ValueError):
        raise TlsError(NO_FILE) from None
    return context.wrap_socket(socket, server_hostname=broker["host"], do_handshake_on_connect=False)


def words(error):
    """What an error of the stream means, in words for the screen; empty where TLS has nothing to do with it."""
    code = error.args[0]
    if isinstance(code, str):
        return code
    if code == _VERIFY_FAILED:
        return BAD_CERTIFICATE
    return REFUSED if code < -0x1000 else ""  # mbedTLS numbers its own errors so; the network's are small


def _read(hw, path):
    with hw.open(path, "rb") as file:
        return file.read()
