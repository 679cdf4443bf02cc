"""A port for a server that is started, and started again, at a number that must be known before."""

from __future__ import annotations

import socket


def held_port(host: str = "127.0.0.1") -> int:
    """A port of this machine that is ours until this process ends, and that nobody listens on yet.

    A port that was free a moment ago may be anybody's when a server gets to it, or comes back to it after a restart:
    another test of another process asks for free ports, too. So it stays bound here. Linux lets a server that reuses
    addresses (SO_REUSEADDR: all of ours do) share a port with a socket that does not listen, and gives it to nobody who
    asks for any free one; whoever connects while no server is there is refused.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((host, 0))
    port = int(holder.getsockname()[1])
    holder.detach()  # open as long as we live
    return port
