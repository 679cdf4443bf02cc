"""A running site over its bus: who is there, and commands to it."""

import getpass
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from winter_wire import schema, topics

from winter_river.cli.connection import secrets_of, types_at, visiting, where
from winter_river.cli.errors import FAILED, CommandError, UsageError
from winter_river.cli.options import BrokerOption, JsonOption, RootOption, settings_of
from winter_river.cli.values import air_params_of, json_text, params_of, table_text
from winter_river.likeness import meant

if TYPE_CHECKING:
    from winter_river.service.client import BusClient
    from winter_river.service.health import Picture

LISTEN_S = 6.0  # chosen: every node speaks each 5 s; who is silent longer is not online
BY_LENGTH_MAX = 32  # the contract, field `by`


def add_to(app: typer.Typer) -> None:
    """Adds nodes and send."""
    app.command()(nodes)
    app.command()(send)


def nodes(broker: BrokerOption = None, root: RootOption = None, json: JsonOption = False) -> None:
    """List the nodes on the bus: presence, state, age.

    Takes a few seconds when a node's clock is unset: then only its next message shows that it is there.

    \b
    Example:
      winter-river nodes
    """
    from winter_river.service import health

    settings = settings_of(broker=broker, root=root)
    url, root = where(settings)
    with visiting(url, root=root) as client:
        seen = look(client, root)
    types = types_at(url, settings)
    if not types.keys() & seen.statuses.keys():
        types = {}  # another site than the one we would run: what the bus says is all there is to say
    rows = health.rows(seen, types, now_s=time.monotonic(), wall_s=time.time())
    if not rows:
        raise CommandError(f"no node has ever spoken at {url} under {root}; start a site with `winter-river run`")
    if json:
        typer.echo(json_text([row._asdict() for row in rows]))
        return
    table = [
        row._asdict() | {"node": row.id, "age": "?" if row.age_s is None else f"{row.age_s:.0f} s"} for row in rows
    ]
    typer.echo(table_text(("node", "type", "presence", "state", "status", "handle", "fault", "age"), table))


def look(client: "BusClient", root: str) -> "Picture":
    """Who said what last. Listens on where a remembered status does not prove that its node is there."""
    from winter_river.service import health, presence

    heard = client.remembered()
    seen = health.picture(heard, root=root)
    rows = health.rows(seen, {}, now_s=time.monotonic(), wall_s=time.time())
    if all(row.presence in (presence.ONLINE, presence.OFFLINE) for row in rows):
        return seen
    if sys.stderr.isatty():
        print(f"listening for {LISTEN_S:.0f} s ...", file=sys.stderr)
    return health.picture([*heard, *client.remembered(listen_s=LISTEN_S)], root=root)


def send(
    node: Annotated[str, typer.Argument(help="Which node; see `winter-river nodes`. Or weather.")],
    verb: Annotated[str, typer.Argument(help="What it is to do; see `winter-river reference verbs`.")],
    params: Annotated[list[str] | None, typer.Argument(help="Parameters of the verb, as key=value.")] = None,
    broker: BrokerOption = None,
    root: RootOption = None,
    by: Annotated[str | None, typer.Option("--by", help="Who asks, for the audit (default: your login).")] = None,
    priority: Annotated[
        int,
        typer.Option("--priority", min=1, max=16, help="As in BACnet: the lowest number is obeyed."),
    ] = schema.PRIORITY_DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again before a dangerous command.")] = False,
    json: JsonOption = False,
) -> None:
    """Send a command to a node and print its answer; `winter-river audit` shows it later.

    Exit 1 when the node refuses or does not answer. A setpoint keeps one value per priority and obeys the lowest
    number; `release` takes one out. At a secured site close, transfer, start and factory_reset have two steps: the node
    is selected, then you are asked. The air outside is the node `weather`: a preset (1 to 6, or virginia, oregon, ohio,
    arizona, stockholm, singapore), a temperature, a humidity.

    \b
    Examples:
      winter-river send utility_a set_fault state=true kind=outage
      winter-river send lv_switchgear_a open
      winter-river send server_rack_a1 set_load power_kw=120 --priority 12
      winter-river send server_rack_a1 release priority=12
      winter-river send weather set_weather preset=arizona
      winter-river send weather set_weather outdoor_c=38 humidity_pct=15
    """
    from winter_river.service import health
    from winter_river.service.issuer import is_dangerous
    from winter_river.ui.words import ack_text

    given = _given(node, verb, params or [])
    settings = settings_of(broker=broker, root=root)
    url, root = where(settings)
    secrets = secrets_of(settings)
    two_steps = secrets is not None and is_dangerous(verb, given)
    if two_steps and not yes and not sys.stdin.isatty():
        raise UsageError(f"{verb} is dangerous at a secured site, and nobody is there to be asked; add --yes")
    with visiting(url, root=root, commanding=True, secrets=secrets) as client:
        check = _check_engine if node == topics.WEATHER else _check_addressee
        check(health.picture(client.remembered(), root=root).statuses, node, verb, given)
        who = by_of(by)
        if two_steps:
            ack = client.send(node, "select", {"command": verb}, by=who, priority=priority)
            if ack.done and not yes and not typer.confirm(f"{node} is selected. {verb} it now?", err=True):
                raise CommandError("nothing was done; the selection ends by itself within 5 s")
        if not two_steps or ack.done:
            ack = client.send(node, verb, given, by=who, priority=priority)
    if json:
        answer = {"id": ack.id, "node_id": ack.node_id, "result": ack.result, "reason": ack.reason}
        typer.echo(json_text(answer | {"applied": ack.applied}))
    else:
        typer.echo(ack_text(ack, verb))
    if not ack.done:
        raise typer.Exit(FAILED)


def _given(node: str, verb: str, words: Sequence[str]) -> dict[str, object]:
    """The parameters of a verb that there is, for a node or for the weather. Raises UsageError."""
    from winter_river import air

    if node == topics.WEATHER:
        return air_params_of(verb, words)
    if verb in air.VERBS:
        raise UsageError(f"{verb} is for the weather: winter-river send {topics.WEATHER} {verb} {air.TAKES}")
    if verb not in schema.VERBS:
        hint = meant(verb, schema.VERBS)
        raise UsageError(f"there is no verb {verb}{hint}; see `winter-river reference verbs`")
    return params_of(verb, words)


def _check_engine(statuses: Mapping[str, Mapping[str, object]], *_: object) -> None:
    """Refuses an order to the weather where no engine would hear it."""
    if statuses.get(topics.ENGINE, {}).get("status", "offline") == "offline":
        raise CommandError(
            "no engine runs on this bus, so it has no weather\ncure: start a site with `winter-river run`"
        )


def _check_addressee(
    statuses: Mapping[str, Mapping[str, object]], node: str, verb: str, given: Mapping[str, object]
) -> None:
    """Refuses what cannot be meant before anything is sent."""
    status = statuses.get(node)
    if status is None or node in topics.VIRTUAL:
        known = sorted(set(statuses) - set(topics.VIRTUAL))
        if not known:
            raise CommandError("no node has ever spoken on this bus; start a site with `winter-river run`")
        raise UsageError(f"there is no node {node} on this bus{meant(node, known)}; see `winter-river nodes`")
    kind = str(status.get("type", ""))
    known_verbs = schema.verbs(kind)
    if verb not in known_verbs:
        listed = ", ".join(known_verbs) or "no verbs"
        raise UsageError(f"{node} is a {kind or 'node'}: it has no {verb}{meant(verb, known_verbs)}; it has {listed}")
    malfunction = str(given.get("kind", ""))
    malfunctions: Any = schema.TYPES[kind][schema.MALFUNCTIONS]
    known_kinds = [name for name, _ in malfunctions]
    if malfunction and malfunction not in known_kinds:
        hint = meant(malfunction, known_kinds)
        raise UsageError(f"{node} is a {kind}: it has no {malfunction}{hint}; it has {', '.join(known_kinds)}")
    if status.get("status") == "offline":
        raise CommandError(f"{node} is offline: nobody would answer; start the node, then send again")


def by_of(name: str | None) -> str:
    """Who asks, as the contract's field takes it: the name that was given, or the login."""
    return (name or _login())[:BY_LENGTH_MAX]


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        return "unknown"
