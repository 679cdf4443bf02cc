"""A live site: broker, engine and nodes in one command, with the live view or plain lines."""

import os
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli.errors import CommandError
from winter_river.cli.options import RootOption, settings_of
from winter_river.cli.run_file import RunNote, note_path, remove_note, write_link, write_note
from winter_river.cli.run_lines import program, start_lines
from winter_river.cli.run_shows import can_draw, has_desktop, show_live, show_page, show_plain
from winter_river.cli.run_signals import Stopped, stopped_by_signals
from winter_river.cli.values import seconds

if TYPE_CHECKING:
    from winter_river.cli.live import Live
    from winter_river.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Adds run."""
    app.command()(run)


def run(
    facility: Annotated[str | None, typer.Argument(help="A built-in site or a file (default: block-2n-24).")] = None,
    broker: Annotated[
        str | None, typer.Option("--broker", help="auto, embedded, mosquitto, or mqtt[s]://host:port.")
    ] = None,
    broker_ca: Annotated[
        str | None, typer.Option("--broker-ca", help="For mqtts: file of the authority to trust.")
    ] = None,
    broker_cert: Annotated[
        str | None, typer.Option("--broker-cert", help="For mqtts: file of our certificate.")
    ] = None,
    broker_key: Annotated[str | None, typer.Option("--broker-key", help="For mqtts: file of its private key.")] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="lab: open to whoever reaches it; secured: certificates and rights.")
    ] = None,
    secrets: Annotated[
        str | None, typer.Option("--secrets", help="For profile secured: folder of its certificates and keys.")
    ] = None,
    nodes: Annotated[
        str | None, typer.Option("--nodes", help="emulated, vm, mixed, or none: boards take the slots.")
    ] = None,
    for_: Annotated[str | None, typer.Option("--for", help="Stop by itself with exit 0 after 30s, 2m, ...")] = None,
    mqtt_port: Annotated[
        int | None, typer.Option("--mqtt-port", help="Port of our broker (default: 1883 or the next free).")
    ] = None,
    tls_port: Annotated[
        int | None,
        typer.Option("--tls-port", help="For profile secured: port for nodes (default: 8883 or the next free)."),
    ] = None,
    site_port: Annotated[
        int | None,
        typer.Option(
            "--site-port", help="For profile secured: port for services, people (default: 8885 or the next free)."
        ),
    ] = None,
    websocket_port: Annotated[
        int | None, typer.Option("--websocket-port", help="Port for MQTT over WebSocket, say 9001 (default: none).")
    ] = None,
    tls_min: Annotated[
        str | None, typer.Option("--tls-min", help="For profile secured: 1.2 or 1.3 (boards have 1.2).")
    ] = None,
    lan: Annotated[
        bool | None, typer.Option("--lan/--loopback", help="Let boards on the private network reach the broker.")
    ] = None,
    lan_address: Annotated[
        str | None, typer.Option("--lan-address", help="Which private address, where there are several.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Where randomness starts.")] = None,
    root: RootOption = None,
    ui: Annotated[bool | None, typer.Option("--ui/--no-ui", help="The live view, or plain lines.")] = None,
    page: Annotated[
        bool | None,
        typer.Option("--page/--no-page", help="The page in a browser: diagram, screens, instructor's station."),
    ] = None,
    page_port: Annotated[
        int | None, typer.Option("--page-port", help="Port of the page (default: 8080 or the next free).")
    ] = None,
    alarms: Annotated[
        str | None, typer.Option("--alarms", help="File of alarm rules of your own; see `alarms rules`.")
    ] = None,
    scenarios: Annotated[
        str | None, typer.Option("--scenarios", help="Folder of your own scenarios (default: scenarios/, if there).")
    ] = None,
    store: Annotated[
        bool | None, typer.Option("--store/--no-store", help="Keep the site's history in the data folder, or not.")
    ] = None,
    open_: Annotated[
        bool | None,
        typer.Option("--open/--no-open", help="Open the page in a browser (default: where there is a desktop)."),
    ] = None,
) -> None:
    """Run a live site in this terminal.

    Starts a broker, the engine, one emulated node for each device, and the page: open the address that it
    prints in a browser. Press ? in the live view for its keys; q or Ctrl-C stops everything. Only this machine
    can reach it unless --lan is given; then the page opens with a link only.

    Whoever reaches the broker may do anything, but for --profile secured: then everything is encrypted, and each node,
    service and person has a certificate, a key and rights of its own (see `winter-river provision`).

    What has no option here (how long history is kept, where readings go besides) is a line of winter-river.toml, or
    a variable WINTER_RIVER_NAME: `winter-river reference settings` lists all of them.

    \b
    Examples:
      winter-river run
      winter-river run seed-8 --for 30s --no-ui
      winter-river run --nodes vm               each node in a real MicroPython VM
      winter-river run --profile secured        certificates, keys and rights for all
      winter-river run --lan --nodes mixed      real boards take over the slots they are for
      winter-river run --no-ui --page-port 9000 --no-open
      winter-river run my-site.yaml --scenarios lessons   its *.yaml files are on the page, too
    """
    for_s = None if for_ is None else seconds(for_, option="--for")
    settings = settings_of(
        facility=facility, broker=broker, broker_ca=broker_ca, broker_cert=broker_cert, broker_key=broker_key, nodes=nodes, mqtt_port=mqtt_port, seed=seed, root=root, ui=ui,
        profile=profile, secrets=secrets, tls_port=tls_port, site_port=site_port, websocket_port=websocket_port, tls_min=tls_min,
        page=page, page_port=page_port, scenarios=scenarios, alarms=alarms, store=store, lan=True if lan_address else lan, lan_address=lan_address,
    )  # fmt: skip
    with stopped_by_signals() as asked:
        try:
            _run(settings, for_s, open_=open_, asked=asked)
        except Stopped:
            print("stopped", file=sys.stderr)


def _run(settings: "Settings", for_s: float | None, *, open_: bool | None, asked: threading.Event) -> None:
    from winter_river.cli.journal import JournalKeeper, journal_path
    from winter_river.cli.lan import lan_address
    from winter_river.cli.live import LOOPBACK, live
    from winter_river.facility import load_facility
    from winter_river.service.supervision import Supervisor

    site = load_facility(settings.facility)
    manager = Supervisor(os.environ)
    host = lan_address(settings.lan_address) if settings.lan else LOOPBACK
    with live(site, settings, host=host, say=say) as running:
        try:
            if running.seat is not None:
                running.seat.moved.append(lambda _broker: write_note(_note(settings, running)))
            write_note(_note(settings, running))
            if running.page is not None:
                write_link(running.page.url)
            for line in start_lines(running, settings, for_s):
                typer.echo(line)
            sys.stdout.flush()
            # In profile secured its address holds a secret, which no argv may show.
            shown = has_desktop() if open_ is None else open_
            if running.page is not None and running.secured is None and shown:
                show_page(running.page.url)
            running.service.tell_alive(manager.alive)
            manager.ready(f"{running.facility.name}, {len(running.facility.nodes)} nodes, {running.broker.url}")
            with JournalKeeper(running.service.site, journal_path(note_path())):
                if settings.ui and can_draw():
                    why = show_live(running, for_s, asked)
                else:
                    why = show_plain(running, for_s, asked)
        finally:
            manager.stopping()
            remove_note(os.getpid())
        say("stopping ...")
    if running.service.station.recording is not None:
        say(f"recorded: {program()} replay {running.service.station.recording}")
    if why:
        raise CommandError(why) from running.service.failure


def say(text: str) -> None:
    """Progress goes to stderr: stdout may be a pipe that wants only results."""
    print(text, file=sys.stderr, flush=True)


def _note(settings: "Settings", running: "Live") -> RunNote:
    """What other commands on this machine need to find this run; in profile secured they come as its operator."""
    files = (settings.broker_ca, settings.broker_cert, settings.broker_key)
    secrets = ""
    if running.secured is not None:
        places = running.secured.site.places
        operator = str(places.pair("operator", "operator"))
        files, secrets = (str(places.trusted("site")), operator, operator), str(places.folder)
    facility, ca, cert, key = map(_found_again, (settings.facility, *files))
    return RunNote(
        os.getpid(),
        running.broker.url,
        settings.root,
        facility,
        *(ca, cert, key),
        store="" if running.keeper is None else str(running.keeper.path),
        secrets=secrets,
        nodes_port=running.broker.nodes_port or 0,
        passwords_port=running.broker.passwords_port or 0,
        page="" if running.page is None else running.page.address,
    )


def _found_again(name: str) -> str:
    """The name of a facility, or a path, as it can be found from any folder."""
    path = os.path.expanduser(name)
    return os.path.abspath(path) if path and os.path.exists(path) else name
