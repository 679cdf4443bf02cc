"""Networks at random against power-grid-model, put together here by itself, and against Kirchhoff's current law."""

import cmath
import math

import numpy as np
import pytest
from power_grid_model import LoadGenType, PowerGridModel, WindingType
from random_networks import random_network
from winter_river.engine.network import POWER_GRID_MODEL, SWEEP, Line, Load, Network, Transformer, solve

from .oracle import table

CLOSE_PU = 1e-8
SEEDS = range(500)
BATCH = 50


def oracle_voltages(network):
    """Complex per-unit voltage of every bus by power-grid-model, 0 where it is dead; every edge with its status."""
    nodes = [{"id": k, "u_rated": volt} for k, volt in enumerate(network.voltages_v)]
    lines, transformers, loads = [], [], []
    for k, edge in enumerate(network.edges, start=len(nodes)):
        row = {"id": k, "from_node": edge.a, "to_node": edge.b, "from_status": edge.closed, "to_status": edge.closed}
        if isinstance(edge, Line):
            lines.append({**row, "r1": edge.resistance_ohm, "x1": edge.reactance_ohm, "c1": 0.0, "tan1": 0.0})
            continue
        nameplate = {"sn": edge.power_va, "uk": edge.impedance_pu, "pk": edge.load_loss_w}
        idle = {"i0": edge.no_load_current_pu, "p0": edge.no_load_loss_w}
        volts = {"u1": network.voltages_v[edge.a], "u2": network.voltages_v[edge.b]}
        plain = {"winding_from": WindingType.delta, "winding_to": WindingType.delta, "clock": 0, "tap_side": 0}
        taps = {"tap_pos": 1, "tap_min": -5, "tap_max": 5, "tap_nom": 0, "tap_size": 0.0}
        if edge.tap_pu != 1.0:  # positions above and below the nominal one, of one thousandth of the turns
            many = (edge.tap_pu - 1.0) * network.voltages_v[edge.a]
            taps |= {"tap_pos": 5 if many > 0.0 else -5, "tap_size": abs(many) / 5}
        transformers.append({**row, **nameplate, **idle, **volts, **plain, **taps})
    kinds = {"P": LoadGenType.const_power, "I": LoadGenType.const_current, "Z": LoadGenType.const_impedance}
    first = len(nodes) + len(network.edges)
    for k, load in enumerate(network.loads, start=first):
        row = {"id": k, "node": load.bus, "status": 1, "type": kinds[load.model]}
        loads.append({**row, "p_specified": load.power_w, "q_specified": load.reactive_var})
    first += len(network.loads)
    sources = [
        {"id": k, "node": bus, "status": 1, "u_ref": 1.0, "sk": 1e20, "rx_ratio": 0.1}
        for k, bus in enumerate(network.sources, start=first)
    ]
    rows = {"node": nodes, "line": lines, "transformer": transformers, "sym_load": loads, "source": sources}
    model = PowerGridModel({kind: table(kind, those) for kind, those in rows.items()})
    found = model.calculate_power_flow(error_tolerance=1e-10, max_iterations=50)["node"]
    return [
        u * cmath.exp(1j * angle) for u, angle in zip(found["u_pu"].tolist(), found["u_angle"].tolist(), strict=True)
    ]


def kirchhoff_w(network, v_pu):
    """The largest power that goes missing at a live bus without a source, W; in volts and amperes, edge by edge."""
    v = [u * volt / math.sqrt(3) for u, volt in zip(v_pu, network.voltages_v, strict=True)]  # line to neutral
    missing = np.zeros(len(v), complex)
    for edge in network.edges:
        if not edge.closed:
            continue
        a, b = edge.a, edge.b
        ratio = network.voltages_v[a] / network.voltages_v[b]
        if isinstance(edge, Line):
            z, y = complex(edge.resistance_ohm, edge.reactance_ohm), 0j
        else:  # by the book, in ohms of side b: R = pk U^2/S^2, |Z| = uk U^2/S, G = p0/U^2, |Y| = i0 S/U^2
            u2, sn = network.voltages_v[b] ** 2, edge.power_va
            r, size = edge.load_loss_w * u2 / sn**2, edge.impedance_pu * u2 / sn
            g, whole = edge.no_load_loss_w / u2, edge.no_load_current_pu * sn / u2
            z = complex(r, math.sqrt(size**2 - r**2))
            y = complex(g, -math.sqrt(max(0.0, whole**2 - g**2)))
        va, vb = v[a] / ratio, v[b]
        if not isinstance(edge, Line):
            va /= edge.tap_pu  # volts at a turn are the same in both windings
        through = (va - vb) / z
        missing[a] -= 3 * va * (through + va * y / 2).conjugate()
        missing[b] += 3 * vb * (through - vb * y / 2).conjugate()
    for load in network.loads:
        missing[load.bus] -= (
            load.power * {"P": 1.0, "I": abs(v_pu[load.bus]), "Z": abs(v_pu[load.bus]) ** 2}[load.model]
        )
    return max((abs(missing[k]) for k in range(len(v)) if v_pu[k] != 0 and k not in network.sources), default=0.0)


@pytest.mark.parametrize("taps", [False, True], ids=["no_taps", "taps"])
@pytest.mark.parametrize("meshed", [False, True], ids=["radial", "meshed"])
@pytest.mark.parametrize("first", range(0, len(SEEDS), BATCH))
def test_random_networks_agree_with_power_grid_model(first, meshed, taps):
    methods = set()
    for seed in range(first, first + BATCH):
        network = random_network(seed, meshed=meshed, taps=taps)
        solution = solve(network)
        assert solution.solved, f"seed {seed}"
        methods.add(solution.method)
        expected = oracle_voltages(network)
        worst = max(abs(got - want) for got, want in zip(solution.v_pu, expected, strict=True))
        assert worst < CLOSE_PU, f"seed {seed}: {worst:g} pu"
        assert {one.bus for one in solution.dead} == {k for k, v in enumerate(expected) if v == 0}, f"seed {seed}"
        assert kirchhoff_w(network, solution.v_pu) < 0.05, f"seed {seed}"
    assert POWER_GRID_MODEL in methods if meshed else methods == {SWEEP}


def test_a_line_of_2000_buses_agrees_with_power_grid_model():
    buses = 2000
    lines = tuple(Line(k, k + 1, 0.01, 0.012) for k in range(buses))
    loads = tuple(Load(k, 10e3, 2e3, "PIZ"[k % 3]) for k in range(1, buses + 1))
    network = Network((34_500.0,) * (buses + 1), lines, loads, (0,))
    solution = solve(network)
    expected = oracle_voltages(network)
    assert solution.method == SWEEP
    assert 0.6 < abs(solution.v_pu[-1]) < 0.9  # a heavy drop, or it would show nothing
    assert max(abs(got - want) for got, want in zip(solution.v_pu, expected, strict=True)) < CLOSE_PU


def test_a_tap_by_hand():
    # 2 MVA of 34.5 to 0.48 kV, 6 %, no losses, at 5 % fewer turns: 480 / 0.95 = 505.263 V with nothing drawn. At a load
    # of 2 MW + 0.97 Mvar at nominal voltage as an impedance, Z = 0.48^2 / (2 - 0.97j) = 0.0932624 + 0.0452322j ohm, behind
    # X = 0.06 * 0.48^2 / 2 = 0.006912 ohm: V = 505.263 * |Z| / |Z + jX| = 505.263 * 0.1036524 / 0.1068498 = 490.143 V.
    transformer = Transformer(0, 1, 2e6, 0.06, 0.0, tap_pu=0.95)
    found = solve(Network((34_500.0, 480.0), (transformer,), (Load(1, 2e6, 0.97e6, "Z"),), (0,)))
    assert abs(found.v_pu[1]) * 480 == pytest.approx(490.143, abs=0.001)
    idle = solve(Network((34_500.0, 480.0), (transformer,), (), (0,)))
    assert abs(idle.v_pu[1]) * 480 == pytest.approx(505.263, abs=0.001)


def test_fewer_turns_under_the_same_voltage_lose_more_in_the_core():
    # The no-load loss goes with the square of the volts a turn: 4 kW / 0.9^2 = 4938.27 W at 10 % fewer turns.
    transformer = Transformer(0, 1, 2e6, 0.06, 0.0, 0.012, 4_000.0, tap_pu=0.9)
    found = solve(Network((34_500.0, 480.0), (transformer,), (), (0,)))
    assert found.loss_w == pytest.approx(4938.27, rel=1e-3)


def test_both_methods_take_a_magnetising_branch_for_the_same():
    # One transformer by the sweep, and twice the half of it in parallel, which only Newton's method takes.
    whole = Transformer(0, 1, 2e6, 0.06, 18_000.0, 0.012, 4_000.0)
    half = Transformer(0, 1, 1e6, 0.06, 9_000.0, 0.012, 2_000.0)
    load = Load(1, 1.5e6, 0.4e6)
    one = solve(Network((34_500.0, 480.0), (whole,), (load,), (0,)))
    two = solve(Network((34_500.0, 480.0), (half, half), (load,), (0,)))
    assert (one.method, two.method) == (SWEEP, POWER_GRID_MODEL)
    assert abs(one.v_pu[1] - two.v_pu[1]) < 1e-12
    assert one.loss_w == pytest.approx(two.loss_w, rel=1e-10)
