"""A real site behind the real page, in the machine's own Chromium; screenshots are kept in build/page."""

import contextlib
import json
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from held_ports import held_port
from winter_river import page as page_files
from winter_river.emulator import Fleet
from winter_river.facility import load_facility
from winter_river.service.broker import start_broker
from winter_river.service.wiring import Service
from winter_river.store import Keeper
from winter_river.web.plant import Plant
from winter_river.web.server import PageServer

SHOTS = Path(__file__).resolve().parents[2] / "build" / "page"
API = "/api/v1"
PATIENCE_S = 60.0  # chosen: a machine that needs longer has stopped
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium. Skips, saying so, where the machine has none.

    Of one module only: while it lives its event loop runs in this thread, and other tests want loops of their own.
    """
    program = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if program is None:
        pytest.skip("NO CHROMIUM: the page is not tested here; cure: sudo apt install chromium")
    assert page_files.is_current(), "the page is not built from these sources; cure: tools/setup test"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def run_by_name(page, name):
    """Finds a command in the palette by its words."""
    page.keyboard.press("m")
    page.get_by_label("Find a command").fill(name)
    page.keyboard.press("Enter")
    page.locator(".palette").wait_for(state="detached")  # until then keys go to its field


class Served:
    """A running site and its page. stop_page and start_page: as if the service were restarted on the same address."""

    def __init__(self, facility, folder, past=None):
        """past: given the place of a store, it leaves there what earlier runs kept; None: no history is kept."""
        self.facility = load_facility(facility)
        self._open = contextlib.ExitStack()
        self.keeper = None
        if past is not None:
            past(folder / "history.sqlite3")
            self.keeper = self._open.enter_context(Keeper(folder / "history.sqlite3"))
        broker = start_broker("auto", data_dir=folder)
        self._open.callback(broker.stop)
        self._audit = folder / "audit"
        self.service = self._open.enter_context(
            Service(self.facility, broker.address, seed=1, record=folder, audit=self._audit, keeper=self.keeper)
        )
        self.service.wait_ready(PATIENCE_S)
        self.fleet = self._open.enter_context(Fleet(self.facility, broker.address, seed=1))
        assert self.service.wait_online(timeout_s=PATIENCE_S), "not all nodes came online"
        self.port = held_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.start_page()

    def start_page(self):
        plant = Plant(
            self.service.site,
            self.service.station,
            self.service.report,
            self.fleet,
            audit=self._audit,
            keeper=self.keeper,
            alarms=self.service.alarms,
        )
        self._page = PageServer(plant, port=self.port)
        self._page.start()

    def stop_page(self):
        self._page.stop()

    def ask(self, path, body=None, *, method=None):
        """Asks the API as the instructor does; gives (status, JSON)."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url[:-1]}{API}{path}", data, {"content-type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def reset(self):
        """Every test begins with a healthy site whose time runs at its own speed."""
        status, now = self.ask("/state")
        assert status == 200
        if now["exercise"] and now["exercise"]["state"] == "running":
            self.ask("/exercise/end", {})
        self.ask("/initial-conditions/day-normal/load", {})
        for node_id, row in now["nodes"].items():
            if row.get("fault"):
                self.ask(f"/nodes/{node_id}/command", {"command": "set_fault", "params": {"state": False}})
        self.ask("/clock", {"action": "speed", "value": 1})
        self.ask("/clock", {"action": "run"})

    def close(self):
        self._page.stop()
        self._open.close()
        assert self.service.failure is None, self.service.failure


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Starts a facility with its page, once for each facility of a module."""
    running = {}

    def start(facility="block-2n-24", past=None):
        if (facility, past) not in running:
            running[facility, past] = Served(facility, tmp_path_factory.mktemp("site"), past)
        return running[facility, past]

    yield start
    for served in running.values():
        served.close()


class Reader:
    """Somebody with the page open. complaints: what the browser's console says against it, but for what it should say."""

    def __init__(self, context, url):
        self.context = context
        self.page = context.new_page()
        self._said, self._expected = [], ["net::ERR_"]
        self.page.on("console", lambda message: message.type == "error" and self._said.append(message.text))
        self.page.on("pageerror", lambda error: self._said.append(str(error)))
        self.page.set_default_timeout(PATIENCE_S * 1000)
        self.page.goto(url)

    @property
    def complaints(self):
        return [text for text in self._said if not any(words in text for words in self._expected)]

    def expects(self, words):
        """The console may say this, now or in a moment: the browser logs what was asked for and refused."""
        self._expected.append(words)

    def shot(self, name):
        """Keeps what is seen as build/page/NAME.png, and gives its bytes."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        return self.page.screenshot(path=SHOTS / f"{name}.png")

    def until(self, claim, *, timeout_s=PATIENCE_S, what=""):
        """Waits until claim() is true."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            if claim():
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"not within {timeout_s} s: {what or claim}")

    def look_of(self, element_id):
        """The classes of an element of the diagram."""
        return (self.page.locator(f"#{element_id}").get_attribute("class") or "").split()

    def is_live(self):
        self.page.wait_for_selector(".link-state.live")


@pytest.fixture
def read(browser):
    """Opens a page in a browser profile of its own; the console must stay silent."""
    opened = []

    def open_page(url, **options):
        options = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"} | options
        reader = Reader(browser.new_context(**options), url)
        opened.append(reader)
        return reader

    yield open_page
    for reader in opened:
        reader.context.close()
    complaints = [text for reader in opened for text in reader.complaints]
    assert not complaints, complaints


@pytest.fixture
def site(serve, request):
    """The facility that the module names as FACILITY, or the training one, healthy."""
    served = serve(getattr(request.module, "FACILITY", "block-2n-24"))
    served.reset()
    return served


@pytest.fixture
def reader(site, read):
    """Somebody who sees the diagram of `site`, live."""
    opened = read(site.url)
    opened.is_live()
    opened.page.wait_for_selector("[id^=node-]")
    return opened
