"""The weather of a running site, set at a terminal and by an exercise, over a real broker."""

import json

import pytest
from winter_river.cli import main
from winter_river.web.exercise_site import ExerciseSite


@pytest.fixture
def program(live, capsys, monkeypatch, tmp_path):
    """`winter-river` of somebody whose data are his own: gives exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "LOG"):
        monkeypatch.setenv(f"WINTER_RIVER_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def run(words, *, broker=True):
        code = main([*words.split(), *(["--broker", live.brokers.url] if broker else [])])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def outdoor_c(live):
    return live.service.report().balance["outdoor_c"]


def test_a_terminal_sets_the_weather_and_the_audit_has_it(live, program, until):
    code, told = program("send weather set_weather preset=arizona --by ann")
    assert (code, told) == (0, "weather: set_weather done (preset=4 outdoor_c=43.0 humidity_pct=20.0)\n")
    until(lambda: outdoor_c(live) == pytest.approx(43.0))
    code, told = program("send weather set_weather outdoor_c=-3.5 humidity_pct=70")
    assert (code, told) == (0, "weather: set_weather done (preset=0 outdoor_c=-3.5 humidity_pct=70.0)\n")
    until(lambda: outdoor_c(live) == pytest.approx(-3.5))
    _, told = program("audit --json --node weather", broker=False)
    rows = json.loads(told)
    assert [(row["params"], row["state"]) for row in reversed(rows)] == [
        ({"preset": 4}, "completed"),
        ({"outdoor_c": -3.5, "humidity_pct": 70}, "completed"),
    ]
    assert rows[-1]["by"] == "ann"


def test_an_exercise_sets_it_though_nobody_else_may_in_an_exam(live, program, until):
    live.service.station.in_exam = lambda: True
    code, told = program("send weather set_weather preset=5")
    assert code == 1 and "an exam is going on" in told
    plant = type("Plant", (), {"site": live.site, "fleet": live.fleet})()
    ack = ExerciseSite(plant, print).send("weather", "set_weather", {"preset": "stockholm"}, by="exercise")
    assert (ack.result, ack.applied) == ("done", "preset=5 outdoor_c=1.0 humidity_pct=89.0")
    until(lambda: outdoor_c(live) == pytest.approx(1.0))
    ack = ExerciseSite(plant, print).send("weather", "set_weather", {"preset": 9}, by="exercise")
    assert (ack.result, ack.reason) == ("rejected", "schema") and "1 to 6" in ack.applied


def test_where_no_engine_runs_the_weather_has_nobody_to_obey(live, program):
    live.service.stop()
    code, told = program("send weather set_weather preset=4")
    assert code == 1 and "no engine runs on this bus" in told and "winter-river run" in told
