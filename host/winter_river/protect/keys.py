"""The keys that command MACs are made with: one of each node, known to that node and to this folder.

    key_of = Keys(folder)
    key_of("ups_a")      # b"...", or None for a node that has none

A key is text of 43 letters, as it stands in the node's node.json; the MAC is made with its bytes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from winter_wire import topics

from winter_river.protect import folder as private
from winter_river.protect.errors import ProtectError

KeyOf = Callable[[str], bytes | None]
FOLDER = "keys"  # below the secrets
KEY_BYTES = 32  # chosen: as long as the SHA-256 it goes into
KEPT_MAX = 10_000  # as many nodes as a facility may have


def no_keys(_node_id: str) -> bytes | None:
    """Profile lab: nobody has a key."""
    return None


class Keys:
    """Node id -> key. What was read is kept until the file changes."""

    def __init__(self, secrets_folder: Path) -> None:
        self._folder = secrets_folder / FOLDER
        self._kept: dict[str, tuple[int, bytes]] = {}

    def __call__(self, node_id: str) -> bytes | None:
        """None for a node without a key: one that was never provisioned, or was revoked. Raises ProtectError."""
        if not topics.is_node_id(node_id):
            return None
        path = self._folder / node_id
        try:
            changed_ns = path.stat().st_mtime_ns
        except FileNotFoundError:
            self._kept.pop(node_id, None)
            return None
        except OSError as error:
            raise ProtectError(f"{path}: {error.strerror}", "run it as the user who provisioned the site") from None
        kept = self._kept.get(node_id)
        if kept is None or kept[0] != changed_ns:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            kept = self._kept[node_id] = changed_ns, private.read(path).strip()
        return kept[1]

    def make(self, node_id: str) -> None:
        """Gives a node a key, if it has none."""
        if self(node_id) is None:
            private.write(self._folder / node_id, secrets.token_urlsafe(KEY_BYTES).encode() + b"\n")

    def drop(self, node_id: str) -> None:
        """Takes the key away: nobody can command that node any more."""
        (self._folder / node_id).unlink(missing_ok=True)
        self._kept.pop(node_id, None)
