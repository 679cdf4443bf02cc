"""The stream of a live run: whole state, deltas that add up, resuming, slow readers, and a clean end."""

import socket
import time

import httpx
import pytest
from winter_river.web.stream import QUEUE_MAX, write


def laid_over(state, change):
    for name, value in change.items():
        if name == "nodes":
            for node_id, row in value.items():
                state[name][node_id].update(row)
        elif name in ("flows", "paint", "facility"):
            state[name].update(value)
        else:
            state[name] = value


@pytest.fixture
def standing_by(page, until):
    """The generator does not run any more because of the test before."""
    until(lambda: page.site.view("gen_a")["state"] == "STANDBY", timeout_s=150.0)


def test_deltas_laid_over_the_first_state_give_the_state_of_now(browser, page, events, standing_by):
    with browser.stream("GET", "/api/v1/stream") as response:
        messages = events(response)
        _, event, state = next(messages)
        assert (event, state["role"]) == ("state", "admin")
        page.command(browser, "gen_a", "start")
        seen = []
        while state["nodes"]["gen_a"]["state"] != "STARTING":
            _, event, data = next(messages)
            seen.append(event)
            if event == "delta":
                laid_over(state, data)
        assert state["paint"]["state-gen_a"] == "STARTING"
        while "event" not in seen:
            seen.append(next(messages)[1])
    page.command(browser, "gen_a", "set_handle", to="auto")


def test_numbers_rise_one_by_one(browser, page, events):
    with browser.stream("GET", "/api/v1/stream") as response:
        messages = events(response)
        ids = [next(messages)[0].rpartition("-") for _ in range(4)]
    assert {run for run, _, _ in ids} == {page.server.desk.stream.run}
    numbers = [int(number) for _, _, number in ids]
    assert numbers == list(range(numbers[0], numbers[0] + 4))


def test_a_broken_stream_goes_on_where_it_broke(browser, events):
    with browser.stream("GET", "/api/v1/stream") as response:
        last = next(events(response))[0]
    time.sleep(2.2)  # so that something has been missed
    with browser.stream("GET", "/api/v1/stream", headers={"last-event-id": last}) as response:
        found, event, _ = next(events(response))
    run, _, number = last.partition("-")
    assert (found, event) == (f"{run}-{int(number) + 1}", "delta")


def test_a_stream_of_some_nodes_tells_of_them_and_of_the_site_and_goes_on_where_it_broke(
    browser, page, events, standing_by
):
    def until_starting(messages, state):
        """The id of the message that told it, and what else was told."""
        seen = []
        while state["nodes"]["gen_a"]["state"] != "STARTING" or not seen:
            last, event, data = next(messages)
            seen.append((event, data.get("node_id", "")))
            if event == "delta":
                laid_over(state, data)
                assert set(data.get("nodes", {})) <= {"gen_a", "ups_a"}
        return last, seen

    with browser.stream("GET", "/api/v1/stream", params={"nodes": "gen_a,ups_a"}) as response:
        messages = events(response)
        _, event, state = next(messages)
        assert (event, set(state["nodes"]), state["role"]) == ("state", {"gen_a", "ups_a"}, "admin")
        assert set(state["flows"]) == {"gen_a-sw_a", "dist_a-ups_a", "ups_a-pdu_a"}
        assert state["facility"].keys() >= {"it_kw"}
        page.command(browser, "srv_a", "set_load", power_kw=12.0)  # what is not asked for
        page.command(browser, "gen_a", "start")
        last, _ = until_starting(messages, state)
    page.command(browser, "srv_a", "set_load", power_kw=20.0)
    page.command(browser, "gen_a", "set_handle", to="auto")
    with browser.stream("GET", "/api/v1/stream?nodes=ups_a,gen_a", headers={"last-event-id": last}) as response:
        messages = events(response)
        told = [next(messages) for _ in range(3)]
    assert all(event != "state" for _, event, _ in told)
    assert not any("srv_a" in str(data) for _, _, data in told)


@pytest.mark.parametrize(
    ("asked", "says"),
    [("ups_z", "there is no node 'ups_z'"), ("ups_a,gen_x", "'gen_x'"), ("", "names no node"), (",", "names no node")],
)
def test_a_stream_of_a_node_that_is_not_there_is_refused(browser, asked, says):
    answer = browser.get("/api/v1/stream", params={"nodes": asked})
    assert answer.status_code == 404
    assert says in answer.json()["error"]
    assert answer.json()["cure"]


def test_a_stream_of_another_run_begins_anew(browser, events):
    with browser.stream("GET", "/api/v1/stream") as response:
        _, _, number = next(events(response))[0].partition("-")
    with browser.stream("GET", "/api/v1/stream", headers={"last-event-id": f"0123abcd-{number}"}) as response:
        assert next(events(response))[1] == "state"


def test_a_nonsense_number_begins_anew(browser, events):
    for text in ("-1", "99999999999999999999", "x", "1e3", "²", "-", "0123abcd-"):
        with browser.stream("GET", "/api/v1/stream", headers={"last-event-id": text.encode()}) as response:
            assert next(events(response))[1] == "state"


def test_going_back_in_time_sends_the_whole_state_anew(browser, page, events):
    with browser.stream("GET", "/api/v1/stream") as response:
        messages = events(response)
        timeline = next(messages)[2]["clock"]["timeline"]
        browser.post("/api/v1/clock", json={"action": "back", "value": 1})
        _, _, data = next(message for message in messages if message[1] == "state")
    assert data["clock"]["timeline"] > timeline


def test_the_stream_is_not_held_back_by_compression(page, events):
    with (
        httpx.Client(base_url=page.server.address, headers={"accept-encoding": "gzip"}) as client,
        client.stream("GET", "/api/v1/stream") as response,
    ):
        assert "content-encoding" not in response.headers
        assert next(events(response))[1] == "state"
    with httpx.Client(base_url=page.server.address, headers={"accept-encoding": "gzip"}) as client:
        assert client.get("/api/v1/diagram.svg").headers["content-encoding"] == "gzip"


def test_a_page_that_does_not_read_is_dropped_and_the_others_hear_on(browser, page, events, until):
    stream = page.server.desk.stream
    until(lambda: not stream.clients, what="readers of earlier tests are gone")
    before = stream.dropped
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", page.server.port))
        lazy.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        until(lambda: stream.clients)
        flood = write("note", {"text": "x" * 50_000})
        for _ in range(QUEUE_MAX * 3):
            page.server._loop.call_soon_threadsafe(stream.post, flood)
            time.sleep(0.002)
        until(lambda: stream.dropped == before + 1, what="the lazy page is dropped")
    with browser.stream("GET", "/api/v1/stream") as response:
        assert next(events(response))[1] == "state"
    until(lambda: browser.get("/api/v1/state").json()["health"]["pages_dropped"] > before)


def test_pages_that_leave_are_forgotten(browser, page, until):
    with browser.stream("GET", "/api/v1/stream") as response:
        held = response.iter_raw()  # a stream closes with its iterator
        assert next(held)
        until(lambda: page.server.desk.stream.clients)
    until(lambda: not page.server.desk.stream.clients)


def test_nobody_looks_at_screens_that_nobody_watches(browser, page, until, events):
    screens = page.server.desk.screens
    with browser.stream("GET", "/api/v1/screens/stream") as response:
        next(events(response))
        assert not screens._task.done()
    until(lambda: screens._task.done())
