"""What a short leaves to see: figures within the contract, words for its flow, and a site that starts again at once."""

import pytest
from winter_river.engine import Device, balance, explain
from winter_wire import schema

from . import sites

BIG = {
    "power_kva": 1_000_000,
    "primary_voltage_v": 34_500,
    "secondary_voltage_v": 480,
    "impedance_pct": 4,
    "load_loss_w": 1000,
    "no_load_loss_w": 100,
    "no_load_current_pct": 0.1,
}
GRID = {"voltage_v": 480, "short_circuit_mva": 20}


def short(told, node_id):
    told.tell(node_id, fault="short_circuit")
    told.step(0.0)


def test_every_figure_stays_within_the_contract(story):
    small = {"rated_a": 10, "feed_resistance_ohm": 1e-6}
    site = [
        Device("grid", "utility", (), {"voltage_v": 34_500, "short_circuit_mva": 1e9}),
        Device("big", "transformer", ("grid",), BIG),
        Device("board", "distribution", ("big",), small),
        Device("ups", "ups", ("board",), {**sites.UPS, "output_resistance_ohm": 1e-6, "feed_reactance_ohm": 0}),
        Device("rack", "server", ("ups",), {"load_kw": 1, "load_kw_max": 2, **small}),
    ]
    told = story(site)
    told.tell("ups", handle="bypass")
    told.run(1)
    short(told, "rack")
    views = [told.view(n.id) for n in told.plan.nodes] + [balance(told.plan, told.world)]
    for name, value in ((name, value) for fields in views for name, value in fields.items()):
        if isinstance(value, float):
            assert float(schema.ROWS[name][3]) <= value <= float(schema.ROWS[name][4]), name


def test_the_words_for_its_flow_name_where_it_is(story):
    told = story()
    short(told, "lv_switchgear_a")
    texts = [explain.flow_text(flow) for flow in explain.flows(told.plan, told.world)]
    assert "that of utility_a by Newton's method, for the short circuit at lv_switchgear_a" in texts
    assert "that of utility_b by the sweep" in texts


@pytest.mark.parametrize("node_id, state", [("rack", "NORMAL"), ("cooling", "DEGRADED")])
def test_what_was_shorted_starts_at_once_when_it_is_mended_and_fed_again(story, node_id, state):
    site = [
        Device("grid", "utility", (), GRID),
        Device("board", "distribution", ("grid",), {"rated_a": 400, "pickup_a": 440}),
        Device("rack", "server", ("board",), {"load_kw": 20, "load_kw_max": 50, "rated_a": 100}),
        Device("cooling", "cooling", ("board",), {"fans": 10, "fan_kw": 2, "rated_a": 60}),
    ]
    told = story(site, dt_s=0.1)
    short(told, node_id)
    told.run(1)
    assert told.state("board") == "TRIPPED"
    told.tell(node_id, fault="")
    told.tell("board", resets=1)
    told.step(0.0)
    assert told.state(node_id) == state


def test_a_breaker_elsewhere_that_is_about_to_trip_holds_no_grid_back(story):
    told = story()
    told.tell("server_rack_b1", load_set_kw=200)
    told.tell("server_rack_a1", load_set_kw=200)
    told.run(1)
    assert sum(breaker.due_s < 1e6 for breaker in told.world.breakers) >= 2
    told.tell("hv_mv_transformer_a", fault="short_circuit")
    told.run(3)
    assert [(e.t_s, e.node_id) for e in told.events if e.event == "trip"] == [(3.0, "utility_a")]


def test_a_set_that_was_at_its_limit_comes_back_from_the_load_it_had(story):
    """A short is no step of load to its regulator: it had no voltage to regulate."""
    told = story(dt_s=0.01)
    told.tell("utility_a", fault="outage")
    told.run(60)
    before = told.number("generator_a", "power_kw")
    short(told, "cooling_a")
    told.run(0.5)
    assert [e.node_id for e in told.events if e.event == "trip"] == ["cooling_a"]
    told.run(30)
    assert told.number("generator_a", "voltage_out") == pytest.approx(480.0, rel=1e-9)
    assert told.number("generator_a", "power_kw") < before
    assert not [e for e in told.events if e.event == "out_of_class" and e.t_s >= 60.0]
