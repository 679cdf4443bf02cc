"""The tree that lands on a board: our firmware, the two drivers, and this node's own node.json. Nothing else."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import winter_node
import winter_wire
from winter_node import settings as node_settings

from winter_river import drivers, paths
from winter_river.board.credentials import CERTIFICATES, Credentials
from winter_river.board.errors import BoardError
from winter_river.board.model import Board
from winter_river.facility import Node

SETTINGS_FILE = "node.json"
DRIVERS = ("umqtt/simple.py", "ssd1306.py")
# Where files are ours alone on a board: what is there and not in the tree is old, and goes.
OUR_FOLDERS = ("winter_node", "lib/winter_wire", "lib/umqtt", CERTIFICATES)


def sources(drivers_dir: Path | None = None) -> dict[str, Path]:
    """Path on the board to file here, for all but node.json, sorted. Raises DriversError where there are no drivers."""
    firmware = paths.firmware_dir()
    found = {name: firmware / name for name in ("boot.py", "main.py")}
    for package, place in ((winter_node, "winter_node"), (winter_wire, "lib/winter_wire")):
        folder = Path(str(package.__file__)).parent
        found |= {f"{place}/{name}": folder / name for name in _python_files(folder)}
    driver_folder = drivers_dir or drivers.path()
    found |= {f"lib/{name}": driver_folder / name for name in DRIVERS}
    return dict(sorted(found.items()))


def files(node: Node, board: Board, credentials: Credentials, *, root: str, watchdog: bool = True) -> dict[str, bytes]:
    """Every file of this node by its path on the board. The same input gives the same bytes.

    Raises BoardError where the firmware would refuse the settings.
    """
    tree = {name: source.read_bytes() for name, source in sources().items()} | credentials.files()
    tree[SETTINGS_FILE] = node_json(node, board, credentials, root=root, watchdog=watchdog)
    return dict(sorted(tree.items()))


def node_json(node: Node, board: Board, credentials: Credentials, *, root: str, watchdog: bool = True) -> bytes:
    """The settings of this node on this board, checked by the firmware's own checker.

    Raises BoardError with every fault.
    """
    settings: dict[str, object] = node.settings() | {"root": root, "board": board.settings()} | credentials.settings()
    if not watchdog:
        settings["watchdog"] = False
    _, faults = node_settings.check(settings)
    if faults:
        lines = "".join(f"\n  {fault}" for fault in faults)
        raise BoardError(f"the firmware would refuse the settings of {node.id}:{lines}")
    return (json.dumps(settings, indent=1, sort_keys=True) + "\n").encode()


def write(tree: Mapping[str, bytes], folder: Path) -> None:
    """The tree as files; folder is to be private, since node.json holds credentials."""
    for name, data in tree.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch(mode=0o600)
        place.write_bytes(data)


def link(tree: Mapping[str, bytes], folder: Path) -> None:
    """The tree as links to the sources, so that an edit shows at once; only node.json and certificates are files of their own."""
    for name, source in sources().items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(source)
    own = {name: data for name, data in tree.items() if name == SETTINGS_FILE or name.startswith(f"{CERTIFICATES}/")}
    write(own, folder)


def _python_files(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.py")):
        yield file.relative_to(folder).as_posix()
