"""Options that several commands have, and the settings they add up to."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from winter_river.settings import Settings

BrokerOption = Annotated[
    str | None,
    typer.Option("--broker", help="Address of the broker, mqtt://host:port (default: the run on this machine)."),
]
RootOption = Annotated[str | None, typer.Option("--root", help="First part of every topic.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON instead of text.")]


def settings_of(**options: object) -> "Settings":
    """The settings from these options, the environment and the file. Raises SettingsError with every fault."""
    from winter_river.settings import default_directories, load_settings

    return load_settings(options, environment=os.environ, directories=default_directories())
