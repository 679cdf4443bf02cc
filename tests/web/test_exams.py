"""Exams: nobody touches their time, no hint is given, and everybody begins alike."""

import pytest
from winter_river.facility import load_facility

from .lessons import begin


@pytest.fixture(scope="module")
def page(running_page):
    return running_page(load_facility("block-2n-24"))


def test_in_an_exam_nobody_touches_time_and_there_are_no_hints(page, lesson):
    with page.client() as instructor, page.client("admin") as admin:
        assert begin(instructor, lesson, exam=True)["exam"] is True
        for client in (instructor, admin):
            for body in ({"action": "freeze"}, {"action": "back", "value": 5}, {"action": "speed", "value": 10}):
                answer = client.post("/api/v1/clock", json=body)
                assert (answer.status_code, "exam" in answer.json()["error"]) == (403, True)
            assert client.post("/api/v1/snapshots/1/restore").status_code == 403
            assert client.post("/api/v1/initial-conditions/day-normal/load").status_code == 403
        assert page.service.station.in_exam()  # what is asked before an order on the bus
        assert instructor.post("/api/v1/exercise/hint").json()["text"] == ""
        instructor.post("/api/v1/exercise/end")
        assert instructor.post("/api/v1/clock", json={"action": "run"}).status_code == 200
        assert not page.service.station.in_exam()
        filed = instructor.get("/api/v1/class").json()[0]["id"]
        assert instructor.get(f"/api/v1/debriefs/{filed}.json").json()["seed"] == 7  # the lesson's, not the run's


def test_an_exam_that_is_being_begun_is_one(page, lesson, monkeypatch):
    """Time that somebody freezes as an exam begins could be let go by nobody while it lasts."""
    station, seen = page.service.station, []
    run = station.run
    with page.client() as instructor, page.client() as other:

        def freeze_just_after():
            run()
            seen.append(other.post("/api/v1/clock", json={"action": "freeze"}).status_code)

        monkeypatch.setattr(station, "run", freeze_just_after)
        begin(instructor, lesson, exam=True)
        monkeypatch.undo()
        instructor.post("/api/v1/exercise/end")
    assert seen == [403]


def test_an_exam_begins_from_the_same_state_for_everybody(page, lesson):
    with page.client() as instructor:
        hashes = []
        for _ in range(2):
            page.command(instructor, "ups_b", "bypass")
            begin(instructor, lesson, exam=True)
            loaded = [
                info
                for info in instructor.get("/api/v1/snapshots").json()
                if info["timeline"] == page.service.station.clock().timeline
            ]
            hashes.append(loaded[0]["hash"])
            instructor.post("/api/v1/exercise/end")
        assert hashes[0] == hashes[1]
