"""Many flows at once against one at a time, and against power-grid-model's own batches."""

import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import winter_river
from power_grid_model import PowerGridModel, initialize_array
from winter_river.engine.network import Line, Load, Network, Transformer, solve
from winter_river.engine.network.batch import Batch, BatchError

CLOSE_PU = 1e-8


def random_tree(seed):
    """Below one or two sources: transformers with and without magnetising branches and taps, stepping down or up, lines, some of them open, some
    without impedance; loads of all three kinds, several on a bus."""
    rng = random.Random(seed)
    voltages, edges, loads = [34_500.0] * rng.randint(1, 2), [], []
    sources = tuple(range(len(voltages)))
    for bus in range(len(voltages), len(voltages) + rng.randint(4, 45)):
        above = rng.randrange(bus)
        if voltages[above] > 1000 and rng.random() < 0.5:
            idle = rng.choice([0.0, 0.004])
            a, b = (above, bus) if rng.random() < 0.8 else (bus, above)
            tap_pu = rng.choice([1.0, 1.0, 0.95, 0.975, 1.025, 1.05])
            edges.append(Transformer(a, b, 1e6, 0.06, 9e3, 4 * idle, idle * 1e5, tap_pu=tap_pu))
            voltages.append(480.0)
        else:
            ohm = 0.002 if voltages[above] < 1000 else 1.0
            ohm *= rng.random() > 0.05
            edges.append(Line(above, bus, ohm * rng.random(), ohm * rng.random(), closed=rng.random() > 0.04))
            voltages.append(voltages[above])
        if voltages[bus] < 1000:
            for _ in range(rng.choice([0, 1, 1, 2])):
                loads.append(Load(bus, rng.uniform(-5e3, 30e3), rng.uniform(-2e3, 8e3), rng.choice("PPIZ")))
    return Network(tuple(voltages), tuple(edges), tuple(loads), sources)


@pytest.mark.parametrize("seed", range(60))
def test_changed_loads_give_what_one_solution_at_a_time_gives(seed):
    network = random_tree(seed)
    factors = np.random.default_rng(seed).uniform(0.0, 1.6, (37, len(network.loads)))  # more than one block of lanes
    power = factors * np.array([load.power for load in network.loads])
    found = Batch(network).solve_loads(power)
    for row in (0, 5, 31, 32, 36):
        loads = zip(network.loads, power[row].tolist(), strict=True)
        changed = replace(network, loads=tuple(replace(x, power_w=s.real, reactive_var=s.imag) for x, s in loads))
        assert np.abs(found.v_pu[row] - np.array(solve(changed).v_pu)).max() < CLOSE_PU, f"seed {seed}, row {row}"
        once = Batch(network).solve_once(power[row])
        assert np.abs(once.v_pu[0] - found.v_pu[row]).max() < CLOSE_PU, f"seed {seed}, row {row}"


@pytest.mark.parametrize("seed", range(60))
def test_opened_edges_give_what_one_solution_at_a_time_gives(seed):
    network = random_tree(seed)
    outages = np.random.default_rng(seed).integers(-1, len(network.edges), (35, 2))
    outages[3] = outages[3, 0]  # the same edge named twice
    found = Batch(network).solve_outages(outages)
    for row, gone in enumerate(outages.tolist()):
        kept = (replace(edge, closed=edge.closed and k not in gone) for k, edge in enumerate(network.edges))
        expected = np.array(solve(replace(network, edges=tuple(kept))).v_pu)
        assert np.abs(found.v_pu[row] - expected).max() < CLOSE_PU, f"seed {seed}, row {row}"
        assert ((found.v_pu[row] == 0) == (expected == 0)).all(), f"seed {seed}, row {row}"


def feeder(blocks=3):
    """A source, and below it a line, a transformer and ten loads a block."""
    voltages, edges, loads = [34_500.0], [], []
    for _ in range(blocks):
        high, low = len(voltages), len(voltages) + 1
        voltages += [34_500.0, 480.0]
        edges += [Line(0, high, 0.1, 0.12), Transformer(high, low, 1e6, 0.0575, 9e3)]
        for _ in range(10):
            edges.append(Line(low, len(voltages), 0.006, 0.003))
            loads.append(Load(len(voltages), 30e3, 6e3))
            voltages.append(480.0)
    return Network(tuple(voltages), tuple(edges), tuple(loads), (0,))


def test_a_batch_of_loads_agrees_with_power_grid_model():
    network = feeder()
    power = np.array([load.power for load in network.loads]) * np.random.default_rng(1).uniform(0.2, 1.8, (50, 30))
    buses, lines = range(len(network.voltages_v)), []
    node = initialize_array("input", "node", len(buses))
    node["id"], node["u_rated"] = buses, network.voltages_v
    of_kind = {
        kind: [k for k, edge in enumerate(network.edges) if isinstance(edge, kind)] for kind in (Line, Transformer)
    }
    lines = [network.edges[k] for k in of_kind[Line]]
    line = initialize_array("input", "line", len(lines))
    line["id"] = 1000 + np.array(of_kind[Line])
    line["from_node"], line["to_node"] = [x.a for x in lines], [x.b for x in lines]
    line["r1"], line["x1"] = [x.resistance_ohm for x in lines], [x.reactance_ohm for x in lines]
    line["from_status"] = line["to_status"] = 1
    line["c1"] = line["tan1"] = 0.0
    transformers = [network.edges[k] for k in of_kind[Transformer]]
    transformer = initialize_array("input", "transformer", len(transformers))
    for name, value in {
        "id": 1000 + np.array(of_kind[Transformer]), "from_node": [x.a for x in transformers],
        "to_node": [x.b for x in transformers], "from_status": 1, "to_status": 1, "u1": 34_500.0, "u2": 480.0,
        "sn": 1e6, "uk": 0.0575, "pk": 9e3, "i0": 0.0, "p0": 0.0, "winding_from": 2, "winding_to": 2, "clock": 0,
        "tap_side": 0, "tap_pos": 0, "tap_min": 0, "tap_max": 0, "tap_nom": 0, "tap_size": 0.0,
    }.items():  # fmt: skip
        transformer[name] = value
    load = initialize_array("input", "sym_load", len(network.loads))
    load["id"], load["node"], load["status"], load["type"] = 2000 + np.arange(30), [x.bus for x in network.loads], 1, 0
    load["p_specified"] = load["q_specified"] = 0.0
    source = initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"], source["u_ref"], source["sk"] = 3000, 0, 1, 1.0, 1e20
    model = PowerGridModel({"node": node, "line": line, "transformer": transformer, "sym_load": load, "source": source})
    update = initialize_array("update", "sym_load", power.shape)
    update["id"], update["p_specified"], update["q_specified"] = load["id"], power.real, power.imag
    theirs = model.calculate_power_flow(update_data={"sym_load": update}, error_tolerance=1e-10)["node"]
    expected = theirs["u_pu"] * np.exp(1j * theirs["u_angle"])
    assert np.abs(Batch(network).solve_loads(power).v_pu - expected).max() < CLOSE_PU


def test_what_the_sweep_cannot_solve_is_said_and_the_rest_is_solved():
    network = feeder(1)
    power = np.full((3, 10), 30e3 + 6e3j)
    power[1] *= 100  # 3.6 MVA on 0.006 ohm at 480 V: there is no such state
    found = Batch(network).solve_loads(power)
    assert found.unsolved == (1,)
    assert np.isnan(found.v_pu[1]).any()
    assert np.abs(found.v_pu[0] - found.v_pu[2]).max() == 0.0
    assert not np.isnan(found.v_pu[[0, 2]]).any()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 15, 17, 23])
def test_any_number_of_scenarios_gives_the_rows_of_many(count):
    network = feeder()
    power = np.array([load.power for load in network.loads]) * np.random.default_rng(3).uniform(0.2, 1.8, (24, 30))
    batch = Batch(network)
    many, few = batch.solve_loads(power).v_pu, batch.solve_loads(power[:count]).v_pu
    assert few.shape == (count, len(network.voltages_v))
    assert np.abs(few - many[:count]).max(initial=0.0) < CLOSE_PU
    outages = np.arange(count)[:, None]
    lost, of_all = batch.solve_outages(outages).v_pu, batch.solve_outages(np.arange(24)[:, None]).v_pu[:count]
    assert np.abs(lost - of_all).max(initial=0.0) < CLOSE_PU
    assert ((lost == 0) == (of_all == 0)).all()


def test_loads_right_below_a_source_come_to_rest():
    """Nothing but ends: 30 kW + 6 kvar over 0.5 + 0.25 ohm at 480 V, by hand from the quadratic of the voltage's square:
    v^4 + (2 (R P + X Q) / V^2 - 1) v^2 + (R^2 + X^2) (P^2 + Q^2) / V^4 = 0."""
    network = Network(
        (480.0,) * 3, (Line(0, 1, 0.5, 0.25), Line(0, 2, 0.5, 0.25)), (Load(1, 30e3, 6e3), Load(2, 1e3, 0.0)), (0,)
    )
    drop, spread2 = (0.5 * 30e3 + 0.25 * 6e3) / 480**2, (0.5**2 + 0.25**2) * (30e3**2 + 6e3**2) / 480**4
    v2 = (1 - 2 * drop) / 2 + ((1 - 2 * drop) ** 2 / 4 - spread2) ** 0.5
    power, lighter = (
        np.array([load.power for load in network.loads]),
        replace(network, loads=(Load(1, 1e3, 0.0), Load(2, 1e3, 0.0))),
    )
    for found in (
        Batch(network).solve_once(),
        Batch(lighter).solve_once(power),
        Batch(lighter).solve_loads([power, power / 2]),
    ):
        assert abs(abs(found.v_pu[0, 1]) - v2**0.5) < CLOSE_PU


def test_compiled_text_is_made_anew_when_a_file_that_it_leads_to_changes(tmp_path):
    """The currents of single.py come from lanes.py, and numba by itself looks at single.py only."""
    package = Path(winter_river.__file__).parent
    shutil.copytree(package / "engine" / "network", tmp_path / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    for file in (tmp_path / "flows").glob("*.py"):
        file.write_text(file.read_text().replace("winter_river.engine.network", "flows"))
    code = (
        "from flows import Line, Load, Network; from flows.batch import Batch\n"
        "loads = (Load(1, 30e3, 6e3),)\n"
        "print(abs(Batch(Network((480.0,) * 2, (Line(0, 1, 0.5, 0.25),), loads, (0,))).solve_once().v_pu[0, 1]))"
    )

    def run():
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
        return round(float(done.stdout), 6)

    assert run() == run() == 0.922112
    lanes = tmp_path / "flows" / "lanes.py"
    told = lanes.read_text()
    lanes.write_text(told.replace("def power_at(p: Any, q: Any,", "def power_at(q: Any, p: Any,"))
    assert lanes.read_text() != told
    assert run() != 0.922112


def test_a_feeder_that_rests_at_once_does_not_end_another_that_is_slow():
    """The first load changes a hundredfold and its voltage is there at once; the second moves by a millionth, and each
    pass takes 0.4 of what the one before did."""
    lines, voltages = (Line(0, 1, 1e-4, 0.0), Line(0, 2, 0.3, 0.0)), (480.0,) * 3
    heavy = 0.8 * 480**2 / (4 * 0.3)  # W: a quarter of V^2 / R is the most there is
    network = Network(voltages, lines, (Load(1, 1e3, 0.0), Load(2, heavy, 0.0)), (0,))
    power = np.array([100e3, heavy * (1 - 1e-6)], complex)
    changed = replace(network, loads=(Load(1, 100e3, 0.0), Load(2, heavy * (1 - 1e-6), 0.0)))
    expected = np.array(solve(changed).v_pu)
    assert abs(abs(expected[2]) - (1 + (1 - 0.8 * (1 - 1e-6)) ** 0.5) / 2) < 1e-9  # by hand: v^2 - v + P R / V^2 = 0
    assert np.abs(Batch(network).solve_loads(power[None]).v_pu[0] - expected).max() < CLOSE_PU
    assert np.abs(Batch(network).solve_once(power).v_pu[0] - expected).max() < CLOSE_PU


@pytest.mark.parametrize("edges", [[[1.0]], [[True]], [["1"]]])
def test_edges_that_are_no_whole_numbers_are_refused(edges):
    with pytest.raises(ValueError, match="whole numbers"):
        Batch(feeder()).solve_outages(edges)


def test_threads_change_nothing():
    network = feeder()
    power = np.array([load.power for load in network.loads]) * np.random.default_rng(2).uniform(0.2, 1.8, (100, 30))
    batch = Batch(network)
    assert (batch.solve_loads(power, threads=1).v_pu == batch.solve_loads(power, threads=2).v_pu).all()


def test_a_network_with_a_loop_is_refused_with_the_cure():
    lines = (Line(0, 1, 1, 1), Line(1, 2, 1, 1), Line(2, 0, 1, 1))
    with pytest.raises(BatchError, match=r"not a tree .* solve\(\)"):
        Batch(Network((480.0,) * 3, lines, (), (0,)))


@pytest.mark.parametrize("edges", [[[99]], [[-2]], [1]])
def test_an_edge_that_is_not_there_is_refused(edges):
    with pytest.raises(ValueError, match="edges has the shape"):
        Batch(feeder(1)).solve_outages(edges)


def test_powers_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(scenarios, 10\)"):
        Batch(feeder(1)).solve_loads(np.zeros((2, 9)))
