"""Where everything lies in the folder of a site's secrets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from winter_river.protect.register import BROKER, NODE


@dataclass(frozen=True, slots=True)
class Places:
    """The files below `folder`.

    `broker` is what a mosquitto needs and nothing else: it can be copied to the machine that runs it. `nodes/ID` is what
    belongs on one board.
    """

    folder: Path

    @property
    def register(self) -> Path:
        return self.folder / "register.json"

    @property
    def broker(self) -> Path:
        return self.folder / "broker"

    @property
    def acl_nodes(self) -> Path:
        return self.broker / "acl-nodes"

    @property
    def acl_site(self) -> Path:
        return self.broker / "acl-site"

    @property
    def passwords(self) -> Path:
        return self.broker / "passwords"

    def authority(self, name: str) -> Path:
        """An authority's certificate and key; only `winter-river provision` needs it."""
        return self.folder / "authority" / f"{name}.pem"

    def trusted(self, name: str) -> Path:
        """An authority's certificate, where the broker finds it."""
        return self.broker / f"{name}.pem"

    def crl(self, name: str) -> Path:
        """An authority's list of revoked certificates."""
        return self.broker / f"{name}.crl"

    def pair(self, role: str, name: str) -> Path:
        """Somebody's certificate and key, both in one file: a renewal is then one step, never half of it."""
        if role == NODE:
            return self.node(name) / "node.pem"
        return (self.broker if role == BROKER else self.folder / role) / f"{name}.pem"

    def node(self, node_id: str) -> Path:
        """What belongs on one board."""
        return self.folder / "nodes" / node_id

    def password(self, node_id: str) -> Path:
        """A node's password, for the listener without TLS."""
        return self.node(node_id) / "password"
