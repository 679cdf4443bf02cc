"""What a site has issued: which certificates, to whom, until when, and which are revoked. Pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

VERSION = 1
DAYS = 90  # chosen: a quarter, as the rotation that is asked for (acceptance F29)
WARN_DAYS = 30  # chosen: a third of it; a site that is looked at once a month sees the warning in time
DAY_S = 86_400
ISSUED_MAX = 4_000  # chosen: a thousand nodes for a year; the expired are forgotten first

NODE, BROKER, PAGE, SERVICE, OPERATOR, VIEWER = ROLES = ("node", "broker", "page", "service", "operator", "viewer")
SERVERS = (BROKER, PAGE)
PEOPLE = (OPERATOR, VIEWER)  # who connect with a certificate of their own
NODES_AUTHORITY, SITE_AUTHORITY = "nodes", "site"


@dataclass(frozen=True, slots=True)
class Issued:
    """One certificate that was issued; times in s since 1970. revoked_s: 0 while it holds."""

    role: str
    name: str
    serial: int
    issued_s: int
    not_after_s: int
    revoked_s: int = 0

    @property
    def authority(self) -> str:
        """Which of the two signed it: a node's certificate is worth nothing where people and services connect."""
        return NODES_AUTHORITY if self.role == NODE else SITE_AUTHORITY

    def holds(self, now_s: int) -> bool:
        return not self.revoked_s and now_s < self.not_after_s

    def days_left(self, now_s: int) -> int:
        """Whole days until it ends; negative once it has."""
        return (self.not_after_s - now_s) // DAY_S

    def is_due(self, now_s: int) -> bool:
        """Whether it ends so soon that a new one should be made."""
        return self.days_left(now_s) < WARN_DAYS


@dataclass(frozen=True, slots=True)
class Register:
    """Everything a site has issued, oldest first.

    hosts: what broker and page are called by. passwords: nodes that have a password, for the listener without TLS.
    crl_number: of the last list of revoked certificates.
    """

    hosts: tuple[str, ...] = ()
    issued: tuple[Issued, ...] = ()
    passwords: tuple[str, ...] = ()
    crl_number: int = 0

    def current(self, role: str, name: str) -> Issued | None:
        """The newest one that is not revoked; it may have expired."""
        found = [each for each in self.issued if (each.role, each.name) == (role, name) and not each.revoked_s]
        return found[-1] if found else None

    def all_current(self) -> list[Issued]:
        """The newest unrevoked one of everybody, in the order of ROLES, then by name."""
        newest = {(each.role, each.name): each for each in self.issued if not each.revoked_s}
        return sorted(newest.values(), key=lambda each: (ROLES.index(each.role), each.name))

    def older(self, role: str, name: str, *, now_s: int) -> list[Issued]:
        """Those that still hold beside the current one: what an overlapping rotation leaves until it is revoked."""
        current = self.current(role, name)
        return [
            each
            for each in self.issued
            if (each.role, each.name) == (role, name) and each.holds(now_s) and each is not current
        ]

    def names(self, role: str) -> list[str]:
        """Who has a certificate of that role that is not revoked."""
        return sorted({each.name for each in self.issued if each.role == role and not each.revoked_s})

    def nodes(self) -> list[str]:
        """The nodes that can join, by certificate or by password."""
        return sorted({*self.names(NODE), *self.passwords})

    def revoked_nodes(self) -> list[str]:
        """Nodes that had a certificate and have none any more, nor a password."""
        once = {each.name for each in self.issued if each.role == NODE and each.revoked_s}
        return sorted(once - set(self.nodes()))

    def revoked(self, authority: str, *, now_s: int) -> list[tuple[int, int]]:
        """(serial, s since 1970) of an authority's revoked certificates that have not expired anyway."""
        return [
            (each.serial, each.revoked_s)
            for each in self.issued
            if each.authority == authority and each.revoked_s and now_s < each.not_after_s
        ]

    def adding(self, one: Issued, *, now_s: int) -> Register:
        """With one more; what expired more than DAYS ago is forgotten, but for the last one of each name.

        Raises ValueError when there are too many.
        """
        last = {each.serial for each in self.all_current()}
        kept = [each for each in self.issued if each.serial in last or now_s < each.not_after_s + DAYS * DAY_S]
        if len(kept) >= ISSUED_MAX:
            raise ValueError(f"{ISSUED_MAX} certificates are issued and not expired; one site has no more")
        return dataclasses.replace(self, issued=(*kept, one))

    def revoking(self, serials: Iterable[int], *, now_s: int) -> Register:
        """With these revoked."""
        gone = set(serials)
        issued = tuple(
            dataclasses.replace(each, revoked_s=now_s) if each.serial in gone and not each.revoked_s else each
            for each in self.issued
        )
        return dataclasses.replace(self, issued=issued)


def warnings(register: Register, *, now_s: int) -> list[tuple[Issued, str]]:
    """(certificate, sentence) of everybody's current certificate that ends soon or has ended, the most urgent first."""
    found = []
    for each in sorted(register.all_current(), key=lambda each: each.not_after_s):
        if each.is_due(now_s):
            days = each.days_left(now_s)
            when = f"ends in {days} days" if days >= 1 else "ends within a day" if days == 0 else "has expired"
            found.append((each, f"the certificate of {each.role} {each.name} {when}"))
    return found


def encode(register: Register) -> bytes:
    """The register as its file has it."""
    fields = dataclasses.asdict(register) | {"version": VERSION}
    return (json.dumps(fields, indent=1, sort_keys=True) + "\n").encode()


def decode(data: bytes) -> Register:
    """The register in a file's bytes. Raises ValueError saying what is wrong with them."""
    try:
        fields: Mapping[str, Any] = json.loads(data)
        version = fields["version"]
        if version != VERSION:
            raise ValueError(f"it is of version {version}; this program reads version {VERSION}")
        issued: Sequence[Mapping[str, Any]] = fields["issued"]
        found = Register(
            hosts=tuple(fields["hosts"]),
            issued=tuple(Issued(**each) for each in issued),
            passwords=tuple(fields["passwords"]),
            crl_number=fields["crl_number"],
        )
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"it is torn or of another kind ({type(error).__name__}: {error})") from None
    if any(each.role not in ROLES for each in found.issued):
        raise ValueError("it names a role that there is not")
    return found
