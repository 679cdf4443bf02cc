"""The classroom: exercises by the page, two instructors at once, a trainee's controls, texts that try to be markup."""

import contextlib
import dataclasses
import threading

import pytest
from winter_river.audit import Trail
from winter_river.facility import load_facility
from winter_river.scenario.looking import Views
from winter_river.scenario.playing import Disturbable
from winter_river.service.client import BusClient
from winter_river.web.exercise_site import ExerciseSite

from .lessons import NASTY, TEXT, begin, status


@pytest.fixture(scope="module")
def page(running_page):
    return running_page(load_facility("block-2n-24"))


def test_an_exercise_asks_waits_frozen_and_goes_on_when_it_is_answered(page, lesson, until):
    with page.client() as instructor, page.client("trainee", "Ann") as trainee:
        begin(instructor, lesson, trainee="Ann")
        asked = until(lambda: status(trainee)["questions"])[0]
        until(lambda: page.service.station.clock().frozen)
        answer = trainee.post("/api/v1/exercise/answer", json={"step": asked["step"], "choice": "none"})
        assert "The UPS carries them." in answer.json()["text"]
        until(lambda: not page.service.station.clock().frozen)
        until(lambda: page.site.view("utility_a")["state"] == "OUTAGE")
        again = trainee.post("/api/v1/exercise/answer", json={"step": asked["step"], "choice": "none"})
        assert again.status_code == 409


def test_a_trainee_operates_the_controls_of_the_exercise_and_nothing_else(page, lesson, until):
    with page.client() as instructor, page.client("trainee") as trainee:
        assert page.command(trainee, "ups_a", "bypass").status_code == 403  # before it has begun
        begin(instructor, lesson)
        assert page.command(trainee, "ups_a", "bypass").json()["result"] == "done"
        refused = page.command(trainee, "mv_switchgear_a", "open")
        assert refused.status_code == 403
        assert "no control" in refused.json()["error"]
        assert page.command(trainee, "utility_b", "set_fault", state=True).json()["result"] == "done"
        assert page.command(trainee, "utility_a", "set_fault", state=True).status_code == 403
        assert page.command(trainee, "utility_b", "factory_reset").status_code == 403
        assert page.site.view("mv_switchgear_a")["state"] == "CLOSED"
        instructor.post("/api/v1/exercise/end")
        address = instructor.get("/api/v1/class").json()[0]["id"]
        assert instructor.get(f"/api/v1/debriefs/{address}.json").json()["refused"] >= 1


def test_a_lock_out_tag_keeps_everybody_off(page, lesson):
    with page.client() as instructor, page.client("trainee", "Ann") as ann, page.client("operator") as operator:
        begin(instructor, lesson)
        assert ann.post("/api/v1/exercise/tag", json={"node_id": "ups_a", "on": True}).status_code == 200
        for client in (ann, operator, instructor):
            answer = page.command(client, "ups_a", "bypass")
            assert (answer.status_code, "Ann" in answer.json()["error"]) == (403, True)
        finger = operator.post("/api/v1/nodes/ups_a/press", json={"long": True})
        assert (finger.status_code, "Ann" in finger.json()["error"]) == (403, True)
        assert operator.post("/api/v1/nodes/ups_a/press", json={"long": False}).status_code == 200
        assert instructor.post("/api/v1/exercise/tag", json={"node_id": "ups_a", "on": False}).status_code == 409
        assert ann.post("/api/v1/exercise/tag", json={"node_id": "ups_a", "on": False}).status_code == 200


def test_of_two_with_one_name_neither_takes_off_the_others_tag(page, lesson):
    def tag(client, *, on):
        return client.post("/api/v1/exercise/tag", json={"node_id": "ups_a", "on": on})

    with page.client() as instructor, page.client("trainee", "Bob") as bob, page.client("trainee", "Bob") as other:
        begin(instructor, lesson)
        assert tag(bob, on=True).status_code == 200
        refused = tag(other, on=False)
        assert (refused.status_code, "Bob" in refused.json()["error"]) == (409, True)
        assert tag(other, on=True).status_code == 200
        assert tag(bob, on=False).status_code == 200
        assert [each["owner"] for each in status(bob)["tags"]] == ["Bob"]
        assert page.command(bob, "ups_a", "bypass").status_code == 403
        assert tag(other, on=False).status_code == 200


def test_a_tag_whose_owner_left_is_freed_by_an_instructor_and_by_nobody_else(page, lesson):
    untag = {"node_id": "ups_a", "on": False}
    with page.client() as admin, page.client("instructor") as instructor, page.client("operator") as operator:
        begin(admin, lesson)
        link = admin.post("/api/v1/links", json={"role": "trainee", "name": "Ann"}).json()
        with page.client() as ann:
            ann.get(link["url"])
            assert ann.post("/api/v1/exercise/tag", json={"node_id": "ups_a", "on": True}).status_code == 200
        while_here = instructor.post("/api/v1/exercise/tag", json=untag)
        assert (while_here.status_code, "take back" in while_here.json()["cure"]) == (409, True)
        admin.delete(f"/api/v1/links/{link['id']}")
        assert operator.post("/api/v1/exercise/tag", json=untag).status_code == 409
        assert instructor.post("/api/v1/exercise/tag", json=untag).status_code == 200
        assert status(admin)["tags"] == []
        assert page.command(operator, "ups_a", "bypass").json()["result"] == "done"


def test_an_exercise_that_breaks_off_by_our_fault_leaves_the_site_as_it_was_and_running(page, folder, lesson, until):
    """While a question holds the site frozen, the exercise's own code fails: its way back is gone, and time goes on."""
    (folder / lesson).write_text(TEXT + "rollback:\n  - send: {node: ups_a, command: bypass, params: {state: false}}\n")
    with page.client() as instructor:
        begin(instructor, lesson)
        until(lambda: page.service.station.clock().frozen)
        assert page.command(instructor, "ups_a", "bypass", state=True).json()["result"] == "done"
        page.server.desk.classroom._exercise._watch = None  # what we broke
        page.service.station.step(0.5)
        until(lambda: status(instructor) is None)
        until(lambda: not page.service.station.clock().frozen)
        until(lambda: page.site.view("ups_a")["state"] == "NORMAL")
        assert begin(instructor, lesson)["state"] == "running"


def test_an_end_lets_a_site_go_that_a_question_froze(page, lesson, until):
    with page.client() as instructor:
        begin(instructor, lesson)
        until(lambda: page.service.station.clock().frozen)
        instructor.post("/api/v1/exercise/end")
        assert not page.service.station.clock().frozen


def test_an_exercise_that_cannot_begin_files_nothing(page, folder, lesson):
    (folder / lesson).write_text(TEXT + "steady_state:\n  - {node: ups_a, state: BYPASS}\n")
    with page.client() as instructor:
        before = instructor.get("/api/v1/class").json()
        told = begin(instructor, lesson)
        assert (told["state"], told["debrief"]) == ("over", "")
        assert "not as the exercise wants it" in told["stopped"]
        assert instructor.post("/api/v1/exercise/end").json()["debrief"] == ""
        assert instructor.get("/api/v1/class").json() == before


def test_of_two_instructors_one_begins_and_the_other_is_told(page, lesson):
    answers = []

    def instruct():
        with page.client("instructor") as instructor:
            answers.append(instructor.post("/api/v1/exercise", json={"scenario": lesson}).status_code)

    threads = [threading.Thread(target=instruct) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409]


def test_two_instructors_at_once_leave_one_site(page, until):
    """Both command and move time for a while: every answer is one of ours, and the site goes on."""
    codes = []

    def instruct(seed):
        with page.client("instructor") as instructor:
            for turn in range(8):
                act = (turn + seed) % 4
                if act == 0:
                    codes.append(page.command(instructor, "utility_a", "set_fault", state=turn % 2 == 0).status_code)
                elif act == 1:
                    codes.append(instructor.post("/api/v1/clock", json={"action": "back", "value": 1}).status_code)
                elif act == 2:
                    codes.append(instructor.post("/api/v1/clock", json={"action": "freeze"}).status_code)
                else:
                    codes.append(instructor.post("/api/v1/clock", json={"action": "run"}).status_code)

    threads = [threading.Thread(target=instruct, args=(seed,)) for seed in (0, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) == {200}
    assert page.service.failure is None
    with page.client() as browser:
        browser.post("/api/v1/initial-conditions/day-normal/load")
        browser.post("/api/v1/clock", json={"action": "run"})
    until(lambda: page.site.view("utility_a")["state"] == "GRID_OK")


def test_texts_of_a_scenario_stay_text(page, lesson):
    """JSON carries them as they are, for the page puts them in as text; what is HTML has them escaped."""
    with page.client() as instructor:
        begin(instructor, lesson, trainee=NASTY)
        address = instructor.post("/api/v1/exercise/end").json()["debrief"]
        for kind in (".html", ".xml"):
            assert "<script>" not in instructor.get(address.replace(".html", kind)).text
        debrief = instructor.get(address)
        assert "script-src" not in debrief.headers["content-security-policy"]
        assert "default-src 'none'" in debrief.headers["content-security-policy"]
        told = instructor.get(address.replace(".html", ".json")).json()
        assert told["trainee"] == NASTY
        assert told["seed"] == page.service.station.seed == 1  # the run's: the scenario's is for a simulation of it


def test_a_trainee_reads_his_own_debriefs_and_the_last_exercises_and_no_other(page, lesson):
    with contextlib.ExitStack() as pages:
        instructor, ann, bob, ola = (
            pages.enter_context(page.client(role, name))
            for role, name in (("instructor", "Ira"), ("trainee", "Anke"), ("trainee", "Bodo"), ("operator", "Olga"))
        )
        addresses = []
        for trainee in ("Anke", "", "Bodo"):
            begin(instructor, lesson, trainee=trainee)
            addresses.append(instructor.post("/api/v1/exercise/end").json()["debrief"])

        def reads(client):
            kinds = (".html", ".json", ".xml")
            codes = [{client.get(each.replace(".html", kind)).status_code for kind in kinds} for each in addresses]
            return [code == {200} for code in codes] if set().union(*codes) <= {200, 404} else codes

        assert reads(ann) == [True, False, True]  # the last one was her class's
        assert reads(bob) == [False, False, True]
        assert reads(ola) == [False, False, True]
        assert reads(instructor) == [True, True, True]
        begin(instructor, lesson, trainee="Anke")
        assert reads(bob) == [False, False, True]
        instructor.post("/api/v1/exercise/end")


def test_two_trainees_of_one_name_read_the_debrief_of_whoever_took_part(page, lesson):
    with contextlib.ExitStack() as pages:
        instructor = pages.enter_context(page.client("instructor"))
        one, other, viewer = (
            pages.enter_context(page.client(role, "Kim")) for role in ("trainee", "trainee", "viewer")
        )
        begin(instructor, lesson, trainee="Kim")
        assert one.post("/api/v1/exercise/hint").status_code == 200
        assert viewer.post("/api/v1/exercise/hint").status_code == 403
        address = instructor.post("/api/v1/exercise/end").json()["debrief"]
        begin(instructor, lesson)  # from here on that debrief is nobody's by being the last
        assert [reader.get(address).status_code for reader in (one, other, viewer)] == [200, 404, 403]
        rows = instructor.get("/api/v1/class").json()
        assert rows[0]["trainee"] == "Kim"
        assert "links" not in rows[0]
        instructor.post("/api/v1/exercise/end")


def test_scenarios_of_ones_own_are_listed_after_the_built_in_ones_and_start(page, lesson):
    with page.client() as browser:
        rows = browser.get("/api/v1/scenarios").json()
        assert [row["name"] for row in rows if row["name"].endswith(".yaml")] == [rows[-1]["name"]] == [lesson]
        assert (rows[-1]["title"], rows[-1]["fits"], rows[-1]["points"]) == (NASTY, True, 2.0)
        assert begin(browser, lesson)["scenario"] == "test-exercise"


def test_a_node_that_is_put_back_while_it_is_being_unplugged_comes_back_without_anybodys_hand(page, until, monkeypatch):
    """What is asked of a fleet happens a moment later, in its own thread."""
    node, held, asked = page.fleet.node("server_rack_b4"), threading.Event(), []
    kill = node.kill
    monkeypatch.setattr(node, "kill", lambda: (held.wait(60.0), kill()))
    site = ExerciseSite(page.server.desk.plant, asked.append)
    boots = node.boots
    site.remove("server_rack_b4")
    site.insert("server_rack_b4")
    site.thaw_node("server_rack_b4")
    held.set()
    until(lambda: node.boots == boots + 1)
    until(lambda: page.site.presence("server_rack_b4") == "online")
    assert asked == []


def test_an_exercise_takes_power_and_radio_from_nodes_of_this_machine_and_asks_for_the_rest(page, until):
    asked = []
    site = ExerciseSite(page.server.desk.plant, asked.append)
    assert isinstance(site, Disturbable)
    site.remove("server_rack_b4")
    until(lambda: page.site.presence("server_rack_b4") == "offline")
    site.insert("server_rack_b4")
    until(lambda: page.site.presence("server_rack_b4") == "online")
    site.freeze_node("server_rack_b3")
    site.thaw_node("server_rack_b3")
    assert asked == []
    site.lose_broker()
    ExerciseSite(dataclasses.replace(page.server.desk.plant, fleet=None), asked.append).remove("ups_a")
    assert [cue.text for cue in asked] == ["Stop the broker", "Unplug ups_a"]


def test_an_exercise_sees_all_of_the_live_site_at_one_moment(page, until):
    site = ExerciseSite(page.server.desk.plant, print)
    views = Views(site)
    then_s, then = views.t_s(), views("utility_a")
    until(lambda: site.t_s > then_s + 1.0)
    assert views("facility")["it_kwh"] < site.view("facility")["it_kwh"]
    assert views("weather") == site.view("weather")  # nobody has changed it
    assert (views.t_s(), views("utility_a")) == (then_s, then)


@pytest.mark.parametrize("door", ["cli", "terminal"])
def test_what_is_done_from_another_door_counts_as_an_act_of_the_exercise(page, lesson, until, door):
    with page.client() as instructor:
        begin(instructor, lesson, trainee="Ann")
        if door == "cli":
            with BusClient(page.service.report().broker) as visitor:
                assert visitor.send("ups_a", "bypass", {"state": True}, by="ann").done
        else:
            assert page.site.through(door).send("ups_a", "bypass", {"state": True}, by="ann").done
        records = page.server.desk.classroom._exercise.records
        until(lambda: any(act.by == "ann" and act.verb == "bypass" for act in records.unneeded))
        assert [act.verb for act in records.unneeded] == ["bypass"]
        page.site.through("exercise").send("ups_a", "release")


def test_commands_over_the_bus_are_in_the_audit_once_each(page, until):
    with page.client() as browser, BusClient(page.service.report().broker) as stranger:
        ack = stranger.send("server_rack_a1", "set_load", {"power_kw": 44.0}, by="mallory")

        def ended():
            rows = browser.get("/api/v1/audit", params={"by": "mallory"}).json()["commands"]
            return [row for row in rows if row["completed_s"] is not None]

        (row,) = until(ended, what="the answer that the service overhears")
        assert (row["id"], row["door"], row["state"], row["result"]) == (ack.id, "bus", "completed", "done")
        audit = Trail(page.server.desk.plant.audit)
        with BusClient(page.service.report().broker, audit=audit) as ours:
            ids = [ours.send("server_rack_a1", "identify", by="ann").id for _ in range(3)]
        stranger.send("server_rack_a1", "set_load", {"power_kw": 99_999.0}, by="mallory")
        until(lambda: len(browser.get("/api/v1/audit", params={"by": "mallory"}).json()["commands"]) == 2)
        rows = browser.get("/api/v1/audit", params={"by": "ann"}).json()["commands"]
        assert [(row["id"], row["door"]) for row in rows if row["id"] in ids] == [(each, "cli") for each in ids[::-1]]
        page.site.send("server_rack_a1", "release")
