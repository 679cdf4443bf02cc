"""A short visit to the bus of a running site."""

import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winter_wire import topics

from winter_river.cli.errors import CommandError
from winter_river.cli.run_file import read_note
from winter_river.settings import PORT_DEFAULT, Settings, is_address, secrets_folder

if TYPE_CHECKING:
    from winter_river.address import Address, Certificates
    from winter_river.service.client import BusClient

# Chosen: a living engine speaks each second, but a busy machine may hold it up. One that is dead costs the whole time only
# until the broker has spoken its last will, 7.5 s after its end.
ENGINE_LISTEN_S, ENGINE_LISTENS = 1.0, 8


def where(settings: Settings) -> tuple["Address", str]:
    """(address of the broker, topic root): the one that was given, else that of the run on this machine.

    Raises CommandError for an address or certificates that cannot be used.
    """
    if is_address(settings.broker):
        return address_of(settings.broker, settings), settings.root
    note = None if settings.mqtt_port else read_note()
    if note is not None:
        files = dataclasses.replace(
            settings,
            broker_ca=settings.broker_ca or note.broker_ca,
            broker_cert=settings.broker_cert or note.broker_cert,
            broker_key=settings.broker_key or note.broker_key,
        )
        default = Settings().root
        return address_of(note.url, files), settings.root if settings.root != default else note.root
    return address_of(f"mqtt://127.0.0.1:{settings.mqtt_port or PORT_DEFAULT}", settings), settings.root


def address_of(url: str, settings: Settings) -> "Address":
    """The address of a broker, with the certificates that are set for it. Raises CommandError."""
    from winter_river.address import parse_url

    try:
        return parse_url(url, _ours(settings) if url.startswith("mqtts://") else None)
    except ValueError as error:
        raise CommandError(str(error)) from None


def secrets_of(settings: Settings) -> Path | None:
    """The folder of a secured site's secrets: of the run on this machine, or of the settings; None in profile lab."""
    note = None if is_address(settings.broker) or settings.mqtt_port else read_note()
    if note is not None:
        return Path(note.secrets) if note.secrets else None
    return secrets_folder(settings) if settings.profile == "secured" else None


def _ours(settings: Settings) -> "Certificates":
    """The certificates that are set; in profile secured without any, those of its operator."""
    if settings.profile == "secured" and not settings.broker_cert:
        from winter_river.cli.secured import opened

        return opened(settings).certificates("operator", "operator")
    return certificates_of(settings)


def certificates_of(settings: Settings) -> "Certificates":
    """The contents of the certificate files that are set. Raises CommandError for one that cannot be used."""
    from winter_river.address import read_certificates

    try:
        return read_certificates(ca=settings.broker_ca, cert=settings.broker_cert, key=settings.broker_key)
    except ValueError as error:
        raise CommandError(str(error)) from None


@contextmanager
def visiting(
    broker: "str | Address",
    *,
    root: str,
    everything: bool = False,
    commanding: bool = False,
    secrets: Path | None = None,
) -> Iterator["BusClient"]:
    """A client that is connected; commanding: its commands go to the audit. secrets: those of a secured site, to sign with.

    Raises CommandError with the cure where there is no broker.
    """
    from winter_river.audit import Trail
    from winter_river.paths import audit_dir
    from winter_river.service.client import BusClient, BusError

    try:
        client = BusClient(
            broker,
            root=root,
            everything=everything,
            audit=Trail(audit_dir()) if commanding else None,
            trouble=lambda text: print(text, file=sys.stderr),
            address=_here() if commanding else "",
            **({} if secrets is None else _signing(secrets)),
        )
    except ValueError as error:
        raise CommandError(str(error)) from None
    try:
        with client:
            yield client
    except BusError as error:
        cure = error.cure or "start a site with `winter-river run`, or name its broker with --broker mqtt://host:port"
        raise CommandError(f"{error.cause}\ncure: {cure}") from None


def _signing(secrets: Path) -> dict[str, Any]:
    """How commands are signed at a secured site: with each node's key, in the name of the service that runs now."""
    from winter_river.protect import Keys, epoch

    return {"keys": Keys(secrets), "secured": True, "epoch": epoch.now(secrets)}


def _here() -> str:
    """Where who types this sits: the machine he came from by ssh, else this one's terminal."""
    import os

    came_from = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    try:
        terminal = os.ttyname(0)
    except OSError:
        terminal = ""
    return (came_from or terminal)[:64]


def engine_lives_at(broker: "str | Address", root: str) -> bool:
    """Whether an engine speaks on that bus now; takes a moment when one has, none when none ever did."""
    from winter_river.service import health
    from winter_river.service.presence import OFFLINE

    with visiting(broker, root=root) as visitor:
        left = health.picture(visitor.remembered(), root=root).statuses.get(topics.ENGINE)
        if left is None or left["status"] == OFFLINE:
            return False
        # What the broker remembers may be of an engine that a power cut ended; one that lives speaks every second.
        for _ in range(ENGINE_LISTENS):
            now = health.picture(visitor.remembered(listen_s=ENGINE_LISTEN_S), root=root)
            if topics.ENGINE in now.fresh_s:
                return now.statuses[topics.ENGINE]["status"] != OFFLINE
        return False


def types_at(broker: "str | Address", settings: Settings) -> dict[str, str]:
    """Node id to type of the site at that address, in its file's order; empty where its facility cannot be read."""
    from winter_river.facility import FacilityError, load_facility

    note = read_note()
    try:
        site = load_facility(note.facility_file if note is not None and note.url == str(broker) else settings.facility)
    except FacilityError:
        return {}
    return {node.id: node.type for node in site.nodes.values()}
