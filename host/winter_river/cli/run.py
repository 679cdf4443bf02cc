"""A live site: broker, engine and nodes in one command, with the live view or plain lines."""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli.errors import CommandError
from winter_river.cli.options import RootOption, settings_of
from winter_river.cli.run_file import RunNote, link_path, note_path, remove_note, write_note
from winter_river.cli.values import seconds

if TYPE_CHECKING:
    from winter_river.cli.live import Live
    from winter_river.settings import Settings

_NODES_WORDS = {
    "emulated": "emulated",
    "vm": "in MicroPython VMs of their own, about 13 MB each",
    "mixed": "emulated; a board takes over its slot while it is there",
    "none": "slots, waiting for boards",
}
# Whether nodes elsewhere have passwords -> what that means.
_PASSWORDS_WORDS = {
    False: "for this machine's own VMs; no other machine can reach it.",
    True: "whoever is on that network can read their password and what they say.",
}
LOOK_S = 0.25  # chosen: a person sees no delay, and four looks a second cost nothing


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
    mqtt_port: Annotated[int | None, typer.Option("--mqtt-port", help="Port of our broker (default: 1883).")] = None,
    tls_port: Annotated[
        int | None, typer.Option("--tls-port", help="For profile secured: port for nodes (default: 8883).")
    ] = None,
    site_port: Annotated[
        int | None, typer.Option("--site-port", help="For profile secured: port for services, people (default: 8885).")
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
    with _stopped_by_signals() as asked:
        try:
            _run(settings, for_s, open_=open_, asked=asked)
        except _Stopped:
            print("stopped", file=sys.stderr)


class _Stopped(BaseException):
    """A signal asked us to stop.

    No KeyboardInterrupt: Python ends a process by SIGINT where one went through text that was being executed, as the
    import of a dataclass is, even if it was caught.
    """


def _run(settings: "Settings", for_s: float | None, *, open_: bool | None, asked: threading.Event) -> None:
    from winter_river.cli.journal import JournalKeeper, journal_path
    from winter_river.cli.lan import lan_address
    from winter_river.cli.live import LOOPBACK, live
    from winter_river.facility import load_facility
    from winter_river.service.supervision import Supervisor

    site = load_facility(settings.facility)
    manager = Supervisor(os.environ)
    host = lan_address(settings.lan_address) if settings.lan else LOOPBACK
    with live(site, settings, host=host, say=_say) as running:
        try:
            write_note(_note(settings, running))
            for line in _start_lines(running, settings, for_s):
                typer.echo(line)
            sys.stdout.flush()
            # In profile secured its address holds a secret, which no argv may show.
            shown = _has_desktop() if open_ is None else open_
            if running.page is not None and running.secured is None and shown:
                _show_page(running.page.url)
            running.service.tell_alive(manager.alive)
            manager.ready(f"{running.facility.name}, {len(running.facility.nodes)} nodes, {running.broker.url}")
            with JournalKeeper(running.service.site, journal_path(note_path())):
                if settings.ui and _can_draw():
                    why = _show_live(running, for_s, asked)
                else:
                    why = _show_plain(running, for_s, asked)
        finally:
            manager.stopping()
            remove_note(os.getpid())
        _say("stopping ...")
    if running.service.station.recording is not None:
        _say(f"recorded: {_program()} replay {running.service.station.recording}")
    if why:
        raise CommandError(why) from running.service.failure


def _start_lines(running: "Live", settings: "Settings", for_s: float | None) -> list[str]:
    """What is running, where, and how to stop it."""
    count = len(running.facility.nodes)
    lines = [
        f"facility  {running.facility.name}, calibration {running.facility.calibration}",
        f"broker    {running.broker.url} ({running.broker.kind})",
        f"nodes     {count} {_NODES_WORDS[settings.nodes]}",
        *_page_lines(running),
        f"seed      {settings.seed}",
        *([] if running.keeper is None else [f"history   {running.keeper.path}"]),
        "stop      Ctrl-C" if for_s is None else f"stop      by itself after {for_s:g} s, or Ctrl-C",
        f"try       {_program()} send {_example(running)}   (in another terminal)",
    ]
    if running.secured is not None:
        return lines + _secured_lines(running)
    if settings.lan:
        lines += [
            f"LAN       {running.broker.url} IS OPEN TO THE NETWORK: no password, no encryption.",
            "          ANYONE ON THAT NETWORK CAN COMMAND THIS SITE. Use a network of its own, or --profile secured.",
            *(
                []
                if running.page is None
                else ["          The page is not encrypted either: who listens there has your link."]
            ),
            f"boards    in node.json: broker host {running.broker.host}, port {running.broker.port}, root {settings.root};",
            f"          wifi: SSID and password of the 2.4 GHz network on which this machine is {running.broker.host}",
        ]
        if settings.nodes in ("emulated", "vm"):
            lines.append("          every slot has a node of this machine; a board for one of them needs --nodes mixed")
    return lines


def _page_lines(running: "Live") -> list[str]:
    """Where the page is. A link is a secret: of a secured site it is shown to a person, and goes into no log."""
    page = running.page
    if page is None:
        return []
    if running.secured is None or sys.stdout.isatty():
        return [f"page      {page.url}"]
    path = link_path()
    running.secured.keep_private(path, page.url)
    return [f"page      {page.address}/   (an admin's link to it is in {path})"]


def _secured_lines(running: "Live") -> list[str]:
    """What profile secured has beside the rest."""
    broker, secured = running.broker, running.secured
    assert secured is not None
    lines = [
        f"profile   secured: certificates and keys in {secured.site.places.folder}, commands from epoch {secured.epoch}"
    ]
    if broker.nodes_port is not None:
        lines.append(f"boards    {broker.host}:{broker.nodes_port} with their own certificates: make flash NODE=...")
    if broker.passwords_port is not None:
        where = f"{broker.passwords_host}:{broker.passwords_port}"
        lines.append(f"          {where} with a password for those that have no TLS: NOT ENCRYPTED,")
        lines.append("          " + _PASSWORDS_WORDS[not secured.passwords])
    if broker.websocket_port is not None:
        lines.append(
            f"websocket wss://{broker.host}:{broker.websocket_port}, with a certificate; because of it a change of"
        )
        lines.append("          certificates restarts the broker, and everybody is back within seconds")
    if running.page is not None:
        lines.append(f"          a browser knows the page once it trusts {secured.site.places.trusted('site')}")
    return lines + [f"WARNING   {line}" for line in secured.warnings()]


def _has_desktop() -> bool:
    """Whether a person sits at a graphical screen of this very machine: nobody else wants a browser to open by itself."""
    remote = "SSH_CONNECTION" in os.environ
    drawn = sys.platform == "darwin" or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return sys.stdout.isatty() and drawn and not remote and "CI" not in os.environ


def _show_page(address: str) -> None:
    """Opens the page. In a thread of its own: some browsers keep whoever starts them waiting."""
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), name="browser", daemon=True).start()


def _can_draw() -> bool:
    """Whether this is a terminal that a live view can be drawn on; plain lines go anywhere."""
    encoding = sys.stdout.encoding.lower().replace("-", "")
    return (
        sys.stdout.isatty()
        and sys.stdin.isatty()
        and os.environ.get("TERM", "dumb") != "dumb"
        and encoding.startswith("utf")
    )


def _program() -> str:
    """What to type for this program from here: `make run` leaves it in .venv/bin, which no search path has."""
    if shutil.which("winter-river"):
        return "winter-river"
    beside = os.path.relpath(Path(sys.executable).with_name("winter-river"))
    return f"{sys.executable} -m winter_river" if beside.startswith("..") or not os.path.exists(beside) else beside


def _example(running: "Live") -> str:
    from winter_river.ui.keys import first_of

    nodes = running.facility.nodes
    utility = first_of(nodes, "utility")
    return f"{utility or next(iter(nodes))} set_fault state=true"


def _show_live(running: "Live", for_s: float | None, asked: threading.Event) -> str:
    """The live view until it is left; why it had to end, or ""."""
    from winter_river.ui.app import LiveView

    if asked.is_set():
        return ""
    signals = _stopping()
    view = LiveView(
        running.service.site.through("terminal"),
        health=running.health,
        fatal=running.fatal,
        for_s=for_s,
        acknowledge=running.acknowledge,
        signals=signals,
        two_step=running.service.site.secured,
    )
    return view.run() or ""


def _show_plain(running: "Live", for_s: float | None, stop: threading.Event) -> str:
    """Events as lines until the time is up or a signal comes; why it had to end, or ""."""
    from winter_river.cli.notes import AlarmLines, NoteLines
    from winter_river.ui.plain import EventLines, closing_lines, show

    end_s = None if for_s is None else time.monotonic() + for_s
    site = running.service.site
    lines = EventLines(site)
    notes = NoteLines(running.service.report, running.notices)
    alarms = AlarmLines(running.service.alarms)
    page_faults: list[str] = []  # told once

    def wait() -> bool:
        left_s = LOOK_S if end_s is None else min(LOOK_S, end_s - time.monotonic())
        if left_s > 0:
            stop.wait(left_s)
        for line in (*notes.fresh(), *alarms.fresh()):
            write(line)
        if not page_faults and running.page_fault():
            page_faults.append(running.page_fault())
            write(page_faults[0])
        return not stop.is_set() and left_s > 0 and not running.fatal()

    def write(line: str) -> None:
        typer.echo(line)
        sys.stdout.flush()

    with _on_signals(stop.set):
        show(lines, wait=wait, write=write)
    why = running.fatal()
    if not why:
        for line in closing_lines(site, events=lines.count):
            typer.echo(line)
        health = running.health()
        typer.echo(f"{health.online} of {health.nodes} nodes online, lag {health.lag_ms:.0f} ms, seed {health.seed}")
    return why


def _say(text: str) -> None:
    """Progress goes to stderr: stdout may be a pipe that wants only results."""
    print(text, file=sys.stderr, flush=True)


def _stopping() -> tuple[signal.Signals, ...]:
    """The signals that mean stop: Ctrl-C, a service manager's, and a closed terminal's unless `nohup` shut it out.

    A shell lets what it starts with & ignore Ctrl-C; whoever sends that one signal on purpose still means it.
    """
    kept_out = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if kept_out else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """While this lasts, a signal to stop raises _Stopped, and everything is taken down in order.

    Gives an event that is set, too: the exception is lost where it meets what Python lets nobody interrupt (a
    destructor, a callback of the garbage collector), and a run that has not stopped yet looks at it.
    """
    asked = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        raise _Stopped

    before = {number: signal.signal(number, stop) for number in _stopping()}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    """While this lasts, Ctrl-C and the signals to stop only do that."""
    before = {number: signal.signal(number, lambda *_: act()) for number in _stopping()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
    )


def _found_again(name: str) -> str:
    """The name of a facility, or a path, as it can be found from any folder."""
    path = os.path.expanduser(name)
    return os.path.abspath(path) if path and os.path.exists(path) else name
