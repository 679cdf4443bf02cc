"""What `Simulation` promises whoever uses it from Python."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from winter_river import Simulation, load_facility
from winter_river.scenario import TraceWriter, load_scenario, run_scenario, scenarios

BLACKOUT = """
from winter_river import Simulation, load_facility
from winter_river.scenario import TraceWriter, load_scenario, run_scenario
import hashlib
sim = Simulation(load_facility("block-2n-24"), seed=7)
digest = hashlib.sha256()
trace = TraceWriter(sim, lambda line: digest.update(line.encode()))
run_scenario(load_scenario("utility-a-lost"), sim, until_s=60, on_step=trace.line)
print(digest.hexdigest(), sim.snapshot().hash)
"""


@pytest.mark.parametrize("name", scenarios())
def test_a_built_in_scenario_passes(start, name: str) -> None:
    scenario = load_scenario(name)
    result = run_scenario(scenario, start(scenario.facility, calibration=scenario.calibration, seed=scenario.seed))
    assert result.passed, "\n".join(map(str, result.failures))


@pytest.mark.parametrize("name", ["block-2n-24", "seed-8"])
def test_everything_is_well_and_still_at_the_start(start, name: str) -> None:
    simulation = start(name)
    assert {simulation.view(node_id)["status"] for node_id in simulation.facility.nodes} == {"ok"}
    assert {simulation.status(node_id)["status"] for node_id in simulation.facility.nodes} == {"ok"}
    before = len(simulation.events())
    simulation.advance(60.0)
    assert len(simulation.events()) == before
    assert simulation.t_s == 60.0


def test_a_node_reports_what_the_engine_computed(start) -> None:
    simulation = start()
    simulation.command("utility_a", "set_fault", state=True, kind="outage")
    simulation.advance(5.0)
    for node_id in simulation.facility.nodes:
        status, view = simulation.status(node_id), simulation.view(node_id)
        assert (status["state"], status["status"]) == (view["state"], view["status"])
        assert status["power_kw"] == pytest.approx(view["power_kw"], abs=0.0006)


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", BLACKOUT], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_a_snapshot_goes_back_to_the_bit_as_often_as_wanted(start) -> None:
    simulation = start(calibration="quick")
    simulation.command("utility_a", "set_fault", state=True)
    simulation.advance(1.3)
    saved = simulation.snapshot()
    after = []
    for _ in range(2):
        simulation.restore(saved)
        assert simulation.snapshot().hash == saved.hash
        assert simulation.t_s == 1.3
        simulation.command("server_rack_a1", "open")
        simulation.advance(7.0)
        simulation.remove("server_rack_a2")
        simulation.advance(2.0)
        after.append(simulation.snapshot().hash)
    assert after[0] == after[1] != saved.hash


def test_a_snapshot_is_not_touched_by_what_comes_after(start) -> None:
    simulation = start(calibration="quick")
    saved = simulation.snapshot()
    hash_before = saved.hash
    simulation.command("utility_a", "set_fault", state=True)
    simulation.advance(10.0)
    assert saved.hash == hash_before


def test_a_snapshot_of_another_site_is_refused(start) -> None:
    with pytest.raises(ValueError, match="another facility"):
        start("seed-8").restore(start("block-2n-24").snapshot())


def test_halving_the_step_moves_no_event_by_more_than_a_millisecond(start) -> None:
    told = []
    for dt_s in (1.0, 0.5, 0.1):
        simulation = start(dt_s=dt_s)
        simulation.command("utility_a", "set_fault", state=True)
        simulation.advance(140.0)
        told.append([(event.node_id, event.event, event.to, event.t_s) for event in simulation.events()])
    for other in told[1:]:
        assert [event[:3] for event in other] == [event[:3] for event in told[0]]
        assert [event[3] for event in other] == pytest.approx([event[3] for event in told[0]], abs=0.001)


def test_time_passes_the_same_in_one_go_or_in_many(start) -> None:
    hashes = []
    for parts in ((12.0,), (4.0, 4.0, 4.0), (1.0,) * 12):
        simulation = start()
        simulation.command("utility_a", "set_fault", state=True)
        for part in parts:
            simulation.advance(part)
        hashes.append(simulation.snapshot().hash)
    assert len(set(hashes)) == 1


def test_events_are_given_from_an_id_on(start) -> None:
    simulation = start()
    simulation.command("utility_a", "set_fault", state=True, kind="outage")
    events = simulation.events()
    assert [event.id for event in events] == sorted(event.id for event in events)
    middle = events[len(events) // 2].id
    assert simulation.events(middle) == [event for event in events if event.id > middle]


def test_an_unknown_node_is_refused_with_the_nearest_one(start) -> None:
    simulation = start()
    for ask in (simulation.view, simulation.status, simulation.presence, simulation.remove, simulation.insert):
        with pytest.raises(ValueError, match=r"there is no node 'ups_c' in block-2n-24; did you mean `ups_a`\?"):
            ask("ups_c")
    with pytest.raises(ValueError, match="there is no node 'ups_c'"):
        simulation.command("ups_c", "reset")


def test_a_verb_that_a_node_does_not_know_is_refused_by_the_node(start) -> None:
    ack = start().command("ups_a", "set_load", power_kw=1)
    assert (ack.result, ack.reason, ack.done) == ("rejected", "unknown", False)


def test_a_parameter_that_cannot_be_written_down_is_the_callers_mistake(start) -> None:
    with pytest.raises(ValueError, match="params"):
        start().command("ups_a", "set_fault", state=None)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e9])
def test_a_time_that_cannot_pass_is_refused(start, seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds is"):
        start("seed-8").advance(seconds)


@pytest.mark.parametrize("dt_s", [0, -1, float("nan"), float("inf")])
def test_a_step_that_cannot_be_is_refused(dt_s: float) -> None:
    with pytest.raises(ValueError, match="dt_s is"):
        Simulation(load_facility("seed-8"), dt_s=dt_s)


def test_a_hand_on_the_device_beats_the_host(start) -> None:
    simulation = start()
    simulation.press("server_rack_a1", long=True)
    assert simulation.view("server_rack_a1")["state"] == "OFF"
    assert simulation.status("server_rack_a1")["mode"] == "local"
    assert simulation.command("server_rack_a1", "close").reason == "priority"
    simulation.advance(2.0)
    simulation.press("server_rack_a1", long=True)
    simulation.advance(2.0)
    assert simulation.view("server_rack_a1")["state"] == "NORMAL"


def test_a_trace_has_a_line_a_step_with_the_contracts_fields(start) -> None:
    simulation = start("seed-8")
    lines: list[str] = []
    trace = TraceWriter(simulation, lines.append)
    trace.line(0.0)
    simulation.command("util_a", "set_fault", state=True, kind="outage")
    simulation.advance(12.0)
    trace.line(12.0)
    rows = [json.loads(line) for line in lines]
    assert [row["t"] for row in rows] == [0.0, 12.0]
    assert [list(row) for row in rows] == [["t", "nodes", "events"]] * 2
    assert list(rows[0]["nodes"]) == list(simulation.facility.nodes)
    ups = rows[1]["nodes"]["ups_a"]
    assert list(ups)[:3] == ["type", "state", "status"]
    for name in ("voltage_in", "voltage_out", "current", "power_kw", "power_factor", "loss_kw", "load_pct", "soc_pct"):
        assert name in ups
    assert rows[0]["events"] == []
    assert {event["node_id"] for event in rows[1]["events"]} >= {"util_a", "gen_a", "ups_a"}
    assert list(rows[1]["events"][0]) == ["id", "t_s", "node_id", "event", "from", "to", "cause"]


def test_the_small_site_lives_through_an_outage_too(start) -> None:
    simulation = start("seed-8")
    simulation.command("util_a", "set_fault", state=True)
    for _ in range(40):
        simulation.advance(1.0)
        assert simulation.view("srv_a")["power_kw"] == 40.0
    assert simulation.view("sw_a")["state"] == "GENERATOR"
    simulation.command("util_a", "set_fault", state=False)
    simulation.advance(120.0)
    assert {simulation.view(node_id)["status"] for node_id in simulation.facility.nodes} == {"ok"}


def test_importing_the_package_loads_neither_the_engine_nor_yaml() -> None:
    code = "import sys, winter_river; print([m for m in sys.modules if 'engine' in m or 'ruamel' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
