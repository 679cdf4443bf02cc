"""A live run with its page: real broker, engine, emulated nodes and server. Real time and ports, as in tests/e2e.

Three may know the same fact at different times: the engine, the picture of it (`/state`, the stream, the painted diagram:
up to some tenths of a second later), and the history. A test that asks one after the other waits with `until`.
"""

import contextlib
import json
import time

import httpx
import pytest
from held_ports import held_port
from winter_river.emulator import Fleet
from winter_river.facility import load_facility
from winter_river.service.broker import start_broker
from winter_river.service.wiring import Service
from winter_river.settings import Settings
from winter_river.settings.live import LiveSettings
from winter_river.store import Keeper
from winter_river.web.plant import Plant
from winter_river.web.server import PageServer

from . import lessons


class Page:
    """A page of a run, as a browser reaches it."""

    def __init__(self, service, fleet, server, scenarios):
        self.service, self.fleet, self.server = service, fleet, server
        self.site, self.scenarios = service.site, scenarios
        self.api = f"{server.address}/api/v1"

    @contextlib.contextmanager
    def client(self, role="", name=""):
        """A browser: with a link of that role, or without any."""
        with httpx.Client(base_url=self.server.address, timeout=PATIENCE_S, follow_redirects=True) as client:
            if role:
                token, _ = self.server.links.create(role, name)
                client.get(f"/?k={token}")
            yield client

    def command(self, client, node_id, command, **params):
        return client.post(f"/api/v1/nodes/{node_id}/command", json={"command": command, "params": params})


PATIENCE_S = 60.0  # chosen: a machine that needs longer has stopped


def until(claim, *, timeout_s=PATIENCE_S, what=""):
    """What claim() gives once it is true; fails naming the claim when the time is up."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        found = claim()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"not within {timeout_s} s: {what or claim}")


@pytest.fixture(name="until")
def until_fixture():
    return until


@contextlib.contextmanager
def started(folder, facility, host):
    """Starts everything, yields the Page, stops everything."""
    with (
        pytest.MonkeyPatch.context() as patch,
        start_broker("auto", data_dir=folder / "broker") as broker,
        Keeper(folder / "history.sqlite3") as keeper,
        Service(facility, broker.url, seed=1, audit=folder / "audit", keeper=keeper) as service,
        Fleet(facility, broker.url, seed=1) as fleet,
    ):
        patch.setenv("WINTER_RIVER_DATA_DIR", str(folder / "data"))
        service.wait_ready(PATIENCE_S)
        assert service.wait_online(timeout_s=PATIENCE_S)
        plant = Plant(
            service.site,
            service.station,
            service.report,
            fleet,
            scenarios=folder / "scenarios",
            audit=folder / "audit",
            keeper=keeper,
            alarms=service.alarms,
            settings=LiveSettings(Settings(), file=folder / "winter-river.toml"),
        )
        with PageServer(plant, host=host, port=held_port(host)) as server:
            yield Page(service, fleet, server, folder / "scenarios")


@pytest.fixture(scope="module")
def running_page(tmp_path_factory):
    """A factory of runs: running_page(facility)."""
    with contextlib.ExitStack() as running:

        def start(facility, *, host="127.0.0.1"):
            return running.enter_context(started(tmp_path_factory.mktemp("page"), facility, host))

        yield start


@pytest.fixture(scope="module")
def page(running_page):
    """One run of seed-8 for a whole file; a test that changes the site puts it back."""
    return running_page(load_facility("seed-8"))


@pytest.fixture
def browser(page):
    """Somebody at this machine: the admin, without a link."""
    with page.client() as client:
        yield client


class Events:
    """The messages of an event stream, one after the other."""

    def __init__(self, response):
        self._lines = response.iter_lines()

    def __iter__(self):
        return self

    def __next__(self):
        """(id or "", event, data)"""
        fields = {}
        for line in self._lines:
            if line.startswith((":", "retry")):
                continue
            if not line:
                if "data" in fields:
                    return fields.get("id", ""), fields["event"], json.loads(fields["data"])
                fields = {}
                continue
            name, _, value = line.partition(": ")
            fields[name] = value
        raise StopIteration


@pytest.fixture
def events():
    return Events


@pytest.fixture
def folder(page):
    """The run's folder of scenarios of one's own, empty."""
    found = page.server.desk.plant.scenarios
    found.mkdir(exist_ok=True)
    for path in found.iterdir():
        path.unlink()
    return found


@pytest.fixture
def lesson(page, folder):
    """An exercise of the test's own; at the end nothing is going on."""
    (folder / "test-exercise.yaml").write_text(lessons.TEXT)
    yield "test-exercise.yaml"
    with page.client() as browser:
        browser.post("/api/v1/exercise/end")
        browser.post("/api/v1/initial-conditions/day-normal/load")
