"""Rows of `make bench`: power flow alone, against power-grid-model, pandapower and OpenDSS in the same run.

Each pair solves the same network for the same loads or outages, on one thread, and its voltages are compared first:
a ratio is only given where they are equal to 1e-8 pu and the same buses are dead. power-grid-model is given its best
exact method for each row; its tolerance is 1e-8, ours is stricter. Ratios are medians of pairs taken in turn.
"""

import importlib.util
import itertools
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from power_grid_model import CalculationMethod, PowerGridModel, initialize_array
from winter_river.engine.network import Line, Load, Network, Transformer
from winter_river.engine.network.batch import Batch, Complex, Voltages

Row = tuple[str, float, str, float, bool]
Update = dict[Any, Any]

CLOSE_PU = 1e-8
PAIRS = 5
ENOUGH_S = 0.02  # chosen: hundreds of the quickest solutions, one of the slowest
METHODS = (CalculationMethod.iterative_current, CalculationMethod.newton_raphson)
RACKS, PDUS, BLOCK = 12, 8, 107  # buses of a block: MV, LV, UPS, 8 PDU, 96 racks


def two_sides(buses: int, *, seed: int = 1) -> Network:
    """A data centre of about that many buses: two sides; below each 34.5 kV, 480 V and 208 V, racks of 3 to 8 kW."""
    blocks, pdus, racks = (1, 2, 3) if buses <= 24 else (max(1, round((buses / 2 - 1) / BLOCK)), PDUS, RACKS)
    rng = np.random.default_rng(seed)
    voltages: list[float] = []
    edges: list[Line | Transformer] = []
    loads: list[Load] = []
    sources = []

    def bus(voltage_v: float) -> int:
        voltages.append(voltage_v)
        return len(voltages) - 1

    def line(above: int, resistance_ohm: float, reactance_ohm: float) -> int:
        below = bus(voltages[above])
        edges.append(Line(above, below, resistance_ohm, reactance_ohm))
        return below

    def transformer(above: int, voltage_v: float, power_va: float, impedance_pu: float, loss_w: float) -> int:
        below = bus(voltage_v)
        edges.append(Transformer(above, below, power_va, impedance_pu, loss_w))
        return below

    for _ in range(2):
        root = bus(34_500.0)
        sources.append(root)
        for _ in range(blocks):
            ups = line(transformer(line(root, 0.10, 0.12), 480.0, 2.5e6, 0.0575, 21e3), 0.0004, 0.0008)
            for _ in range(pdus):
                pdu = transformer(ups, 208.0, 225e3, 0.045, 3.5e3)
                for _ in range(racks):
                    power_w = float(rng.uniform(3e3, 8e3))
                    loads.append(Load(line(pdu, 0.006, 0.003), power_w, 0.2 * power_w))
    return Network(tuple(voltages), tuple(edges), tuple(loads), tuple(sources))


@dataclass(frozen=True)
class Peer:
    """power-grid-model with one network. ids: 0.. buses, then edges, loads, sources."""

    network: Network
    model: PowerGridModel

    def solve(self, method: CalculationMethod, update: Update | None = None) -> Complex:
        """The voltages, complex, one row a scenario."""
        found: Any = self.model.calculate_power_flow(
            update_data=update, calculation_method=method, threading=-1, error_tolerance=1e-8,
            output_component_types=["node"],
        )  # fmt: skip
        node = found["node"]
        v_pu: Complex = np.nan_to_num(node["u_pu"] * np.exp(1j * node["u_angle"]))
        return v_pu


def table(kind: str, count: int, columns: dict[str, object]) -> Any:
    """One table of power-grid-model's input."""
    made = initialize_array("input", kind, count)
    for name, values in columns.items():
        made[name] = values
    return made


def power_grid_model(network: Network) -> Peer:
    """The same network for power-grid-model."""
    buses = len(network.voltages_v)
    lines = [(buses + k, edge) for k, edge in enumerate(network.edges) if isinstance(edge, Line)]
    transformers = [(buses + k, edge) for k, edge in enumerate(network.edges) if isinstance(edge, Transformer)]
    first = buses + len(network.edges)
    volts = np.array(network.voltages_v)

    def ends(rows: Sequence[tuple[int, Line | Transformer]]) -> dict[str, object]:
        return {
            "id": [k for k, _ in rows], "from_node": [edge.a for _, edge in rows],
            "to_node": [edge.b for _, edge in rows], "from_status": 1, "to_status": 1,
        }  # fmt: skip

    return Peer(network, PowerGridModel({
        "node": table("node", buses, {"id": range(buses), "u_rated": volts}),
        "line": table("line", len(lines), {
            **ends(lines), "r1": [x.resistance_ohm for _, x in lines], "x1": [x.reactance_ohm for _, x in lines],
            "c1": 0.0, "tan1": 0.0,
        }),
        "transformer": table("transformer", len(transformers), {
            **ends(transformers), "u1": volts[[x.a for _, x in transformers]], "u2": volts[[x.b for _, x in transformers]],
            "sn": [x.power_va for _, x in transformers], "uk": [x.impedance_pu for _, x in transformers],
            "pk": [x.load_loss_w for _, x in transformers], "i0": 0.0, "p0": 0.0, "winding_from": 2, "winding_to": 2,
            "clock": 0, "tap_side": 0, "tap_pos": 0, "tap_min": 0, "tap_max": 0, "tap_nom": 0, "tap_size": 0.0,
        }),
        "sym_load": table("sym_load", len(network.loads), {
            "id": first + np.arange(len(network.loads)), "node": [x.bus for x in network.loads], "status": 1, "type": 0,
            "p_specified": [x.power_w for x in network.loads], "q_specified": [x.reactive_var for x in network.loads],
        }),
        "source": table("source", len(network.sources), {
            "id": first + len(network.loads) + np.arange(len(network.sources)), "node": network.sources, "status": 1,
            "u_ref": 1.0, "sk": 1e20,
        }),
    }))  # fmt: skip


def load_update(network: Network, power: Any) -> Update:
    """The loads of each scenario, for power-grid-model."""
    update = initialize_array("update", "sym_load", power.shape)
    update["id"] = len(network.voltages_v) + len(network.edges) + np.arange(power.shape[1])
    update["p_specified"], update["q_specified"] = power.real, power.imag
    return {"sym_load": update}


def outage_update(network: Network, outages: Any) -> Update:
    """The lines that each scenario opens, for power-grid-model."""
    update = initialize_array("update", "line", outages.shape)
    update["id"] = len(network.voltages_v) + outages
    update["from_status"] = update["to_status"] = 0
    return {"line": update}


def ratio(ours: Callable[[], Voltages], theirs: Sequence[Callable[[], Complex]]) -> tuple[float, float]:
    """(how many times faster than the fastest of the others, our seconds): medians of pairs taken in turn.

    Raises RuntimeError where the voltages are not equal.
    """
    got = np.squeeze(ours().v_pu)
    for other in theirs:
        want = np.squeeze(other())
        if np.abs(got - want).max() > CLOSE_PU or ((got == 0) != (want == 0)).any():
            raise RuntimeError(f"the voltages differ by {np.abs(got - want).max():g} pu")
    ratios, took = [], []
    for _ in range(PAIRS):
        own_s = seconds(ours)
        took.append(own_s)
        ratios.append(min(seconds(other) for other in theirs) / own_s)
    return statistics.median(ratios), statistics.median(took)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes, done again until ENOUGH_S are over: either side would else mostly wait for the memory that the
    other has taken."""
    start_s = time.perf_counter()
    for count in itertools.count(1):
        work()
        took_s = time.perf_counter() - start_s
        if took_s >= ENOUGH_S:
            return took_s / count
    raise AssertionError


def rows() -> Iterator[Row]:
    """All rows of power flow."""
    warnings.filterwarnings("ignore", category=RuntimeWarning)  # angles of dead buses
    for buses, scenarios in ((24, 4000), (1072, 400), (10_060, 64)):
        yield from _batches(two_sides(buses), scenarios)
    for buses in (1072, 10_060, 100_000):
        yield from _once(two_sides(buses))


def _batches(network: Network, scenarios: int) -> Iterator[Row]:
    batch, peer = Batch(network), power_grid_model(network)
    name = f"{len(network.voltages_v):,} buses"
    rng = np.random.default_rng(0)
    base = np.array([load.power for load in network.loads])
    power = base * (1 + 0.1 * rng.standard_normal((scenarios, len(base))))
    lines = np.array([k for k, edge in enumerate(network.edges) if isinstance(edge, Line)])
    work: list[tuple[str, Callable[[], Voltages], Update, float]] = [
        ("loads changed", partial(batch.solve_loads, power, threads=1), load_update(network, power), 10.0)
    ]
    for losses in (1, 2):
        outages = np.array([rng.choice(lines, losses, replace=False) for _ in range(scenarios)])
        ours = partial(batch.solve_outages, outages, threads=1)
        work.append((f"N-{losses}", ours, outage_update(network, outages), 20.0))
    for what, solve, update, bar in work:
        times, took_s = ratio(solve, [partial(peer.solve, method, update) for method in METHODS])
        yield f"flow, {what}, {name}", scenarios / took_s, "a second", 0.0, True
        yield f"flow, {what}, {name}, x power-grid-model", times, "times", bar, True


def _once(network: Network) -> Iterator[Row]:
    batch, peer = Batch(network), power_grid_model(network)
    others = [partial(peer.solve, method) for method in METHODS]
    found = [name for name in OTHERS if importlib.util.find_spec(name)]
    times, took_s = ratio(batch.solve_once, [*others, *(OTHERS[name](network) for name in found)])
    name = f"flow, once, {len(network.voltages_v):,} buses"
    yield name, took_s * 1000, "ms", float("inf"), False
    yield f"{name}, x best of power-grid-model {' '.join(found)}".rstrip(), times, "times", 10.0, True


def pandapower(network: Network) -> Callable[[], Complex]:
    """The same network for pandapower, by its backward/forward sweep or Newton's method, whichever is faster there."""
    import pandapower as pp

    net = pp.create_empty_network(sn_mva=1.0)
    volts = np.array(network.voltages_v)
    pp.create_buses(net, len(volts), vn_kv=volts / 1e3)
    lines = [edge for edge in network.edges if isinstance(edge, Line)]
    pp.create_lines_from_parameters(
        net, [x.a for x in lines], [x.b for x in lines], length_km=1.0, r_ohm_per_km=[x.resistance_ohm for x in lines],
        x_ohm_per_km=[x.reactance_ohm for x in lines], c_nf_per_km=0.0, max_i_ka=10.0,
    )  # fmt: skip
    those = [edge for edge in network.edges if isinstance(edge, Transformer)]
    pp.create_transformers_from_parameters(
        net, [x.a for x in those], [x.b for x in those], sn_mva=[x.power_va / 1e6 for x in those],
        vn_hv_kv=[volts[x.a] / 1e3 for x in those], vn_lv_kv=[volts[x.b] / 1e3 for x in those],
        vk_percent=[x.impedance_pu * 100 for x in those], vkr_percent=[x.load_loss_w / x.power_va * 100 for x in those],
        pfe_kw=0.0, i0_percent=0.0,
    )  # fmt: skip
    pp.create_loads(
        net, [x.bus for x in network.loads], p_mw=[x.power_w / 1e6 for x in network.loads],
        q_mvar=[x.reactive_var / 1e6 for x in network.loads],
    )  # fmt: skip
    for source in network.sources:
        pp.create_ext_grid(net, source, vm_pu=1.0)

    def solve() -> Complex:
        pp.runpp(net, numba=True, tolerance_mva=1e-8, trafo_model="pi", calculate_voltage_angles=True)
        v_pu: Complex = net.res_bus.vm_pu.to_numpy() * np.exp(1j * np.deg2rad(net.res_bus.va_degree.to_numpy()))
        return v_pu

    return solve


def open_dss(network: Network) -> Callable[[], Complex]:
    """The same network for OpenDSS, as its positive sequence, voltages in the order of our buses."""
    from dss import DSS

    root3 = 3**0.5
    kv = [volt / 1e3 / root3 for volt in network.voltages_v]
    first, *others = network.sources
    source = "phases=1 pu=1 frequency=60 R1=0 X1=1e-9 R0=0 X0=1e-9"
    words = [
        "clear",
        f"new circuit.c bus1=b{first} basekv={kv[first]:.12g} basefreq=60 {source}",
        *(f"new vsource.v{k} bus1=b{k} basekv={kv[k]:.12g} {source}" for k in others),
    ]
    for k, edge in enumerate(network.edges):
        if isinstance(edge, Line):
            r, x = edge.resistance_ohm, edge.reactance_ohm
            words.append(
                f"new line.l{k} phases=1 bus1=b{edge.a} bus2=b{edge.b} r1={r:.12g} x1={x:.12g} r0={r:.12g} "
                f"x0={x:.12g} c1=0 c0=0 length=1"
            )
            continue
        resistance_pu = edge.load_loss_w / edge.power_va
        reactance_pu = (edge.impedance_pu**2 - resistance_pu**2) ** 0.5
        words.append(
            f"new transformer.t{k} phases=1 windings=2 buses=[b{edge.a} b{edge.b}] kvs=[{kv[edge.a]:.12g} "
            f"{kv[edge.b]:.12g}] kvas=[{edge.power_va / 3e3:.12g} {edge.power_va / 3e3:.12g}] "
            f"%rs=[{resistance_pu * 50:.12g} {resistance_pu * 50:.12g}] xhl={reactance_pu * 100:.12g} ppm_antifloat=0"
        )
    for k, load in enumerate(network.loads):
        words.append(
            f"new load.d{k} phases=1 bus1=b{load.bus} kv={kv[load.bus]:.12g} kw={load.power_w / 3e3:.12g} "
            f"kvar={load.reactive_var / 3e3:.12g} model=1 vminpu=0.1 vmaxpu=2"
        )
    words += ["set tolerance=1e-9", "set maxiterations=100"]
    for word in words:
        DSS.Text.Command = word
    solution, circuit = DSS.ActiveCircuit.Solution, DSS.ActiveCircuit
    solution.Solve()
    order = np.argsort([int(name[1:].split(".")[0]) for name in circuit.AllNodeNames])
    bases = np.array(kv) * 1e3

    def solve() -> Complex:
        solution.Solve()
        both = circuit.AllBusVolts
        v_pu: Complex = (both[::2] + 1j * both[1::2])[order] / bases
        return v_pu

    return solve


OTHERS: dict[str, Callable[[Network], Callable[[], Complex]]] = {"pandapower": pandapower, "dss": open_dss}
