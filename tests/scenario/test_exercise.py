"""An exercise follows its site: triggers, questions, tasks, tags, controls, and time that is taken back."""

from __future__ import annotations

import json
import types

import pytest
from winter_river.scenario import Action, Ask, Done, Exercise, OutOfBounds, Say, Scenario, parse_scenario, run_scenario
from winter_river.scenario.cues import ByHand

HEAD = "scenario: toy\nfacility: seed-8\nuntil: 100s\n"


def scenario(rest: str) -> Scenario:
    return parse_scenario(HEAD + rest)


def begun(toy, rest: str, **options: bool) -> Exercise:
    exercise = Exercise(scenario(rest), toy.facility, **options)
    exercise.begin(toy)
    return exercise


def later(exercise: Exercise, toy, seconds: float) -> list[object]:
    """The cues of so many seconds, one step a second."""
    cues = []
    for _ in range(int(seconds)):
        toy.advance(1.0)
        cues += exercise.passed(toy)
    return cues


def did(exercise: Exercise, toy, verb: str = "close", result: str = "done", **params: object) -> None:
    exercise.acted(Action(toy.t_s, "srv_a", verb, params, "ada", result))


def test_a_step_with_a_condition_waits_for_it_and_for_the_step_above(toy) -> None:
    steps = "steps:\n  - {at: 3s, say: one}\n  - {when: srv_a.state = NORMAL, say: two}\n  - {after: 2s, say: three}\n"
    exercise = begun(toy, steps)
    toy.send("srv_a", "close")  # lit at 0.5 s, before its turn
    assert later(exercise, toy, 2) == []
    assert later(exercise, toy, 1) == [Say("one"), Say("two")]
    assert later(exercise, toy, 1) == []
    assert later(exercise, toy, 1)[0] == Say("three")


def test_a_condition_and_a_time_after_it(toy) -> None:
    exercise = begun(toy, "steps:\n  - {when: srv_a.state = NORMAL, after: 3s, say: hi}\n")
    toy.send("srv_a", "close")
    assert later(exercise, toy, 3) == []  # lit in the first second, so at 1 + 3 s
    assert Say("hi") in later(exercise, toy, 1)


QUESTION = """steps:
  - at: 1s
    id: q
    predict: {ask: "Which?", choices: [left, right], answer: right, points: 2, within: 10s, because: "So it is."}
  - {after: 1s, say: next}
"""


def test_a_question_is_asked_answered_once_and_explained(toy) -> None:
    exercise = begun(toy, QUESTION)
    assert later(exercise, toy, 1) == [Ask("q", "Which?", ("left", "right"), 10.0)]
    with pytest.raises(ValueError, match="not one of its choices: left, right"):
        exercise.answer("q", "up")
    assert exercise.answer("q", "right") == "Right. So it is."
    with pytest.raises(ValueError, match="'q' is not an open question"):
        exercise.answer("q", "left")
    assert later(exercise, toy, 1)[0] == Say("next")
    assert exercise.end().points == 2


def test_a_wrong_answer_scores_nothing_and_an_exam_tells_nothing(toy) -> None:
    exercise = begun(toy, QUESTION, exam=True)
    later(exercise, toy, 1)
    assert exercise.answer("q", "left") == ""
    assert exercise.status()["points"] is None
    assert exercise.end().points == 0


def test_a_question_closes_when_its_time_is_over(toy) -> None:
    exercise = begun(toy, QUESTION)
    later(exercise, toy, 10)
    assert exercise.open_questions() == ("q",)
    later(exercise, toy, 1)
    assert exercise.open_questions() == ()


TASK = """steps: []
costs: {hint: 2, refused: 3, unneeded: 5}
critical_tasks:
  - id: light
    title: Light it
    cue: srv_a.state = OFF
    within: 10s
    points: 6
    hints: [first, second]
    do:
      - {node: srv_a, command: set_load, params: {power_kw: {max: 20}}}
      - {node: srv_a, command: close}
      - {see: srv_a.state = NORMAL}
"""


def test_a_task_done_in_order_and_in_time_earns_all(toy) -> None:
    exercise = begun(toy, TASK)
    did(exercise, toy, "set_load", power_kw=20)
    toy.send("srv_a", "close")
    did(exercise, toy)
    cues = later(exercise, toy, 1)
    assert cues == [Done(passed=True, points=6.0, points_max=6.0)]
    assert [deed.state for deed in exercise.end().sheet[0].deeds] == ["done"] * 3


def test_deeds_out_of_order_and_late_lose_their_shares(toy) -> None:
    exercise = begun(toy, TASK)
    toy.send("srv_a", "close")
    did(exercise, toy)
    later(exercise, toy, 1)  # lit: the state is seen, in its turn
    later(exercise, toy, 11)
    did(exercise, toy, "set_load", power_kw=10)  # after what comes later, and at 12 s of 10
    # 6 points for three deeds: 2 for closing in time, 2 for the state, 0 for the load.
    result = exercise.end()
    assert [deed.state for deed in result.sheet[0].deeds] == ["out_of_order", "done", "done"]
    assert result.points == 4


def test_a_late_deed_earns_half(toy) -> None:
    exercise = begun(toy, TASK)
    later(exercise, toy, 11)
    did(exercise, toy, "set_load", power_kw=20)
    assert exercise.end().points == 1  # half of its share of 2


def test_what_does_not_fit_is_unneeded_and_what_is_refused_costs(toy) -> None:
    exercise = begun(toy, TASK)
    did(exercise, toy, "set_load", power_kw=20)  # 2 points
    did(exercise, toy)  # 2 points
    did(exercise, toy)  # the same again: neither right nor wrong
    toy.send("srv_a", "close")
    did(exercise, toy, "open")  # nobody asked: -5
    did(exercise, toy, "reset", "rejected")  # -3
    later(exercise, toy, 1)  # 2 points for the state
    assert [row.points for row in exercise.end().sheet] == [6.0, -3.0, -5.0]


def test_hints_are_given_in_order_and_cost_and_none_is_given_in_an_exam(toy) -> None:
    exercise = begun(toy, TASK)
    assert [exercise.hint() for _ in range(3)] == ["first", "second", ""]
    assert [row.points for row in exercise.end().sheet] == [0, -4]
    assert exercise.end().points == 0  # never below 0
    assert begun(toy, TASK, exam=True).hint() == ""


def test_a_hint_of_the_script_is_given_where_no_task_has_one(toy) -> None:
    exercise = begun(toy, "steps:\n  - {at: 1s, hint: look up}\n  - {at: 9s, say: bye}\n")
    assert exercise.hint() == ""
    later(exercise, toy, 1)
    assert (exercise.hint(), exercise.hint()) == ("look up", "")


def test_taking_time_back_forgets_what_came_after(toy) -> None:
    exercise = begun(toy, TASK + "trends: [srv_a.power_kw]\n")
    later(exercise, toy, 2)
    did(exercise, toy, "set_load", power_kw=20)
    later(exercise, toy, 3)
    exercise.hint()
    exercise.tag("srv_a", "ada")
    toy.t_s -= 4  # to 1 s
    exercise.passed(toy)
    result = exercise.end()
    assert (result.hints, result.backtracks) == (0, 1)
    assert [deed.state for deed in result.sheet[0].deeds] == ["missed"] * 3
    assert [entry.kind for entry in result.timeline] == ["task", "back"]
    assert result.series.t_s == (0.0, 1.0)
    assert exercise.status()["tags"] == []


def test_a_step_that_was_taken_back_happens_again(toy) -> None:
    exercise = begun(toy, "steps:\n  - {at: 3s, send: {node: srv_a, command: close}}\n  - {at: 9s, say: bye}\n")
    later(exercise, toy, 4)
    toy.t_s -= 3
    later(exercise, toy, 3)
    assert [sent[0] for sent in toy.sent] == [103.0, 103.0]


def test_nobody_operates_a_tagged_node_and_only_its_owner_takes_the_tag_off(toy) -> None:
    exercise = begun(toy, "steps:\n  - {at: 9s, say: bye}\n")
    assert exercise.refuses("srv_a", "close") == ""
    exercise.tag("srv_a", "ada", "at work")
    exercise.tag("srv_a", "bob")
    assert exercise.refuses("srv_a", "close") == "srv_a is locked out by ada, bob; only the owner takes a tag off"
    with pytest.raises(ValueError, match="ada has a tag on srv_a already"):
        exercise.tag("srv_a", "ada")
    with pytest.raises(ValueError, match="srv_a has no tag of eve; it has one of ada, bob"):
        exercise.untag("srv_a", "eve")
    exercise.untag("srv_a", "ada")
    assert "bob" in exercise.refuses("srv_a", "open")
    exercise.untag("srv_a", "bob")
    assert exercise.refuses("srv_a", "open") == ""


def test_a_trainee_has_only_the_controls_of_the_exercise(toy) -> None:
    exercise = begun(toy, "controls: [srv_a.open, util_*.set_fault]\nsteps:\n  - {at: 9s, say: bye}\n")
    assert exercise.refuses("srv_a", "open") == ""
    assert exercise.refuses("srv_a", "close") == "close of srv_a is no control of this exercise"
    utility = next(node_id for node_id in toy.facility.nodes if node_id.startswith("util"))
    assert exercise.refuses(utility, "set_fault") == ""
    assert begun(toy, "steps: []\n").refuses(utility, "set_fault") == "set_fault is not for trainees"


def test_alarms_earn_by_the_share_of_those_that_came_and_nothing_without_any(toy) -> None:
    """7 points, two alarms, one acknowledged after 1 s, one not: 3.5. The same without any alarm: 0."""
    text = "steps:\n  - {at: 50s, say: bye}\nalarms: {within: 5s, points: 7}\n"
    quiet = begun(toy, text)
    later(quiet, toy, 3)
    assert quiet.acknowledge() == 0
    result = quiet.end()
    assert (result.points, result.points_max) == (0.0, 7.0)
    assert result.sheet[-1].text == "no alarm came"
    toy.in_fault = set()
    fault = {"status": "fault", "state": "FAULT"}
    toy.view = lambda node_id, view=toy.view: view(node_id) | (fault if node_id in toy.in_fault else {})
    exercise = begun(toy, text)
    toy.in_fault = {"srv_a", "ups_a"}
    later(exercise, toy, 1)
    assert [alarm.rule for alarm in exercise.records.alarms] == ["ups_lost", "rack_dark"]
    assert exercise.acknowledge("srv_a") == 1
    later(exercise, toy, 9)
    assert exercise.end().points == 3.5


def test_going_back_forgets_that_an_alarm_was_acknowledged_later(toy) -> None:
    toy.in_fault = set()
    fault = {"status": "fault", "state": "FAULT"}
    toy.view = lambda node_id, view=toy.view: view(node_id) | (fault if node_id in toy.in_fault else {})
    exercise = begun(toy, "steps:\n  - {at: 50s, say: bye}\nalarms: {within: 9s, points: 7}\n")
    toy.in_fault = {"ups_a"}
    later(exercise, toy, 4)
    exercise.acknowledge()
    toy.t_s -= 2.0
    later(exercise, toy, 1)
    assert [alarm["node_id"] for alarm in exercise.status()["alarms"]] == ["ups_a"]
    assert exercise.acknowledge() == 1
    assert exercise.end().points == 7.0


def test_out_of_bounds_stops_the_exercise_or_costs_each_time(toy) -> None:
    bound = "steps:\n  - {at: 50s, say: bye}\nout_of_bounds:\n  - {when: srv_a.state = NORMAL, why: It burns.%s}\n"
    exercise = begun(toy, bound % "")
    toy.send("srv_a", "close")
    assert later(exercise, toy, 1) == [OutOfBounds("It burns.", stop=True), Done(False, 0.0, 0.0)]
    assert exercise.end().stopped == "It burns."
    toy.lit_at_s = float("inf")
    exercise = begun(toy, (bound % ", stop: false, points: 2") + "energy_not_served: {kwh_max: 99, points: 9}\n")
    toy.send("srv_a", "close")
    assert later(exercise, toy, 3) == [OutOfBounds("It burns.", stop=False)]
    toy.lit_at_s = float("inf")
    later(exercise, toy, 1)
    toy.lit_at_s = 0.0
    later(exercise, toy, 1)
    assert exercise.end().points == 9 - 2 * 2


def test_an_exercise_does_not_begin_where_its_steady_state_is_not_met(toy) -> None:
    exercise = Exercise(scenario("steps: []\nsteady_state:\n  - {node: srv_a, state: NORMAL}\n"), toy.facility)
    cue = exercise.begin(toy)[0]
    assert isinstance(cue, OutOfBounds)
    assert "srv_a state = NORMAL, seen state = OFF" in cue.why
    assert "load an initial condition" in cue.why  # the cure
    assert exercise.status()["state"] == "over"


def test_a_site_that_cannot_lose_nodes_asks_a_person(toy) -> None:
    exercise = begun(toy, "steps:\n  - {at: 1s, disturb: {node: srv_a, what: no_power}}\n  - {at: 9s, say: bye}\n")
    assert later(exercise, toy, 1) == [ByHand("Unplug srv_a")]


def test_energy_not_served_is_what_was_wanted_less_what_the_meters_counted(toy) -> None:
    """The toy's lamp wants 40 kW by its ratings, and its meter never counts: 90 s at 40 kW are 1 kWh."""
    rated_kw = toy.facility.nodes["srv_a"].ratings.get("load_kw")
    exercise = begun(toy, "steps:\n  - {at: 99s, say: bye}\n")
    later(exercise, toy, 90)
    assert exercise.end().energy_not_served_kwh["srv_a"] == pytest.approx(rated_kw * 90 / 3600, abs=1e-3)


def test_a_load_that_was_asked_down_wants_less_from_then_on(toy) -> None:
    rated_kw = toy.facility.nodes["srv_a"].ratings.get("load_kw")
    exercise = begun(toy, "steps:\n  - {at: 99s, say: bye}\n")
    later(exercise, toy, 45)
    did(exercise, toy, "set_load", power_kw=8)
    later(exercise, toy, 45)
    wanted_kwh = (rated_kw + 8) * 45 / 3600
    assert exercise.end().energy_not_served_kwh["srv_a"] == pytest.approx(wanted_kwh, abs=1e-3)


def test_the_status_is_plain_json_and_tells_no_answers(toy) -> None:
    exercise = begun(toy, QUESTION + TASK.partition("\n")[2])
    later(exercise, toy, 1)
    text = json.dumps(exercise.status())
    assert "Light it" in text and "Which?" in text
    assert "because" not in text and "So it is" not in text and "set_load" not in text


def test_a_task_whose_cue_has_not_come_has_no_title_yet(toy) -> None:
    exercise = begun(toy, TASK.replace("srv_a.state = OFF", "srv_a.state = FAULT"))
    assert exercise.status()["tasks"] == [
        {"id": "light", "title": "", "state": "waiting", "points": 6.0, "due_s": None}
    ]


def test_an_expectation_that_never_had_its_turn_has_failed(toy) -> None:
    steps = "steps:\n  - {when: srv_a.state = FAULT, expect: {node: srv_a, state: FAULT}}\n"
    result = run_scenario(scenario(steps), toy)
    assert [str(failure) for failure in result.failures] == [
        "FAIL    0.000 s  srv_a state = FAULT; seen nothing: it never came to `srv_a.state = FAULT` at 100 s"
    ]


def test_rollback_is_sent_after_the_end(toy) -> None:
    exercise = begun(toy, "steps: []\nrollback:\n  - {send: {node: srv_a, command: close}}\n")
    exercise.end()
    assert [outcome.passed for outcome in exercise.rollback(toy)] == [True]
    assert toy.sent[-1][1:3] == ("srv_a", "close")


def test_a_site_that_goes_on_is_looked_at_as_of_one_moment(toy) -> None:
    """Its clock runs on between two questions; the exercise takes the time of the views it judges."""

    class Live(type(toy)):
        def sight(self):
            seen = types.SimpleNamespace(
                t_s=self.t_s,
                views={node_id: self.view(node_id) for node_id in self.facility.nodes},
                balance={},
                weather={},
            )
            self.t_s += 0.3
            return seen

    site = Live()
    exercise = Exercise(scenario("steps:\n  - {at: 1s, expect: {node: srv_a, state: NORMAL}}\n"), site.facility)
    exercise.begin(site)
    site.t_s = 101.4
    site.lit_at_s = 101.5  # after the moment of the views
    exercise.passed(site)
    (outcome,) = exercise.end().outcomes
    assert (outcome.passed, round(outcome.t_s, 3)) == (False, 1.4)
