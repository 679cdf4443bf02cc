"""From the engine to the stream, while the server is too busy to take what it is handed."""

from collections import deque

import pytest
from winter_river.web.pump import Pump
from winter_river.web.stream import Stream, Written, read


class BusyLoop:
    """A server's loop that takes nothing before it is told to."""

    def __init__(self):
        self.handed = deque()

    def call_soon_threadsafe(self, act):
        self.handed.append(act)

    def run(self):
        while self.handed:
            self.handed.popleft()()


@pytest.fixture
def frozen(page):
    page.service.station.freeze()
    yield
    page.service.station.run()


def test_what_changes_and_changes_back_while_the_server_is_busy_is_told_both_times(page, browser, frozen, until):
    loop, stream = BusyLoop(), Stream()
    pump = Pump(page.server.desk.plant, stream, loop, exercise=lambda: None, gave_up=lambda: None)
    pump.start()
    reader = stream.join("", lambda: b"")
    before = pump.state["nodes"]["util_a"]["state"]

    def command(*, outage, state):
        page.command(browser, "util_a", "set_fault", state=outage, kind="outage")
        until(lambda: page.site.view("util_a")["state"] == state)
        for count in range(len(loop.handed), len(loop.handed) + 2):  # the first may have been under way
            pump.stir()
            until(lambda had=count: len(loop.handed) > had)

    try:
        command(outage=True, state="OUTAGE")
        command(outage=False, state=before)
    finally:
        pump.stop()
    loop.run()
    messages = [reader.queue.get_nowait() for _ in range(reader.queue.qsize())]
    rows = [read(Written(0, data))[1].get("nodes", {}).get("util_a", {}) for data in messages if data]
    assert [row["state"] for row in rows if "state" in row] == ["OUTAGE", before]
