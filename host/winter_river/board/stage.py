"""The tree that lands on a board: our firmware and the two drivers, made compact, and this node's own node.json."""

import json
from collections.abc import Mapping
from pathlib import Path

from winter_node import settings as node_settings

from winter_river.board.credentials import CERTIFICATES, Credentials
from winter_river.board.errors import BoardError
from winter_river.board.model import Board
from winter_river.compact import SourceError, compact, sources
from winter_river.facility import Node

SETTINGS_FILE = "node.json"
# Where files are ours alone on a board: what is there and not in the tree is old, and goes.
OUR_FOLDERS = ("winter_node", "lib/winter_wire", "lib/umqtt", CERTIFICATES)


def files(
    node: Node, board: Board, credentials: Credentials, *, root: str, watchdog: bool = True, plain: bool = False
) -> dict[str, bytes]:
    """Every file of this node by its path on the board, compact unless plain. The same input gives the same bytes.

    Raises BoardError where the firmware would refuse the settings or cannot be compiled, CompactError where it runs only
    plain.
    """
    tree = {name: source.read_bytes() for name, source in sources().items()}
    if not plain:
        try:
            tree = dict(compact(tree).files)
        except SourceError as error:
            raise BoardError(str(error), "mend the source, or undo what was changed in it") from error
    tree |= credentials.files()
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
