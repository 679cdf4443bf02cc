"""Issues, renews and revokes what a site's parts prove themselves with; keeps the register of it.

    site = Provision(folder)
    site.init(hosts=("192.168.4.1",), now_s=...)
    site.node("ups_a", now_s=...)

Each act is whole or can be done again: files first, the register last, and a broker's files anew after each.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from winter_wire import topics

from winter_river.protect import acl, authority, register
from winter_river.protect import folder as private
from winter_river.protect.authority import Pair
from winter_river.protect.errors import ProtectError
from winter_river.protect.keys import Keys
from winter_river.protect.places import Places
from winter_river.protect.register import BROKER, NODE, OPERATOR, PAGE, PEOPLE, SERVERS, SERVICE, Issued, Register

ALWAYS_HOSTS = ("localhost", "127.0.0.1", "::1")
HOSTS_MAX = 20
PASSWORD_BYTES = 32
STAND_IN_DAYS = 1  # the shortest there is; its key is never written
_AUTHORITIES = (register.NODES_AUTHORITY, register.SITE_AUTHORITY)
_OWN = ((BROKER, BROKER), (PAGE, PAGE), (SERVICE, SERVICE), (OPERATOR, OPERATOR))
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", re.IGNORECASE)


class Provision:
    """The secrets of one site, in one folder. root: of its topics, for the rights on them."""

    def __init__(self, folder: Path, *, root: str = topics.ROOT) -> None:
        self.places = Places(folder)
        self.keys = Keys(folder)
        self._root = root

    @property
    def exists(self) -> bool:
        return self.places.register.exists()

    def read(self) -> Register:
        """What has been issued. Raises ProtectError where there is nothing, or nothing that can be read."""
        private.check(self.places.folder)
        try:
            return register.decode(private.read(self.places.register))
        except ValueError as error:
            raise ProtectError(
                f"{self.places.register}: {error}", "restore the folder from a backup, or remove it and provision anew"
            ) from None

    def init(self, *, hosts: Sequence[str] = (), now_s: int) -> list[str]:
        """Makes the authorities, and certificates for broker, page, service and operator; what was made, in words.

        hosts: more names and addresses that broker and page are called by; new ones give both a new certificate.
        Harmless a second time.
        """
        wrong = [host for host in hosts if not _is_host(host)]
        if wrong or len(hosts) > HOSTS_MAX:
            raise ProtectError(f"no name or address of a host: {', '.join(wrong) or f'more than {HOSTS_MAX}'}")
        done = []
        with private.locked(self.places.folder):
            state = self.read() if self.exists else Register()
            for name in _AUTHORITIES:
                if self._make_authority(name, now_s=now_s):
                    done.append(f"authority {name}")
            wanted = tuple(dict.fromkeys((*ALWAYS_HOSTS, *state.hosts, *hosts)))
            grown = bool(state.issued) and wanted != state.hosts
            state = dataclasses.replace(state, hosts=wanted)
            for role, name in _OWN:
                found = state.current(role, name)
                if found is None or (grown and role in SERVERS):
                    state = self._issue(state, role, name, now_s=now_s)
                    done.append(f"certificate of the {role}")
            for node_id in topics.VIRTUAL:
                self.keys.make(node_id)
            self._save(state, now_s=now_s)
        return done

    def node(self, node_id: str, *, password: bool = False, now_s: int) -> bool:
        """Gives a node what it needs to join, and a key for its commands; whether anything was missing.

        password: for the listener without TLS, instead of a certificate. Raises ProtectError.
        """
        if not topics.is_node_id(node_id) or node_id in topics.VIRTUAL:
            raise ProtectError(
                f"{node_id!r} is no id of a node", "ids have a-z 0-9 _ - and are not engine, facility, weather"
            )
        with private.locked(self.places.folder):
            state = self.read()
            current = state.current(NODE, node_id)
            if password:
                complete = node_id in state.passwords and self.places.password(node_id).exists()
            else:
                complete = current is not None and not current.is_due(now_s) and self._has_files(NODE, node_id)
            if complete and self.keys(node_id) is not None:
                return False
            self.keys.make(node_id)
            if password and not complete:
                text = secrets.token_urlsafe(PASSWORD_BYTES)
                private.write(self.places.password(node_id), text.encode())
                state = dataclasses.replace(state, passwords=tuple(sorted({*state.passwords, node_id})))
            elif not complete:
                state = self._issue(state, NODE, node_id, now_s=now_s)
            self._save(state, now_s=now_s)
        return True

    def person(self, role: str, name: str, *, now_s: int) -> bool:
        """Gives somebody, or a program, a certificate to read the bus with (viewer) or to command (operator)."""
        if role not in PEOPLE or not topics.is_node_id(name):
            raise ProtectError(f"{role} {name!r} cannot be", f"a role is {' or '.join(PEOPLE)}, a name has a-z 0-9 _ -")
        with private.locked(self.places.folder):
            state = self.read()
            others = [each for each in (SERVICE, *PEOPLE) if each != role and state.current(each, name) is not None]
            if others:
                raise ProtectError(
                    f"{name} is {others[0]} already", f"revoke that one: winter-river provision revoke {name}"
                )
            current = state.current(role, name)
            if current is not None and not current.is_due(now_s):
                return False
            self._save(self._issue(state, role, name, now_s=now_s), now_s=now_s)
        return True

    def rotate(self, name: str, *, now_s: int) -> Issued:
        """A new certificate (or password) for whoever has that name; the old certificate holds on. Raises ProtectError."""
        with private.locked(self.places.folder):
            state = self.read()
            role = _role_of(state, name)
            state = self._issue(state, role, name, now_s=now_s)
            self._save(state, now_s=now_s)
        fresh = state.current(role, name)
        assert fresh is not None
        return fresh

    def rotate_due(self, *, roles: Sequence[str] = register.ROLES, now_s: int) -> list[str]:
        """New certificates for everybody of these roles whose own ends within WARN_DAYS; their names."""
        due = [each for each in self.read().all_current() if each.role in roles and each.is_due(now_s)]
        for each in due:
            self.rotate(each.name, now_s=now_s)
        return [each.name for each in due]

    def revoke(self, name: str, *, old: bool = False, now_s: int) -> int:
        """Ends the certificates of that name; a node loses its password and key, too. How many certificates that were.

        old: only those that a rotation has replaced. Raises ProtectError.
        """
        with private.locked(self.places.folder):
            state = self.read()
            password = name in state.passwords
            role = NODE if password and state.current(NODE, name) is None else _role_of(state, name)
            if not old and (role, name) in _OWN:
                raise ProtectError(
                    f"without the {role} there is no site",
                    f"winter-river provision rotate {name}, then revoke {name} --old",
                )
            holding = state.older(role, name, now_s=now_s)
            current = state.current(role, name)
            if not old and current is not None:
                holding.append(current)
            state = state.revoking([each.serial for each in holding], now_s=now_s)
            if not old and role == NODE:
                state = dataclasses.replace(state, passwords=tuple(each for each in state.passwords if each != name))
                self.keys.drop(name)
                shutil.rmtree(self.places.node(name), ignore_errors=True)
            self._save(state, now_s=now_s)
        return len(holding)

    def stand_in(self, node_id: str, *, now_s: int) -> Pair:
        """A certificate of a node's name that is kept nowhere: whoever joins with it ends the session that this name has
        open, and so cuts a revoked node, which the broker itself does not."""
        return authority.issue(
            self._authority(register.NODES_AUTHORITY), node_id, purpose="client", days=STAND_IN_DAYS, now_s=now_s
        )

    def pair(self, role: str, name: str) -> Pair:
        """Somebody's certificate and key. Raises ProtectError."""
        return authority.split(private.read(self.places.pair(role, name)))

    def authority_cert(self, name: str = register.SITE_AUTHORITY) -> bytes:
        """The certificate of an authority, PEM."""
        return private.read(self.places.trusted(name))

    def export(self, folder: Path) -> list[Path]:
        """Copies what a broker that runs by itself needs to a private folder; the files that changed."""
        with private.locked(self.places.folder):
            self.read()
            private.make(folder)
            changed = []
            for path in sorted(self.places.broker.glob("[!.]*")):
                data, copy = private.read(path), folder / path.name
                if not copy.exists() or copy.read_bytes() != data:
                    private.write(copy, data)
                    changed.append(copy)
        return changed

    def password(self, node_id: str) -> str:
        """A node's password. Raises ProtectError."""
        return private.read(self.places.password(node_id)).decode()

    def _has_files(self, role: str, name: str) -> bool:
        return self.places.pair(role, name).exists()

    def _authority(self, name: str) -> Pair:
        return authority.split(private.read(self.places.authority(name)))

    def _make_authority(self, name: str, *, now_s: int) -> bool:
        path = self.places.authority(name)
        if path.exists():
            return False
        # Two sites' authorities have two names: a browser that knows one is not confused by the other.
        made = authority.new_authority(f"Winter River {name} {secrets.token_hex(4)}", now_s=now_s)
        private.write(path, made.pem)
        return True

    def _issue(self, state: Register, role: str, name: str, *, now_s: int) -> Register:
        """Writes a new certificate and its key; the register with it."""
        signer = register.NODES_AUTHORITY if role == NODE else register.SITE_AUTHORITY
        purpose, hosts = ("server", state.hosts) if role in SERVERS else ("client", ())
        pair = authority.issue(
            self._authority(signer), name, purpose=purpose, hosts=hosts, days=register.DAYS, now_s=now_s
        )
        found = authority.facts(pair.cert)
        try:
            after = state.adding(Issued(role, name, found.serial, now_s, found.not_after_s), now_s=now_s)
        except ValueError as error:
            raise ProtectError(str(error), "revoke those of nodes that are gone") from None
        private.write(self.places.pair(role, name), pair.pem)
        return after

    def _save(self, state: Register, *, now_s: int) -> None:
        """The register, and everything of the broker's that follows from it. A file that stays the same is not touched."""
        before = self.read() if self.exists else Register()
        stale = [
            name
            for name in _AUTHORITIES
            if state.revoked(name, now_s=now_s) != before.revoked(name, now_s=now_s)
            or not self.places.crl(name).exists()
        ]
        state = dataclasses.replace(state, crl_number=state.crl_number + bool(stale))
        places = self.places
        files: dict[Path, bytes] = {
            places.acl_nodes: acl.of_nodes(self._root, state.nodes()).encode(),
            places.acl_site: acl.of_site(
                self._root,
                services=state.names(SERVICE),
                operators=state.names(OPERATOR),
                viewers=state.names(register.VIEWER),
            ).encode(),
            places.passwords: acl.password_file(
                {node_id: self._password(node_id) for node_id in state.passwords}
            ).encode(),
        }
        for name in _AUTHORITIES:
            files[places.trusted(name)] = self._authority(name).cert
        for name in stale:
            files[places.crl(name)] = authority.revocations(
                self._authority(name), state.revoked(name, now_s=now_s), number=state.crl_number, now_s=now_s
            )
        for path, data in files.items():
            if not path.exists() or path.read_bytes() != data:
                private.write(path, data)
        private.write(places.register, register.encode(state))

    def _password(self, node_id: str) -> tuple[str, bytes]:
        """(password, salt): the salt follows from the password, so that the same passwords give the same file."""
        text = self.password(node_id)
        return text, hashlib.sha256(b"salt " + text.encode()).digest()[: acl.PASSWORD_SALT_BYTES]


def _role_of(state: Register, name: str) -> str:
    """The role of whoever has that name. Raises ProtectError where nobody has."""
    for role in register.ROLES:
        if state.current(role, name) is not None:
            return role
    raise ProtectError(f"nobody of this site is called {name}", "winter-river provision list names them all")


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= 253 and _HOST.fullmatch(text) is not None
    return True
