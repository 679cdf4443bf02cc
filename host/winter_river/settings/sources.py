"""What a run is set to: options beat the environment, which beats `winter-river.toml`, which beats the defaults.

The file is looked for in the current folder, then in the user's configuration folder; the first one
found is read, whole. Nothing is half believed: every fault of every source is gathered, each with its
place and the nearest right name, and raised once.
"""

import dataclasses
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from winter_river.likeness import meant
from winter_river.settings.fields import FIELDS, PATHS
from winter_river.settings.model import NAMES, Settings, SettingsError

FILE_NAME = "winter-river.toml"
FILE_BYTES_MAX = 65_536  # chosen: a settings file is a page; anything larger is some other file
ENVIRONMENT_PREFIX = "WINTER_RIVER_"
# Variables of winter_river.paths: where the folders are is no setting of a run.
FOLDER_VARIABLES = tuple(f"WINTER_RIVER_{folder}_DIR" for folder in ("CACHE", "CONFIG", "DATA", "LOG"))


def is_address(broker: str) -> bool:
    """Whether a `broker` setting names a running broker, not a kind to start."""
    return broker.startswith(("mqtt://", "mqtts://"))


def secrets_folder(settings: Settings) -> Path:
    """Where the certificates and keys of profile secured lie."""
    from winter_river import paths  # as in default_directories

    return Path(settings.secrets).expanduser().absolute() if settings.secrets else paths.config_dir() / "secrets"


def find_file(directories: Sequence[Path]) -> Path | None:
    """The first settings file there is, or None."""
    for directory in directories:
        path = directory / FILE_NAME
        if path.is_file():
            return path
    return None


def default_directories() -> tuple[Path, ...]:
    """Where a settings file is looked for: the current folder, then the user's configuration folder."""
    from winter_river import paths  # here, not above: `--help` never needs it

    return Path.cwd(), paths.config_dir()


def _line_of(text: str, name: str) -> int:
    """The line where a key of a TOML file stands, 1 where it cannot be found (tomllib keeps no places)."""
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"""\s*\[?\s*["']?{re.escape(name)}["']?\s*[=.\]]""", line):
            return number
    return 1


def _from_file(path: Path, faults: list[str]) -> dict[str, object]:
    """The values of a settings file that can be believed; what cannot is added to the faults."""
    try:
        raw = path.read_bytes()
        if len(raw) > FILE_BYTES_MAX:
            raise ValueError(f"{len(raw)} bytes; a settings file has at most {FILE_BYTES_MAX}")
        text = raw.decode()
        data = tomllib.loads(text)
    except OSError as error:
        faults.append(f"{path}: cannot be read: {error.strerror}")
        return {}
    except ValueError as error:  # bad UTF-8, bad TOML (its text says the line), too large
        faults.append(f"{path}: {error}")
        return {}
    values = _checked(data, place=lambda name: f"{path}:{_line_of(text, name)}", spell=str, faults=faults)
    for name in PATHS:
        if values.get(name):  # a file beside the settings, from wherever they are read
            values[name] = str(path.parent / Path(str(values[name])).expanduser())
    return values


def _from_environment(environment: Mapping[str, str], faults: list[str]) -> dict[str, object]:
    given = {
        variable[len(ENVIRONMENT_PREFIX) :].lower(): value
        for variable, value in sorted(environment.items())
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in FOLDER_VARIABLES and value != ""
    }
    return _checked(
        given, place=lambda _: "environment", spell=lambda name: ENVIRONMENT_PREFIX + name.upper(), faults=faults
    )


def _from_options(options: Mapping[str, object], faults: list[str]) -> dict[str, object]:
    given = {name: value for name, value in options.items() if value is not None}
    return _checked(given, place=lambda _: "option", spell=lambda name: "--" + name.replace("_", "-"), faults=faults)


def _checked(
    given: Mapping[str, object], *, place: Callable[[str], str], spell: Callable[[str], str], faults: list[str]
) -> dict[str, object]:
    """The values that fit their settings; what does not becomes a fault.

    place: where a name was given; spell: how a name is written there.
    """
    values: dict[str, object] = {}
    for name, value in given.items():
        field = FIELDS.get(name)
        if field is None:
            known = [spell(known) for known in NAMES]
            hint = meant(spell(name), known)
            faults.append(f"{place(name)}: {spell(name)} is not a setting{hint}; settings are {', '.join(known)}")
            continue
        try:
            values[name] = field.read(value)
        except ValueError as error:
            faults.append(f"{place(name)}: {spell(name)} = {value!r} {error}")
    return values


def load_settings(
    options: Mapping[str, object] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    directories: Sequence[Path] = (),
) -> Settings:
    """The settings from all sources, checked.

    options: name to value; None means not given. environment: like os.environ. directories: where to
    look for the file, in order. Raises SettingsError with every fault of every source.
    """
    faults: list[str] = []
    values: dict[str, object] = {}
    path = find_file(directories)
    if path is not None:
        values.update(_from_file(path, faults))
    values.update(_from_environment(environment or {}, faults))
    values.update(_from_options(options or {}, faults))
    if faults:
        raise SettingsError(faults)
    return dataclasses.replace(Settings(), **values)  # type: ignore[arg-type]  # each field reads its type


def given_by(settings: Settings, environment: Mapping[str, str], directories: Sequence[Path]) -> dict[str, str]:
    """Name -> what beats the settings file, for each of these settings that does not come from it."""
    without_options = load_settings(environment=environment, directories=directories)
    found = {
        name: ENVIRONMENT_PREFIX + name.upper() for name in NAMES if environment.get(ENVIRONMENT_PREFIX + name.upper())
    }
    for name in NAMES:
        if getattr(settings, name) != getattr(without_options, name):
            found[name] = "an option of this run"
    return found


def file_to_write(directories: Sequence[Path]) -> Path:
    """The settings file that is read; where there is none, the one to make: in the last of the folders that can be
    written to. (A service may not write to its configuration folder; it runs in one where it may.)"""
    found = find_file(directories)
    if found is not None:
        return found
    last = [folder for folder in directories if _is_writable(folder)] or directories
    return last[-1] / FILE_NAME


def _is_writable(folder: Path) -> bool:
    """Whether a file can be made there, or the folder itself."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return os.access(there, os.W_OK)
