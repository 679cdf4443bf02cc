"""TCP ports of this machine: which are free, who holds one, and whether a given process really listens."""

import errno
import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path

_LISTENING = "0A"  # TCP_LISTEN in include/net/tcp_states.h, as /proc/net/tcp prints it
_PROC = Path("/proc")

OURS = "another Winter River run"  # what `holder` says when the listener is the broker of one


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen on host:port now. Raises OSError when host is no address of this machine."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # As the brokers do: connections of an earlier server that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def find_free(host: str, *, avoid: int = 0) -> int:
    """A port of host, not `avoid`, that nobody listens on now; somebody may take it the next moment.

    Raises OSError as `is_free`.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    port = avoid
    while port == avoid:
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
            port = probe.getsockname()[1]
    return port


def holder(port: int) -> str:
    """Who listens on a port, in words for a user: program and pid where we may see them, else whose program it is."""
    listeners = dict(_listeners(port))
    for process in _PROC.glob("[0-9]*"):
        if _open_sockets(process) & listeners.keys():
            return _described(process)
    for user_id in listeners.values():
        try:
            return f"a program of the user {pwd.getpwuid(user_id).pw_name}"
        except KeyError:
            return f"a program of the user number {user_id}"
    return "another program"


def listens(pid: int, port: int) -> bool:
    """Whether this process listens on the port; True where the system has no /proc to tell (not Linux)."""
    if not (_PROC / "net/tcp").exists():
        return True
    return bool(_open_sockets(_PROC / str(pid)) & {inode for inode, _ in _listeners(port)})


def _listeners(port: int) -> Iterator[tuple[str, int]]:
    """Socket inode and user number of each socket that listens on the port (man 5 proc, /proc/net/tcp)."""
    for table in ("net/tcp", "net/tcp6"):
        try:
            rows = (_PROC / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            local, state, user_id, inode = fields[1], fields[3], fields[7], fields[9]
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                yield inode, int(user_id)


def _open_sockets(process: Path) -> set[str]:
    """Inodes of the sockets a process holds; empty when it has gone or we may not look."""
    inodes = set()
    try:
        for descriptor in (process / "fd").iterdir():
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                inodes.add(target[len("socket:[") : -1])
    except OSError:
        pass  # it ended while we looked, or belongs to somebody else
    return inodes


def _described(process: Path) -> str:
    try:
        # The first word of the command line, for the short name may be that of a thread (Node's is).
        program = (process / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
        parent = _parent(process)
    except OSError:
        return "a program that has just ended"
    text = f"{Path(program).name} (pid {process.name})"
    if parent is not None and _is_ours(parent):
        return f"{text} of {OURS} (pid {parent.name})"
    return text


def _parent(process: Path) -> Path | None:
    for line in (process / "status").read_text().splitlines():
        if line.startswith("PPid:"):
            return _PROC / line.split()[1]
    return None


def _is_ours(process: Path) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")[:3]
    except OSError:
        return False
    # The program's name, not any folder's: a checkout is called winter-river, too.
    return b"winter_river" in words or b"winter-river" in [word.rpartition(b"/")[2] for word in words[:2]]
