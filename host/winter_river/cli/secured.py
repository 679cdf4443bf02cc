"""Profile secured for a run: what it proves itself with is there, renewed in time, and taken up when it changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from winter_river.cli.errors import CommandError
from winter_river.settings import PORT_DEFAULT, Settings, secrets_folder

if TYPE_CHECKING:
    from winter_river.address import Certificates
    from winter_river.facility import Facility
    from winter_river.protect.bundle import Bundle
    from winter_river.protect.provision import Provision
    from winter_river.service.broker_guarded import Guarded

LOOPBACK = "127.0.0.1"
LOOK_S = 1.0  # how often files are looked at: a revocation takes hold within two of these
WARN_EVERY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Secured:
    """What a run of profile secured stands on. epoch: the fencing number of this start; 0 for one that only visits."""

    site: Provision
    epoch: int = 0

    def certificates(self, role: str, name: str) -> Certificates:
        """Who we are on the bus."""
        from winter_river.address import Certificates

        pair = self.site.pair(role, name)
        return Certificates(ca=self.site.authority_cert(), cert=pair.cert, key=pair.key)

    def guarded(self, settings: Settings, *, host: str) -> Guarded:
        """The broker's part. Nodes with a password are let in from elsewhere only where some have been given one."""
        from winter_river.deploy.mosquitto import guarded_by

        wanted = bool(self.site.read().passwords)
        lan = settings.nodes != "vm" and host != LOOPBACK
        return guarded_by(
            self.site.places.broker,
            tls_min=settings.tls_min,
            nodes_port=settings.tls_port,
            passwords_port=(settings.mqtt_port or PORT_DEFAULT) if wanted else None,
            passwords_host=host if lan else LOOPBACK,
        )

    def bundles(self, facility: Facility, *, password: bool) -> Mapping[str, Bundle]:
        """What each node of the facility joins with."""
        from winter_river.protect.bundle import of_node

        return {node_id: of_node(self.site, node_id, password=password) for node_id in facility.nodes}

    def keep_private(self, path: Path, text: str) -> None:
        """Writes a secret that a person may want: readable to us alone."""
        from winter_river.protect.folder import write

        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, f"{text}\n".encode(), private_parent=False)

    def warnings(self) -> list[str]:
        """One line for whatever is wrong with the secrets or ends soon, with its cure."""
        from winter_river.protect.findings import OK, findings

        found = findings(self.site, now_s=int(time.time()))
        return [f"{each.what}; cure: {each.cure}" for each in found if each.level != OK]


def opened(settings: Settings) -> Secured:
    """The secrets of a site that has been provisioned. Raises ProtectError where it has not."""
    site = provision_of(settings)
    site.read()
    return Secured(site)


def prepared(facility: Facility, settings: Settings, *, host: str, say: Callable[[str], None]) -> Secured:
    """The secrets for a run that starts now: made where there are none, renewed where they are due.

    Nodes that run on this machine are provisioned with it; boards are not, since someone has to bring them theirs.
    """
    from winter_river.protect import epoch, register

    site, now_s = provision_of(settings), int(time.time())
    if not site.exists:
        say(f"profile secured: making this site's certificates in {site.places.folder}")
    site.init(hosts=[] if host == LOOPBACK else [host], now_s=now_s)
    ours = (register.BROKER, register.PAGE, register.SERVICE, register.OPERATOR)
    roles = ours if settings.nodes == "none" else (*ours, register.NODE)
    renewed = site.rotate_due(roles=roles, now_s=now_s)
    if renewed:
        say(f"renewed, the old ones hold on: {', '.join(renewed)}")
    if settings.nodes != "none":
        made = [each for each in facility.nodes if site.node(each, password=settings.nodes == "vm", now_s=now_s)]
        if made:
            say(f"provisioned {len(made)} nodes")
    return Secured(site, epoch.raised(site.places.folder))


class Renewal:
    """Looks at the secrets while a run lasts: what changes is taken up, what ends soon is told once a day.

    take_up: called after a file of the broker or the page has changed. A context manager.
    """

    def __init__(self, secured: Secured, *, take_up: Sequence[Callable[[], None]], tell: Callable[[str], None]) -> None:
        self._secured, self._take_up, self._tell = secured, take_up, tell
        self._stopping = threading.Event()
        self._seen = self._stamp()
        self._thread = threading.Thread(target=self._run, name="renewal", daemon=True)

    def _stamp(self) -> dict[str, int]:
        places = self._secured.site.places
        files = [*places.broker.glob("*"), places.pair("page", "page")]
        found = {}
        for path in files:
            if path.name.startswith("."):  # one that is being written
                continue
            try:
                found[str(path)] = path.stat().st_mtime_ns
            except FileNotFoundError:  # replaced between the two looks: seen the next time
                found[str(path)] = 0
        return found

    def _run(self) -> None:
        told_s = -WARN_EVERY_S
        while not self._stopping.wait(LOOK_S):
            now = self._stamp()
            if now != self._seen:
                self._seen = now
                for act in self._take_up:
                    act()
                self._tell("certificates or rights have changed: taken up")
            if time.monotonic() - told_s >= WARN_EVERY_S:
                told_s = time.monotonic()
                for line in self._secured.warnings():
                    self._tell(line)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        self._thread.join(2 * LOOK_S)


def provision_of(settings: Settings) -> Provision:
    """The secrets that the settings name, whether they are there or not."""
    try:
        from winter_river.protect.provision import Provision
    except ModuleNotFoundError as error:
        raise CommandError(f"profile secured needs {error.name}, which is not installed\ncure: make setup") from None
    return Provision(secrets_folder(settings), root=settings.root)
