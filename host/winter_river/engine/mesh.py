"""Networks by Newton's method, by power-grid-model: meshes, several sources, and what lies close to collapse.

The only module that imports power-grid-model, and only when one is solved: it costs a sixth of a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from power_grid_model import LoadGenType, PowerGridModel, WindingType, initialize_array
from power_grid_model.errors import IterationDiverge, MaxIterationReached, SparseMatrixError

from winter_river.engine.network.model import (
    CONSTANT_CURRENT,
    CONSTANT_IMPEDANCE,
    CONSTANT_POWER,
    Line,
    Network,
    Transformer,
)

if TYPE_CHECKING:
    from winter_river.engine.network.topology import Island

TOLERANCE_PU = 1e-10  # chosen: of the last change; Newton's error after it is smaller still
ITERATIONS_MAX = 50  # chosen: close to collapse each one only halves the error; 4 do elsewhere
SOURCE_VA = 1e20  # chosen: short-circuit power of a source that nothing moves, as in the reference cases
LOAD_TYPES = {
    CONSTANT_POWER: LoadGenType.const_power,
    CONSTANT_CURRENT: LoadGenType.const_current,
    CONSTANT_IMPEDANCE: LoadGenType.const_impedance,
}


def solve_mesh(network: Network, island: Island, powers: Sequence[complex]) -> dict[int, complex] | None:
    """Per-unit voltages by joint, sources included; None where Newton's method finds none.

    powers: VA at nominal voltage for each of Network.loads.
    """
    joints = (*island.joints, *island.sources)
    first_id = max(joints) + 1
    tables = {"node": _table("node", {"id": joints, "u_rated": [network.voltages_v[joint] for joint in joints]})}
    components: dict[str, dict[str, Any]] = {
        "line": _lines(network, island),
        "transformer": _transformers(network, island),
        "sym_load": _loads(network, island, powers),
        "source": {"node": island.sources, "status": 1, "u_ref": 1.0, "sk": SOURCE_VA, "rx_ratio": 0.1},
    }
    for kind, columns in components.items():
        count = len(next(iter(columns.values())))
        tables[kind] = _table(kind, {"id": range(first_id, first_id + count), **columns})
        first_id += count
    try:
        found = PowerGridModel(tables).calculate_power_flow(
            error_tolerance=TOLERANCE_PU, max_iterations=ITERATIONS_MAX, output_component_types=["node"]
        )["node"]
    except (IterationDiverge, MaxIterationReached, SparseMatrixError):
        return None
    voltages = found["u_pu"] * np.exp(1j * found["u_angle"])
    return dict(zip(found["id"].tolist(), voltages.tolist(), strict=True))


def _table(kind: str, columns: Mapping[str, Any]) -> Any:
    """One component table; a column is a sequence, or one value for all."""
    table = initialize_array("input", kind, len(columns["id"]))
    for name, values in columns.items():
        table[name] = values
    return table


def _lines(network: Network, island: Island) -> dict[str, Any]:
    ties = [(tie, network.edges[tie.edge]) for tie in island.ties]
    lines = [(tie, edge) for tie, edge in ties if isinstance(edge, Line)]
    return {
        "from_node": [tie.a for tie, _ in lines],
        "to_node": [tie.b for tie, _ in lines],
        "from_status": 1,
        "to_status": 1,
        "r1": [edge.resistance_ohm for _, edge in lines],
        "x1": [edge.reactance_ohm for _, edge in lines],
        "c1": 0.0,
        "tan1": 0.0,
    }


def _transformers(network: Network, island: Island) -> dict[str, Any]:
    """Without a shift of phase. Its model of the branch is that of transformer_pi, its tap that of Transformer."""
    ties = [(tie, network.edges[tie.edge]) for tie in island.ties]
    transformers = [(tie, edge) for tie, edge in ties if isinstance(edge, Transformer)]
    return {
        "from_node": [tie.a for tie, _ in transformers],
        "to_node": [tie.b for tie, _ in transformers],
        "from_status": 1,
        "to_status": 1,
        "u1": [network.voltages_v[tie.a] for tie, _ in transformers],
        "u2": [network.voltages_v[tie.b] for tie, _ in transformers],
        "sn": [edge.power_va for _, edge in transformers],
        "uk": [edge.impedance_pu for _, edge in transformers],
        "pk": [edge.load_loss_w for _, edge in transformers],
        "i0": [edge.no_load_current_pu for _, edge in transformers],
        "p0": [edge.no_load_loss_w for _, edge in transformers],
        "winding_from": WindingType.delta,
        "winding_to": WindingType.delta,
        "clock": 0,
        "tap_side": 0,
        "tap_pos": [1 if edge.tap_pu >= 1.0 else -1 for _, edge in transformers],
        "tap_min": -1,
        "tap_max": 1,
        "tap_nom": 0,
        "tap_size": [abs(edge.tap_pu - 1.0) * network.voltages_v[tie.a] for tie, edge in transformers],
    }


def _loads(network: Network, island: Island, powers: Sequence[complex]) -> dict[str, Any]:
    return {
        "node": [draw.joint for draw in island.loads],
        "status": 1,
        "type": [LOAD_TYPES[network.loads[draw.load].model] for draw in island.loads],
        "p_specified": [powers[draw.load].real for draw in island.loads],
        "q_specified": [powers[draw.load].imag for draw in island.loads],
    }
