"""What a run is set to: the settings, their forms, where they come from, and how they are changed while it runs."""

from __future__ import annotations

from winter_river.settings.fields import FIELDS, SENTENCES, Field
from winter_river.settings.forms import DURATION, duration_s
from winter_river.settings.model import (
    NAMES,
    PORT_DEFAULT,
    PORT_SITE_DEFAULT,
    PORT_TLS_DEFAULT,
    Settings,
    SettingsError,
)
from winter_river.settings.sources import (
    ENVIRONMENT_PREFIX,
    FILE_NAME,
    default_directories,
    file_to_write,
    find_file,
    given_by,
    is_address,
    load_settings,
    secrets_folder,
)

__all__ = [
    "DURATION",
    "ENVIRONMENT_PREFIX",
    "FIELDS",
    "FILE_NAME",
    "NAMES",
    "PORT_DEFAULT",
    "PORT_SITE_DEFAULT",
    "PORT_TLS_DEFAULT",
    "SENTENCES",
    "Field",
    "Settings",
    "SettingsError",
    "default_directories",
    "duration_s",
    "file_to_write",
    "find_file",
    "given_by",
    "is_address",
    "load_settings",
    "secrets_folder",
]
