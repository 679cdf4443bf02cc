"""The HTTP interface of a live run: looking, operating, time, what-if, history, saving."""

import base64
import json
import re
import xml.etree.ElementTree as xml

import pytest
from winter_river.reference_commands import REASONS


def post(browser, path, **body):
    return browser.post(f"/api/v1{path}", json=body)


def get(browser, path, **params):
    answer = browser.get(f"/api/v1{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def healed(browser, page, until):
    """Puts the site back: time runs at speed 1 from the normal day."""
    yield
    assert post(browser, "/initial-conditions/day-normal/load").status_code == 200
    post(browser, "/clock", action="speed", value=1)
    post(browser, "/clock", action="run")
    until(lambda: page.site.view("util_a")["state"] == "GRID_OK")


def test_the_weather_is_set_by_number_name_or_figures(browser, page, healed, until):
    def outdoor_c():
        return page.service.report().balance["outdoor_c"]

    assert get(browser, "/facility")["weathers"][3] == "arizona"
    for params, celsius in (({"preset": 5}, 1.0), ({"preset": "arizona"}, 43.0), ({"outdoor_c": -3.5}, -3.5)):
        answer = post(browser, "/nodes/weather/command", command="set_weather", params=params)
        assert (answer.status_code, answer.json()["result"]) == (200, "done"), answer.text
        until(lambda celsius=celsius: outdoor_c() == pytest.approx(celsius))
    rows = [row for row in get(browser, "/audit")["commands"] if row["node"] == "weather"]
    assert (rows[0]["verb"], rows[0]["params"], rows[0]["state"]) == ("set_weather", {"outdoor_c": -3.5}, "completed")
    for verb, params, told in (("set_weather", {"preset": "mars"}, "virginia"), ("open", {}, "set_weather")):
        answer = post(browser, "/nodes/weather/command", command=verb, params=params)
        assert answer.status_code == 400 and told in answer.json()["error"], answer.text
    assert outdoor_c() == pytest.approx(-3.5)


def test_facility_has_its_nodes_in_file_order_with_what_can_be_done(browser, page):
    facts = get(browser, "/facility")
    assert list(facts["nodes"]) == list(page.site.facility.nodes)
    assert facts["nodes"]["sw_a"]["feeds"] == ["trf_a", "gen_a"]
    ups = facts["types"]["ups"]
    assert ups["handles"] == ["online", "bypass", "off", "eco", "service"]
    assert "bypass" in [verb["verb"] for verb in ups["verbs"]]
    assert facts["fields"]["soc_pct"]["unit"] == "%"
    assert facts["types"]["utility"]["malfunctions"][1] == {
        "kind": "sag",
        "like": "sag",
        "severity_default": 0.3,
        "words": "The grid's voltage is low.",
        "full": "100 % low",
        "acts": "at once",
    }


def test_diagram_comes_painted_on_request(browser):
    plain, painted = (browser.get("/api/v1/diagram.svg", params=params) for params in ({}, {"painted": True}))
    assert plain.headers["content-type"].startswith("image/svg+xml")
    assert "GRID_OK" not in plain.text
    assert "GRID_OK" in painted.text
    xml.fromstring(painted.text)


def test_state_is_whole(browser, page):
    state = get(browser, "/state")
    assert set(state["nodes"]) == set(page.site.facility.nodes)
    assert state["nodes"]["ups_a"]["handle"] == "online"
    assert state["nodes"]["ups_a"]["look"] == "live"
    assert state["flows"]["trf_a-sw_a"]["live"] is True
    assert state["paint"]["letter-gen_a"] == ""
    assert state["health"]["connected"] is True
    assert (state["role"], state["exercise"]) == ("admin", None)


def test_a_command_reaches_the_node_and_its_cause_is_told(browser, page, until, healed):
    answer = page.command(browser, "util_a", "set_fault", state=True)
    assert (answer.status_code, answer.json()["result"]) == (200, "done")
    until(lambda: get(browser, "/state")["nodes"]["ups_a"]["state"] == "ON_BATTERY")
    told = get(browser, "/nodes/ups_a/why")
    assert told["chain"][-1]["node_id"] == "util_a"
    event_id = told["chain"][0]["id"]
    assert get(browser, f"/events/{event_id}/why")["chain"] == told["chain"]
    assert next(event["id"] for event in get(browser, "/events", since=event_id - 1)["events"]) == event_id


def test_a_refusal_is_the_nodes_own_with_its_cure(browser, page):
    answer = page.command(browser, "gen_a", "set_handle", to="sideways").json()
    assert answer["result"] == "rejected"
    assert (answer["words"], answer["cure"]) == REASONS[answer["reason"]]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nodes/nobody/command", {"command": "open"}, 404),
        ("/nodes/ups_a/command", {"command": "explode"}, 404),
        ("/nodes/ups_a/command", {}, 422),
        ("/nodes/ups_a/command", {"command": "bypass", "params": {"state": [1]}}, 422),
        ("/nodes/ups_a/command", {"command": "bypass", "extra": 1}, 422),
        ("/nodes/nobody/press", {}, 404),
        ("/clock", {"action": "goto"}, 400),
        ("/clock", {"action": "speed", "value": 0}, 400),
        ("/clock", {"action": "goto", "value": 1e8}, 400),
        ("/snapshots/nothing/restore", {}, 400),
        ("/what-if", {"changes": [{"node_id": "nobody", "command": "open"}]}, 404),
        ("/what-if", {"fields": ["ups_a.nothing"]}, 400),
        ("/exercise", {"scenario": "../../etc/passwd"}, 404),
        ("/exercise/hint", {}, 409),
        ("/links", {"role": "king"}, 422),
    ],
)
def test_a_fault_says_what_and_how_to_cure_it(browser, path, body, status):
    answer = browser.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert answer.json()["cure"]


def test_time_freezes_steps_and_goes_back(browser, page, until, healed):
    assert post(browser, "/clock", action="freeze").json()["frozen"] is True
    before_s = page.site.t_s
    post(browser, "/clock", action="step", value=4)
    until(lambda: page.site.t_s > before_s + 3.99)
    until(lambda: get(browser, "/state")["clock"]["t_s"] > before_s + 3.99, what="the picture of it")
    timeline = get(browser, "/state")["clock"]["timeline"]
    clock = post(browser, "/clock", action="back", value=3).json()
    assert clock["timeline"] > timeline
    assert clock["t_s"] == pytest.approx(page.site.t_s, abs=0.01)


def test_a_named_snapshot_is_gone_back_to(browser, page, until, healed):
    kept = post(browser, "/snapshots", name="before the cut").json()
    page.command(browser, "util_a", "set_fault", state=True)
    until(lambda: page.site.view("ups_a")["state"] == "ON_BATTERY")
    assert post(browser, f"/snapshots/{kept['id']}/restore").status_code == 200
    until(lambda: page.site.view("util_a")["state"] == "GRID_OK")
    assert "before the cut" in [info["name"] for info in get(browser, "/snapshots")]


def test_what_if_runs_ahead_and_leaves_the_site_alone(browser, page):
    changes = [
        {"node_id": "util_a", "command": "set_fault", "params": {"state": True}},
        {"node_id": "gen_a", "command": "set_fault", "params": {"state": True}},
    ]
    answer = post(browser, "/what-if", changes=changes, ahead_s=300, fields=["ups_a.soc_pct"])
    made = answer.json()
    assert made["series"]["ups_a.soc_pct"][-1] == 0.0
    assert len(made["series"]["ups_a.soc_pct"]) == len(made["t_s"]) == 301
    assert {each["result"] for each in made["answers"]} == {"done"}
    assert page.site.view("util_a")["state"] == "GRID_OK"


def test_history_is_a_curve_and_a_picture(browser, page, until):
    from_s = page.site.t_s
    until(lambda: page.site.t_s > from_s + 2)
    curve = get(browser, "/trend", fields="ups_a.soc_pct,facility.it_kw", from_s=from_s, points=10)
    assert set(curve["series"]) == {"ups_a.soc_pct", "facility.it_kw"}
    assert len(curve["series"]["ups_a.soc_pct"]) == len(curve["t_s"])
    then = get(browser, "/at", t_s=from_s + 1)
    assert then["nodes"]["util_a"]["state"] == "GRID_OK"
    assert then["paint"]["state-util_a"] == "GRID_OK"


def test_a_run_is_saved_as_scenario_and_as_test(browser):
    assert browser.get("/api/v1/save/scenario").text.count("facility: seed-8") == 1
    saved = browser.get("/api/v1/save/pytest")
    compile(saved.text, "test_session.py", "exec")
    assert "attachment" in saved.headers["content-disposition"]


def test_a_press_turns_the_page_of_a_screen(browser, page, until):
    before = page.fleet.node("ups_a").oled.text()
    assert post(browser, "/nodes/ups_a/press").json()["result"] == "done"
    until(lambda: page.fleet.node("ups_a").oled.text()[0] != before[0], what="another page")
    post(browser, "/nodes/ups_a/press")
    post(browser, "/nodes/ups_a/press")


def test_screens_are_the_bytes_on_the_glass(browser, page, until, events):
    oled = page.fleet.node("srv_a").oled
    until(lambda: oled.text()[0] == "srv_a")
    with browser.stream("GET", "/api/v1/screens/stream") as response:
        _, event, frames = next(events(response))
        glass = b"".join(oled._glass())
    assert event == "screens"
    assert set(frames) == set(page.site.facility.nodes)
    assert base64.b64decode(frames["srv_a"])[:128] == glass[:128]  # its name: the figures below may have moved on


def test_files_of_the_page_do_not_lead_elsewhere(browser):
    for name in ("..%2fapp.py", ".hidden", "nothing.js", "%2e%2e"):
        assert browser.get(f"/{name}").status_code == 404


def test_the_interface_is_described_for_people_and_programs(browser):
    described = json.loads(browser.get("/api/v1/openapi.json").text)
    assert "/api/v1/nodes/{node_id}/command" in described["paths"]
    listed = browser.get("/docs").text
    assert all(path in listed for path in described["paths"])
    assert not re.search(r"https?://(?!127)", listed)
