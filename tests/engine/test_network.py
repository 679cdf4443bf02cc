"""The flow of networks small enough to be worked by hand, what is dead and why, and what has no solution."""

import math

import pytest
from winter_river.engine import network as nw
from winter_river.engine.network import Line, Load, Network, Transformer, collapse_text, dead_text, solve

CLOSE_PU = 1e-10
VOLT = 480.0
CABLE = Line(0, 1, 0.02, 0.04)
Z_PU = complex(0.02, 0.04) / VOLT**2  # per VA
LOAD = complex(200e3, 40e3)


def two_buses(power, model="P"):
    return Network((VOLT, VOLT), (CABLE,), (Load(1, power.real, power.imag, model),), (0,))


def constant_power_voltage(power):
    """v = 1 - z conj(S / v) at 1 pu in front: with c = z conj(S), |v|^2 solves a quadratic, and conj(v) = |v|^2 + c."""
    c = Z_PU * power.conjugate()
    size2 = (1 - 2 * c.real + math.sqrt((1 - 2 * c.real) ** 2 - 4 * abs(c) ** 2)) / 2
    return (size2 + c).conjugate()


def nose():
    """How many times LOAD a cable can carry: where that quadratic has one root left."""
    c = Z_PU * LOAD.conjugate()
    return 1 / (2 * (abs(c) + c.real))


def constant_current_voltage(power):
    """v = 1 - z conj(S) v/|v|: along v, 1 = |v + c e^(i angle v)|, so |v| + c lies on the unit circle."""
    c = Z_PU * power.conjugate()
    size = math.sqrt(1 - c.imag**2) - c.real
    return size / (size + c)


def constant_impedance_voltage(power):
    return 1 / (1 + Z_PU * power.conjugate())


BY_HAND = {"P": constant_power_voltage, "I": constant_current_voltage, "Z": constant_impedance_voltage}


@pytest.mark.parametrize("model", BY_HAND)
def test_each_kind_of_load_agrees_with_its_closed_form(model):
    solution = solve(two_buses(LOAD, model))
    v = BY_HAND[model](LOAD)
    assert (solution.v_pu[0], solution.method) == (1.0, nw.SWEEP)
    assert (
        abs(v + Z_PU * (LOAD * {"P": 1, "I": abs(v), "Z": abs(v) ** 2}[model] / v).conjugate() - 1) < 1e-15
    )  # by hand
    assert abs(solution.v_pu[1] - v) < CLOSE_PU
    loss_w = Z_PU.real * abs(LOAD * {"P": 1, "I": abs(v), "Z": abs(v) ** 2}[model] / v) ** 2
    assert solution.loss_w == pytest.approx(loss_w, rel=1e-9)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.96, 0.97, 0.99, 0.999, 0.9999, 0.999999])
def test_up_to_collapse_the_voltage_agrees_with_the_closed_form(share):
    power = LOAD * nose() * share
    solution = solve(two_buses(power))
    assert abs(solution.v_pu[1] - constant_power_voltage(power)) < CLOSE_PU


def test_near_collapse_newton_takes_over_from_the_sweep():
    methods = [solve(two_buses(LOAD * nose() * share)).method for share in (0.9, 0.999)]
    assert methods == [nw.SWEEP, nw.POWER_GRID_MODEL]


@pytest.mark.parametrize("times", [1.001, 1.25, 4.0])
def test_past_collapse_the_node_the_load_and_the_share_are_named(times):
    solution = solve(two_buses(LOAD * nose() * times))
    (why,) = solution.collapses
    assert not solution.solved
    assert solution.v_pu == (1.0, None)
    assert (why.bus, why.load) == (1, 0)
    assert why.share == pytest.approx(1 / times, abs=2e-3)
    assert 0.5 < why.voltage_pu < 0.6  # the nose of this cable: |v| = 1 / (2 cos(half the angle of z conj(S)))
    assert "loads[0]" in collapse_text(two_buses(LOAD * nose() * times), why)


def test_the_load_at_fault_is_not_the_one_that_merely_sits_lowest():
    # A small load at the far end stands lowest; the large one half way is why.
    lines = tuple(Line(k, k + 1, 0.02, 0.04) for k in range(3))
    loads = (Load(3, 1e3, 0.0), Load(2, 3e6, 0.0), Load(1, 50e3, 0.0))
    (why,) = solve(Network((VOLT,) * 4, lines, loads, (0,))).collapses
    assert (why.bus, why.load) == (3, 1)


def test_what_collapses_on_one_side_leaves_the_other_solved():
    network = Network((VOLT,) * 3, (CABLE, Line(0, 2, 0.02, 0.04)), (Load(1, 5e6, 0.0), Load(2, 2e5, 4e4)), (0,))
    solution = solve(network)
    assert solution.v_pu[1] is None
    assert abs(solution.v_pu[2] - constant_power_voltage(LOAD)) < CLOSE_PU
    assert [one.method for one in solution.islands] == ["", nw.SWEEP]


def test_unequal_parallel_transformers_share_by_their_impedances():
    # Only reactances, so the parallel of 6 % and 4 % at 1 MVA is 2.4 %; the load sees one cable of that.
    twins = (Transformer(0, 1, 1e6, 0.06, 0.0), Transformer(0, 1, 1e6, 0.04, 0.0))
    power = complex(1.2e6, 0.5e6)
    solution = solve(Network((34_500.0, VOLT), twins, (Load(1, power.real, power.imag),), (0,)))
    v = solution.v_pu[1]
    assert solution.method == nw.POWER_GRID_MODEL
    assert abs(v + 0.024j * (power / 1e6 / v).conjugate() - 1) < CLOSE_PU


def test_a_closed_tie_between_equal_sides_carries_nothing():
    # Two like sources, cables and loads: with the tie each side stands as it would alone.
    lines = (CABLE, Line(2, 3, 0.02, 0.04), Line(1, 3, 0.01, 0.01))
    loads = (Load(1, LOAD.real, LOAD.imag), Load(3, LOAD.real, LOAD.imag))
    solution = solve(Network((VOLT,) * 4, lines, loads, (0, 2)))
    assert solution.method == nw.POWER_GRID_MODEL
    for bus in (1, 3):
        assert abs(solution.v_pu[bus] - constant_power_voltage(LOAD)) < CLOSE_PU


def test_sides_that_meet_only_at_a_source_are_solved_each_by_itself():
    lines = (CABLE, Line(0, 2, 0.02, 0.04), Line(0, 3, 0.01, 0.02))
    loads = (Load(1, LOAD.real, LOAD.imag), Load(2, 1e5, 0.0), Load(3, 7e4, 1e4), Load(0, 1e9, 0.0))
    solution = solve(Network((VOLT,) * 4, lines, loads, (0, 3)))  # the last line joins two sources
    assert solution.method == nw.SWEEP
    assert [one.island.joints for one in solution.islands] == [(1,), (2,)]
    assert abs(solution.v_pu[1] - constant_power_voltage(LOAD)) < CLOSE_PU


def test_lines_without_impedance_join_their_buses_even_in_a_ring():
    ring = (CABLE, Line(1, 2, 0.0, 0.0), Line(2, 3, 0.0, 0.0), Line(3, 1, 0.0, 0.0))
    solution = solve(Network((VOLT,) * 4, ring, (Load(3, LOAD.real, LOAD.imag),), (0,)))
    assert solution.method == nw.SWEEP
    assert solution.v_pu[1] == solution.v_pu[2] == solution.v_pu[3]
    assert abs(solution.v_pu[3] - constant_power_voltage(LOAD)) < CLOSE_PU


def test_open_ends_are_dead_and_say_what_isolates_them():
    lines = (
        CABLE,
        Line(1, 2, 0.01, 0.01, closed=False),
        Line(2, 3, 0.01, 0.01),
        Line(3, 4, 0.01, 0.01, closed=False),
        Line(1, 5, 0.01, 0.01),
    )
    network = Network((VOLT,) * 7, lines, (Load(1, LOAD.real, LOAD.imag), Load(4, 1e9, 0.0)), (0,))
    solution = solve(network)
    assert solution.v_pu[2:5] == (0, 0, 0)
    assert solution.v_pu[5] == solution.v_pu[1]
    assert [dead_text(network, dead) for dead in solution.dead] == [
        "bus 2 is dead because edges[1] (line 1-2) is open",
        "bus 3 is dead because edges[1] (line 1-2) is open",
        "bus 4 is dead because edges[1] (line 1-2) and edges[3] (line 3-4) are open",
        "bus 6 is dead because nothing leads there from a source",
    ]


def test_closing_what_is_named_brings_a_dead_bus_back_and_fewer_do_not():
    # Two ways to bus 3: over two open lines, or over one. The shorter is named.
    lines = [
        CABLE,
        Line(1, 2, 0.1, 0.1, closed=False),
        Line(2, 3, 0.1, 0.1, closed=False),
        Line(0, 3, 0.1, 0.1, closed=False),
    ]
    dead = {one.bus: one.open_edges for one in solve(Network((VOLT,) * 4, tuple(lines), (), (0,))).dead}
    assert dead == {2: (1,), 3: (3,)}


def test_a_network_without_sources_or_loads_is_no_error():
    dark = Network((VOLT, VOLT), (CABLE,), (Load(1, 1e3, 0.0),), ())
    assert solve(dark).v_pu == (0, 0)
    assert dead_text(dark, solve(dark).dead[0]) == "bus 0 is dead because there is no source"
    assert solve(Network((VOLT, VOLT), (CABLE,), (), (0,))).v_pu == (1, 1)


def test_no_load_loss_heats_even_an_idle_transformer():
    # 4 kW at 1 pu on both sides of the branch, the drop in the impedance apart (1.2 % of 6 %: nothing at 1e-3).
    idle = Transformer(0, 1, 2e6, 0.06, 18_000.0, 0.012, 4_000.0)
    solution = solve(Network((34_500.0, VOLT), (idle,), (), (0,)))
    assert solution.loss_w == pytest.approx(4_000.0, rel=1e-3)
    # Half of the branch behind the impedance: v = 1 / (1 + z y / 2), z and y in per unit of the nameplate.
    z = complex(0.009, math.sqrt(0.06**2 - 0.009**2))
    y = complex(0.002, -math.sqrt(0.012**2 - 0.002**2))
    assert abs(solution.v_pu[1] - 1 / (1 + z * y / 2)) < CLOSE_PU
