"""What one node needs to join a secured site: settings for its node.json, and the files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from winter_river.protect import authority, register
from winter_river.protect.errors import ProtectError
from winter_river.protect.provision import Provision

CERTIFICATES = "certs"  # their folder on a board


@dataclass(frozen=True, slots=True)
class Bundle:
    """One node's own. Secrets are left out of repr(). password: "" where it has a certificate.

    key: of its commands. certificates: `ca`, `cert`, `key` -> DER; empty where it has a password.
    """

    node_id: str
    key: str = field(repr=False)
    password: str = field(default="", repr=False)
    certificates: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def files(self) -> dict[str, bytes]:
        """The certificates by their path on the board."""
        return {f"{CERTIFICATES}/{role}.der": data for role, data in self.certificates.items()}

    def settings(self, *, host: str, port: int) -> dict[str, object]:
        """What node.json says beside id and type. host, port: the listener for what this node can do."""
        broker: dict[str, object] = {"host": host, "port": port}
        if self.certificates:
            broker["tls"] = True
            broker |= {role: f"{CERTIFICATES}/{role}.der" for role in self.certificates}
        else:
            broker |= {"user": self.node_id, "password": self.password}
        return {"profile": "secured", "key": self.key, "broker": broker}


def of_node(site: Provision, node_id: str, *, password: bool = False) -> Bundle:
    """A node's bundle as it was last issued. password: for the listener without TLS. Raises ProtectError."""
    key = site.keys(node_id)
    state = site.read()
    there = node_id in state.passwords if password else state.current(register.NODE, node_id) is not None
    if key is None or not there:
        extra = " --password" if password else ""
        raise ProtectError(f"{node_id} has not been provisioned", f"winter-river provision node {node_id}{extra}")
    if password:
        return Bundle(node_id, key.decode(), password=site.password(node_id))
    pair = site.pair(register.NODE, node_id)
    cert, secret = authority.der(pair)
    trusted = authority.cert_der(site.authority_cert())
    return Bundle(node_id, key.decode(), certificates={"ca": trusted, "cert": cert, "key": secret})
