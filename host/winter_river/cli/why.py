"""Why a node of the running site is as it is."""

from typing import TYPE_CHECKING, Annotated

import typer

from winter_river.cli.connection import address_of
from winter_river.cli.errors import CommandError, UsageError
from winter_river.cli.options import BrokerOption, JsonOption, settings_of
from winter_river.cli.run_file import RunNote, note_path, read_note, running
from winter_river.cli.values import json_text
from winter_river.likeness import meant

if TYPE_CHECKING:
    from winter_river.ui.why import Known


def add_to(app: typer.Typer) -> None:
    """Adds why."""
    app.command()(why)


def why(
    node: Annotated[str, typer.Argument(help="Which node; see `winter-river nodes`.")],
    broker: BrokerOption = None,
    json: JsonOption = False,
) -> None:
    """Tell why a node is as it is: what isolates it, and every cause back to the first.

    Of the site that runs on this machine; where several do, of the latest, or of the one at --broker. A broker keeps no
    events, so those of a site on another machine are asked there, or of its page. A simulation tells the same with
    `simulate --why`.

    \b
    Examples:
      winter-river why server_rack_a1
      winter-river why server_rack_a1 --broker mqtt://127.0.0.1:1884
    """
    from winter_river.cli.journal import journal_path, read_journal
    from winter_river.ui.why import Known, why_lines

    note = read_note() if broker is None else _note_at(broker, node)
    journal = None if note is None else read_journal(journal_path(note_path(note.pid)))
    if journal is None:
        raise CommandError(
            "no site runs on this machine; start one with `winter-river run`, or ask a simulation: "
            "winter-river simulate --script FILE --why NODE"
        )
    if node not in journal.states:
        raise UsageError(f"this site has no node {node}{meant(node, journal.states)}; see `winter-river nodes`")
    known = Known(node, journal.states[node], journal.isolations.get(node), journal.log)
    if json:
        typer.echo(json_text(why_fields(known)))
        return
    for line in why_lines(known):
        typer.echo(line)


def _note_at(broker: str, node: str) -> RunNote:
    """The run of this machine at a broker. Raises CommandError where there is none."""
    url = str(address_of(broker, settings_of()))
    notes = running()
    found = next((note for note in notes if note.url == url), None)
    if found is None:
        others = f"; runs here: {', '.join(note.url for note in notes)}" if notes else ""
        raise CommandError(
            f"no site at {url} runs on this machine{others}. What caused what is kept where it runs: ask there, or its "
            f"page: http://HOST:8080/api/v1/nodes/{node}/why"
        )
    return found


def why_fields(known: "Known") -> dict[str, object]:
    """The same for programs: isolated_by is null while the node is live; the events from the last to the first."""
    from winter_river.scenario.trace import event_fields

    by = None if known.isolation is None else {"node_id": known.isolation.by, "condition": known.isolation.condition}
    chain = [event_fields(event) for event in known.chain]
    return {"node_id": known.node_id, "state": known.state, "isolated_by": by, "chain": chain}
