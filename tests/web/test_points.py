"""Devices and points of a live run, by its page: what is configured, what is now, and that the dead are not silent."""

import time


def test_every_device_of_the_file_is_there_with_when_it_was_last_heard(page, browser, until):
    def found():
        rows = browser.get("/api/v1/devices").json()
        return all(each["points"] and each["quality"] == "good" for each in rows) and rows

    found = until(found, what="all have points")
    nodes = page.site.facility.nodes
    assert [each["device_id"] for each in found] == list(nodes)
    for each in found:
        assert (each["type"], each["feeds"]) == (nodes[each["device_id"]].type, list(nodes[each["device_id"]].feeds))
        assert each["presence"] == "online"
        assert time.time() - each["last_poll_unix_s"] < 60.0


def test_a_killed_device_has_bad_samples_and_its_last_values(page, browser, until):
    def point():
        found = browser.get("/api/v1/points", params={"node": "ups_a"}).json()
        return {each["field"]: each for each in found}.get("soc_pct")

    until(lambda: point() and point()["quality"] == "good", what="a good value")
    known = point()["value"]
    page.fleet.kill("ups_a")
    try:
        until(lambda: point()["quality"] == "bad", what="it is known to be unknown")
        gone = point()
        assert (gone["value"], gone["units"]) == (None, "%")
        assert abs(gone["last_value"] - known) < 1.0

        def readings():
            rows = browser.get("/api/v1/readings/ups_a", params={"field": "soc_pct", "last_s": 600}).json()
            return {row["quality"] for row in rows} == {"good", "bad"} and rows

        rows = until(readings, what="the history has both")
        assert [row["value"] for row in rows if row["quality"] == "bad"] == [None] * len(
            [row for row in rows if row["quality"] == "bad"]
        )
        assert {(row["device_id"], row["object_type"], row["units"]) for row in rows} == {("ups_a", "ups", "%")}
    finally:
        page.fleet.power_on("ups_a")
    until(lambda: point()["quality"] == "good", what="it speaks again")


def test_a_device_that_there_is_not_is_not_found(browser):
    for path in ("/api/v1/points?node=ups_z", "/api/v1/readings/ups_z"):
        answer = browser.get(path)
        assert answer.status_code == 404 and answer.json()["cure"]
