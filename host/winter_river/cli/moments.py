"""Moments of the wall clock as people read them: in the time zone that is set, else in this machine's own."""

from datetime import UTC, datetime, tzinfo

from winter_river.cli.options import settings_of


def zone() -> tzinfo | None:
    """The time zone of the settings; None: this machine's own."""
    from zoneinfo import ZoneInfo

    name = settings_of().timezone
    return ZoneInfo(name) if name else None


def moment_text(unix_s: float, where: tzinfo | None) -> str:
    """Date and time of day to the second."""
    return f"{datetime.fromtimestamp(unix_s, where):%Y-%m-%d %H:%M:%S}"


def stamp_text(ms: int, where: tzinfo | None) -> str:
    """A moment for programs, to the millisecond, with what it is ahead of UTC: in UTC itself where no zone is set."""
    text = datetime.fromtimestamp(ms // 1000, where or UTC).replace(microsecond=ms % 1000 * 1000)
    return text.isoformat(timespec="milliseconds").replace("+00:00", "Z")
