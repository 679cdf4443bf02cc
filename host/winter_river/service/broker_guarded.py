"""A broker of profile secured: which ports it has, and who is let in where. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from winter_river.service.broker_text import Listener, Tls

NOTE_SITE = "Services and people, by certificate."
NOTE_NODES = "Nodes, by certificate: each writes and reads its own."
NOTE_PASSWORDS = "Nodes that cannot hold TLS, by password: NOT encrypted, whoever is on the way can read it."
NOTE_WEBSOCKET = (
    "Services and people, by certificate, over WebSocket. With this listener restart mosquitto after a change of\n"
    "certificates: 2.0.11 crashes when it is told to reload."
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a broker of profile secured needs: paths of its certificates, rights and passwords, and more ports.

    nodes: for nodes with a certificate. site: for services and people. nodes_port: 0 takes a free one. passwords_port:
    the same, for nodes without TLS; None for none, as mostly. passwords_host: where it listens, apart from the rest.
    """

    nodes: Tls
    site: Tls
    acl_nodes: str
    acl_site: str
    passwords: str
    nodes_port: int = 0
    passwords_port: int | None = None
    passwords_host: str = "127.0.0.1"

    def listeners(self, host: str, port: int, websocket_port: int | None) -> list[Listener]:
        """The ports of such a broker."""
        found = [
            Listener(port, host, tls=self.site, acl=self.acl_site, note=NOTE_SITE),
            Listener(self.nodes_port, host, tls=self.nodes, acl=self.acl_nodes, one_each=True, note=NOTE_NODES),
        ]
        if self.passwords_port is not None:
            found.append(
                Listener(
                    self.passwords_port,
                    self.passwords_host,
                    acl=self.acl_nodes,
                    passwords=self.passwords,
                    one_each=True,
                    note=NOTE_PASSWORDS,
                )
            )
        if websocket_port is not None:
            found.append(
                Listener(websocket_port, host, websocket=True, tls=self.site, acl=self.acl_site, note=NOTE_WEBSOCKET)
            )
        return found
