"""Real boards: flash one, bring its files up to date, listen to it; and a virtual one for who has none."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winter_river.cli.board_report import TerminalReport
from winter_river.cli.errors import CommandError, UsageError
from winter_river.cli.options import BrokerOption, JsonOption, RootOption, settings_of
from winter_river.cli.values import json_text, table_text
from winter_river.likeness import meant

if TYPE_CHECKING:
    from winter_river.board.credentials import Credentials
    from winter_river.board.flashing import Job

DEFAULT_BOARD = "esp32_devkit_v1"

NodeArgument = Annotated[str, typer.Argument(help="Which node of the facility it becomes.")]
PortOption = Annotated[str, typer.Option("--port", help="Its serial port (default: the only board there is).")]
BoardOption = Annotated[str, typer.Option("--board", help="What board it is: a name or a file; see `board list`.")]
FacilityOption = Annotated[str | None, typer.Option("--facility", help="The site: a built-in name or a path.")]
CredentialsOption = Annotated[
    Path | None, typer.Option("--credentials", help="File with the Wi-Fi and broker credentials.")
]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the node reports on the bus.")]

_HELP = """Flash boards, and talk to them.

\b
Examples:
  winter-river board list
  winter-river board flash ups_a --port /dev/ttyUSB0
  winter-river board virtual                a board in software, to try it with
"""


def add_to(app: typer.Typer) -> None:
    """Adds the group `board`."""
    group = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
    for command in (list_boards, info, flash, deploy, monitor, explain, mount, identify, virtual):
        group.command("list" if command is list_boards else None)(command)
    app.add_typer(group, name="board", help=_HELP)


def list_boards(json: JsonOption = False) -> None:
    """List what is connected and what is supported.

    \b
    Example:
      winter-river board list
    """
    with _told():
        from winter_river.board import loader, serial_ports

        boards = [loader.load(name) for name in loader.names()]
        ports = serial_ports.connected()
    supported = [{"board": board.name, "chip": board.chip.title, "what": board.title} for board in boards]
    connected = [{"port": port.path, "usb": port.usb_id, "what": port.description} for port in ports]
    if json:
        typer.echo(json_text({"connected": connected, "supported": supported}))
        return
    typer.echo("Connected:" if connected else "Connected: no board (no USB serial port)")
    if connected:
        typer.echo(table_text(("port", "usb", "what"), connected))
    typer.echo("\nSupported (BOARD=...):")
    typer.echo(table_text(("board", "chip", "what"), supported))


def info(board: BoardOption = DEFAULT_BOARD, json: JsonOption = False) -> None:
    """Show a board's pins, flash and image.

    \b
    Example:
      winter-river board info --board esp32_c3_mini
    """
    with _told():
        from winter_river.board import loader

        found = loader.load(board)
    values: dict[str, Any] = {
        "board": found.title,
        "chip": found.chip.title,
        "flash": f"{found.flash_bytes >> 20} MB",
        "files": f"{found.file_system.size >> 10} KiB at 0x{found.file_system.offset:X}",
        "image": f"MicroPython {found.image.version} at 0x{found.image.offset:X}",
        "download": found.image.url,
        "OLED SDA": f"GPIO {found.screen.sda}",
        "OLED SCL": f"GPIO {found.screen.scl}",
        "OLED address": ", then ".join(f"0x{each:X}" for each in found.screen.addresses),
        "button": "none" if found.button is None else f"GPIO {found.button} to ground",
        "LED": "none" if found.led is None else f"GPIO {found.led.pin}, lit when {'low' if found.led.low else 'high'}",
        "potentiometer": "none" if found.potentiometer is None else f"GPIO {found.potentiometer}: sets the load",
    }
    typer.echo(json_text(values) if json else "\n".join(f"{name:<14} {value}" for name, value in values.items()))


def flash(
    node: NodeArgument,
    port: PortOption = "",
    board: BoardOption = DEFAULT_BOARD,
    facility: FacilityOption = None,
    image: Annotated[str, typer.Option("--image", help="A MicroPython image (default: the official one).")] = "",
    esptool_flags: Annotated[str, typer.Option("--esptool-flags", help="More options for esptool.")] = "",
    credentials: CredentialsOption = None,
    root: RootOption = None,
    wait: WaitOption = True,
) -> None:
    """Write everything on a board, and wait until it joins.

    \b
    Example:
      winter-river board flash ups_a --port /dev/ttyUSB0
    """
    with _told():
        from winter_river.board.flashing import flash as flash_board

        job = _job(node, port, board, facility=facility, root=root, credentials=credentials)
        job = _with(job, image_path=image, flags=esptool_flags)
        with _watch(job) if wait else nullcontext() as watch:
            flash_board(job, TerminalReport(), watch)
    typer.echo(f"{node} is on its board")


def deploy(
    node: NodeArgument,
    port: PortOption = "",
    board: BoardOption = DEFAULT_BOARD,
    facility: FacilityOption = None,
    credentials: CredentialsOption = None,
    root: RootOption = None,
    wait: WaitOption = True,
) -> None:
    """Bring a board's files up to date: only what changed.

    \b
    Example:
      winter-river board deploy ups_a
    """
    with _told():
        from winter_river.board.deploying import deploy as deploy_to_board

        job = _job(node, port, board, facility=facility, root=root, credentials=credentials)
        with _watch(job) if wait else nullcontext() as watch:
            deploy_to_board(job, TerminalReport(), watch)
    typer.echo(f"{node} is up to date")


def monitor(port: PortOption = "") -> None:
    """Open a board's console; Ctrl-] ends it.

    Ctrl-C stops the node and gives a Python prompt; its watchdog then restarts it after 30 s.

    \b
    Example:
      winter-river board monitor
    """
    with _told():
        from winter_river.board.run_mpremote import Mpremote
        from winter_river.board.serial_ports import choose

        code = Mpremote(choose(port)).attach("resume", "repl")
    raise typer.Exit(code)


def explain(
    file: Annotated[Path | None, typer.Argument(help="Text with the error (default: what is typed).")] = None,
) -> None:
    """Tell an error on a board's console in the words of the sources.

    A board runs compact files, with short names and no line numbers; the sources here must be those that it was given.

    \b
    Example:
      winter-river board explain console.txt
    """
    with _told():
        from winter_river.board.errors import BoardError
        from winter_river.compact import CompactError, compact, sources, told

        try:
            text = file.read_text(errors="replace") if file else sys.stdin.read()
            names = compact({name: source.read_bytes() for name, source in sources().items()}).names
        except (OSError, CompactError) as error:
            raise BoardError(str(error)) from error
    typer.echo(told(text, names))


def mount(
    node: NodeArgument,
    port: PortOption = "",
    board: BoardOption = DEFAULT_BOARD,
    facility: FacilityOption = None,
    credentials: CredentialsOption = None,
    root: RootOption = None,
) -> None:
    """Run the firmware from this machine's files, without copying them.

    Edit a file here, press Ctrl-C and run it again: the board reads it over the cable. Works on real boards only.

    \b
    Example:
      winter-river board mount ups_a
    """
    with _told():
        from winter_river.board.mounting import mount as mount_on_board

        job = _job(node, port, board, facility=facility, root=root, credentials=credentials)
        code = mount_on_board(job, TerminalReport())
    raise typer.Exit(code)


def identify(
    node: NodeArgument, broker: BrokerOption = None, root: RootOption = None, json: JsonOption = False
) -> None:
    """Have a node blink its lamp and show its name for ten seconds.

    \b
    Example:
      winter-river board identify ups_a
    """
    from winter_river.cli.bus import send

    send(node, "identify", params=None, broker=broker, root=root, by=None, json=json)


def virtual(
    board: BoardOption = DEFAULT_BOARD,
    port_link: Annotated[Path | None, typer.Option("--port-link", help="A path that leads to its serial port.")] = None,
    flash_file: Annotated[Path | None, typer.Option("--flash-file", help="Keeps its flash between two runs.")] = None,
) -> None:
    """Start a virtual board: one in software, to flash and to run.

    Its boot loader answers esptool, its console is the real MicroPython's, its Wi-Fi is this machine's network.
    Ctrl-C switches it off.

    \b
    Example:
      winter-river board virtual
      winter-river board virtual --board esp32_c3_mini
    """
    with _told():
        from winter_river import paths
        from winter_river.board import loader
        from winter_river.emulator.virtual_board import VirtualEsp32, stand_in

        folder = paths.data_dir() / "virtual-board"
        folder.mkdir(parents=True, exist_ok=True)
        kind = loader.load(board)
        image = folder / f"stand-in-image-{kind.chip.name}.bin"
        image.write_bytes(stand_in.image(kind.chip))
        device = VirtualEsp32(kind, link=port_link or folder / "port", flash_file=flash_file, progress=typer.echo)
        named = "" if board == DEFAULT_BOARD else f" BOARD={board}"
        with device:
            typer.echo(f"virtual {kind.title} at {device.port}; in another terminal:")
            typer.echo(f"  make flash NODE=ups_a{named} PORT={device.port} IMAGE={image} ESPTOOL_FLAGS=--no-stub")
            typer.echo("Ctrl-C switches it off.")
            with suppress(KeyboardInterrupt):
                device.wait()
        typer.echo("switched off")


def _job(
    node: str, port: str, board: str, *, facility: str | None, root: str | None, credentials: Path | None
) -> "Job":
    from winter_river.board import loader
    from winter_river.board.flashing import Job
    from winter_river.board.serial_ports import choose
    from winter_river.cli.connection import secrets_of
    from winter_river.facility import load_facility
    from winter_river.protect import Keys
    from winter_river.settings import secrets_folder

    settings = settings_of(facility=facility, root=root)
    site = load_facility(settings.facility)
    if node not in site.nodes:
        raise UsageError(f"{site.name} has no node {node}{meant(node, site.nodes)}; FACILITY=... names another site")
    kind, path = loader.load(board), choose(port)  # before anybody types a password for a board that is not there
    given = _credentials(credentials)
    secrets = secrets_of(settings)
    if secrets is not None:
        from winter_river.cli.secured import board_credentials

        given = board_credentials(given, node, settings, secrets)
    elif Keys(secrets_folder(settings))(node) is not None:
        typer.echo(
            f"{node} has a key of the secured site in {secrets_folder(settings)}, but is written for profile lab: no "
            "secured site runs here, and profile is not set to secured",
            err=True,
        )
    return Job(node=site.nodes[node], board=kind, credentials=given, root=settings.root, port=path)


def _with(job: "Job", **changes: Any) -> "Job":
    import dataclasses

    return dataclasses.replace(job, **changes)


def _credentials(given: Path | None) -> "Credentials":
    """From the file, else asked for. Raises BoardError where there is neither a file nor a person."""
    import getpass

    from winter_river.board import credentials
    from winter_river.settings import default_directories

    places = default_directories()
    path = given or credentials.find(places)
    if path is not None:
        return credentials.read(path)
    if not sys.stdin.isatty():
        raise credentials.missing(places)
    typer.echo(f"No {credentials.FILE_NAME} found: please type what the board needs to join.")
    return credentials.ask(input, getpass.getpass)


def _watch(job: "Job") -> Any:
    """Listens on the broker of the credentials; a site with TLS may have a certificate of its own for this machine."""
    from winter_river.board.joining import Watch, address_of
    from winter_river.cli.connection import certificates_of, where

    settings = settings_of()
    ours = certificates_of(settings) if settings.broker_ca else None
    # At a secured site no node's place on the bus shows another's status: we listen where people do.
    address = where(settings)[0] if job.credentials.command_key else address_of(job.credentials, ours)
    return Watch(address, job.node.id, root=job.root, name=f"flash-{os.getpid()}")


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with a board, told as every other error of a command."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("serial", "littlefs"):
            raise
        raise CommandError(f"{error.name} is not installed\ncure: pip install 'winter-river[board]'") from None
    except KeyboardInterrupt:
        raise CommandError("stopped by you; a board that was being written to has to be flashed anew") from None
    except Exception as error:
        from winter_river.board.errors import BoardError
        from winter_river.drivers import DriversError
        from winter_river.emulator.vm.package import VmError

        if isinstance(error, (BoardError, DriversError, VmError)):
            raise CommandError(str(error)) from None
        raise
