"""The server itself: ports, browsers that open by themselves, an end without waiting."""

import socket
import sys
from types import SimpleNamespace

import httpx
import pytest
from held_ports import held_port
from winter_river.cli.live import Live
from winter_river.cli.run_shows import has_desktop
from winter_river.web import server
from winter_river.web.plant import Plant
from winter_river.web.pump import FAILURES_MAX
from winter_river.web.server import PageServer, PageServerError


@pytest.fixture
def plant(page):
    return Plant(page.site, page.service.station, page.service.report, page.fleet)


@pytest.fixture
def taken_port():
    """A port of this machine that somebody listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_port_that_was_asked_for_and_is_taken_is_refused_with_its_cure(plant, taken_port):
    with pytest.raises(PageServerError, match="--page-port"):
        PageServer(plant, port=taken_port)


def test_a_usual_port_that_is_taken_gives_the_next_free_one(plant, taken_port, monkeypatch):
    monkeypatch.setattr(server, "PORT_DEFAULT", taken_port)
    with PageServer(plant) as second:
        assert taken_port < second.port < taken_port + server.PORTS_TRIED_MAX
        assert httpx.get(f"{second.url}api/v1/me", timeout=60).status_code == 200


def test_stopping_does_not_wait_for_open_streams(plant):
    with PageServer(plant, port=held_port()) as other:
        client = httpx.Client(base_url=other.address, timeout=60)
        with client.stream("GET", "/api/v1/stream") as one, client.stream("GET", "/api/v1/screens/stream") as two:
            held = [one.iter_raw(), two.iter_raw()]  # a stream closes with its iterator
            assert all(next(each) for each in held)
            other.stop()
            assert not other._thread.is_alive(), "it has not given up after waiting for them"
        client.close()
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.1", other.port)) != 0


def test_two_pages_of_one_run_do_not_disturb_each_other(plant, page):
    with PageServer(plant, port=held_port()) as other:
        for address in (other.address, page.server.address):
            assert httpx.get(f"{address}/api/v1/state", timeout=60).json()["health"]["connected"] is True


@pytest.mark.parametrize(
    ("variables", "tty", "wanted"),
    [
        ({"DISPLAY": ":0"}, True, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True, True),
        ({}, True, False),
        ({"DISPLAY": ":0"}, False, False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1"}, True, False),
        ({"DISPLAY": ":0", "CI": "1"}, True, False),
    ],
)
def test_a_browser_opens_by_itself_only_for_who_sits_at_a_desktop(monkeypatch, variables, tty, wanted):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: tty, raising=False)
    assert has_desktop() is wanted


class Failing:
    """The report of a run, which breaks as often as `left` says."""

    def __init__(self, report):
        self._report, self.left = report, 0

    def __call__(self):
        if self.left:
            self.left -= 1
            raise ZeroDivisionError("a picture that cannot be made")
        return self._report()


@pytest.fixture
def failing(page):
    """A second page of the run, with the report that its pictures need."""
    report = Failing(page.service.report)
    plant = Plant(page.site, page.service.station, report, page.fleet)
    with PageServer(plant, port=held_port()) as server:
        yield report, server


def test_a_picture_that_fails_is_told_and_the_next_one_is_whole(failing, events):
    report, other = failing
    with (
        httpx.Client(base_url=other.address, timeout=60) as client,
        client.stream("GET", "/api/v1/stream") as stream,
    ):
        told = events(stream)
        assert next(told)[1] == "state"
        report.left = 3
        heard = [next(told)]
        while heard[-1][1] != "state":
            heard.append(next(told))
    notes = [data["text"] for _, event, data in heard if event == "note"]
    assert len(notes) == 1
    assert "a picture that cannot be made" in notes[0]
    assert other.desk.pump.failed == 3
    assert other.fault() == ""
    assert "ZeroDivisionError" in other.faults[-1]


def test_a_page_whose_pictures_all_fail_stops_alone_and_the_run_goes_on(failing, page, events, until):
    report, other = failing
    live = Live(page.site.facility, page.service, SimpleNamespace(fault=lambda: ""), 1, is_open=False, page=other)
    with (
        httpx.Client(base_url=other.address, timeout=60) as client,
        client.stream("GET", "/api/v1/stream") as stream,
    ):
        told = events(stream)
        next(told)
        report.left = 1_000
        last = list(told)[-1]  # the stream ends by itself
    assert last[1] == "note"
    assert "the run goes on" in last[2]["text"]
    until(lambda: not other._thread.is_alive())
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.1", other.port)) != 0
    assert other.desk.pump.failed == FAILURES_MAX
    assert "a picture that cannot be made" in other.fault()
    assert live.fatal() == ""
    assert "page stopped" in live.health().note
    assert httpx.get(f"{page.server.url}api/v1/me", timeout=60).status_code == 200
