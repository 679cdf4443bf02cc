"""Why a broker cannot be reached, as a person would say it. Pure."""

from __future__ import annotations

import socket
import ssl

from winter_river.address import Address, Fault, tls_fault

HUNG_UP = {
    False: Fault("it hung up before it let us in", "does it want TLS? Then its address is mqtts://host:port"),
    True: Fault("it hung up before it let us in", "does it want a certificate of ours? Set broker_cert and broker_key"),
}


def fault_of(error: Exception, address: Address) -> Fault:
    """An error of connecting as a person would say it."""
    if isinstance(error, ConnectionRefusedError):
        return Fault("nothing listens there")
    if isinstance(error, (socket.timeout, TimeoutError)):
        return Fault("no answer")
    if isinstance(error, socket.gaierror):
        return Fault("no such host")
    if isinstance(error, ssl.SSLError):
        return tls_fault(error, address.host)
    if isinstance(error, ConnectionResetError) and address.certificates is not None:
        return tls_fault("EOF occurred", address.host)
    return Fault(str(error) or type(error).__name__)
