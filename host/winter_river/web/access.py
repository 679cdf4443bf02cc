"""Who may do what: roles, and links that give one. Pure but for the randomness of a token.

A link is a random token; only its hash is kept, so nobody who reads our memory or files can use it. Roles rise:
whoever may do something at one role may do it at every higher one, but for a trainee's controls, which are the
exercise's.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import deque
from dataclasses import dataclass, field

from winter_river.scenario.permits import BREAKING, SERVICING

VIEWER, TRAINEE, OPERATOR, INSTRUCTOR, ADMIN = ROLES = ("viewer", "trainee", "operator", "instructor", "admin")
LINKS_MAX = 500
TAKEN_BACK_MAX = 5_000  # remembered; the oldest is then a token that we never gave
TOKEN_BYTES = 16
NAME_LENGTH_MAX = 40
OWN_TOKEN_LENGTH_MIN = 20  # chosen: of letters and digits drawn at random it is 119 bits; nobody guesses it

# What a page can do -> the lowest role that may.
RIGHTS = {
    "look": VIEWER,
    "operate": TRAINEE,  # only the controls of the exercise, below operator
    "press": OPERATOR,
    "audit": OPERATOR,
    "acknowledge": OPERATOR,  # a trainee in his exercise, too
    "shelve": OPERATOR,
    "maintain": INSTRUCTOR,
    "answer": TRAINEE,
    "trend": VIEWER,
    "overrule": INSTRUCTOR,  # to command at a priority above the operators'
    "break": INSTRUCTOR,
    "time": INSTRUCTOR,
    "snapshot": INSTRUCTOR,
    "what_if": INSTRUCTOR,
    "exercise": INSTRUCTOR,
    "class": INSTRUCTOR,
    "save": INSTRUCTOR,
    "link": INSTRUCTOR,
    "service": ADMIN,
    "settings": ADMIN,
}


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with a page. name: as the audit writes it. link_id: the link's, "" without one."""

    role: str
    name: str
    link_id: str = field(default="", compare=False)

    def may(self, right: str) -> bool:
        """Whether the role has a right of RIGHTS."""
        return self.is_at_least(RIGHTS[right])

    def is_at_least(self, role: str) -> bool:
        """Whether this is that role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was given out. id: the first letters of the hash, which is no secret."""

    id: str
    role: str
    name: str


def right_of(verb: str) -> str:
    """The right that a command wants."""
    if verb in BREAKING:
        return "break"
    return "service" if verb in SERVICING else "operate"


def with_article(role: str) -> str:
    """`a viewer`, `an operator`."""
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"


class Links:
    """The links given out by this run, by the hashes of their tokens. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Link] = {}
        self._taken_back: deque[str] = deque(maxlen=TAKEN_BACK_MAX)

    def create(self, role: str, name: str = "") -> tuple[str, Link]:
        """(token, link). Raises ValueError for a role that there is not, or when there are too many."""
        if role not in ROLES:
            raise ValueError(f"role is {role}; one of {', '.join(ROLES)}")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._lock:
            if len(self._known) >= LINKS_MAX:
                raise ValueError(f"{LINKS_MAX} links have been given out; take one back first")
            return token, self._add(token, role, name)

    def admit(self, token: str, role: str, name: str) -> Link:
        """A link for a token that somebody has made himself, as for a program that outlasts a run. Raises ValueError for
        one that could be guessed."""
        if len(token) < OWN_TOKEN_LENGTH_MIN:
            raise ValueError(f"a token of {len(token)} letters can be guessed; make it {OWN_TOKEN_LENGTH_MIN} at least")
        with self._lock:
            return self._add(token, role, name)

    def _add(self, token: str, role: str, name: str) -> Link:
        key = _hash(token)
        link = Link(key[:8], role, name[:NAME_LENGTH_MAX] or f"{role} {len(self._known) + 1}")
        self._known[key] = link
        return link

    def who(self, token: str, *, otherwise: Who | None = None) -> Who | None:
        """Whose token that is; `otherwise` for one that we never gave, and None for one that was taken back: nobody
        becomes somebody else by losing a link."""
        key = _hash(token)
        with self._lock:
            link = self._known.get(key)
            if link is not None:
                return Who(link.role, link.name, link.id)
            return None if key in self._taken_back else otherwise

    def all(self) -> list[Link]:
        with self._lock:
            return list(self._known.values())

    def has(self, link_id: str) -> bool:
        """Whether that link is given out now."""
        return any(link.id == link_id for link in self.all())

    def take_back(self, link_id: str) -> bool:
        """Whether there was such a link."""
        with self._lock:
            keys = [key for key, link in self._known.items() if link.id == link_id]
            for key in keys:
                del self._known[key]
            self._taken_back.extend(keys)
        return bool(keys)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
