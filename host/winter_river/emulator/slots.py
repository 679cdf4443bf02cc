"""What the nodes of a facility need to know to join a broker: their node.json, and the certificates beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from winter_wire import topics

from winter_river.address import Address, parse_url

SSID = "winter-river-emulated"
_CERTIFICATES = "certs"  # their folder in a board's flash


class HasSettings(Protocol):
    """A node of a facility: it knows what its node.json must say."""

    def settings(self) -> dict[str, object]: ...


class HasNodes(Protocol):
    """A facility, as far as a fleet needs to know it."""

    @property
    def name(self) -> str: ...

    @property
    def nodes(self) -> Mapping[str, HasSettings]: ...


class HasAddress(Protocol):
    """A broker that says where it is."""

    @property
    def address(self) -> Address: ...


class HasBundle(Protocol):
    """What one node needs to join a secured site; winter_river.protect issues it."""

    def files(self) -> dict[str, bytes]: ...

    def settings(self, *, host: str, port: int) -> dict[str, object]: ...


Bundles = Mapping[str, HasBundle]  # by node id


def address_of(broker: str | Address | HasAddress) -> Address:
    """Where a broker is. Raises ValueError for a URL that is none."""
    if isinstance(broker, str):
        return parse_url(broker)
    return broker if isinstance(broker, Address) else broker.address


def network_settings(broker: str | Address | HasAddress, *, root: str = topics.ROOT) -> dict[str, Any]:
    """The part of an emulated node's node.json that says where it is.

    Raises ValueError for a broker that is none, or one with TLS and no CA to know it by: a board trusts nobody else.
    """
    address = address_of(broker)
    wanted: dict[str, Any] = {"host": address.host, "port": address.port}
    if address.user:
        wanted |= {"user": address.user, "password": address.password or ""}
    if address.certificates is not None:
        files = certificate_files(address)
        if f"{_CERTIFICATES}/ca" not in files:
            raise ValueError(f"nodes join {address} only with broker_ca, the authority to know it by")
        wanted |= {"tls": True} | {name.rpartition("/")[2]: name for name in files}
    return {"root": root, "wifi": {"ssid": SSID, "password": ""}, "broker": wanted, "ntp": "host"}


def certificate_files(address: Address) -> dict[str, bytes]:
    """The files that a node's flash needs beside node.json; none without TLS."""
    given = address.certificates
    if given is None:
        return {}
    contents = {"ca": given.ca, "cert": given.cert, "key": given.key}
    return {f"{_CERTIFICATES}/{role}": data for role, data in contents.items() if data}


def settings_by_node(
    facility: HasNodes,
    address: Address,
    *,
    node_ids: Iterable[str] | None = None,
    root: str = topics.ROOT,
    extra: Mapping[str, Any] | None = None,
    bundles: Bundles | None = None,
) -> dict[str, dict[str, Any]]:
    """The node.json of each node by its id. node_ids: which of them, None for all. extra: added to each.

    bundles: each node's own, at a secured site. Raises ValueError for a node that the facility has not, or that has no
    bundle, and as network_settings.
    """
    network = network_settings(address, root=root)
    found = {}
    for node_id in facility.nodes if node_ids is None else node_ids:
        if node_id not in facility.nodes:
            raise ValueError(f"{facility.name} has no node {node_id}")
        own: dict[str, object] = {}
        if bundles is not None:
            if node_id not in bundles:
                raise ValueError(f"{node_id} has not been provisioned\ncure: winter-river provision node {node_id}")
            own = bundles[node_id].settings(host=address.host, port=address.port)
        found[node_id] = facility.nodes[node_id].settings() | network | own | dict(extra or {})
    return found
