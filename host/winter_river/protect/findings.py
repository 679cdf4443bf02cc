"""What is wrong with the secrets of a site, or soon will be, each with its cure."""

from __future__ import annotations

import stat
from typing import NamedTuple

from winter_river.protect import authority, register
from winter_river.protect.errors import ProtectError
from winter_river.protect.folder import OTHERS, OTHERS_OF_FILE, read
from winter_river.protect.provision import Provision
from winter_river.protect.register import DAY_S, NODE, WARN_DAYS, Register

ERROR, WARNING, OK = "error", "warning", "ok"
CLOCK_SLACK_S = 300  # chosen: what two machines that shared the folder may differ by


class Finding(NamedTuple):
    """How bad, what was found, and what cures it."""

    level: str
    what: str
    cure: str = ""


def findings(site: Provision, *, now_s: int) -> list[Finding]:
    """Everything worth telling, the worst first; one line of OK where there is nothing."""
    try:
        state = site.read()
    except ProtectError as error:
        return [Finding(ERROR, error.cause, error.cure)]
    found = [
        *_modes(site),
        *_clock(state, now_s),
        *_authorities(site, now_s),
        *_files(site, state),
        *_dates(state, now_s),
    ]
    if state.passwords:
        found.append(
            Finding(OK, f"{len(state.passwords)} nodes join with a password, NOT ENCRYPTED: {_some(state.passwords)}")
        )
    revoked = state.revoked_nodes()
    if revoked:
        count = "1 node is" if len(revoked) == 1 else f"{len(revoked)} nodes are"
        found.append(Finding(OK, f"{count} revoked, and let in no more: {_some(revoked)}"))
    found.sort(key=lambda each: (ERROR, WARNING, OK).index(each.level))
    if not found or found[0].level == OK:
        soonest = min((each.days_left(now_s) for each in state.all_current()), default=0)
        found.insert(0, Finding(OK, f"secrets in {site.places.folder}; the first certificate ends in {soonest} days"))
    return found


def _modes(site: Provision) -> list[Finding]:
    found = []
    for path in sorted(site.places.folder.rglob("*")):
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode) and mode & OTHERS:
            found.append(Finding(ERROR, f"{path} can be entered by others", f"chmod 700 {path}"))
        elif stat.S_ISREG(mode) and mode & OTHERS_OF_FILE:
            found.append(Finding(ERROR, f"{path} can be read by others", f"chmod 600 {path}"))
    return found


def _clock(state: Register, now_s: int) -> list[Finding]:
    newest_s = max((each.issued_s for each in state.issued), default=0)
    if now_s >= newest_s - CLOCK_SLACK_S:
        return []
    return [
        Finding(
            ERROR,
            "the clock of this machine is before the day of its newest certificate: nobody will believe those",
            "set the clock: sudo timedatectl set-ntp true",
        )
    ]


def _authorities(site: Provision, now_s: int) -> list[Finding]:
    found = []
    for name in (register.NODES_AUTHORITY, register.SITE_AUTHORITY):
        path = site.places.authority(name)
        try:
            days = (authority.facts(read(path)).not_after_s - now_s) // DAY_S
        except ProtectError as error:
            found.append(Finding(ERROR, f"authority {name}: {path}: {error.cause}", error.cure))
            continue
        if days < register.DAYS:
            cure = f"move {site.places.folder} away, provision anew, and flash every board"
            found.append(Finding(ERROR if days < 0 else WARNING, f"authority {name} ends in {days} days", cure))
    return found


def _files(site: Provision, state: Register) -> list[Finding]:
    """Each certificate that is current is the one in its file."""
    found = []
    for each in state.all_current():
        path = site.places.pair(each.role, each.name)
        try:
            right = authority.facts(site.pair(each.role, each.name).cert).serial == each.serial
            why = "is not the certificate that was issued last"
        except ProtectError as error:
            right, why = False, error.cause
        if not right:
            found.append(Finding(ERROR, f"{path}: {why}", f"winter-river provision rotate {each.name}"))
    return found


def _dates(state: Register, now_s: int) -> list[Finding]:
    """What ends within WARN_DAYS; nodes together in one line, for a site may have a thousand."""
    found = []
    due = register.warnings(state, now_s=now_s)
    for each, sentence in due:
        if each.role != NODE:
            level = WARNING if each.holds(now_s) else ERROR
            found.append(Finding(level, sentence, f"winter-river provision rotate {each.name}"))
    nodes = [each for each, _ in due if each.role == NODE]
    if nodes:
        gone = [each.name for each in nodes if not each.holds(now_s)]
        what = f"the certificates of {len(nodes)} nodes end within {WARN_DAYS} days: {_some([n.name for n in nodes])}"
        if gone:
            what = f"the certificates of {len(gone)} nodes have expired: {_some(gone)}"
        cure = "winter-river provision rotate --due, then make deploy NODE=... for each board"
        found.append(Finding(ERROR if gone else WARNING, what, cure))
    return found


def _some(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
