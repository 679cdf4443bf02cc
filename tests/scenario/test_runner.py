"""The runner sends and looks at the right moments, on any site."""

from __future__ import annotations

from winter_river.scenario import Expect, Scenario, Send, Step, Want, run_scenario

LIT = Want("state", "NORMAL")


def scenario(*steps: Step) -> Scenario:
    return Scenario("toy", "seed-8", steps)


def test_a_command_is_sent_at_its_time_from_the_start(toy) -> None:
    result = run_scenario(scenario(Step(2.25, Send("srv_a", "close", {"x": 1}))), toy)
    assert toy.sent == [(102.25, "srv_a", "close", {"x": 1})]
    assert result.passed
    assert str(result.outcomes[0]) == "ok      2.250 s  srv_a close x=1 -> done"


def test_a_refused_command_fails_unless_the_script_wants_it(toy) -> None:
    steps = (Step(1, Send("srv_a", "reset", {})), Step(1, Send("srv_a", "reset", {}, "rejected")))
    result = run_scenario(scenario(*steps), toy)
    assert [outcome.passed for outcome in result.outcomes] == [False, True]
    assert not result.passed
    assert result.failures[0].seen == "rejected unknown"


def test_an_expectation_without_time_looks_once_at_its_moment(toy) -> None:
    steps = (
        Step(1, Send("srv_a", "close", {})),
        Step(1.4, Expect("srv_a", (LIT,))),
        Step(1.5, Expect("srv_a", (LIT,))),
    )
    result = run_scenario(scenario(*steps), toy)
    assert [outcome.passed for outcome in result.outcomes] == [True, False, True]
    assert str(result.failures[0]) == "FAIL    1.400 s  srv_a state = NORMAL; seen state = OFF at 1.4 s"


def test_an_expectation_with_time_waits_until_it_is_met(toy) -> None:
    steps = (Step(1, Send("srv_a", "close", {})), Step(1, Expect("srv_a", (LIT,), within_s=2)))
    result = run_scenario(scenario(*steps), toy)
    assert result.passed
    assert abs(result.outcomes[1].t_s - 1.5) < 0.1


def test_an_expectation_that_is_never_met_fails_at_the_end_of_its_time(toy) -> None:
    result = run_scenario(scenario(Step(1, Expect("srv_a", (LIT,), within_s=2))), toy)
    assert [(outcome.passed, round(outcome.t_s, 6)) for outcome in result.outcomes] == [(False, 3.0)]


def test_later_steps_go_on_while_an_expectation_waits(toy) -> None:
    steps = (Step(1, Expect("srv_a", (LIT,), within_s=5)), Step(2, Send("srv_a", "close", {})))
    assert run_scenario(scenario(*steps), toy).passed


def test_wants_hold_together_and_at_their_decimals(toy) -> None:
    toy.send("srv_a", "close")
    wants = (
        LIT,
        Want("power_kw", 40.0),
        Want("power_kw", low=39, high=41),
        Want("power_kw", low=40),
        Want("tripped", False),
    )
    result = run_scenario(scenario(*(Step(1, Expect("srv_a", (want,))) for want in wants)), toy)
    assert result.passed
    wrong = (Want("power_kw", 40.001), Want("power_kw", high=40), Want("tripped", True), Want("soc_pct", 0.0))
    result = run_scenario(scenario(*(Step(1, Expect("srv_a", (LIT, want))) for want in wrong)), toy)
    assert len(result.failures) == len(wrong)


def test_steps_are_called_on_the_grid_and_the_run_goes_on_to_its_end(toy) -> None:
    beats: list[float] = []
    result = run_scenario(
        scenario(Step(0.3, Send("srv_a", "close", {}))), toy, step_s=0.5, until_s=2.0, on_step=beats.append
    )
    assert [round(beat, 6) for beat in beats] == [0, 0.5, 1.0, 1.5, 2.0]
    assert round(result.t_s, 6) == 2.0


def test_an_empty_script_ends_at_once(toy) -> None:
    assert run_scenario(scenario(), toy).passed
    assert toy.t_s == 100.0
