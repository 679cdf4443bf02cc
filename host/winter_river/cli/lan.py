"""The address of this machine on its private network, where boards find the broker."""

import ipaddress
import socket
import struct
import sys

from winter_river.cli.errors import CommandError, UsageError

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_INTERFACE_NAME_BYTES = 15  # IFNAMSIZ less its closing zero
_PRIVATE = tuple(ipaddress.ip_network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))  # RFC 1918


def lan_address(wanted: str = "") -> str:
    """The address to listen on for boards.

    wanted: one of this machine's own, or "" for the only private one. Raises UsageError listing the choice
    where there are several, CommandError where there is none.
    """
    found = private_addresses()
    listed = ", ".join(f"{address} ({name})" for name, address in found)
    if wanted:
        if wanted not in [address for _, address in found]:
            raise UsageError(
                f"--lan-address: {wanted} is no private address of this machine; it has {listed or 'none'}"
            )
        return wanted
    if not found:
        raise CommandError("--lan: this machine has no private network address; join the boards' network first")
    if len(found) > 1:
        raise UsageError(
            f"--lan: this machine has several private addresses: {listed}\n"
            f"choose the one that the boards reach: --lan-address {found[0][1]}"
        )
    return found[0][1]


def private_addresses() -> list[tuple[str, str]]:
    """(interface, IPv4 address) of each interface with an RFC 1918 address, in the system's order."""
    return [(name, address) for name, address in _addresses() if is_private(address)]


def is_private(address: str) -> bool:
    """Whether an IPv4 address is of a private network (RFC 1918)."""
    return any(ipaddress.ip_address(address) in network for network in _PRIVATE)


def _addresses() -> list[tuple[str, str]]:
    if sys.platform != "linux":
        # Elsewhere the system is asked which address it would send from; nothing is sent.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.168.0.1", 9))
            except OSError:
                return []
            return [("default", str(probe.getsockname()[0]))]
    import fcntl  # not on every platform

    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:_INTERFACE_NAME_BYTES])
            try:
                answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)
            except OSError:  # the interface has no IPv4 address
                continue
            found.append((name, socket.inet_ntoa(answer[20:24])))
    return found
