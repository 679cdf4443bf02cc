"""A private mosquitto: found on the machine, configured for one run, keeping nothing."""

import getpass
import shutil
from collections.abc import Sequence
from pathlib import Path

from winter_river.service.broker_process import Child
from winter_river.service.broker_text import Listener, config

# Debian keeps it where a plain user's PATH does not look; the last two are Homebrew's.
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", "/usr/local/opt/mosquitto/sbin")


def find() -> str | None:
    """The mosquitto of this machine; None when it is not installed."""
    for path in (None, *FOLDERS):
        program = shutil.which("mosquitto", path=path)
        if program:
            return program
    return None


def start(program: str, listeners: Sequence[Listener], *, folder: Path) -> Child:
    """Start it with its configuration and log in folder, both named after its first port. Raises OSError."""
    name = f"mosquitto-{listeners[0].port}"
    configuration = folder / f"{name}.conf"
    # The user is only read when started as root, which would otherwise give up the right to its own files.
    configuration.write_text(config(listeners, user=getpass.getuser()))
    return Child([program, "-c", str(configuration)], log=folder / f"{name}.log")
