"""A live run saved as a scenario and as a pytest file: both are played, and both pass."""

import os
import subprocess
import sys
from importlib import resources

from winter_river.facility import load_facility
from winter_river.scenario import load_scenario, parse_scenario, run_scenario
from winter_river.simulation import Simulation


def trouble(bench):
    bench.command("utility_a", "set_fault", state=True, kind="outage")
    bench.advance(25.0)
    bench.command("server_rack_b2", "set_load", power_kw=120.5)
    bench.command("server_rack_b3", "identify")
    bench.press("ups_b")
    bench.advance(20.0)
    bench.command("utility_a", "set_fault", state=False)
    bench.advance(40.0)


def test_a_saved_scenario_plays_and_passes(start):
    bench = start("block-2n-24")
    trouble(bench)
    text = bench.station.as_scenario("lunch")
    scenario = parse_scenario(text)
    assert scenario.name == "lunch"
    result = run_scenario(scenario, Simulation(bench.facility, seed=scenario.seed))
    assert result.passed, [str(outcome) for outcome in result.failures]
    assert text.count("send:") == 4  # three commands and the hand; identify moves nothing
    assert 'set_handle, params: {to: "bypass"}}  # by hand' in text
    assert text.count("expect:") >= 20


def test_a_saved_pytest_file_passes_by_itself(start, tmp_path):
    bench = start("block-2n-24")
    trouble(bench)
    file = tmp_path / "test_lunch.py"
    file.write_text(bench.station.as_pytest("lunch"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", str(file)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ), timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_lunch_ends_as_it_was_seen" in file.read_text()


def test_a_saved_pytest_file_fails_where_the_end_is_another(start, tmp_path):
    bench = start("block-2n-24")
    trouble(bench)
    text = bench.station.as_pytest()
    wrong = tmp_path / "test_wrong.py"
    assert "'ups_b': 'BYPASS'" in text
    wrong.write_text(text.replace("'ups_b': 'BYPASS'", "'ups_b': 'NORMAL'"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", str(wrong)]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False).returncode == 1


def test_what_was_taken_back_is_not_saved(start):
    bench = start("block-2n-24")
    bench.advance(10.0)
    bench.command("utility_a", "set_fault", state=True)
    bench.station.back(5.0)
    bench.command("utility_b", "set_fault", state=True)
    text = bench.station.as_scenario()
    assert "node: utility_b, command: set_fault" in text
    assert "node: utility_a, command" not in text


def test_an_initial_condition_is_part_of_what_is_saved(start):
    bench = start("block-2n-24")
    bench.station.load_initial_condition("battery-40")
    bench.advance(3.0)
    scenario = parse_scenario(bench.station.as_scenario())
    result = run_scenario(scenario, Simulation(bench.facility, seed=scenario.seed))
    assert result.passed, [str(outcome) for outcome in result.failures]


def test_a_node_that_was_taken_out_is_taken_out_again(start, tmp_path):
    bench = start("block-2n-24")
    bench.advance(5.0)
    gone = bench.nodes.pop("lv_switchgear_a")
    bench.hear([gone.will()])
    bench.advance(10.0)
    text = bench.station.as_scenario()
    assert "disturb: {node: lv_switchgear_a, what: no_power}" in text
    scenario = parse_scenario(text)
    result = run_scenario(scenario, Simulation(bench.facility, seed=scenario.seed))
    assert result.passed, [str(outcome) for outcome in result.failures]
    file = tmp_path / "test_gone.py"
    file.write_text(bench.station.as_pytest())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", str(file)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_of_ones_own_facility_file_is_saved_with_where_the_file_is(start, tmp_path, monkeypatch):
    pattern = resources.files("winter_river.facility") / "library" / "seed-8.yaml"
    folder = tmp_path / "our site"
    folder.mkdir()
    own = pattern.read_text().replace("facility: seed-8", "facility: my-site")
    (folder / "site.yaml").write_text(own)
    monkeypatch.chdir(folder)
    bench = start("site.yaml")
    assert bench.facility.name == "my-site"
    bench.command("util_a", "set_fault", state=True, kind="outage")
    bench.advance(20.0)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    session, test = elsewhere / "session.yaml", elsewhere / "test_session.py"
    session.write_text(bench.station.as_scenario())
    test.write_text(bench.station.as_pytest())
    scenario = load_scenario(str(session))
    result = run_scenario(scenario, Simulation(load_facility(scenario.facility), seed=scenario.seed))
    assert result.passed, [str(outcome) for outcome in result.failures]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", str(test)]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
