"""A private mosquitto: found on the machine, configured for one run, keeping nothing."""

import getpass
import shutil
from pathlib import Path

from winter_river.service import broker_limits as limits
from winter_river.service.broker_process import Child

# Debian keeps it where a plain user's PATH does not look; the last two are Homebrew's.
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/usr/local/opt/mosquitto/sbin")


def find() -> str | None:
    """The mosquitto of this machine; None when it is not installed."""
    for path in (None, *FOLDERS):
        program = shutil.which("mosquitto", path=path)
        if program:
            return program
    return None


def start(program: str, *, host: str, port: int, websocket_port: int | None, folder: Path) -> Child:
    """Start it with its configuration and log in folder. Raises OSError."""
    configuration = folder / f"mosquitto-{port}.conf"
    configuration.write_text(config(host=host, port=port, websocket_port=websocket_port, user=getpass.getuser()))
    return Child([program, "-c", str(configuration)], log=folder / f"mosquitto-{port}.log")


def config(*, host: str, port: int, websocket_port: int | None, user: str) -> str:
    """Its configuration. Each directive stands once: mosquitto 2.0.11 (Debian 12) refuses to start on a second.

    Nothing is kept on disk. Every node and the engine publish again within seconds, and retained messages of an earlier
    run would show a site that no longer is.
    """
    listeners = [f"listener {port} {host}", f"max_connections {limits.CONNECTIONS_MAX}"]
    if websocket_port is not None:
        listeners += [f"listener {websocket_port} {host}", "protocol websockets"]
        listeners += [f"max_connections {limits.CONNECTIONS_MAX}"]
    lines = [
        f"user {user}",  # only read when started as root, which would otherwise give up the right to its own files
        "persistence false",
        "allow_anonymous true",
        "set_tcp_nodelay true",
        f"max_packet_size {limits.PACKET_BYTES_MAX}",
        # Debian 12's does not apply the line above to WebSocket clients; this one at least keeps such a message back.
        f"message_size_limit {limits.PACKET_BYTES_MAX}",
        f"max_inflight_messages {limits.INFLIGHT_MAX}",
        f"max_queued_messages {limits.QUEUED_MAX}",
        f"max_queued_bytes {limits.QUEUED_BYTES_MAX}",
        "persistent_client_expiration 1d",  # chosen: a session nobody came back to in a day is forgotten
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "connection_messages false",
        *listeners,
    ]
    return "\n".join(lines) + "\n"
