"""The alarms of a running site: list them, acknowledge, shelve; and the rules behind them."""

import json as json_module
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from winter_wire import topics

from winter_river.cli.bus import by_of
from winter_river.cli.connection import secrets_of, visiting, where
from winter_river.cli.errors import FAILED, CommandError
from winter_river.cli.options import BrokerOption, JsonOption, RootOption, settings_of
from winter_river.cli.values import json_text, table_text

MINUTES_MAX = 1440.0  # the contract, verb `shelve`: a day


def add_to(app: typer.Typer) -> None:
    """Adds alarms with its commands."""
    group = typer.Typer(
        no_args_is_help=False, rich_markup_mode=None, help="The alarms of a running site, and the rules behind them."
    )
    group.callback(invoke_without_command=True)(listed)
    group.command("ack")(ack)
    group.command("shelve")(shelve)
    group.command("unshelve")(unshelve)
    group.command("rules")(rules)
    app.add_typer(group, name="alarms")


def listed(context: typer.Context, json: JsonOption = False) -> None:
    """List the alarms of the site that runs on this machine, or handle one.

    What needs somebody comes first, the worst first. What follows from another alarm stands under it, and asks nobody;
    also while that one is shelved. A shelf ends by itself as soon as what follows becomes worse, or load goes dark.

    \b
    Examples:
      winter-river alarms
      winter-river alarms ack utility_lost/utility_a
      winter-river alarms shelve low_battery/ups_a 30 "the battery is being exchanged"
      winter-river alarms rules
    """
    if context.invoked_subcommand is not None:
        return
    found = kept_alarms()
    if json:
        typer.echo(json_text(found))
        return
    if not found:
        typer.echo("no alarm stands")
        return
    now_s = time.time()
    rows = [
        {
            "priority": row["priority"],
            "alarm": ("  " if row.get("root") else "") + _name(row),
            "state": _state(row, now_s),
            "since": _ago(now_s - row["began_unix_s"]),
            "what": row["message"] or row["reason"],
        }
        for row in under_their_causes(found)
    ]
    typer.echo(table_text(("priority", "alarm", "state", "since", "what"), rows))


def ack(
    alarm: Annotated[str, typer.Argument(help="Which, as rule/node; all: every one that waits.")],
    broker: BrokerOption = None,
    root: RootOption = None,
    by: Annotated[str | None, typer.Option("--by", help="Who (default: your login).")] = None,
) -> None:
    """Acknowledge an alarm: say that it has been seen.

    \b
    Example:
      winter-river alarms ack utility_lost/utility_a
    """
    _send("acknowledge", {} if alarm == "all" else {"alarm": alarm}, broker, root, by)


def shelve(
    alarm: Annotated[str, typer.Argument(help="Which, as rule/node.")],
    minutes: Annotated[float, typer.Argument(min=0.1, max=MINUTES_MAX, help="For how long, a day at most.")],
    reason: Annotated[str, typer.Argument(help="Why, for those who come after.")],
    broker: BrokerOption = None,
    root: RootOption = None,
    by: Annotated[str | None, typer.Option("--by", help="Who (default: your login).")] = None,
) -> None:
    """Put an alarm aside for a while, with all that follows from it; it comes back by itself.

    It comes back before its time when what follows becomes worse than the alarm was, or something critical follows that
    did not yet: load that goes dark is never put aside unseen.

    \b
    Example:
      winter-river alarms shelve low_battery/ups_a 30 "the battery is being exchanged"
    """
    _send("shelve", {"alarm": alarm, "minutes": minutes, "reason": reason}, broker, root, by)


def unshelve(
    alarm: Annotated[str, typer.Argument(help="Which, as rule/node.")],
    broker: BrokerOption = None,
    root: RootOption = None,
    by: Annotated[str | None, typer.Option("--by", help="Who (default: your login).")] = None,
) -> None:
    """Bring a shelved alarm back before its time.

    \b
    Example:
      winter-river alarms unshelve low_battery/ups_a
    """
    _send("unshelve", {"alarm": alarm}, broker, root, by)


def rules(
    file: Annotated[
        str | None, typer.Argument(help="A file of rules of your own, to see them among the others.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the rules, their thresholds, hold times and where those come from.

    \b
    Rules of your own are a few lines of YAML; `winter-river check FILE` finds every fault, `run --alarms FILE` uses it:
      rules: hall-north
      alarms:
        - id: rack_hot
          nodes: server_rack_*
          when: inlet_c > 27
          until: inlet_c < 26
          hold: 30s
          priority: medium
          message: "{node} takes in air of {inlet_c}"
          cure: check the fans of its row
    """
    from winter_river.alerts.conditions import text_of
    from winter_river.alerts.loader import RulesError, all_of, load_rules

    try:
        found = all_of(load_rules(file) if file else None)
    except RulesError as error:
        raise CommandError(str(error)) from None
    rows = [
        {
            "rule": rule.id,
            "priority": rule.priority,
            "when": text_of(rule.when),
            "until": text_of(rule.until) if rule.until else "",
            "hold": f"{rule.hold_s:g} s" if rule.hold_s else "",
            "of": "the service" if rule.gauge else ", ".join((*rule.types, *rule.nodes)) or "every node",
            "source": rule.source,
        }
        for rule in found
    ]
    typer.echo(json_text(rows) if json else table_text(tuple(rows[0]), rows))


def kept_alarms() -> list[dict[str, Any]]:
    """What the run on this machine keeps of its alarms. Raises CommandError where none runs."""
    from winter_river.cli.live_alarms import alarm_file
    from winter_river.cli.run_file import read_note
    from winter_river.facility import load_facility

    note = read_note()
    if note is None:
        raise CommandError("no site runs on this machine; start one with `winter-river run`")
    path: Path = alarm_file(load_facility(note.facility_file).name)
    try:
        rows = json_module.loads(path.read_text(encoding="utf-8"))["alarms"]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    found: list[dict[str, Any]] = rows
    return found


def under_their_causes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same, each consequence right after what it follows from."""
    names = {_name(row) for row in rows}
    below: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        root = str(row.get("root") or "")
        below.setdefault(root if root in names else "", []).append(row)
    return [each for row in below.get("", []) for each in (row, *below.get(_name(row), []))]


def _name(row: dict[str, Any]) -> str:
    return f"{row['rule']}/{row['node_id']}" if row["node_id"] else str(row["rule"])


def _state(row: dict[str, Any], now_s: float) -> str:
    from winter_river.alerts.telling import WORDS

    left_min = (row["until_unix_s"] - now_s) / 60
    words = WORDS[row["state"]]
    return f"{words}, {max(0, left_min):.0f} min left" if row["state"] == "shelved" else words


def _ago(seconds: float) -> str:
    from winter_river.ui.words import duration_text

    return duration_text(max(0.0, seconds))


def _send(verb: str, params: dict[str, object], broker: str | None, root: str | None, by: str | None) -> None:
    settings = settings_of(broker=broker, root=root)
    url, root_used = where(settings)
    with visiting(url, root=root_used, commanding=True, secrets=secrets_of(settings)) as client:
        answer = client.send(topics.ENGINE, verb, params, by=by_of(by))
    if answer.done:
        typer.echo(answer.applied)
        return
    typer.echo(f"{answer.result} ({answer.reason}): {answer.applied}".removesuffix(": "))
    raise typer.Exit(FAILED)
