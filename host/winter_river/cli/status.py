"""A running site on one page."""

import time
from pathlib import Path

import typer

from winter_river.cli.connection import types_at, visiting, where
from winter_river.cli.errors import FAILED
from winter_river.cli.options import BrokerOption, JsonOption, RootOption, settings_of
from winter_river.cli.values import json_text

LISTEN_S = 2.5  # chosen: two statuses of the engine and a half; nodes that are silent longer are told as stale
LEASES = Path("/var/lib/NetworkManager")  # where NetworkManager's access point writes them: dnsmasq-*.leases


def add_to(app: typer.Typer) -> None:
    """Adds status."""
    app.command()(status)


def status(broker: BrokerOption = None, root: RootOption = None, json: JsonOption = False) -> None:
    """Show a running site on one page: engine, nodes, what the broker remembers, power, alarms.

    Exit 1 when no engine runs there.

    \b
    Example:
      winter-river status
    """
    from winter_river.cli.run_file import read_note
    from winter_river.service import health
    from winter_river.service.overview import lines, overview

    settings = settings_of(broker=broker, root=root)
    url, root_used = where(settings)
    with visiting(url, root=root_used, everything=True) as client:
        heard = [*client.remembered(), *client.remembered(listen_s=LISTEN_S)]
    seen = health.picture(heard, root=root_used)
    note = read_note()
    here = note is not None and note.url == str(url)
    page = overview(
        seen, types_at(url, settings), _alarms() if here else [], now_s=time.monotonic(), wall_s=time.time()
    )
    if json:
        typer.echo(json_text(page))
    else:
        name = note.facility_file if here and note is not None else ""
        for line in lines(page, broker=str(url), facility=name, leases=_leases()):
            typer.echo(line)
    if not page["engine"]["running"]:
        raise typer.Exit(FAILED)


def _alarms() -> list[dict[str, object]]:
    from winter_river.cli.alarms import kept_alarms

    return kept_alarms()


def _leases() -> int | None:
    """How many boards the access point of this machine has given addresses to; None where it is none, or not ours to see."""
    try:
        files = list(LEASES.glob("dnsmasq-*.leases"))
        return sum(len(file.read_text().splitlines()) for file in files) if files else None
    except OSError:
        return None
