"""Roles are checked by the server; the page is safe from other web sites."""

import base64
import contextlib
import hashlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from winter_river.facility import load_facility


@pytest.fixture(params=["viewer", "trainee"])
def guest(request, page):
    with page.client(request.param) as client:
        yield client


ACTS = [
    ("POST", "/nodes/ups_a/command", {"command": "bypass"}),
    ("POST", "/nodes/util_a/command", {"command": "set_fault", "params": {"state": True}}),
    ("POST", "/nodes/ups_a/command", {"command": "factory_reset"}),
    ("POST", "/nodes/ups_a/press", {}),
    ("POST", "/nodes/weather/command", {"command": "set_weather", "params": {"preset": 4}}),
    ("POST", "/clock", {"action": "freeze"}),
    ("POST", "/snapshots", {"name": "mine"}),
    ("POST", "/snapshots/1/restore", {}),
    ("POST", "/initial-conditions/day-normal/load", {}),
    ("POST", "/what-if", {}),
    ("POST", "/exercise", {"scenario": "utility-a-lost"}),
    ("POST", "/exercise/end", {}),
    ("POST", "/links", {"role": "admin"}),
    ("GET", "/links", None),
    ("GET", "/class", None),
    ("GET", "/class.csv", None),
    ("GET", "/save/pytest", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ACTS, ids=lambda value: str(value)[:40])
def test_a_guest_link_cannot_act(guest, page, method, path, body):
    before = page.site.view("ups_a")["state"], page.service.station.clock().frozen
    answer = guest.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code == 403
    assert answer.json()["cure"]
    assert (page.site.view("ups_a")["state"], page.service.station.clock().frozen) == before


def test_everything_that_acts_is_refused_to_a_viewer(page):
    """No route is forgotten: whatever is not GET, by OpenAPI, refuses a viewer before it looks at anything else."""
    with page.client("viewer") as viewer:
        paths = viewer.get("/api/v1/openapi.json").json()["paths"]
        for path, methods in paths.items():
            for method in methods.keys() - {"get"}:
                filled = path.format(node_id="ups_a", snapshot_id="1", condition_id="day-normal", link_id="x")
                for body in ({}, *(body for _, known, body in ACTS if known == filled.removeprefix("/api/v1"))):
                    assert viewer.request(method.upper(), filled, json=body).status_code in (403, 422), (method, path)


def test_an_operator_operates_and_breaks_nothing(page):
    with page.client("operator") as operator:
        assert page.command(operator, "ups_a", "identify").json()["result"] == "done"
        assert page.command(operator, "util_a", "set_fault", state=True).status_code == 403


def test_a_link_gives_at_most_ones_own_role(page):
    with page.client("instructor") as instructor:
        assert instructor.post("/api/v1/links", json={"role": "admin"}).status_code == 403
        made = instructor.post("/api/v1/links", json={"role": "trainee", "name": "Bob"}).json()
        with page.client() as bob:
            bob.get(made["url"])
            assert bob.get("/api/v1/me").json()["name"] == "Bob"
            assert instructor.delete(f"/api/v1/links/{made['id']}").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_the_token_leaves_the_address(page):
    token, _ = page.server.links.create("viewer")
    with page.client() as client:
        answer = client.get(f"/?k={token}", follow_redirects=False)
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_link_that_was_taken_back_is_nobodys_even_on_this_machine(page):
    """On loopback whoever has no link is the admin; a trainee must not become one by losing his link."""
    with page.client() as instructor, page.client() as trainee:
        made = instructor.post("/api/v1/links", json={"role": "trainee", "name": "Bob"}).json()
        trainee.get(made["url"])
        with trainee.stream("GET", "/api/v1/stream") as stream, trainee.stream("GET", "/api/v1/screens/stream") as wall:
            instructor.delete(f"/api/v1/links/{made['id']}")
            for ending in (stream, wall):
                with contextlib.suppress(httpx.RemoteProtocolError):  # cut off in mid-stream, as one that is too slow
                    for _ in ending.iter_raw():
                        pass
        for path in ("/", "/api/v1/me"):
            assert trainee.get(path).status_code == 401
        assert trainee.get("/?k=").status_code == 200  # gives the link up, and is again who opens the page here
        assert trainee.get("/api/v1/me").json()["role"] == "admin"


def test_who_asks_for_the_screens_as_his_link_is_taken_back_does_not_see_them(running_page, monkeypatch):
    """The first who watches waits for a look at every screen; whoever is cut off has to be known by then."""
    page = running_page(load_facility("seed-8"))  # of its own: elsewhere a look may still go on for who watched before
    looking, taken_back = threading.Event(), threading.Event()
    oled = page.fleet.node("util_a").oled
    frame = oled.frame

    def slow_frame():
        looking.set()
        taken_back.wait(60.0)
        return frame()

    monkeypatch.setattr(oled, "frame", slow_frame)
    with page.client() as instructor, page.client() as viewer, ThreadPoolExecutor() as pool:
        made = instructor.post("/api/v1/links", json={"role": "viewer", "name": "Eve"}).json()
        viewer.get(made["url"])

        def watch():
            with viewer.stream("GET", "/api/v1/screens/stream") as wall:
                return wall.status_code

        asked = pool.submit(watch)
        assert looking.wait(60.0)
        assert instructor.delete(f"/api/v1/links/{made['id']}").status_code == 200
        taken_back.set()
        assert asked.result(60.0) == 401


def test_who_opens_the_page_on_this_machine_may_service_nodes_and_make_admins(page, browser):
    assert browser.get("/api/v1/me").json()["role"] == "admin"
    assert "service" in browser.get("/api/v1/me").json()["may"]
    made = browser.post("/api/v1/links", json={"role": "admin", "name": "Ada"}).json()
    with page.client() as ada, page.client("instructor") as instructor:
        ada.get(made["url"])
        assert ada.get("/api/v1/me").json()["role"] == "admin"
        assert instructor.delete(f"/api/v1/links/{made['id']}").status_code == 403
        assert ada.get("/api/v1/me").status_code == 200
        assert ada.delete(f"/api/v1/links/{made['id']}").status_code == 200


def test_a_wrong_link_opens_nothing(page):
    with page.client() as client:
        assert client.get("/?k=wrong").status_code == 401
        assert not client.cookies


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::2]:80"])
def test_another_name_for_this_machine_is_refused(browser, page, host):
    answer = browser.get("/api/v1/state", headers={"host": host})
    assert answer.status_code == 421
    assert page.server.address in answer.json()["cure"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_web_site_cannot_post(browser, headers):
    assert browser.post("/api/v1/clock", json={"action": "freeze"}, headers=headers).status_code == 403


def test_the_page_itself_can_post(browser, page):
    answer = browser.post("/api/v1/clock", json={"action": "run"}, headers={"origin": page.server.address})
    assert answer.status_code == 200


def test_every_answer_forbids_inline_scripts_and_framing_elsewhere(browser):
    for path in ("/", "/api/v1/state", "/api/v1/nothing", "/api/v1/diagram.svg", "/docs"):
        policy = browser.get(path).headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'self'" in policy


def test_the_style_inside_the_diagram_is_the_one_the_policy_allows(browser):
    answer = browser.get("/api/v1/diagram.svg")
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_a_request_without_end_is_refused(browser):
    assert browser.post("/api/v1/clock", content=b"x" * 70_000).status_code == 413

    def pieces():
        for _ in range(100):
            yield b"x" * 1_000

    answer = browser.post("/api/v1/clock", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ten\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: \xff=\xfe; a b\r\n\r\n",
        b"GET /%00%ff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_broken_requests_break_nothing(page, browser, head):
    with socket.create_connection(("127.0.0.1", page.server.port), timeout=60) as raw:
        raw.sendall(head)
        raw.settimeout(60)
        assert b" 500 " not in raw.recv(4096).split(b"\r\n")[0]
    assert browser.get("/api/v1/me").status_code == 200


def test_half_a_letter_in_a_text_is_a_bad_request(browser):
    body = b'{"command": "\\ud800", "params": {"\\udfff": "\\ud800"}}'
    answer = browser.post("/api/v1/nodes/ups_a/command", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_not_a_number_is_a_bad_request(browser):
    body = b'{"action": "speed", "value": NaN}'
    answer = browser.post("/api/v1/clock", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.fixture(scope="module")
def open_page(running_page):
    """A page that is not on 127.0.0.1: as with --lan, on an address that any Linux machine has."""
    return running_page(load_facility("seed-8"), host="127.0.0.2")


def test_beyond_loopback_nothing_is_seen_without_a_link(open_page):
    with open_page.client() as stranger:
        for path in ("/api/v1/state", "/api/v1/facility", "/api/v1/stream", "/app.js", "/docs", "/api/v1/openapi.json"):
            answer = stranger.get(path)
            assert (answer.status_code, "link" in answer.json()["error"]) == (401, True)
        welcome = stranger.get("/")
        assert (welcome.status_code, "link" in welcome.text) == (401, True)
        assert stranger.post("/api/v1/clock", json={"action": "freeze"}).status_code == 401


def test_beyond_loopback_the_printed_address_is_the_admins_link(open_page):
    with open_page.client() as instructor:
        instructor.get(open_page.server.url)
        assert instructor.get("/api/v1/me").json()["role"] == "admin"
        made = instructor.post("/api/v1/links", json={"role": "viewer"}).json()
        assert made["url"].startswith(f"{open_page.server.address}/?k=")
        with open_page.client() as viewer:
            viewer.get(made["url"])
            assert viewer.get("/api/v1/state").status_code == 200
            instructor.delete(f"/api/v1/links/{made['id']}")
            assert viewer.get("/api/v1/state").status_code == 401
