"""A recorded run, played again."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from winter_river.cli.errors import FAILED, CommandError, UsageError
from winter_river.cli.values import seconds
from winter_river.likeness import meant

if TYPE_CHECKING:
    from winter_river.service.live_site import LiveSite
    from winter_river.station import Station
    from winter_river.station.replay import Player, Recording
    from winter_river.station.replaying import ReplayStation
    from winter_river.web.server import PageServer

BEAT_S = 0.1  # chosen: ten looks a second are smooth enough for lines of text
LOOK_S = 0.5  # chosen: whoever waits for the page hears soon that it has stopped
SPEED_MIN, SPEED_MAX = 0.1, 1000.0
_SHADES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def add_to(app: typer.Typer) -> None:
    """Adds replay."""
    app.command()(replay)


def replay(
    file: Annotated[Path, typer.Argument(help="A recording; `winter-river run` says where it leaves one.")],
    speed: Annotated[
        float | None, typer.Option("--speed", help="Seconds of the run a second (default: as fast as it goes).")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Up to this time of the run: 90s, 2m (default: its end).")
    ] = None,
    hash_only: Annotated[bool, typer.Option("--hash", help="Print only the hash of the state there.")] = False,
    screen: Annotated[str | None, typer.Option("--screen", help="Show what this node's OLED showed there.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Play it in the browser, screens and trends included.")] = False,
) -> None:
    """Play a recorded run again.

    What is shown is computed anew from what was done, and must come out the same to the last bit: every
    state that the run wrote down is compared; exit 1 where one differs.

    \b
    Examples:
      winter-river replay session.rec
      winter-river replay session.rec --speed 10
      winter-river replay session.rec --to 2m --screen ups_a
      winter-river replay session.rec --hash
      winter-river replay session.rec --page --speed 4
    """
    from winter_river import paths
    from winter_river.station.recording import RecordingError
    from winter_river.station.replay import Player, load_recording
    from winter_river.ui.plain import EventLines, closing_lines

    if speed is not None and not SPEED_MIN <= speed <= SPEED_MAX:
        raise UsageError(f"--speed: {speed:g} is not {SPEED_MIN:g} to {SPEED_MAX:g}")
    try:
        player = Player(load_recording(file))
    except RecordingError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        folder = paths.data_dir() / "recordings"
        raise CommandError(
            f"{file}: {error.strerror or error}\ncure: `winter-river run` tells the name of each; they are in {folder}"
        ) from None
    if page:
        _serve(player.recording, speed or 1.0, None if to is None else seconds(to, option="--to"))
        return
    end_s = player.recording.end_s if to is None else min(seconds(to, option="--to"), player.recording.end_s)
    if screen is not None and screen not in player.facility.nodes:
        raise UsageError(f"--screen: {player.facility.name} has no node {screen}{meant(screen, player.facility.nodes)}")
    lines = EventLines(player)
    _play(player, end_s, speed, (lambda: None) if hash_only else lambda: _tell(lines.fresh()))
    if hash_only:
        typer.echo(player.hash())
    else:
        _tell(closing_lines(player, events=lines.count))
        if not player.recording.hash and end_s >= player.recording.end_s:
            typer.echo("the run was not ended in order: this is as far as its recording came")
        typer.echo(f"seed {player.recording.header.seed}, state {player.hash()[:16]}")
    if screen is not None:
        _tell(picture(player.screen(screen)))
    if player.differences:
        text = "\n".join(player.differences)
        raise CommandError(
            f"the replay is not the run: this is a fault of ours, or of another version\n{text}", code=FAILED
        )


def _serve(recording: "Recording", speed: float, at_s: float | None) -> None:
    """Serves the page of a recording until Ctrl-C. Raises CommandError with the cure."""
    from winter_river.service.wiring import Report
    from winter_river.station.replaying import ReplayStation
    from winter_river.web.plant import Plant
    from winter_river.web.server import PageServer, PageServerError

    with ReplayStation(recording) as station:
        station.set_speed(speed)
        if at_s is not None:
            station.freeze()
            station.go_to(min(at_s, recording.end_s))

        def report() -> Report:
            nodes = recording.facility.nodes
            sight = station.site.sight()
            online = sum(word == "online" for word in sight.presences.values())
            return Report(
                broker="a recording", connected=True, why_down="", facility=recording.facility.name, seed=station.seed,
                t_s=sight.t_s, nodes=len(nodes), online=online, counters={}, balance=sight.balance, notes=(), failure="",
            )  # fmt: skip

        # The page asks of site and station only what a replay offers, too.
        plant = Plant(cast("LiveSite", station.site), cast("Station", station), report)
        try:
            with PageServer(plant) as server:
                typer.echo(f"page      {server.url}")
                typer.echo("stop      Ctrl-C")
                sys.stdout.flush()
                watch(server, station)
        except PageServerError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)


def watch(server: "PageServer", station: "ReplayStation") -> None:
    """Tells where the replay differs from the run, each place once, until page or player end: CommandError says why."""
    told: set[str] = set()
    while True:
        fresh = [text for text in station.differences if text not in told]
        told.update(fresh)
        for text in fresh:
            typer.echo(f"not the run   {text}; this is a fault of ours, or of another version", err=True)
        if server.fault():
            raise CommandError(f"{server.fault()}\ncure: start the replay again", code=FAILED)
        if station.failure is not None:
            raise CommandError(f"the replay stopped: {station.failure}", code=FAILED)
        time.sleep(LOOK_S)


def _play(player: "Player", end_s: float, speed: float | None, tell: Callable[[], None]) -> None:
    began_s, from_s = time.monotonic(), player.t_s
    while player.t_s < end_s:
        if speed is None:
            player.advance(end_s - player.t_s)
        else:
            time.sleep(BEAT_S)
            target_s = from_s + (time.monotonic() - began_s) * speed
            player.advance(min(target_s, end_s) - player.t_s)
        tell()


def _tell(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)


def picture(frame: bytes) -> list[str]:
    """An OLED's frame as text, two pixels a letter, one above the other."""
    width, pages = 128, len(frame) // 128

    def lit(x: int, y: int) -> bool:
        return bool(frame[y // 8 * width + x] >> y % 8 & 1)

    return ["".join(_SHADES[lit(x, y), lit(x, y + 1)] for x in range(width)) for y in range(0, pages * 8, 2)]
