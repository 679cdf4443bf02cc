"""What a state looks like: told apart by letter and class, never by colour alone."""

import pytest
from winter_river.facility import load_facility, parse_facility
from winter_river.simulation import Simulation
from winter_river.web.painting import CLASSES, LETTERS, Flow, flow_text, flows, look, paint, value_text


def seen(simulation):
    nodes = simulation.facility.nodes
    return {node_id: {**simulation.view(node_id), "handle": simulation.status(node_id)["handle"]} for node_id in nodes}


def painted(simulation):
    views = seen(simulation)
    presences = {node_id: simulation.presence(node_id) for node_id in views}
    return paint(simulation.facility, views, presences, flows(simulation.facility, views))


@pytest.fixture
def simulation():
    return Simulation(load_facility("block-2n-24"))


LIVE = {"status": "ok", "state": "NORMAL", "voltage_out": 480.0}


@pytest.mark.parametrize(
    ("view", "presence", "wanted"),
    [
        (LIVE, "online", "live"),
        (LIVE | {"status": "warning"}, "online", "warning"),
        (LIVE | {"status": "fault"}, "online", "fault"),
        (LIVE, "stale", "stale"),
        (LIVE, "offline", "absent"),
        (LIVE | {"status": "offline"}, "online", "absent"),
        ({"status": "off", "voltage_out": 0.0}, "online", "dead"),
        ({"status": "ok", "state": "STANDBY", "voltage_out": 0.0}, "online", "idle"),
        ({"status": "warning", "state": "STARTING", "voltage_out": 0.0}, "online", "starting"),
    ],
)
def test_look_of_a_node(view, presence, wanted):
    assert look(view, presence) == wanted


def test_live_dead_stale_and_fault_differ_in_letter_and_in_class():
    words = ("live", "dead", "stale", "fault")
    assert len({LETTERS[word] for word in words}) == len({CLASSES[word] for word in words}) == 4


def test_a_lost_utility_is_painted_down_to_where_the_generator_takes_over(simulation):
    simulation.command("utility_a", "set_fault", state=True)
    simulation.advance(12.0)
    found = painted(simulation)
    assert found["letter-utility_a"] == "F"
    assert found["edge-utility_a-hv_mv_transformer_a"] == "edge dead"
    assert found["letter-mv_lv_transformer_a"] == "D"
    assert found["edge-generator_a-lv_switchgear_a"] == "edge live"
    assert "on-second" in found["node-lv_switchgear_a"].split()
    assert found["flow-mv_lv_transformer_a-lv_switchgear_a"] == ""


def test_a_battery_shows_how_long_it_lasts(simulation):
    simulation.command("utility_a", "set_fault", state=True)
    simulation.advance(3.0)
    runtime_s = simulation.view("ups_a")["runtime_s"]
    assert painted(simulation)["left-ups_a"] == f"{runtime_s // 60}:{runtime_s % 60:02d}"


def test_flow_into_a_node_is_what_the_engine_says_it_takes_in(simulation):
    found = flows(simulation.facility, seen(simulation))
    for node_id in ("ups_a", "server_rack_a1", "cooling_b"):
        feed = simulation.facility.nodes[node_id].feeds[0]
        assert found[f"{feed}-{node_id}"] == Flow(simulation.view(node_id)["power_in_kw"], True)


def test_flows_out_of_a_bus_add_up_to_what_it_passes_on(simulation):
    """Power in equals power out at every bus, within the last decimal of each figure (1 W)."""
    found = flows(simulation.facility, seen(simulation))
    for feeder in ("lv_switchgear_a", "ups_b", "mv_switchgear_a"):
        out_kw = sum(flow.power_kw for key, flow in found.items() if key.startswith(f"{feeder}-"))
        assert out_kw == pytest.approx(simulation.view(feeder)["power_kw"], abs=0.005)


def test_an_open_handle_is_drawn_open(simulation):
    simulation.command("mv_switchgear_a", "open")
    simulation.advance(1.0)
    assert "open" in painted(simulation)["node-mv_switchgear_a"].split()


@pytest.mark.parametrize(
    ("value", "decimals", "unit", "text"),
    [
        (479.96, 0, "V", "480 V"),
        (34500.0, 0, "V", "34.5 kV"),
        (96.34, 1, "kW", "96.3 kW"),
        (465.04, 1, "kW", "465 kW"),
        (1234.5, 1, "kW", "1.23 MW"),
        (61.4, 0, "%", "61%"),
        (-0.004, 1, "kW", "0.0 kW"),
        (None, 1, "kW", "–"),
        (True, 1, "kW", "–"),
    ],
)
def test_value_in_words(value, decimals, unit, text):
    assert value_text(value, decimals, unit) == text


def test_flow_says_where_it_goes():
    assert flow_text(Flow(12.0, True)) == "▾ 12.0 kW"
    assert flow_text(Flow(-12.0, True)) == "▴ 12.0 kW"
    assert flow_text(Flow(0.0, True)) == flow_text(Flow(12.0, False)) == ""


TWIN = """facility: twin
defaults:
  transformer: {primary_voltage_v: 13800, secondary_voltage_v: 480, impedance_pct: 5, load_loss_w: 5000,
    no_load_loss_w: 900, no_load_current_pct: 0.5}
nodes:
  u: {type: utility, voltage_v: 13800}
  t1: {type: transformer, from: u, power_kva: 750}
  t2: {type: transformer, from: u, power_kva: 500}
  lv: {type: switchgear, from: [t1, t2], rated_a: 1600, parallel: on}
  r: {type: server, from: lv, load_kw: 400, load_kw_max: 600, rated_a: 800}
  own: {type: server, from: t2, load_kw: 40, load_kw_max: 60, rated_a: 80}
"""


def test_two_closed_mains_are_drawn_closed_and_each_shows_its_own_power():
    simulation = Simulation(parse_facility(TWIN))
    lines = flows(simulation.facility, seen(simulation))
    one, two = lines["t1-lv"].power_kw, lines["t2-lv"].power_kw
    assert one + two == pytest.approx(400.0, abs=0.01)
    assert two == pytest.approx(simulation.view("t2")["power_kw"] - 40.0, abs=0.01)
    assert one > two > 100.0
    assert "on-both" in painted(simulation)["node-lv"].split()
    simulation.command("t1", "set_fault", state=True)
    simulation.advance(1.0)
    lines = flows(simulation.facility, seen(simulation))
    assert (lines["t1-lv"].power_kw, lines["t2-lv"].power_kw) == (0.0, pytest.approx(400.0, abs=0.01))
    assert "on-second" in painted(simulation)["node-lv"].split()


TWO_FEEDS = """facility: two-feeds
nodes:
  u1: {type: utility, voltage_v: 480}
  u2: {type: utility, voltage_v: 480}
  d1: {type: distribution, from: u1, rated_a: 400}
  d2: {type: distribution, from: u2, rated_a: 400}
  ats: {type: switchgear, from: [d1, d2], rated_a: 400}
  pdu: {type: pdu, from: [d1, d2], rated_a: 400}
  sts: {type: distribution, from: [d1, d2], rated_a: 400, transfer: sts}
  r1: {type: server, from: ats, load_kw: 30, load_kw_max: 60, rated_a: 80}
  r2: {type: server, from: pdu, load_kw: 30, load_kw_max: 60, rated_a: 80}
  r3: {type: server, from: sts, load_kw: 30, load_kw_max: 60, rated_a: 80}
"""


@pytest.mark.parametrize("board", ["ats", "pdu", "sts"])
def test_a_board_with_two_feeds_is_drawn_on_the_one_it_is_on(board):
    simulation = Simulation(parse_facility(TWO_FEEDS))
    lines = flows(simulation.facility, seen(simulation))
    assert (lines[f"d1-{board}"].power_kw, lines[f"d2-{board}"].power_kw) == (pytest.approx(30.0, abs=0.01), 0.0)
    assert "on-second" not in painted(simulation)[f"node-{board}"]
    simulation.command("u1", "set_fault", state=True, kind="sag", severity=0.2)  # alive, and too low
    simulation.advance(15.0)  # the rack behind the slow switch lets go, and starts again after ten seconds
    lines = flows(simulation.facility, seen(simulation))
    assert (lines[f"d1-{board}"].power_kw, lines[f"d2-{board}"].power_kw) == (0.0, pytest.approx(30.0, abs=0.01))
    assert lines[f"d1-{board}"].live
    assert "on-second" in painted(simulation)[f"node-{board}"].split()


def test_a_recording_of_before_the_field_was_there_is_drawn_by_its_state():
    facility = parse_facility(TWO_FEEDS)
    views = {name: {"voltage_out": 480.0, "power_in_kw": 30.0} for name in facility.nodes}
    views["ats"]["state"] = "GENERATOR"
    lines = flows(facility, views)
    assert (lines["d1-ats"].power_kw, lines["d2-ats"].power_kw) == (0.0, 30.0)
    assert (lines["d1-pdu"].power_kw, lines["d2-pdu"].power_kw) == (30.0, 0.0)


def test_a_storage_shows_how_full_it_is_where_nobody_knows_how_long_it_lasts():
    drawn = painted(Simulation(load_facility("campus-bess")))
    assert (drawn["ring-bess"], drawn["left-bess"]) == ("60", "60%")
