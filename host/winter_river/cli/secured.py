"""Profile secured for a run: what it proves itself with is there, renewed in time, and taken up when it changes."""

from __future__ import annotations

import dataclasses
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from winter_river.cli.errors import CommandError
from winter_river.settings import PORT_DEFAULT, PORT_TLS_DEFAULT, Settings, secrets_folder

if TYPE_CHECKING:
    from winter_river.address import Certificates
    from winter_river.board.credentials import Credentials
    from winter_river.facility import Facility
    from winter_river.protect.bundle import Bundle
    from winter_river.protect.provision import Provision
    from winter_river.service.broker_guarded import Guarded

LOOPBACK = "127.0.0.1"
LOOK_S = 1.0  # how often files are looked at: a revocation takes hold within two of these
PASSWORD_BYTES = 32
CUTS = 3  # chosen: a second apart, for a broker that takes its time to read its lists again
WARN_EVERY_S = 86_400.0


class Seen(NamedTuple):
    """stamps: of the files of broker and page, when each was written. revoked: the nodes that are. keys: of nodes."""

    stamps: Mapping[str, int]
    revoked: frozenset[str]
    keys: Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Secured:
    """What a run of profile secured stands on. epoch: the fencing number of this start; 0 for one that only visits.

    passwords: of nodes that run on this machine and have no TLS, made for this run only.
    """

    site: Provision
    epoch: int = 0
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)

    def certificates(self, role: str, name: str) -> Certificates:
        """Who we are on the bus."""
        from winter_river.address import Certificates

        pair = self.site.pair(role, name)
        return Certificates(ca=self.site.authority_cert(), cert=pair.cert, key=pair.key)

    def guarded(self, settings: Settings, *, host: str) -> Guarded:
        """The broker's part. Nodes with a password are let in from elsewhere only where some have been given one."""
        from winter_river.deploy.mosquitto import guarded_by

        guarded = guarded_by(
            self.site.places.broker,
            tls_min=settings.tls_min,
            nodes_port=settings.tls_port,
            passwords_port=settings.mqtt_port or PORT_DEFAULT,
            passwords_host=LOOPBACK if self.passwords else host,
        )
        if self.passwords:
            return dataclasses.replace(guarded, passwords=str(self._password_file()))
        return guarded if self.site.read().passwords else dataclasses.replace(guarded, passwords_port=None)

    def _password_file(self) -> Path:
        """The hashes of this run's own passwords, for the broker."""
        from winter_river import paths
        from winter_river.protect import acl

        given = {name: (text, secrets.token_bytes(acl.PASSWORD_SALT_BYTES)) for name, text in self.passwords.items()}
        path = paths.data_dir() / "broker" / "passwords"
        self.keep_private(path, acl.password_file(given).rstrip())
        return path

    def bundles(self, facility: Facility) -> Mapping[str, Bundle]:
        """What each node of the facility joins with."""
        from winter_river.protect.bundle import of_node

        found = {node_id: of_node(self.site, node_id) for node_id in facility.nodes}
        for node_id, password in self.passwords.items():
            found[node_id] = dataclasses.replace(found[node_id], password=password, certificates={})
        return found

    def keep_private(self, path: Path, text: str) -> None:
        """Writes a secret that a person may want: readable to us alone."""
        from winter_river.protect.folder import write

        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, f"{text}\n".encode(), private_parent=False)

    def cut(self, node_id: str, *, host: str, port: int) -> None:
        """Ends the session that a revoked node has open at the broker's port for nodes: there a name has one session,
        and we take it over for a moment. Raises ProbeError."""
        from winter_river.address import Certificates
        from winter_river.service import mqtt_probe

        pair = self.site.stand_in(node_id, now_s=int(time.time()))
        mqtt_probe.probe(host, port, certificates=Certificates(self.site.authority_cert(), pair.cert, pair.key))

    def seen(self, node_ids: Iterable[str]) -> Seen:
        """How the secrets are now. node_ids: whose keys are wanted."""
        revoked = frozenset(self.site.read().revoked_nodes())
        return Seen(self.stamps(), revoked, {node_id: self.site.keys(node_id) for node_id in node_ids})

    def stamps(self) -> dict[str, int]:
        """When each file of broker and page was written."""
        files = [*self.site.places.broker.glob("*"), self.site.places.pair("page", "page")]
        found = {}
        for path in files:
            if path.name.startswith("."):  # one that is being written
                continue
            try:
                found[str(path)] = path.stat().st_mtime_ns
            except FileNotFoundError:  # replaced between the two looks: seen the next time
                found[str(path)] = 0
        return found

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
        made = [each for each in facility.nodes if site.node(each, now_s=now_s)]
        if made:
            say(f"provisioned {len(made)} nodes")
    # The MicroPython of the VMs has no TLS.
    own = {each: secrets.token_urlsafe(PASSWORD_BYTES) for each in facility.nodes if settings.nodes == "vm"}
    return Secured(site, epoch.raised(site.places.folder), own)


def board_credentials(given: Credentials, node_id: str, settings: Settings, folder: Path) -> Credentials:
    """The credentials of a board at a secured site: its network's and the broker's name as given, the rest its own.

    The node gets a certificate where it has none, or a new one where it ends soon; one with a password keeps to that.
    Raises CommandError where the broker's certificate is not for that name.
    """
    from winter_river.cli.run_file import read_note
    from winter_river.protect.bundle import of_node
    from winter_river.protect.provision import Provision

    site = Provision(folder, root=settings.root)
    state = site.read()
    if given.host not in state.hosts:
        raise CommandError(
            f"the broker's certificate is not for {given.host}; it is for {', '.join(state.hosts)}\n"
            f"cure: winter-river provision init --host {given.host}"
        )
    password = node_id in state.passwords
    site.node(node_id, password=password, now_s=int(time.time()))
    bundle = of_node(site, node_id, password=password)
    note = read_note()
    if password:
        return dataclasses.replace(
            given,
            port=(note.passwords_port if note is not None else 0) or settings.mqtt_port or PORT_DEFAULT,
            user=node_id,
            broker_password=bundle.password,
            certificates={},
            command_key=bundle.key,
        )
    return dataclasses.replace(
        given,
        port=(note.nodes_port if note is not None else 0) or settings.tls_port or PORT_TLS_DEFAULT,
        user="",
        broker_password="",
        certificates={role: (f"{role}.der", data) for role, data in bundle.certificates.items()},
        command_key=bundle.key,
    )


class Renewal:
    """Looks at the secrets while a run lasts: what changes is taken up, what ends soon is told once a day.

    since: how they were before broker and page read them: what has changed since then is taken up, too. take_up: called
    after a file of the broker or the page has changed. nodes_at: the broker's address for nodes, where
    the sessions of revoked ones are cut; None where the broker is not ours. A context manager.
    """

    def __init__(
        self,
        secured: Secured,
        *,
        since: Seen,
        take_up: Sequence[Callable[[], None]],
        tell: Callable[[str], None],
        nodes_at: tuple[str, int] | None = None,
    ) -> None:
        self._renew: Callable[[str, Bundle], None] = lambda _node_id, _bundle: None
        self._keys: dict[str, bytes | None] = {}
        self._nodes_at = nodes_at
        self._seen, self._revoked, self._keys_before = since
        self._cutting: dict[str, int] = {}  # node -> how often still
        self._secured, self._take_up, self._tell = secured, take_up, tell
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="renewal", daemon=True)

    def provide(self, node_ids: Sequence[str], renew: Callable[[str, Bundle], None]) -> None:
        """Nodes of this run, and who gives one of them what it was provisioned anew with. Before it starts."""
        self._renew = renew
        self._keys = {node_id: self._keys_before.get(node_id) for node_id in node_ids}

    def _run(self) -> None:
        told_s = -WARN_EVERY_S
        while not self._stopping.wait(LOOK_S):
            now = self._secured.stamps()
            if now != self._seen:
                self._seen = now
                self._tell(self._taken_up())
            elif self._cutting:
                self._cut()
            if time.monotonic() - told_s >= WARN_EVERY_S:
                told_s = time.monotonic()
                for line in self._secured.warnings():
                    self._tell(line)

    def _taken_up(self) -> str:
        """Takes up what has changed; what is told of it."""
        try:
            for act in self._take_up:
                act()
            self._renew_nodes()
        except (OSError, RuntimeError) as error:  # ssl.SSLError is one: a file that is not ours to read, or torn
            return f"certificates have changed and cannot be taken up: {error}; cure: winter-river doctor"
        revoked = frozenset(self._secured.site.read().revoked_nodes())
        if self._nodes_at is not None:
            self._cutting |= dict.fromkeys(sorted(revoked - self._revoked), CUTS)
        self._cutting = {node_id: left for node_id, left in self._cutting.items() if node_id in revoked}
        self._revoked = revoked
        return "certificates or rights have changed: taken up"

    def _renew_nodes(self) -> None:
        """A node that was revoked and provisioned anew has another key, which it must know."""
        from winter_river.protect.bundle import of_node

        for node_id, known in self._keys.items():
            key = self._secured.site.keys(node_id)
            if key is not None and key != known:
                self._keys[node_id] = key
                self._renew(node_id, of_node(self._secured.site, node_id))

    def _cut(self) -> None:
        """Ends the open sessions of those who were revoked; by now the broker knows that they are."""
        from winter_river.service.mqtt_probe import ProbeError

        assert self._nodes_at is not None
        host, port = self._nodes_at
        for node_id in list(self._cutting):
            try:
                self._secured.cut(node_id, host=host, port=port)
            except (ProbeError, RuntimeError, OSError) as error:
                self._tell(f"{node_id} is revoked, has no rights any more, and could not be cut off: {error}")
            self._cutting[node_id] -= 1
            if not self._cutting[node_id]:
                del self._cutting[node_id]

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
