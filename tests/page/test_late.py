"""What comes late, in another order, or not at the first time of asking: each answer is held until the test lets it go."""

import pytest

from .conftest import run_by_name


class Held:
    """Answers to a pattern, as the service gave them, that the page gets when let_go() says so."""

    def __init__(self, page, pattern, *, method="GET"):
        self._page, self._pattern, self._method = page, pattern, method
        self._waiting, self.asked = [], 0
        page.route(pattern, self._take)

    def _take(self, route):
        if route.request.method != self._method:
            route.fallback()
            return
        self.asked += 1
        self._waiting.append((route, route.fetch()))

    def let_go(self):
        for route, answer in self._waiting:
            route.fulfill(response=answer)
        self._page.unroute(self._pattern)


def outage(site, *, state):
    site.ask("/nodes/utility_b/command", {"command": "set_fault", "params": {"state": state, "kind": "outage"}})


def test_events_that_happen_while_the_log_is_asked_for_hide_none_of_before(site, read):
    outage(site, state=True)
    reader = read("about:blank")
    page = reader.page
    reader.until(lambda: any(event.node_id == "utility_b" for event in site.service.site.events()))
    log = Held(page, "**/api/v1/events?*")
    page.goto(site.url)
    page.get_by_role("tab", name="Events").click()
    reader.until(lambda: log.asked > 0)
    site.ask("/nodes/server_rack_a1/command", {"command": "set_fault", "params": {"state": True}})
    page.locator(".log li", has_text="server_rack_a1").first.wait_for()
    assert page.locator(".log li", has_text="utility_b").count() == 0, "the log is still held"
    log.let_go()
    page.locator(".log li", has_text="utility_b").first.wait_for()
    outage(site, state=False)


def test_freeze_and_run_pressed_in_a_row_are_there_and_back(site, reader):
    page = reader.page
    clock = Held(page, "**/api/v1/clock", method="POST")
    page.keyboard.press(" ")
    page.keyboard.press(" ")
    reader.until(lambda: clock.asked > 0)
    reader.until(lambda: site.ask("/state")[1]["clock"]["frozen"])
    clock.let_go()
    reader.until(lambda: not site.ask("/state")[1]["clock"]["frozen"])
    page.get_by_text("Time runs", exact=True).wait_for()


def test_a_dialog_that_is_opened_while_another_waits_for_its_answer_stays_open(site, reader):
    page = reader.page
    run_by_name(page, "Initial conditions")
    loaded = Held(page, "**/load", method="POST")
    page.locator(".picks li", has_text="40 %").get_by_role("button", name="Load").click()
    reader.until(lambda: loaded.asked > 0)
    page.keyboard.press("Escape")
    page.locator("dialog.initial").wait_for(state="detached")
    page.keyboard.press("?")
    page.locator("table.keys").wait_for()
    loaded.let_go()
    page.locator(".notice", has_text="Loaded").wait_for(state="attached")
    page.wait_for_timeout(200)  # whatever would close it has been done by then
    assert page.locator("table.keys").is_visible()


@pytest.mark.parametrize(
    ("name", "path", "row"),
    [
        ("Links for trainees", "links", None),
        ("Latest commands", "audit?*", ".audit li"),
        ("Snapshots", "snapshots", ".picks li"),
        ("Initial conditions", "initial-conditions", ".picks li"),
    ],
)
def test_a_list_that_cannot_be_had_says_why_and_is_asked_for_again(reader, name, path, row):
    reader.expects("503")
    page = reader.page
    fault = {"error": "the disk sleeps", "cure": "wake it"}
    page.route(f"**/api/v1/{path}", lambda route: route.fulfill(status=503, json=fault))
    run_by_name(page, name)
    told = page.locator("dialog p", has_text="the disk sleeps. wake it")
    told.wait_for()
    page.unroute(f"**/api/v1/{path}")
    page.get_by_role("button", name="Try again").click()
    told.wait_for(state="detached")
    if row:
        page.locator(f"dialog {row}").first.wait_for()


def test_a_link_that_is_made_before_the_others_are_listed_keeps_its_address(reader):
    page = reader.page
    listed = Held(page, "**/api/v1/links")
    run_by_name(page, "Links for trainees")
    reader.until(lambda: listed.asked > 0)
    page.get_by_label("For whom").fill("Ann")
    page.get_by_role("button", name="Trainee").click()
    page.get_by_label("Link for Ann").wait_for()
    listed.let_go()
    page.locator("dialog p", has_text="One moment").wait_for(state="detached")
    assert "/?k=" in page.get_by_label("Link for Ann").input_value()
    page.locator(".picks li", has_text="Ann").get_by_role("button", name="Take back").click()
    page.locator(".picks li", has_text="Ann").wait_for(state="detached")


def test_scenarios_that_cannot_be_had_at_first_come_later(site, read):
    reader = read("about:blank")
    page = reader.page
    page.route("**/api/v1/scenarios", lambda route: route.abort(), times=1)
    page.goto(site.url)
    page.locator("select.scenario option", has_text="tour").first.wait_for(state="attached")


def test_a_diagram_that_cannot_be_had_says_why_and_is_asked_for_again(site, read):
    reader = read("about:blank")
    page = reader.page
    page.route("**/diagram.svg", lambda route: route.abort(), times=1)
    page.goto(site.url)
    page.locator(".plant p", has_text="the service does not answer").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("#node-ups_a")


def test_earlier_events_are_asked_for_once_however_often_one_clicks(reader):
    page = reader.page
    page.get_by_role("tab", name="Events").click()
    asked = []
    page.route("**/api/v1/happenings?*", lambda route: asked.append(route))
    page.get_by_role("button", name="Earlier, from the history").dblclick()
    reader.until(lambda: asked)
    for route in asked:
        route.fulfill(json={"events": []})
    page.locator("[role=status]", has_text="That is all there is.").wait_for()
    assert len(asked) == 1
