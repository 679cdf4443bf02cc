"""The embedded broker: aedes on Node.js, for machines without mosquitto; needs no root.

Its npm packages are pinned with hashes in `embedded_broker/package-lock.json` and installed once into the user's cache.
"""

import json
from collections.abc import Callable
from pathlib import Path

from winter_river import npm
from winter_river.service import broker_limits as limits
from winter_river.service.broker_process import Child

NODE_MAJOR_MIN = 20  # what aedes 1.2 asks for

_SOURCE = Path(__file__).with_name("embedded_broker")
_FILES = (*npm.LOCK_FILES, "packet_limit.mjs", "server.mjs")


class EmbeddedError(RuntimeError):
    """The embedded broker cannot be had on this machine; the text says why and what cures it."""


def find_node() -> npm.Nodejs | None:
    """A Node.js that it runs on, or None."""
    return npm.find(NODE_MAJOR_MIN)


def start(
    *, host: str, port: int, websocket_port: int | None, folder: Path, progress: Callable[[str], None] | None = None
) -> Child:
    """Install it when that is still to be done, then start it with its log in folder.

    Raises EmbeddedError, OSError.
    """
    node = find_node()
    if node is None:
        raise EmbeddedError(f"the embedded broker needs Node {NODE_MAJOR_MIN} or newer with npm")
    settings = {
        "host": host,
        "port": port,
        "websocket_port": websocket_port,
        "limits": {
            "packet_bytes_max": limits.PACKET_BYTES_MAX,
            "connections_max": limits.CONNECTIONS_MAX,
            "messages_in_flight_max": limits.QUEUED_MAX,
            "slow_client_ms_max": int(limits.SLOW_CLIENT_S_MAX * 1000),
            "queued_before_connect_max": limits.QUEUED_BEFORE_CONNECT_MAX,
            "client_id_length_max": limits.CLIENT_ID_LENGTH_MAX,
        },
    }
    server = install(node, progress=progress) / "server.mjs"
    return Child([node.program, str(server), json.dumps(settings)], log=folder / f"embedded-{port}.log")


def install(node: npm.Nodejs, *, progress: Callable[[str], None] | None = None) -> Path:
    """The folder of the installed broker in the user's cache; `npm ci` fills it the first time.

    Raises EmbeddedError.
    """
    notice = "Installing the embedded MQTT broker (once, about 6 MB) ..."
    try:
        return npm.install(node, _SOURCE, name="embedded-broker", files=_FILES, notice=notice, progress=progress)
    except npm.NpmError as error:
        raise EmbeddedError(str(error)) from error
