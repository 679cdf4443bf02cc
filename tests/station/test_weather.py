"""The weather of a live site: set for all halls, gone back to, replayed."""

import json

import pytest
from winter_river import air, engine, reference_commands
from winter_river.scenario import Send, parse_scenario
from winter_river.station.orders import Orders
from winter_wire import codec, tables


def outdoor_c(bench):
    world = engine.restore(bench.facility.plan(), bench.coordinator.world())
    return engine.weather(world)["outdoor_c"]


def test_the_weather_takes_effect_and_going_back_brings_the_old_one(bench):
    bench.advance(10.0)
    bench.station.set_weather({"preset": 4})
    bench.advance(10.0)
    assert outdoor_c(bench) == pytest.approx(43.0)
    bench.station.back(15.0)
    assert outdoor_c(bench) == pytest.approx(35.0)
    bench.advance(5.0)
    assert outdoor_c(bench) == pytest.approx(35.0)


def test_going_to_an_instant_after_it_has_it(bench):
    bench.advance(2.0)
    bench.station.set_weather({"outdoor_c": 20.0, "humidity_pct": 40.0})
    bench.advance(6.5)
    bench.station.go_to(bench.t_s - 1.25)
    assert outdoor_c(bench) == 20.0


def test_a_preset_replaces_what_was_asked_for_in_the_same_step(bench):
    bench.advance(2.0)
    with bench.loop.lock:
        for own in ({"outdoor_c": 20.0}, {"preset": 4}):  # before a step has taken the first
            bench.coordinator.set_weather(own, bench.now_s)
    bench.advance(2.0)
    assert outdoor_c(bench) == pytest.approx(43.0)


def test_what_was_set_is_told_and_is_part_of_the_saved_session(bench):
    bench.advance(2.0)
    assert bench.station.set_weather({"preset": 4}, by="ann") == "preset=4 outdoor_c=43.0 humidity_pct=20.0"
    bench.advance(2.0)
    script = bench.station.as_scenario()
    assert "send: {node: weather, command: set_weather, params: {preset: 4}}  # ann" in script
    loaded = parse_scenario(script)
    assert [step.action.node_id for step in loaded.steps if isinstance(step.action, Send)] == ["weather"]


def test_what_does_not_fit_changes_nothing(bench):
    with pytest.raises(ValueError, match="preset"):
        bench.station.set_weather({"preset": 9})
    bench.advance(2.0)
    assert outdoor_c(bench) == pytest.approx(35.0)


class Master:
    def __init__(self):
        self.told = []

    def set_weather(self, own, *, by):
        self.told.append(dict(own))
        return f"done for {by}"


@pytest.mark.parametrize(
    ("message", "result", "told"),
    [
        ({"command": "set_weather", "params": {"preset": 4}}, ("done", ""), [{"preset": 4}]),
        ({"command": "set_weather", "params": {"preset": 7}}, ("rejected", "schema"), []),
        ({"command": "set_weather", "params": {"wind": 7}}, ("rejected", "schema"), []),
        ({"command": "freeze"}, ("rejected", "unknown"), []),
    ],
)
def test_an_order_to_the_weather_is_answered_by_the_weather(message, result, told):
    master = Master()
    orders = Orders(master, "winter-river", 7)
    payload = json.dumps(message | {"by": "ann"}).encode()
    answer = orders.obey(payload, to="weather", retained=False, uptime_s=1, told=lambda: "")
    assert answer.topic == "winter-river/weather/ack"
    ack, _ = codec.decode("ack", answer.payload)
    assert ack["applied"] == ("done for ann" if told else "")
    assert (ack["node_id"], (ack["result"], ack["reason"]), master.told) == ("weather", result, told)


def test_a_retained_order_is_never_obeyed():
    master = Master()
    orders = Orders(master, "winter-river", 7)
    payload = json.dumps({"command": "set_weather", "params": {"preset": 4}}).encode()
    answer = orders.obey(payload, to="weather", retained=True, uptime_s=1, told=lambda: "")
    assert codec.decode("ack", answer.payload)[0]["reason"] == "retained"
    assert master.told == []


def test_its_verb_and_parameters_have_sentences_in_the_reference():
    assert set(reference_commands.WEATHER_VERBS) == set(tables.WEATHER_VERBS)
    sentence = reference_commands.WEATHER_VERBS["set_weather"].lower()
    assert [str(number) in sentence and place in sentence for number, place in enumerate(air.PRESETS, 1)] == [True] * 6
    assert set(reference_commands.WEATHER_PARAMS) == {row[0] for row in tables.WEATHER_VERBS["set_weather"]}
