"""What is said on the bus, decoded, one message a line."""

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from winter_wire import codec, schema, topics

from winter_river.cli.connection import visiting, where
from winter_river.cli.errors import UsageError
from winter_river.cli.options import BrokerOption, JsonOption, RootOption, settings_of
from winter_river.cli.values import json_text, masked, seconds
from winter_river.likeness import meant

if TYPE_CHECKING:
    from winter_river.service.messages import Incoming

# Of a status or a view, what a reader looks for first; --json has all of it.
_NEWS = ("state", "power_kw", "voltage_out", "load_pct", "soc_pct", "runtime_s", "handle", "fault", "tripped")
MISSED_S = 2.0  # chosen: what the broker remembers of every node has come long before


def add_to(app: typer.Typer) -> None:
    """Adds watch."""
    app.command()(watch)


def watch(
    node: Annotated[str | None, typer.Argument(help="Only this node (default: all).")] = None,
    leaf: Annotated[str | None, typer.Option("--leaf", help="Only status, command, ack, view or event.")] = None,
    broker: BrokerOption = None,
    root: RootOption = None,
    for_: Annotated[str | None, typer.Option("--for", help="Stop by itself: 30s, 2m (default: until Ctrl-C).")] = None,
    json: JsonOption = False,
) -> None:
    """Watch the bus, decoded, one message a line.

    \b
    Examples:
      winter-river watch ups_a --leaf view
      winter-river watch engine --leaf event
    """
    if leaf is not None and leaf not in topics.LEAVES:
        raise UsageError(f"--leaf: {leaf} is none of {', '.join(topics.LEAVES)}{meant(leaf, topics.LEAVES)}")
    for_s = math.inf if for_ is None else seconds(for_, option="--for")
    url, root = where(settings_of(broker=broker, root=root))
    began_s = time.monotonic()
    heard: set[str] = set()
    missed = False
    with visiting(url, root=root, everything=True) as client:
        try:
            for item in client.messages(for_s=for_s):
                address = topics.parse(item.topic, root)
                heard.add(address[0] if address is not None else "")
                if node is not None and not missed and node not in heard and item.at_s - began_s > MISSED_S:
                    missed = True
                    known = sorted(heard - {""})
                    typer.echo(f"no word of {node} so far{meant(node, known)}; see `winter-river nodes`", err=True)
                if address is None:
                    if node is None and leaf is None:
                        typer.echo(f"{item.at_s - began_s:8.2f}  {item.topic}: not a topic of ours")
                elif node in (None, address[0]) and leaf in (None, address[1]):
                    _print_message(item, address[0], address[1], json=json, after_s=item.at_s - began_s)
        except KeyboardInterrupt:
            return  # how one stops watching


def _print_message(item: "Incoming", node_id: str, leaf: str, *, json: bool, after_s: float) -> None:
    message, fault = codec.decode(leaf, item.payload)
    if message is not None and "params" in message:
        message["params"] = masked(message["params"])
    if json:
        typer.echo(json_text({"topic": item.topic, "retained": item.retained, "message": message, "fault": fault}))
        return
    text = f"refused, {fault[0]}: {fault[1]}" if message is None else _message_text(node_id, leaf, message)
    kept = " (kept by the broker)" if item.retained else ""
    typer.echo(f"{after_s:8.2f}  {node_id} {leaf}{kept}  {text}")


def _message_text(node_id: str, leaf: str, message: Mapping[str, Any]) -> str:
    """The part of a message that is news, in a line."""
    if leaf == topics.COMMAND:
        params = " ".join(f"{name}={value}" for name, value in message.get("params", {}).items())
        by = f"  by {message['by']}" if message.get("by") else ""
        return f"{message['command']} {params}".rstrip() + by
    if leaf == topics.ACK:
        return " ".join(str(message[name]) for name in ("result", "reason", "applied") if message.get(name))
    if leaf == topics.EVENT:
        cause = f" because #{message['cause']}" if message.get("cause") else ""
        change = f"{message.get('from', '')} -> {message.get('to', '')}".strip()
        where = "" if message["node_id"] == node_id else f"{message['node_id']} "
        return f"#{message['id']} {where}{message['event']} {change}{cause}"
    names = [name for name in _NEWS if name in message]
    if message.get("type") in schema.VIRTUAL_FIELDS or not names:
        names = [name for name in message if name not in ("v", "node_id", "type")]
    head = [str(message["status"])] if "status" in message and "status" not in names else []
    return " ".join(head + [f"{name}={_value_text(name, message[name])}" for name in names if message[name] != ""])


def _value_text(name: str, value: object) -> str:
    row = schema.ROWS.get(name)
    unit = f" {row[5]}" if row is not None and row[5] else ""
    return f"{value:g}{unit}" if isinstance(value, float) else f"{value}{unit}"
