"""The certificates, keys and passwords of a secured site: made, renewed, revoked, listed."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winter_river.cli.errors import UsageError
from winter_river.cli.options import JsonOption, settings_of
from winter_river.cli.values import json_text, table_text
from winter_river.likeness import meant

if TYPE_CHECKING:
    from winter_river.protect.provision import Provision
    from winter_river.protect.register import Issued, Register

SecretsOption = Annotated[str | None, typer.Option("--secrets", help="Folder of the site's secrets.")]
FacilityOption = Annotated[str | None, typer.Option("--facility", help="The site: a built-in name or a path.")]

_HELP = """Certificates, keys and passwords of a secured site.

\b
Examples:
  winter-river provision init --host 192.168.4.1
  winter-river provision node --all         for every node of the facility
  make flash NODE=ups_a                     puts them on the board
  winter-river provision rotate --due       renews what ends within 30 days
  winter-river provision revoke ups_a       a board was lost
"""


def add_to(app: typer.Typer) -> None:
    """Adds the group `provision`."""
    group = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
    for command in (init, node, person, rotate, revoke, export, list_all):
        group.command("list" if command is list_all else None)(command)
    app.add_typer(group, name="provision", help=_HELP)


def init(
    host: Annotated[
        list[str] | None, typer.Option("--host", help="A name or address that boards or browsers call this site by.")
    ] = None,
    secrets: SecretsOption = None,
) -> None:
    """Make the site's own authorities, and the certificates of broker, page, service and operator.

    Harmless a second time; a new --host gives broker and page new certificates.

    \b
    Example:
      winter-river provision init --host 192.168.4.1 --host river.local
    """
    site = _site(secrets)
    made = site.init(hosts=host or [], now_s=_now_s())
    folder = site.places.folder
    typer.echo(f"{folder}: " + (f"made {', '.join(made)}" if made else "everything is there already; nothing changed"))
    if any(each.startswith("authority") for each in made):
        typer.echo(
            f"This folder IS the site: keep a copy of it where nobody else can read it.\n"
            f"A browser knows the page once it trusts {site.places.trusted('site')}"
        )
    _say_reload(made)


def node(
    ids: Annotated[list[str] | None, typer.Argument(metavar="NODE...", help="Which nodes of the facility.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every node of the facility.")] = False,
    password: Annotated[
        bool, typer.Option("--password", help="A password instead of a certificate, for what has no TLS.")
    ] = False,
    facility: FacilityOption = None,
    secrets: SecretsOption = None,
) -> None:
    """Give a node its certificate and its key. Harmless a second time.

    A node with a password connects without encryption: whoever listens on that network can read it, and the password.

    \b
    Examples:
      winter-river provision node ups_a ups_b
      winter-river provision node small_board --password
    """
    from winter_river.facility import load_facility

    site = _site(secrets)
    known = load_facility(settings_of(facility=facility).facility)
    wanted = list(known.nodes) if all_ else ids or []
    if not wanted:
        raise UsageError("which node? Name some, or --all")
    for node_id in wanted:
        if node_id not in known.nodes:
            raise UsageError(
                f"{known.name} has no node {node_id}{meant(node_id, known.nodes)}; --facility names another site"
            )
    now_s = _now_s()
    made = [node_id for node_id in wanted if site.node(node_id, password=password, now_s=now_s)]
    what = "a password" if password else "a certificate"
    for node_id in made:
        typer.echo(f"{node_id}: {what} and a key in {site.places.node(node_id)}; make flash NODE={node_id}")
    if len(made) < len(wanted):
        typer.echo(f"{len(wanted) - len(made)} of {len(wanted)} had theirs already")
    if password:
        _say_reload(made)


def person(
    name: Annotated[str, typer.Argument(help="Of the person or program: a-z 0-9 _ -")],
    role: Annotated[str, typer.Option("--role", help="operator commands, viewer reads.")] = "viewer",
    secrets: SecretsOption = None,
) -> None:
    """Give a person or a program a certificate for the bus.

    Beyond one's own machine, send the file it prints by a way that nobody else reads.

    \b
    Examples:
      winter-river provision person telegraf
      winter-river provision person anna --role operator
    """
    site = _site(secrets)
    made = site.person(role, name, now_s=_now_s())
    typer.echo(f"{name} ({role}): {site.places.pair(role, name)}" + ("" if made else "; it was there already"))
    _say_reload([name] if made else [])


def rotate(
    name: Annotated[str | None, typer.Argument(help="A node, a person, or broker, page, service, operator.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Everybody whose certificate ends within 30 days.")] = False,
    secrets: SecretsOption = None,
) -> None:
    """Make a new certificate; the old one holds on, so nothing stops meanwhile.

    When the new one is in place (a board: make deploy NODE=...), revoke the old one: provision revoke NAME --old.

    \b
    Examples:
      winter-river provision rotate ups_a
      winter-river provision rotate --due
    """
    from winter_river.protect.register import NODE

    site, now_s = _site(secrets), _now_s()
    if (name is None) == (not due):
        raise UsageError("rotate NAME, or rotate --due")
    if name is not None:
        issued = [site.rotate(name, now_s=now_s)]
    else:
        names = site.rotate_due(now_s=now_s)
        issued = [each for each in site.read().all_current() if each.name in names]
        typer.echo("nothing ends within 30 days" if not issued else f"{len(issued)} renewed")
    for each in issued:
        then = f"make deploy NODE={each.name}, then " if each.role == NODE else ""
        typer.echo(f"{each.role} {each.name}: new until {_day(each.not_after_s)}; {then}revoke {each.name} --old")
    _say_reload([each.name for each in issued if each.role != NODE])


def revoke(
    name: Annotated[str, typer.Argument(help="A node or a person.")],
    old: Annotated[bool, typer.Option("--old", help="Only what a rotation has replaced.")] = False,
    secrets: SecretsOption = None,
) -> None:
    """End a certificate before its time: the broker refuses it from the next connection on.

    A node loses its password and its key, too: nobody can command it any more.

    \b
    Example:
      winter-river provision revoke ups_a
    """
    count = _site(secrets).revoke(name, old=old, now_s=_now_s())
    typer.echo(f"{name}: {count} certificate{'' if count == 1 else 's'} revoked")
    _say_reload([name])


def export(
    folder: Annotated[Path, typer.Argument(help="Folder of the broker, of mode 700 and its user's own.")],
    secrets: SecretsOption = None,
) -> None:
    """Copy what a mosquitto that runs by itself needs; only what changed.

    Run as root it leaves the files to the owner of the folder. The configuration that looks for them there:
    winter-river generate mosquitto.

    \b
    Example:
      sudo install -d -o mosquitto -g mosquitto -m 700 /etc/winter-river/broker
      sudo winter-river provision export /etc/winter-river/broker --secrets FOLDER
    """
    changed = _site(secrets).export(folder.absolute())
    for path in changed:
        typer.echo(f"{path}")
    typer.echo("systemctl reload winter-river-broker" if changed else f"{folder} has them all; nothing changed")


def list_all(secrets: SecretsOption = None, json: JsonOption = False) -> None:
    """List who has what, and until when.

    \b
    Example:
      winter-river provision list
    """
    site, now_s = _site(secrets), _now_s()
    rows = _rows(site.read(), now_s)
    if json:
        typer.echo(json_text({"folder": str(site.places.folder), "issued": rows}))
        return
    typer.echo(f"{site.places.folder}")
    typer.echo(table_text(("role", "name", "until", "days", "note"), rows))


def _rows(state: "Register", now_s: int) -> list[dict[str, Any]]:
    rows = [_row(state, each, now_s) for each in state.all_current()]
    rows += [
        {"role": "node", "name": name, "until": "-", "days": "-", "note": "password, no encryption"}
        for name in state.passwords
    ]
    return rows


def _row(state: "Register", each: "Issued", now_s: int) -> dict[str, Any]:
    notes = []
    if each.is_due(now_s):
        notes.append(f"{'EXPIRED' if not each.holds(now_s) else 'ends soon'}: provision rotate {each.name}")
    older = state.older(each.role, each.name, now_s=now_s)
    if older:
        notes.append(f"{len(older)} older still valid: provision revoke {each.name} --old")
    until, days = _day(each.not_after_s), each.days_left(now_s)
    return {"role": each.role, "name": each.name, "until": until, "days": days, "note": "; ".join(notes)}


def _site(secrets: str | None) -> "Provision":
    from winter_river.cli.secured import provision_of

    return provision_of(settings_of(secrets=secrets))


def _say_reload(changed: list[str]) -> None:
    """A run of ours sees the change by itself; a broker that somebody else runs has to be told."""
    if changed:
        typer.echo(
            "A running site takes it up within seconds; a mosquitto of your own wants: systemctl reload mosquitto"
        )


def _day(at_s: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at_s))


def _now_s() -> int:
    return int(time.time())
