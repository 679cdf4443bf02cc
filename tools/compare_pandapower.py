"""Compares the power flow with pandapower's on 500 seeded random facilities, radial and meshed, with and without taps. Exit 1 above 1e-8 pu.

    python tools/compare_pandapower.py [--seeds 500]

pandapower is installed for `make bench` alone (tools/setup bench); the tests hold the same networks to
power-grid-model and to Kirchhoff's current law.
"""

import argparse
import importlib.util
import sys
import warnings
from collections.abc import Iterator

import numpy as np
from random_networks import random_network
from winter_river.engine.network import Line, Network, Transformer, solve
from winter_river.engine.network.batch import Complex

Row = tuple[str, float, str, float, bool]

SEEDS = 500
CLOSE_PU = 1e-8
SHARE_PCT = 100.0
KINDS = (  # meshed, with taps, in words
    (False, False, "radial"), (True, False, "meshed"),
    (False, True, "radial tapped"), (True, True, "meshed tapped"),
)  # fmt: skip


def pandapower_voltages(network: Network) -> Complex:
    """Complex per-unit voltage of every bus by pandapower's Newton method, 0 where it is dead."""
    import pandapower as pp

    net = pp.create_empty_network(sn_mva=1.0)
    volts = np.array(network.voltages_v)
    pp.create_buses(net, len(volts), vn_kv=volts / 1e3)
    for edge in network.edges:
        if isinstance(edge, Line):
            pp.create_line_from_parameters(
                net, edge.a, edge.b, length_km=1.0, r_ohm_per_km=edge.resistance_ohm, x_ohm_per_km=edge.reactance_ohm,
                c_nf_per_km=0.0, max_i_ka=10.0, in_service=edge.closed,
            )  # fmt: skip
        elif isinstance(edge, Transformer):
            pp.create_transformer_from_parameters(
                net, edge.a, edge.b, sn_mva=edge.power_va / 1e6, vn_hv_kv=volts[edge.a] / 1e3,
                vn_lv_kv=volts[edge.b] / 1e3, vk_percent=edge.impedance_pu * 100,
                vkr_percent=edge.load_loss_w / edge.power_va * 100, pfe_kw=edge.no_load_loss_w / 1e3,
                i0_percent=edge.no_load_current_pu * 100, in_service=edge.closed, tap_side="hv",
                tap_pos=1 if edge.tap_pu > 1 else -1, tap_neutral=0, tap_step_percent=abs(edge.tap_pu - 1) * 100,
                tap_changer_type="Ratio",
            )  # fmt: skip
    for load in network.loads:
        z, i = SHARE_PCT * (load.model == "Z"), SHARE_PCT * (load.model == "I")
        pp.create_load(
            net, load.bus, p_mw=load.power_w / 1e6, q_mvar=load.reactive_var / 1e6, const_z_p_percent=z,
            const_z_q_percent=z, const_i_p_percent=i, const_i_q_percent=i,
        )  # fmt: skip
    for source in network.sources:
        pp.create_ext_grid(net, source, vm_pu=1.0)
    pp.runpp(net, numba=False, tolerance_mva=1e-10, trafo_model="pi", calculate_voltage_angles=True, max_iteration=50)
    found: Complex = net.res_bus.vm_pu.to_numpy() * np.exp(1j * np.deg2rad(net.res_bus.va_degree.to_numpy()))
    return np.nan_to_num(found)


def worst_of(seeds: range, *, meshed: bool, taps: bool) -> tuple[float, int, int]:
    """(largest difference of a voltage in pu, the seed of that network, buses compared).

    Raises RuntimeError where one finds a solution that the other does not, or other buses dead.
    """
    warnings.filterwarnings("ignore")  # pandapower's, of pandas and of dead buses
    worst, worst_seed, buses = -1.0, -1, 0
    for seed in seeds:
        network = random_network(seed, meshed=meshed, taps=taps)
        solution = solve(network)
        if not solution.solved:
            raise RuntimeError(f"seed {seed}: not solved")
        got, want = np.array(solution.v_pu), pandapower_voltages(network)
        if ((got == 0) != (want == 0)).any():
            raise RuntimeError(f"seed {seed}: other buses are dead")
        difference = float(np.abs(got - want).max())
        buses += len(got)
        if difference > worst:
            worst, worst_seed = difference, seed
    return worst, worst_seed, buses


def is_installed() -> bool:
    """Whether pandapower is there."""
    return importlib.util.find_spec("pandapower") is not None


def rows() -> Iterator[Row]:
    """For `make bench`: the largest differences; none where pandapower is missing."""
    if not is_installed():
        return
    for meshed, taps, kind in KINDS:
        name = f"{SEEDS} random {kind} networks, off pandapower"
        yield name, worst_of(range(SEEDS), meshed=meshed, taps=taps)[0] / CLOSE_PU, "x 1e-8 pu", 1.0, False


def main() -> int:
    """Compares, prints one line a kind of network, and gives the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many networks of each kind")
    seeds = parser.parse_args().seeds
    if not is_installed():
        print("pandapower is missing; cure: tools/setup bench", file=sys.stderr)
        return 2
    good = True
    for meshed, taps, kind in KINDS:
        worst, seed, buses = worst_of(range(seeds), meshed=meshed, taps=taps)
        good = good and worst <= CLOSE_PU
        print(f"{seeds} {kind} networks, {buses} buses: at most {worst:.3g} pu (seed {seed})")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
