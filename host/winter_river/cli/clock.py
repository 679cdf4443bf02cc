"""The clock of a running site: freeze it, step it, change its speed, go back."""

from typing import Annotated, Any

import typer
from winter_wire import codec, schema, tables, topics

from winter_river.cli.bus import by_of
from winter_river.cli.connection import secrets_of, visiting, where
from winter_river.cli.errors import FAILED, CommandError, UsageError
from winter_river.cli.options import BrokerOption, JsonOption, RootOption, settings_of
from winter_river.cli.values import json_text
from winter_river.likeness import meant

LOAD_S_MAX = 30.0  # chosen: an initial condition of a large site takes seconds to compute
_SHOWN = ("t_s", "speed", "frozen", "timeline", "lag_ms")


def add_to(app: typer.Typer) -> None:
    """Adds clock."""
    app.command()(clock)


def clock(
    verb: Annotated[str | None, typer.Argument(help="run, freeze, step, speed, back, go_to, snapshot, ...")] = None,
    value: Annotated[str | None, typer.Argument(help="What the verb takes: seconds, a speed, a name.")] = None,
    broker: BrokerOption = None,
    root: RootOption = None,
    json: JsonOption = False,
) -> None:
    """Show the clock of a running site, or set it.

    While it is frozen the nodes go on talking: what is switched takes effect at once, but nothing that
    takes time happens. Going back starts a new timeline, and every node is set as it was.

    \b
    Examples:
      winter-river clock                    where time stands
      winter-river clock freeze             run goes on
      winter-river clock step 10            ten seconds at once, then frozen
      winter-river clock speed 60           a minute each second, 0.1 to 1000
      winter-river clock back 30            thirty seconds back
      winter-river clock go_to 125.5        that very instant
      winter-river clock snapshot lunch     keep the present under a name; shows its hash
      winter-river clock restore lunch      and go back to it
      winter-river clock load battery-40    start from an initial condition
    """
    params = {} if verb is None else _params(verb, value)
    settings = settings_of(broker=broker, root=root)
    url, root_used = where(settings)
    with visiting(url, root=root_used, commanding=verb is not None, secrets=secrets_of(settings)) as client:
        status = _status([each.payload for each in client.remembered() if each.topic == _topic(root_used)])
        if verb is None:
            shown = {name: status.get(name) for name in _SHOWN}
            typer.echo(json_text(shown) if json else _text(shown))
            return
        ack = client.send(topics.ENGINE, verb, params, by=by_of(None), timeout_s=LOAD_S_MAX)
    if json:
        typer.echo(json_text({"result": ack.result, "reason": ack.reason, "applied": ack.applied}))
    elif ack.done:
        typer.echo(ack.applied)
    else:
        typer.echo(f"{ack.result} ({ack.reason}): {ack.applied}" if ack.applied else f"{ack.result} ({ack.reason})")
    if not ack.done:
        raise typer.Exit(FAILED)


def _params(verb: str, value: str | None) -> dict[str, object]:
    """The parameters of an engine verb from its one value. Raises UsageError with the cure."""
    if verb not in tables.ENGINE_VERBS:
        known = list(tables.ENGINE_VERBS)
        raise UsageError(f"the clock has no {verb}{meant(verb, known)}; it has {', '.join(known)}")
    rows = tables.ENGINE_VERBS[verb]
    if value is None:
        if rows and rows[0][2]:
            raise UsageError(f"{verb} takes {_takes(rows[0])}")
        return {}
    if not rows:
        raise UsageError(f"{verb} takes nothing more")
    name, form, _, low, high = rows[0]
    found: object = value
    if form == schema.NUMBER:
        try:
            found = float(value)
        except ValueError:
            raise UsageError(f"{value!r} is not a number; {verb} takes {_takes(rows[0])}") from None
    if codec.fault_of(name, (form, 3, low, high), found):
        raise UsageError(f"{name} is {value}; {verb} takes {_takes(rows[0])}")
    return {name: found}


def _takes(row: tuple[str, str, bool, float, float]) -> str:
    name, form, _, low, high = row
    if form == schema.NUMBER:
        return f"{name}, {low:g} to {high:g}"
    return f"a {name} of {low} to {high} letters"


def _topic(root: str) -> str:
    return str(topics.topic(topics.ENGINE, topics.STATUS, root))


def _status(payloads: list[bytes]) -> dict[str, Any]:
    """The engine's last status. Raises CommandError where no engine runs."""
    status, _ = codec.decode("status", payloads[-1]) if payloads else (None, None)
    if status is None or status["status"] == "offline":
        raise CommandError("no engine runs on this bus\ncure: start a site with `winter-river run`")
    found: dict[str, Any] = status
    return found


def _text(shown: dict[str, Any]) -> str:
    how = "frozen" if shown["frozen"] else f"speed {shown['speed']:g}"
    return f"{shown['t_s']:.3f} s, {how}, timeline {shown['timeline']}"
