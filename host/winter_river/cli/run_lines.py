"""What a run says of itself when it starts: what is running, where, and how to stop it."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from winter_river.cli.run_file import link_path

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


def start_lines(running: "Live", settings: "Settings", for_s: float | None) -> list[str]:
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
        f"try       {program()} send {_example(running)}   (in another terminal)",
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
    return [f"page      {page.address}/   (an admin's link to it is in {link_path()})"]


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


def program() -> str:
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
