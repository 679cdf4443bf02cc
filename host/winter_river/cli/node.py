"""One emulated node in a process of its own: to freeze, kill or debug it."""

from typing import Annotated

import typer

from winter_river.cli.connection import secrets_of, where
from winter_river.cli.errors import UsageError
from winter_river.cli.options import BrokerOption, RootOption, settings_of
from winter_river.cli.run_file import read_note
from winter_river.likeness import meant
from winter_river.settings import PORT_TLS_DEFAULT


def add_to(app: typer.Typer) -> None:
    """Adds node."""
    app.command()(node)


def node(
    node_id: Annotated[str, typer.Argument(metavar="ID", help="Which node of the facility.")],
    broker: BrokerOption = None,
    facility: Annotated[
        str | None, typer.Option("--facility", help="The site it belongs to (default: that of the run).")
    ] = None,
    root: RootOption = None,
) -> None:
    """Run one emulated node in its own process.

    The real firmware with an emulated board. Freeze it with `kill -STOP`, pull its plug with `kill -9`.

    \b
    Example:
      winter-river run --nodes none             in one terminal
      winter-river node ups_a                   in another
    """
    from winter_river.emulator import run_node
    from winter_river.facility import load_facility

    settings = settings_of(broker=broker, facility=facility, root=root)
    note = None if facility else read_note()
    site = load_facility(note.facility_file if note is not None else settings.facility)
    if node_id not in site.nodes:
        raise UsageError(f"{site.name} has no node {node_id}{meant(node_id, site.nodes)}")
    url, root = where(settings)
    bundle = None
    secrets = secrets_of(settings)
    if secrets is not None:  # with its own certificate, where nodes connect
        from winter_river.address import Address
        from winter_river.protect.bundle import of_node
        from winter_river.protect.provision import Provision

        bundle = of_node(Provision(secrets, root=root), node_id)
        url = Address(url.host, (note.nodes_port if note else 0) or settings.tls_port or PORT_TLS_DEFAULT)
    how = "" if bundle is None else ", with its own certificate"
    typer.echo(f"{node_id} ({site.nodes[node_id].type}) at {url.host}:{url.port}{how}; stop: Ctrl-C")
    run_node(site.nodes[node_id], url, root=root, bundle=bundle)
