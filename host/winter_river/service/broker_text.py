"""mosquitto's configuration as text. Pure: the same listeners give the same bytes.

Each directive stands once in its section: mosquitto 2.0.11 (Debian 12) refuses to start on a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from winter_river.service import broker_limits as limits

TLS_VERSIONS = {"1.2": "tlsv1.2", "1.3": "tlsv1.3"}  # the lowest that is spoken; mosquitto.conf(5), tls_version


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of what a listener proves itself with, and whom it lets in.

    pair: its certificate and key, in one file. ca, crl: of the authority that a client's certificate must be of; without
    them a client shows none. tls_min: 1.2 or 1.3.
    """

    pair: str
    ca: str = ""
    crl: str = ""
    tls_min: str = "1.2"


@dataclass(frozen=True, slots=True)
class Listener:
    """One port. acl, passwords: paths; without an acl it is open to anybody.

    one_each: a name has one session, whatever it calls itself; so no node can end another's.
    """

    port: int
    host: str
    websocket: bool = False
    tls: Tls | None = None
    acl: str = ""
    passwords: str = ""
    one_each: bool = False
    note: str = ""


def config(listeners: Sequence[Listener], *, user: str = "", head: str = "", log_dest: str = "stderr") -> str:
    """The whole configuration. user: who it runs as when root starts it, "" for its own default. head: a comment.

    Nothing is kept on disk. Every node and the engine publish again within seconds, and retained messages of an earlier
    run would show a site that no longer is.
    """
    guarded = any(each.acl for each in listeners)
    lines = [
        *(f"# {line}" for line in head.splitlines()),
        *(["per_listener_settings true"] if guarded else []),
        *([f"user {user}"] if user else []),
        "persistence false",
        *([] if guarded else ["allow_anonymous true"]),
        "set_tcp_nodelay true",
        f"max_packet_size {limits.PACKET_BYTES_MAX}",
        # Debian 12's does not apply the line above to WebSocket clients; this one at least keeps such a message back.
        f"message_size_limit {limits.PACKET_BYTES_MAX}",
        f"max_inflight_messages {limits.INFLIGHT_MAX}",
        f"max_queued_messages {limits.QUEUED_MAX}",
        f"max_queued_bytes {limits.QUEUED_BYTES_MAX}",
        "persistent_client_expiration 1d",  # chosen: a session nobody came back to in a day is forgotten
        f"log_dest {log_dest}",
        "log_type error",
        "log_type warning",
        "connection_messages false",
    ]
    for each in listeners:
        lines += _section(each, guarded=guarded)
    return "\n".join(lines) + "\n"


def _section(each: Listener, *, guarded: bool) -> list[str]:
    lines = ["", *(f"# {line}" for line in each.note.splitlines())] if each.note else []
    lines += [f"listener {each.port} {each.host}"]
    lines += ["protocol websockets"] if each.websocket else []
    lines += [f"max_connections {limits.CONNECTIONS_MAX}"]
    if guarded:
        lines += ["allow_anonymous false" if each.acl else "allow_anonymous true"]
        lines += [f"acl_file {each.acl}"] if each.acl else []
        lines += [f"password_file {each.passwords}"] if each.passwords else []
    if each.tls is not None:
        lines += [f"certfile {each.tls.pair}", f"keyfile {each.tls.pair}"]
        lines += [f"tls_version {TLS_VERSIONS[each.tls.tls_min]}"]
        if each.tls.ca:
            lines += [f"cafile {each.tls.ca}", f"crlfile {each.tls.crl}"]
            lines += ["require_certificate true", "use_identity_as_username true"]
    lines += ["use_username_as_clientid true"] if each.one_each else []
    return lines
