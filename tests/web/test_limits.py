"""How much one visitor may ask: buckets by address and by link, tables that stay bounded."""

import asyncio

import pytest
from winter_river.web import limits
from winter_river.web.access import Links, Who
from winter_river.web.guard import Guard
from winter_river.web.limits import Limits


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def test_a_burst_passes_and_then_as_much_as_comes_back():
    clock = Clock()
    visitors = Limits(clock)
    burst = int(limits.OF_ADDRESS.burst)
    assert sum(visitors.request("10.0.0.7") == 0 for _ in range(burst + 5)) == burst
    clock.now_s = 1.0
    assert sum(visitors.request("10.0.0.7") == 0 for _ in range(burst)) == int(limits.OF_ADDRESS.per_s)
    assert visitors.refused == 5 + burst - int(limits.OF_ADDRESS.per_s)


def test_one_visitors_flood_costs_another_nothing():
    visitors = Limits(Clock())
    while visitors.request("10.0.0.7") == 0:
        pass
    assert visitors.request("10.0.0.8") == 0
    assert visitors.request("10.0.0.7", "a-link") == 0


def test_wrong_links_are_counted_by_address_and_told_how_long_to_wait():
    clock = Clock()
    visitors = Limits(clock)
    assert [visitors.failure("10.0.0.7") for _ in range(10)] == [0.0] * 10
    assert visitors.failure("10.0.0.7") == pytest.approx(10.0)  # one in ten seconds comes back
    clock.now_s = 10.0
    assert visitors.failure("10.0.0.7") == 0


def test_the_tables_stay_bounded_and_forget_who_was_not_seen_for_longest():
    visitors = Limits(Clock())
    while visitors.failure("10.0.0.7") == 0:
        pass
    for number in range(3 * limits.VISITORS_MAX):
        visitors.request(f"address {number}")
        visitors.failure(f"address {number}")
    assert len(visitors) == limits.VISITORS_MAX
    assert visitors.failure("10.0.0.7") == 0


class Asked:
    """A guard in front of an application that says 200."""

    def __init__(self, *, open_as=None, tls=False):
        self.links, self.clock = Links(), Clock()
        self.guard = Guard(
            self._application,
            links=self.links,
            open_as=open_as,
            hosts=("river.local", "127.0.0.1"),
            cookie="site",
            tls=tls,
            limits=Limits(self.clock),
        )

    async def _application(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    def get(self, path="/", *, query="", method="GET", host="river.local:8443", **headers):
        """(status, headers) of a request."""
        given = {"host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "client": ("10.0.0.7", 40_000),
            "server": ("10.0.0.1", 8443),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        sent = []

        async def send(message):
            sent.append(message)

        asyncio.run(self.guard(scope, None, send))
        return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_who_tries_links_is_told_to_wait_while_a_right_one_still_opens():
    asked = Asked()
    token, _ = asked.links.create("viewer")
    seen = [asked.get(query=f"k=guess{number}")[0] for number in range(12)]
    assert seen == [401] * 10 + [429] * 2
    status, headers = asked.get(query="k=another")
    assert (status, headers["retry-after"]) == (429, "10")
    assert asked.get(query=f"k={token}")[0] == 303
    assert asked.get("/api", cookie=f"site={token}")[0] == 200
    assert asked.get("/api", cookie="site=guessed")[0] == 429


def test_a_script_that_asks_without_pause_is_told_to_wait():
    asked = Asked(open_as=Who("admin", "admin"))
    seen = {asked.get("/api")[0] for _ in range(int(limits.OF_ADDRESS.burst))}
    assert seen == {200}
    assert asked.get("/api")[0] == 429
    asked.clock.now_s = 1.0
    assert asked.get("/api")[0] == 200


def test_over_tls_the_cookie_goes_over_tls_only_and_the_browser_is_told_to_stay_with_it():
    asked = Asked(tls=True)
    token, _ = asked.links.create("viewer")
    status, headers = asked.get(query=f"k={token}")
    assert status == 303
    assert headers["set-cookie"].startswith(f"__Host-site={token}; Path=/;")
    assert headers["set-cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")
    assert headers["strict-transport-security"] == "max-age=7776000"
    assert asked.get("/api", cookie=f"__Host-site={token}")[0] == 200
    assert asked.get("/api", cookie=f"site={token}")[0] == 401


def test_this_machines_own_name_is_not_bound_to_tls_for_other_programs():
    assert "strict-transport-security" not in Asked(tls=True).get(host="127.0.0.1:8443")[1]
    assert "strict-transport-security" not in Asked().get()[1]


@pytest.mark.parametrize(
    ("tls", "origin", "status"),
    [
        (True, "https://river.local:8443", 200),
        (True, "http://river.local:8443", 403),
        (True, "https://elsewhere", 403),
        (False, "http://river.local:8443", 200),
        (False, "https://river.local:8443", 403),
    ],
)
def test_a_post_comes_from_the_page_itself_by_its_own_scheme(tls, origin, status):
    asked = Asked(open_as=Who("admin", "admin"), tls=tls)
    assert asked.get("/api", method="POST", origin=origin)[0] == status
