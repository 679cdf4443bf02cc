"""The audit at the interface: every door's commands, for operators and above, with who asked and from where."""

import json


def rows(client, **query):
    return client.get("/api/v1/audit", params=query).json()["commands"]


def write_scenario(page, *, at):
    page.scenarios.mkdir(exist_ok=True)
    text = f"scenario: ours\nsteps:\n  - at: {at}\n    send: {{node: srv_a, command: identify}}\n"
    (page.scenarios / "ours.yaml").write_text(text)
    return "ours.yaml"


def test_a_command_of_the_interface_is_in_the_audit_with_its_three_times(page, browser):
    ack = page.command(browser, "srv_a", "set_load", power_kw=51).json()
    row = rows(browser, last=1)[0]
    assert (row["id"], row["state"], row["result"], row["error"]) == (ack["id"], "completed", "done", "")
    assert (row["by"], row["door"], row["address"], row["priority"]) == ("admin: admin", "rest", "127.0.0.1", 8)
    assert (row["node"], row["verb"], row["params"]) == ("srv_a", "set_load", {"power_kw": 51})
    assert row["created_s"] <= row["executed_s"] <= row["completed_s"]


def test_a_browser_is_the_door_page_and_an_exercise_its_own(page, browser):
    body = {"command": "identify", "params": {}}
    browser.post("/api/v1/nodes/srv_a/command", json=body, headers={"sec-fetch-site": "same-origin"})
    assert rows(browser, last=1)[0]["door"] == "page"
    page.site.through("exercise").send("srv_a", "identify")
    assert rows(browser, last=1)[0]["door"] == "exercise"


def test_what_a_node_refused_is_there_with_the_reason(page, browser):
    ack = page.command(browser, "srv_a", "set_load", power_kw=99_999).json()
    row = rows(browser, node="srv_a", last=1)[0]
    assert (row["id"], row["state"], row["result"], row["error"]) == (ack["id"], "failed", "rejected", "schema")


def test_priority_is_obeyed_and_released(page, browser, until):
    def load_kw():
        status = page.site.sight().reports["srv_a"]
        return json.loads(status)["load_set_kw"]

    def ask(power_kw, priority):
        body = {"command": "set_load", "params": {"power_kw": power_kw}, "priority": priority}
        return browser.post("/api/v1/nodes/srv_a/command", json=body).json()

    page.site.send("srv_a", "release")  # what tests before this one have set
    assert ask(40, 10)["result"] == "done"
    assert ask(30, 6)["result"] == "done"
    assert (ask(50, 8)["result"], ask(50, 8)["reason"]) == ("rejected", "priority")
    released = browser.post(
        "/api/v1/nodes/srv_a/command", json={"command": "release", "params": {"priority": 6}}
    ).json()
    assert released["result"] == "done"
    until(lambda: load_kw() == 40, what="the next status")
    browser.post("/api/v1/nodes/srv_a/command", json={"command": "release", "params": {"priority": 10}})


def test_who_may_read_the_audit_and_who_may_overrule_operators(page):
    for role, reads, overrules in (("viewer", 403, 403), ("operator", 200, 403), ("instructor", 200, 200)):
        with page.client(role, "Ann") as client:
            assert client.get("/api/v1/audit").status_code == reads, role
            body = {"command": "identify", "params": {}, "priority": 7}
            assert client.post("/api/v1/nodes/srv_a/command", json=body).status_code == overrules, role
            body = {"command": "release", "params": {"priority": 3}}
            assert client.post("/api/v1/nodes/srv_a/command", json=body).status_code == overrules, role


def test_what_somebody_may_not_ask_is_there_too_and_never_went_out(page, browser):
    with page.client("viewer", "Eve") as viewer:
        assert page.command(viewer, "srv_a", "open").status_code == 403
        for _ in range(40):
            page.command(viewer, "srv_a", "open")
    tried = rows(browser, by="eve", last=100)
    assert (tried[0]["state"], tried[0]["result"], tried[0]["executed_s"]) == ("failed", "refused", None)
    assert tried[0]["error"] == "a viewer may not open"
    assert len(tried) <= 30  # a minute: whoever hammers does not fill the disk


def test_a_dangerous_verb_may_be_selected_first(page, browser):
    body = {"command": "select", "params": {"command": "close"}}
    ack = browser.post("/api/v1/nodes/srv_a/command", json=body).json()
    assert (ack["result"], ack["applied"]) == ("done", "command=close")


def test_time_that_is_moved_and_buttons_that_are_pressed_here_are_there_too(page, browser):
    browser.post("/api/v1/clock", json={"action": "speed", "value": 2})
    browser.post("/api/v1/clock", json={"action": "goto", "value": 1e8})  # not yet
    browser.post("/api/v1/nodes/srv_a/press", json={"long": False})
    browser.post("/api/v1/clock", json={"action": "speed", "value": 1})
    seen = [(row["node"], row["verb"], row["params"], row["result"]) for row in rows(browser, last=4)]
    assert seen == [
        ("engine", "speed", {"times": 1}, "done"),
        ("srv_a", "press", {"long": False}, "done"),
        ("engine", "go_to", {"t_s": 1e8}, "failed"),
        ("engine", "speed", {"times": 2}, "done"),
    ]
    assert "has not come yet" in rows(browser, last=3)[2]["error"]


def test_a_what_if_and_an_exercise_are_there_too(page, browser):
    change = {"node_id": "util_a", "command": "set_fault", "params": {"state": True}}
    assert browser.post("/api/v1/what-if", json={"changes": [change], "ahead_s": 5, "fields": []}).status_code == 200
    assert browser.post("/api/v1/what-if", json={"changes": [], "ahead_s": 5, "from_s": 1e8}).status_code == 400
    name = write_scenario(page, at="60s")
    assert browser.post("/api/v1/exercise", json={"scenario": name, "trainee": "Ann"}).status_code == 200
    assert browser.post("/api/v1/exercise/end").status_code == 200
    seen = [row for row in rows(browser, last=50) if row["node"] == "engine"]
    told = {row["verb"]: row for row in seen[:4]}
    assert [row["verb"] for row in seen[:4]] == ["end_exercise", "begin_exercise", "what_if", "what_if"]
    assert told["begin_exercise"]["params"] == {"scenario": name, "exam": False, "trainee": "Ann"}
    assert seen[2]["state"] == "failed" and seen[3]["state"] == "completed"
    assert seen[3]["params"] == {"changes": "util_a set_fault", "from_s": None, "ahead_s": 5}


def test_an_exercise_that_comes_to_its_end_by_itself_is_there_too(page, browser, until):
    name = write_scenario(page, at="1s")
    before = {row["id"] for row in rows(browser, last=100)}
    assert browser.post("/api/v1/exercise", json={"scenario": name}).status_code == 200

    def ended():
        found = [row for row in rows(browser, last=20) if row["by"] == "exercise" and row["id"] not in before]
        return [row for row in found if row["verb"] == "end_exercise"]

    (ended,) = until(ended)
    assert ended["params"]["scenario"] == "ours"
    assert ended["params"]["why"] == "it has come to its end"


def test_links_that_are_given_and_taken_back_are_there_and_no_token_of_theirs(page, browser):
    given = browser.post("/api/v1/links", json={"role": "viewer", "name": "Eve"}).json()
    browser.delete(f"/api/v1/links/{given['id']}")
    back, gave = rows(browser, last=2)
    assert (gave["verb"], gave["params"]) == ("give_link", {"role": "viewer", "name": "Eve"})
    assert (back["verb"], back["params"]) == ("take_back_link", {"role": "viewer", "name": "Eve"})
    assert given["url"].partition("?k=")[2] not in str((back, gave))
