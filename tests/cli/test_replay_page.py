"""`replay --page` says what is wrong, and ends when its page or its player does."""

import contextlib
import threading
import time

import httpx
import pytest
from held_ports import held_port
from winter_river import load_facility
from winter_river.cli.errors import CommandError
from winter_river.cli.replay import watch
from winter_river.service.broker import start_broker
from winter_river.service.wiring import Report, Service
from winter_river.station.replay import load_recording
from winter_river.station.replaying import ReplayStation
from winter_river.web.plant import Plant
from winter_river.web.server import PageServer


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A few recorded seconds in which a load was changed at once and a moment written after it."""
    folder = tmp_path_factory.mktemp("run")
    with (
        start_broker("auto", data_dir=folder) as broker,
        Service(load_facility("seed-8"), broker.url, seed=1, grace=True, record=folder) as service,
    ):
        service.wait_ready(60.0)
        service.station.step(2.0)
        service.station.take_snapshot("then")
        path = service.station.recording
    return path


class Run:
    """A replay with its page, and what watch() came to."""

    def __init__(self, path, opened):
        self.station = opened.enter_context(ReplayStation(load_recording(path)))
        self.broken = False
        self.server = opened.enter_context(
            PageServer(Plant(self.station.site, self.station, self.report), port=held_port())
        )
        self.error = None
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def report(self):
        if self.broken:
            raise ZeroDivisionError("a picture that cannot be made")
        sight = self.station.site.sight()
        return Report("a recording", True, "", "", 1, sight.t_s, 8, 8, {}, sight.balance, (), "")

    def _watch(self):
        try:
            watch(self.server, self.station)
        except CommandError as error:
            self.error = error


@pytest.fixture
def run(recorded):
    with contextlib.ExitStack() as opened:
        yield lambda path=recorded: Run(path, opened)


def test_it_ends_and_says_why_when_the_page_stops(run):
    playing = run()
    assert httpx.get(f"{playing.server.url}api/v1/me", timeout=60).status_code == 200
    playing.broken = True
    playing.thread.join(60.0)
    assert "a picture that cannot be made" in str(playing.error)
    assert "cure: start the replay again" in str(playing.error)
    assert playing.error.code != 0


def test_it_ends_and_says_why_when_the_player_breaks(run):
    playing = run()
    playing.station.subscribe(lambda: 1 / 0)  # as anything that breaks inside a beat
    playing.thread.join(60.0)
    assert "the replay stopped: division by zero" in str(playing.error)


def test_a_world_that_is_not_the_recorded_one_is_told_once_and_it_plays_on(run, recorded, tmp_path, capsys):
    lines = recorded.read_text().splitlines(keepends=True)
    digest = next(line for line in lines if '"name":"then"' in line).split('"hash":"')[1][:64]
    other = tmp_path / "other.rec"
    other.write_text("".join(lines).replace(digest, "0" * 64))
    playing = run(other)
    playing.station.set_speed(100.0)
    heard = ""
    end_s = time.monotonic() + 60.0
    while "recorded" not in heard and time.monotonic() < end_s:
        time.sleep(0.1)
        heard += capsys.readouterr().err
    assert f"is not the recorded {'0' * 16}" in heard
    assert playing.thread.is_alive()
