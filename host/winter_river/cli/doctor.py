"""What is wrong on this machine and on the bus, each with the command that cures it."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from winter_river.cli import doctor_machine as machine
from winter_river.cli.connection import types_at, visiting, where
from winter_river.cli.doctor_machine import ERROR, OK, WARNING, Line
from winter_river.cli.errors import FAILED, CommandError
from winter_river.cli.options import BrokerOption, JsonOption, RootOption, settings_of
from winter_river.cli.run_file import read_note
from winter_river.cli.values import json_text

if TYPE_CHECKING:
    from winter_river.settings import Settings

PYTHON_MIN = (3, 11)  # pyproject.toml, requires-python


def add_to(app: typer.Typer) -> None:
    """Adds doctor."""
    app.command()(doctor)


def doctor(broker: BrokerOption = None, root: RootOption = None, json: JsonOption = False) -> None:
    """Find what is wrong and say the exact cure.

    Looks at this machine, and at the site where one runs. Exit 1 when something must be cured.

    \b
    Example:
      winter-river doctor
    """
    from winter_river.settings import SettingsError

    lines = [_python(), *_folders(), *machine.disk(), machine.clock(time.time()), _drivers(), _brokers()]
    try:
        settings = settings_of(broker=broker, root=root)
    except SettingsError as error:
        lines += [Line(ERROR, fault, "correct it there") for fault in error.faults]
    else:
        lines.append(Line(OK, "settings"))
        lines += _facility(settings)
        lines += _secrets(settings)
        lines += [*machine.history(settings.facility), *machine.audit(), *machine.page_port(settings.page_port)]
        lines += [*machine.sink("influx_url", settings.influx_url, settings.influx_token_file)]
        lines += [*machine.sink("webhook_url", settings.webhook_url, settings.webhook_token_file)]
        lines += _bus(settings) if broker or read_note() is not None else _port(settings)
    if json:
        found = [{"level": line.level, "what": line.what, "cure": line.cure} for line in lines]
        typer.echo(json_text({"ok": _is_well(lines), "findings": found}))
    else:
        for line in lines:
            typer.echo(f"{line.level:<8}{line.what}" + (f"\n        cure: {line.cure}" if line.cure else ""))
    if not _is_well(lines):
        raise typer.Exit(FAILED)


def _is_well(lines: Iterable[Line]) -> bool:
    return all(line.level != ERROR for line in lines)


def _python() -> Line:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < PYTHON_MIN:
        return Line(ERROR, f"Python {version} is too old", "install Python 3.11 or newer, then `make clean setup`")
    return Line(OK, f"Python {version}")


def _folders() -> list[Line]:
    from winter_river import paths

    folders: Mapping[str, Callable[[], Path]] = {
        "data": paths.data_dir, "cache": paths.cache_dir, "log": paths.log_dir,
    }  # fmt: skip
    lines = []
    for name, folder_of in folders.items():
        try:
            folder = folder_of()
        except ValueError as error:
            lines.append(Line(ERROR, str(error), "correct or unset the variable"))
            continue
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if os.access(there, os.W_OK | os.X_OK):
            lines.append(Line(OK, f"{name} folder {folder}"))
        else:
            variable = f"WINTER_RIVER_{name.upper()}_DIR"
            lines.append(Line(ERROR, f"{name} folder {folder} cannot be written", f"export {variable}=/another/folder"))
    return lines


def _drivers() -> Line:
    from winter_river import drivers

    try:
        folder = drivers.path()
    except RuntimeError as error:
        first, _, rest = str(error).partition("\n")
        return Line(ERROR, f"drivers of the emulated nodes: {first}", rest.replace("\n", " "))
    return Line(OK, f"drivers in {folder}")


def _brokers() -> Line:
    from winter_river.service import broker_embedded, broker_mosquitto

    mosquitto = broker_mosquitto.find()
    if mosquitto is not None:
        return Line(OK, f"broker: {mosquitto}")
    if broker_embedded.find_node() is not None:
        return Line(OK, "broker: the embedded one")
    return Line(
        ERROR, "no broker can be started", "sudo apt install mosquitto   or   pip install 'winter-river[embedded]'"
    )


def _facility(settings: "Settings") -> list[Line]:
    from winter_river.facility import FacilityError, load_facility

    try:
        site = load_facility(settings.facility)
    except FacilityError as error:
        return [Line(ERROR, str(fault), "correct it there") for fault in error.faults]
    return [Line(OK, f"facility {site.name}, {len(site.nodes)} nodes")]


def _secrets(settings: "Settings") -> list[Line]:
    """Of a secured site: whether its certificates hold, and are nobody else's to read."""
    from winter_river.cli.connection import secrets_of

    folder = secrets_of(settings)
    if folder is None:
        return []
    from winter_river.protect.findings import findings
    from winter_river.protect.provision import Provision
    from winter_river.service import broker_mosquitto
    from winter_river.settings import is_address

    found = findings(Provision(folder, root=settings.root), now_s=int(time.time()))
    lines = [Line(each.level, each.what, each.cure) for each in found]
    if broker_mosquitto.find() is None and not is_address(settings.broker):
        lines.append(
            Line(ERROR, "profile secured needs mosquitto, which is not installed", "sudo apt install mosquitto")
        )
    return lines


def _port(settings: "Settings") -> list[Line]:
    """Without a run: whether one could listen."""
    from winter_river.service import ports
    from winter_river.settings import PORT_DEFAULT, is_address

    if is_address(settings.broker):
        return _bus(settings)
    port = settings.mqtt_port or PORT_DEFAULT
    if ports.is_free("127.0.0.1", port):
        return [Line(OK, f"port {port} is free"), Line(OK, "no site runs on this machine: winter-river run starts one")]
    what = f"port {port} is in use by {ports.holder(port)}"
    if settings.mqtt_port:
        return [Line(ERROR, what, f"choose another: --mqtt-port {port + 1}")]
    return [
        Line(WARNING, f"{what}; a run takes the next free one", f"or use that broker: --broker mqtt://127.0.0.1:{port}")
    ]


def _bus(settings: "Settings") -> list[Line]:
    """With a run: what the bus says of itself."""
    from winter_river.cli.bus import look
    from winter_river.service import health

    try:
        url, root = where(settings)
        types = types_at(url, settings)
        with visiting(url, root=root, everything=True) as client:  # commands too: none may be remembered
            seen = look(client, root)
    except CommandError as error:
        first, _, rest = str(error).partition("\n")
        return [Line(ERROR, first, rest)]
    now_s, wall_s = time.monotonic(), time.time()
    found = health.findings(seen, types, broker=str(url), now_s=now_s, wall_s=wall_s, root=root)
    lines = [Line(finding.level, finding.what, finding.cure) for finding in found]
    return lines or [Line(OK, f"site at {url}: engine and {len(types)} nodes, nothing wrong")]
