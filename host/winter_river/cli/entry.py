"""The way in and the only way out: every error becomes one line with its place and its cure, never a traceback."""

import importlib
import sys
import traceback
from collections.abc import Sequence

import typer

from winter_river.cli.errors import FAILED, OK, USAGE, CommandError

DEBUG = "--debug"
# (module, what it adds), in the order that `--help` lists them.
_GROUPS = (
    *("run", "clock", "simulate", "replay", "scenario", "study", "facilities", "bus", "audit", "watch", "why"),
    *("alarms", "status", "settings"),
    *("history", "points", "node", "doctor", "malfunctions", "reference", "generate", "board", "provision"),
)

_HELP = """A power site you can hold, break and learn from.

\b
Examples:
  winter-river run                          a live 24-node site in this terminal
  winter-river simulate block-2n-24 --until 60s
  winter-river send utility_a set_fault state=true kind=outage
  winter-river COMMAND --help               what a command does, with an example

Exit codes: 0 ok, 1 a check failed or a node refused, 2 used wrongly.
"""


def build() -> typer.Typer:
    """The program with all its commands."""
    # No markup: plain text reads the same over ssh, in a log and in monochrome.
    app = typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
    )

    @app.callback()
    def program(
        debug: bool = typer.Option(False, DEBUG, help="Show the traceback of an error; may stand anywhere."),
    ) -> None:
        """The options of all commands; main() has read them already."""

    for name in _GROUPS:
        importlib.import_module(f"winter_river.cli.{name}").add_to(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = DEBUG in given
    try:
        build()([argument for argument in given if argument != DEBUG], prog_name="winter-river")
    except SystemExit as end:  # how Typer ends, with its own usage errors already told
        return end.code if isinstance(end.code, int) else OK if end.code is None else FAILED
    except BrokenPipeError:
        _close_output()
        return OK
    except Exception as error:  # noqa: BLE001 - the last line of defence: a user gets a line and an exit code
        if debug:
            traceback.print_exc()
        text, code = _told(error)
        for line in text.splitlines():
            print(f"winter-river: {line}", file=sys.stderr)
        return code
    return OK


def _told(error: Exception) -> tuple[str, int]:
    """What a user is told about an error, and the exit code."""
    if isinstance(error, CommandError):
        return str(error), error.code
    from winter_river.facility import FacilityError
    from winter_river.settings import SettingsError

    if isinstance(error, SettingsError):
        return str(error), USAGE
    if isinstance(error, FacilityError):
        return str(error), FAILED
    from winter_river.protect.errors import ProtectError  # light: what it guards is not loaded for it

    if isinstance(error, ProtectError):
        return str(error), FAILED
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}", FAILED
    if isinstance(error, ValueError):
        return str(error), FAILED
    return f"unexpected {type(error).__name__}: {error}; this is a fault of ours: {DEBUG} shows where", FAILED


def _close_output() -> None:
    """Whoever read our output has gone (`| head`): nothing more can be written, and that is no error."""
    try:
        sys.stdout.close()
    except BrokenPipeError:
        pass  # what was still buffered is lost with its reader
