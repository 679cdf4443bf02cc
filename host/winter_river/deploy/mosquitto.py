"""mosquitto.conf for a broker that runs by itself, of either profile; `winter-river run` starts its own otherwise.

Profile secured: the files it names are those that `winter-river provision` keeps in the folder `broker` of the secrets.
Copy that folder to where this looks for it, for the user that mosquitto runs as and nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath, PurePosixPath

from winter_river.deploy import hotspot
from winter_river.service.broker_guarded import Guarded
from winter_river.service.broker_text import Listener, Tls, config
from winter_river.settings import PORT_DEFAULT, PORT_SITE_DEFAULT, PORT_TLS_DEFAULT, Settings

FOLDER = "/etc/winter-river/broker"
LOOPBACK = "127.0.0.1"
USER = "mosquitto"  # the one that Debian's mosquitto comes with
WEBSOCKET_PORT = 9001  # the published design's, for dashboards in a browser
_HEAD = """\
Generated: winter-river generate mosquitto
Profile {profile}: {what}"""
_WHAT = {
    "lab": "whoever reaches this broker may do anything. For a network of its own.",
    "secured": "certificates and rights of winter-river provision; after a change there: systemctl reload",
}


def host(settings: Settings) -> str:
    """The address that the broker of these settings listens on."""
    lan = settings.lan or bool(settings.lan_address)
    return (settings.lan_address or hotspot.ADDRESS) if lan else LOOPBACK


def make(settings: Settings) -> Mapping[str, str]:
    """mosquitto.conf for the profile, the address and the ports of these settings."""
    here = host(settings)
    if settings.profile == "secured":
        folder = PurePosixPath(settings.secrets) / "broker" if settings.secrets else PurePosixPath(FOLDER)
        # Always there, on this machine alone: it lets in nobody until a node has a password.
        guarded = guarded_by(
            folder,
            tls_min=settings.tls_min,
            nodes_port=settings.tls_port or PORT_TLS_DEFAULT,
            passwords_port=settings.mqtt_port or PORT_DEFAULT,
            passwords_host=LOOPBACK,
        )
        listeners = guarded.listeners(here, settings.site_port or PORT_SITE_DEFAULT, settings.websocket_port or None)
    else:
        listeners = [
            Listener(settings.mqtt_port or PORT_DEFAULT, here, note="Nodes, services, people: anybody."),
            Listener(settings.websocket_port or WEBSOCKET_PORT, here, websocket=True, note="Dashboards in a browser."),
        ]
    head = _HEAD.format(profile=settings.profile, what=_WHAT[settings.profile])
    return {"mosquitto.conf": config(listeners, user=USER, head=head)}


def guarded_by(
    folder: PurePath, *, tls_min: str, nodes_port: int, passwords_port: int | None, passwords_host: str
) -> Guarded:
    """A broker of profile secured whose files lie in the folder that winter-river provision fills."""

    def tls(authority: str) -> Tls:
        return Tls(
            str(folder / "broker.pem"),
            ca=str(folder / f"{authority}.pem"),
            crl=str(folder / f"{authority}.crl"),
            tls_min=tls_min,
        )

    return Guarded(
        nodes=tls("nodes"),
        site=tls("site"),
        acl_nodes=str(folder / "acl-nodes"),
        acl_site=str(folder / "acl-site"),
        passwords=str(folder / "passwords"),
        nodes_port=nodes_port,
        passwords_port=passwords_port,
        passwords_host=passwords_host,
    )
