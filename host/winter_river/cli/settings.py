"""The settings of the site that runs on this machine: show them, change them; without one, those of the file."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from winter_river.cli.errors import CommandError, UsageError
from winter_river.cli.options import JsonOption, settings_of
from winter_river.cli.values import json_text, table_text

if TYPE_CHECKING:
    from winter_river.cli.run_file import RunNote
    from winter_river.settings.live import LiveSettings

ANSWER_S_MAX = 30.0  # a broker that is left for another takes some seconds
ANSWER_BYTES_MAX = 1_000_000
STDIN = "-"


def add_to(app: typer.Typer) -> None:
    """Adds settings with its commands."""
    group = typer.Typer(
        no_args_is_help=False, rich_markup_mode=None, help="The settings of a running site: show them, change them."
    )
    group.callback(invoke_without_command=True)(show_all)
    group.command("show")(show)
    group.command("set")(set_)
    app.add_typer(group, name="settings")


def show_all(context: typer.Context, json: JsonOption = False) -> None:
    """Show the settings of the site that runs on this machine, or change one.

    `at once`: a running site takes a change of it; else it says why it waits for the next start. Where no site runs, they
    are those that the next one starts with.

    \b
    Examples:
      winter-river settings
      winter-river settings show keep_raw
      winter-river settings set keep_raw 30d
      winter-river settings set broker mqtt://192.168.4.1:1883
      winter-river settings set influx_token_file - < token.txt
    """
    if context.invoked_subcommand is None:
        _show_all(json)


def _show_all(json: bool) -> None:
    facts = _facts()
    if json:
        typer.echo(json_text(facts))
        return
    rows = [
        {
            "setting": field["name"],
            "value": _value(field),
            "change": "at once" if field["live"] else f"next start: {field['restart']}",
        }
        for field in facts["fields"]
    ]
    typer.echo(table_text(("setting", "value", "change"), rows))
    typer.echo(f"written in {facts['file']}")


def show(
    name: Annotated[str, typer.Argument(help="Which setting; all without it.")] = "", json: JsonOption = False
) -> None:
    """Show one setting: what it is for, its limits, its value.

    \b
    Example:
      winter-river settings show status_s
    """
    from winter_river.likeness import meant

    if not name:
        _show_all(json)
        return
    facts = _facts()
    field = next((each for each in facts["fields"] if each["name"] == name), None)
    if field is None:
        known = [each["name"] for each in facts["fields"]]
        raise CommandError(f"{name} is not a setting{meant(name, known)}")
    if json:
        typer.echo(json_text(field))
        return
    typer.echo(f"{name} = {_value(field)}")
    typer.echo(field["words"])
    if field["choices"]:
        typer.echo(f"one of {', '.join(field['choices'])}" + (", or an address" if field["form"] == "broker" else ""))
    if field["high"] is not None:
        typer.echo(f"{field['low']} to {field['high']} {field['unit']}".rstrip())
    typer.echo("a change acts at once" if field["live"] else f"a change waits for the next start: {field['restart']}")
    if field["beaten_by"]:
        typer.echo(f"comes from {field['beaten_by']}, which beats the file")


def set_(
    name: Annotated[str, typer.Argument(help="Which setting.")],
    value: Annotated[str, typer.Argument(help="Its value; - reads a secret from the standard input.")],
) -> None:
    """Change a setting of the site that runs on this machine, at once where that can be, and in its file.

    Setting the value that it has applies it again: so a rules file that was mended is read anew.

    \b
    Examples:
      winter-river settings set keep_raw 30d
      winter-river settings set status_s 1
      winter-river settings set alarms rules.yaml
    """
    from winter_river.settings import FIELDS

    form = FIELDS[name].form if name in FIELDS else ""
    values: dict[str, object] = {}
    secrets: dict[str, str] = {}
    if form == "secret" and value == STDIN:
        secrets[name] = sys.stdin.read().strip()
    else:
        values[name] = os.path.abspath(os.path.expanduser(value)) if form in ("path", "secret") and value else value
    note = _run_with_page()
    if note is not None and form == "secret" and value not in (STDIN, ""):
        raise UsageError(f"a running site is given the secret itself: settings set {name} - < {value}")
    changed = _asked(note, {"tag": "", "values": values, "secrets": secrets}) if note else _here(values, secrets)
    for line in changed["notes"]:
        typer.echo(line)
    if name in changed["waits"] or note is None:
        typer.echo(f"{name} is written and holds from the next start on")
    elif not changed["notes"]:
        typer.echo(f"{name} holds now")
    for place in changed["beaten"].values():
        typer.echo(f"at the next start {place} beats the file")


def _facts() -> dict[str, Any]:
    note = _run_with_page()
    found: dict[str, Any] = _asked(note, None) if note else _of_file().facts()
    return found


def _run_with_page() -> "RunNote | None":
    from winter_river.cli.run_file import read_note

    note = read_note()
    if note is not None and not note.page:
        print("the run on this machine has no page to be reached by; this is of its next start", file=sys.stderr)
        return None
    return note


def _here(values: dict[str, object], secrets: dict[str, str]) -> dict[str, Any]:
    """The same for the next start. Raises CommandError."""
    from winter_river.settings.live import RefusedError

    try:
        return _of_file().change(values, tag="", secrets=secrets)._asdict()
    except RefusedError as error:
        raise CommandError(str(error)) from None


def _of_file() -> "LiveSettings":
    """What the next run would start with."""
    from winter_river.settings import default_directories, file_to_write, given_by
    from winter_river.settings.live import LiveSettings

    folders = default_directories()
    found = settings_of()
    given = given_by(found, os.environ, folders)
    return LiveSettings(found, file=file_to_write(folders), given=given, trusted=True)


def _asked(note: "RunNote", change: dict[str, Any] | None) -> dict[str, Any]:
    """The run's answer, to a change or to the question what holds. Raises CommandError with the cure."""
    import json
    import ssl
    import urllib.error
    import urllib.request
    from urllib.parse import parse_qs, urlsplit

    from winter_river.cli.run_file import read_link

    token = parse_qs(urlsplit(read_link(note)).query).get("k", [""])[0]
    request = urllib.request.Request(f"{note.page}/api/v1/settings")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if change is not None:
        request.data = json.dumps(change).encode()
        request.add_header("Content-Type", "application/json")
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if note.page.startswith("https:"):
        trusted = note.broker_ca if note.broker_ca and Path(note.broker_ca).is_file() else None
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=trusted)))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=ANSWER_S_MAX) as answer:
            found: dict[str, Any] = json.loads(answer.read(ANSWER_BYTES_MAX))
            return found
    except urllib.error.HTTPError as error:
        raise CommandError(_told(error.read(ANSWER_BYTES_MAX), error.code)) from None
    except (OSError, ValueError) as error:
        raise CommandError(f"the run does not answer at {note.page}: {error}") from None


def _told(body: bytes, status: int) -> str:
    """A refusal in the run's own words."""
    import json

    try:
        told = json.loads(body)
        return f"{told['error']}\ncure: {told['cure']}" if told["cure"] else str(told["error"])
    except (ValueError, KeyError, TypeError):
        return f"the run answers {status}"


def _value(field: dict[str, Any]) -> str:
    text = str(field["value"]).lower() if isinstance(field["value"], bool) else str(field["value"])
    unit = f" {field['unit']}" if field["unit"] else ""
    waits = "" if field["waits"] is None else f" (then {field['waits']})"
    return f"{text}{unit}{waits}" if text else f"-{waits}"
