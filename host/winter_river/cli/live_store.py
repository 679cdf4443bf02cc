"""The keeping of a run as it is set: its store, how long, and where readings go besides."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from winter_river.cli.errors import CommandError
from winter_river.settings import Settings

if TYPE_CHECKING:
    from winter_river.store import Keep, Keeper
    from winter_river.store.sinks import Target

HISTORY = "history"  # folder of the stores, one a site, in the data folder


def keeper_of(facility: str, settings: Settings, say: Callable[[str], None]) -> "Keeper | None":
    """The keeper of the site's history, not yet started. A store that cannot be used is no reason not to run."""
    if not settings.store:
        return None
    from winter_river.store import Keeper, StoreError

    try:
        return Keeper(store_path(facility), root=settings.root, keep=_keep(settings), sinks=_sinks(settings))
    except (StoreError, OSError) as error:
        say(f"no history is kept: {error}")
        return None


def keeping(keeper: "Keeper") -> Callable[[Settings, Settings], str]:
    """Changes how long a run keeps its history, and where readings go besides."""
    from winter_river.settings.live import RefusedError
    from winter_river.store import StoreError

    def apply(_old: Settings, new: Settings) -> str:
        try:
            keeper.change(keep=_keep(new), sinks=_sinks(new))
        except (StoreError, CommandError, ValueError) as error:
            raise RefusedError(str(error)) from None
        names = " and ".join(keeper.health().sinks)
        besides = f"; readings go to {names}, too" if names else ""
        return f"readings are kept {new.keep_raw}, sums {new.keep_sums}{besides}"

    return apply


def _keep(settings: Settings) -> "Keep":
    from winter_river.settings import duration_s
    from winter_river.store import Keep

    return Keep(duration_s(settings.keep_raw), duration_s(settings.keep_sums))


def _sinks(settings: Settings) -> "list[Target]":
    """Where the readings go besides. Raises CommandError for a secret that others can read."""
    from winter_river.store import sinks

    found = []
    if settings.influx_url:
        secret = secret_of(settings.influx_token_file)
        found.append(
            sinks.influx(settings.influx_url, bucket=settings.influx_bucket, org=settings.influx_org, secret=secret)
        )
    if settings.webhook_url:
        found.append(sinks.webhook(settings.webhook_url, secret=secret_of(settings.webhook_token_file)))
    return found


def secret_of(name: str) -> str:
    """What a file of a secret holds, "" where none is named. Raises CommandError, without the secret."""
    if not name:
        return ""
    path = Path(name).expanduser()
    try:
        if path.stat().st_mode & 0o027:
            raise CommandError(f"{path} is a secret and others can read it\ncure: chmod 600 {path}")
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {getattr(error, 'strerror', error)}") from error
    if not secret.isprintable() or not secret.isascii():
        raise CommandError(f"{path} holds more than one line of plain letters")
    return secret


def store_path(facility: str) -> Path:
    """The file that holds the history of a site, by the name in its file."""
    from winter_river import paths

    return paths.data_dir() / HISTORY / f"{facility}.sqlite3"
