"""What a solution says in words: why a bus is dead, and why an island has none."""

from __future__ import annotations

from winter_river.engine.network.collapse import Collapse
from winter_river.engine.network.model import Line, Network
from winter_river.engine.network.topology import Dead


def edge_text(network: Network, edge: int) -> str:
    """An edge by its place, kind and ends."""
    one = network.edges[edge]
    return f"edges[{edge}] ({'line' if isinstance(one, Line) else 'trafo'} {one.a}-{one.b})"


def dead_text(network: Network, dead: Dead) -> str:
    """`bus 4 is dead because edges[2] (line 1-4) is open`."""
    if not network.sources:
        return f"bus {dead.bus} is dead because there is no source"
    if not dead.open_edges:
        return f"bus {dead.bus} is dead because nothing leads there from a source"
    names = [edge_text(network, edge) for edge in dead.open_edges]
    return f"bus {dead.bus} is dead because {' and '.join(names)} {'is' if len(names) == 1 else 'are'} open"


def collapse_text(network: Network, collapse: Collapse) -> str:
    """`not solved: 61.3 % of the loads can be carried; bus 2 is at 0.512 pu then, and most of that is ...`."""
    carried = f"not solved: {collapse.share * 100:.1f} % of the loads can be carried"
    at = f"bus {collapse.bus} is then at {collapse.voltage_pu:.3f} pu"
    if collapse.load < 0:
        return f"{carried}; {at}"
    load = network.loads[collapse.load]
    size = f"{load.power_w:g} W and {load.reactive_var:g} var at bus {load.bus}"
    return f"{carried}; {at}, mostly for loads[{collapse.load}] ({size})"
