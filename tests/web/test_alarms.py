"""The alarms over HTTP: who may see, acknowledge, shelve and take out of service; and that it counts in an exercise."""

import pytest

NAME = "utility_lost/util_a"


@pytest.fixture(autouse=True)
def mended(page, until):
    """Each test leaves a site without that alarm."""
    yield
    with page.client() as client:
        page.command(client, "util_a", "set_fault", state=False)
        for alarm in client.get("/api/v1/alarms").json()["alarms"]:
            if alarm["state"] == "shelved":
                client.post("/api/v1/alarms/unshelve", json={"alarm": alarm["alarm"]})
            if alarm["state"] == "out_of_service":
                client.post("/api/v1/alarms/service", json={"alarm": alarm["alarm"], "in_service": True})

        def is_over():
            client.post("/api/v1/alarms/acknowledge", json={})  # it returns unacknowledged where nobody had seen it
            return NAME not in [alarm["alarm"] for alarm in client.get("/api/v1/alarms").json()["alarms"]]

        until(is_over, what="the alarm is over")


@pytest.fixture
def lost(page, browser, until):
    """The grid of side A is lost, and its alarm waits."""
    page.command(browser, "util_a", "set_fault", state=True)
    return until(lambda: standing(browser, "unacknowledged"), what="the alarm")


def standing(client, state, name=NAME):
    found = [each for each in client.get("/api/v1/alarms").json()["alarms"] if each["alarm"] == name]
    return found[0] if found and found[0]["state"] == state else None


def test_alarm_tells_what_who_how_bad_and_what_to_do(lost, browser):
    assert (lost["priority"], lost["message"], lost["node_id"]) == ("high", "util_a is lost", "util_a")
    assert lost["cure"].startswith("see that the generator takes over")
    why = browser.get(f"/api/v1/events/{lost['event']}/why").json()
    assert why["node_id"] == "util_a", "its event is that of the outage"


def test_every_page_is_told_of_alarms_in_its_stream(lost, browser, events):
    with browser.stream("GET", "/api/v1/stream") as response:
        for _, kind, told in events(response):  # the last picture may be older than the alarm; the next one has it
            alarms = told.get("alarms", {"alarms": []}) if kind in ("state", "delta") else {"alarms": []}
            if NAME in [each["alarm"] for each in alarms["alarms"]]:
                break
        else:
            pytest.fail(f"the stream ended without {NAME}")
    assert alarms["count"]["unacknowledged"] >= 1


def test_what_is_done_with_an_alarm_is_in_the_audit_and_what_was_refused_too(lost, page, browser):
    with page.client("operator", "Ann") as ann:
        assert ann.post("/api/v1/alarms/acknowledge", json={"alarm": NAME}).status_code == 200
        assert ann.post("/api/v1/alarms/acknowledge", json={"alarm": NAME}).status_code == 409
        ann.post("/api/v1/alarms/shelve", json={"alarm": NAME, "minutes": 5, "reason": "exchange"})
    found = browser.get("/api/v1/audit", params={"last": 3}).json()["commands"]
    assert [(row["node"], row["verb"], row["state"], row["by"]) for row in found] == [
        ("engine", "shelve", "completed", "operator: Ann"),
        ("engine", "acknowledge", "failed", "operator: Ann"),
        ("engine", "acknowledge", "completed", "operator: Ann"),
    ]
    assert found[0]["params"] == {"alarm": NAME, "minutes": 5, "reason": "exchange"}
    assert found[1]["error"] == f"{NAME} is acknowledged: nothing to acknowledge"


def test_operator_acknowledges_and_the_list_says_who(lost, page, browser):
    with page.client("operator", "Ann") as ann:
        (change,) = ann.post("/api/v1/alarms/acknowledge", json={"alarm": NAME}).json()["changes"]
        assert (change["from"], change["to"], change["by"]) == ("unacknowledged", "acknowledged", "operator: Ann")
        again = ann.post("/api/v1/alarms/acknowledge", json={"alarm": NAME})
        assert (again.status_code, again.json()["error"]) == (409, f"{NAME} is acknowledged: nothing to acknowledge")
    assert standing(browser, "acknowledged")["by"] == "operator: Ann"
    changes = browser.get("/api/v1/alarms/journal").json()["changes"]
    assert next(each for each in changes if each["alarm"] == NAME)["act"] == "acknowledge"


@pytest.mark.parametrize("role", ["viewer", "trainee"])
def test_below_operator_nobody_touches_alarms(lost, page, browser, role):
    with page.client(role) as guest:
        for path, body in (
            ("acknowledge", {"alarm": NAME}),
            ("acknowledge", {}),
            ("shelve", {"alarm": NAME, "minutes": 5, "reason": "x"}),
            ("unshelve", {"alarm": NAME}),
            ("service", {"alarm": NAME, "in_service": False, "reason": "x"}),
        ):
            assert guest.post(f"/api/v1/alarms/{path}", json=body).status_code == 403, path
        assert guest.get("/api/v1/alarms").status_code == 200
    assert standing(browser, "unacknowledged")


def test_shelving_wants_a_time_and_a_reason_and_ends_by_hand(lost, page, browser):
    with page.client("operator", "Ann") as ann:
        for body in ({"minutes": 5, "reason": ""}, {"minutes": 0, "reason": "x"}, {"minutes": 1441, "reason": "x"}):
            assert ann.post("/api/v1/alarms/shelve", json={"alarm": NAME} | body).status_code == 422
        assert (
            ann.post("/api/v1/alarms/shelve", json={"alarm": NAME, "minutes": 5, "reason": "work"}).status_code == 200
        )
        shelved = standing(browser, "shelved")
        assert (shelved["reason"], shelved["by"]) == ("work", "operator: Ann")
        assert shelved["until_unix_s"] > 1_700_000_000
        assert ann.post("/api/v1/alarms/unshelve", json={"alarm": NAME}).status_code == 200
    assert standing(browser, "unacknowledged")


def test_out_of_service_is_for_instructors(lost, page, browser):
    body = {"alarm": NAME, "in_service": False, "reason": "the relay is broken"}
    with page.client("operator") as operator, page.client("instructor") as instructor:
        assert operator.post("/api/v1/alarms/service", json=body).status_code == 403
        assert instructor.post("/api/v1/alarms/service", json=body | {"reason": ""}).status_code == 409
        assert instructor.post("/api/v1/alarms/service", json=body).status_code == 200
    assert standing(browser, "out_of_service")["reason"] == "the relay is broken"


def test_unknown_alarm_is_refused_with_the_nearest(lost, browser):
    answer = browser.post("/api/v1/alarms/acknowledge", json={"alarm": "utility_lost/util_b"})
    assert (answer.status_code, answer.json()["cure"]) == (409, f"did you mean `{NAME}`?")


def test_rules_are_told_with_their_conditions_and_those_that_cannot_be_judged(browser):
    rules = {rule["id"]: rule for rule in browser.get("/api/v1/alarms/rules").json()}
    assert rules["low_battery"]["when"] == "soc_pct < 20"
    assert rules["low_battery"]["until"] == "soc_pct > 25"
    assert rules["low_battery"]["not_judged"] == ""
    assert rules["store_lag"]["not_judged"] == "there is no store_lag_s here"


def test_trainee_acknowledges_in_his_exercise_and_it_counts(page, browser, until):
    scenario = "scenario: mine\nfacility: seed-8\nuntil: 5m\nsteps:\n  - {at: 1s, malfunction: {node: util_a}}\n  - {at: 4m, say: bye}\nalarms: {within: 60s, points: 5}\n"
    folder = page.server.desk.plant.scenarios
    folder.mkdir(exist_ok=True)
    (folder / "mine.yaml").write_text(scenario)
    assert browser.post("/api/v1/exercise", json={"scenario": "mine.yaml"}).status_code == 200
    with page.client("trainee", "Tim") as tim:
        until(lambda: standing(browser, "unacknowledged"), what="the alarm")
        until(lambda: tim.get("/api/v1/exercise").json()["exercise"]["alarms"], what="the alarm of the exercise")
        assert tim.post("/api/v1/alarms/acknowledge", json={"alarm": NAME}).status_code == 200
        until(lambda: tim.get("/api/v1/exercise").json()["exercise"]["alarms"] == [])
        assert tim.post("/api/v1/alarms/shelve", json={"alarm": NAME, "minutes": 1, "reason": "x"}).status_code == 403
    debrief = browser.post("/api/v1/exercise/end", json={}).json()["debrief"]
    sheet = browser.get(debrief.replace(".html", ".json")).json()["sheet"]
    (row,) = [row for row in sheet if row["kind"] == "alarms"]
    assert (row["points"], row["points_max"]) == (5.0, 5.0)
    assert row["text"].startswith("1 of 1 acknowledged within 60 s")
