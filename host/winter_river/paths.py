"""Where Winter River keeps its files, and where its own firmware and board files are.

Each folder follows the platform's custom (XDG on Linux) and can be moved by one environment variable.
Nothing here creates a folder: whoever writes first does.
"""

import os
from pathlib import Path

import platformdirs

_APPLICATION = "winter-river"
_PACKAGE = Path(__file__).resolve().parent
_REPOSITORY = _PACKAGE.parent.parent


def data_dir() -> Path:
    """Folder of what a run leaves behind (recordings, broker files); WINTER_RIVER_DATA_DIR moves it."""
    return _moved("WINTER_RIVER_DATA_DIR") or platformdirs.user_data_path(_APPLICATION)


def audit_dir() -> Path:
    """Folder of the audit of commands: one for all runs and commands of this user."""
    return data_dir() / "audit"


def cache_dir() -> Path:
    """Folder of what can be fetched again (drivers, the embedded broker); WINTER_RIVER_CACHE_DIR moves it."""
    return _moved("WINTER_RIVER_CACHE_DIR") or platformdirs.user_cache_path(_APPLICATION)


def log_dir() -> Path:
    """Folder of the logs; WINTER_RIVER_LOG_DIR moves it."""
    return _moved("WINTER_RIVER_LOG_DIR") or platformdirs.user_log_path(_APPLICATION)


def config_dir() -> Path:
    """Folder of the user's settings file; WINTER_RIVER_CONFIG_DIR moves it."""
    return _moved("WINTER_RIVER_CONFIG_DIR") or platformdirs.user_config_path(_APPLICATION)


def firmware_dir() -> Path:
    """Folder with `boot.py`, `main.py` and `node.example.json`, of the checkout or of the installed package."""
    return _own("firmware")


def boards_dir() -> Path:
    """Folder with one file a board, of the checkout or of the installed package."""
    return _own("boards")


def _moved(variable: str) -> Path | None:
    """Where the environment moves a folder to; None when it is silent. Raises ValueError for a relative path."""
    value = os.environ.get(variable, "")
    if not value:
        return None
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError(f"{variable} is {value!r}; it must be an absolute path")
    return path


def _own(name: str) -> Path:
    """A folder of ours: beside the sources in a checkout, `_NAME` inside an installed package (see setup.py)."""
    if (_REPOSITORY / "pyproject.toml").is_file():
        return _REPOSITORY / name
    return _PACKAGE / f"_{name}"
