"""What hangs together with what: islands between sources, and why the rest is dead.

A source holds its bus whatever is drawn there, so what meets only at sources does not influence one another: each
part between them is an island, solved by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from winter_river.engine.network.model import Line, Network


@dataclass(frozen=True, slots=True)
class Tie:
    """A closed edge of an island, between two of its joints."""

    edge: int
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Draw:
    """A load of an island, by its place in Network.loads, and the joint it hangs at."""

    load: int
    joint: int


@dataclass(frozen=True, slots=True)
class Island:
    """Joints that live sources hold in common. A joint is a bus, or several that lines without impedance join: the
    lowest of them. sources: joints too, but held; their own loads are left out."""

    joints: tuple[int, ...]
    sources: tuple[int, ...]
    ties: tuple[Tie, ...]
    loads: tuple[Draw, ...]

    @property
    def is_radial(self) -> bool:
        """Whether there is exactly one way from each joint to a source."""
        return len(self.ties) == len(self.joints)


@dataclass(frozen=True, slots=True)
class Dead:
    """A bus without voltage. open_edges: what isolates it, from the sources on; closing all of them feeds it. Empty
    where nothing leads there at all."""

    bus: int
    open_edges: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """joint: the joint of each bus. held: the joints of the sources."""

    joint: tuple[int, ...]
    held: frozenset[int]
    islands: tuple[Island, ...]
    dead: tuple[Dead, ...]


def topology(network: Network) -> Topology:
    """The islands, in the order of their first bus, and the dead buses."""
    joint = _joints(network)
    held = frozenset(joint[source] for source in network.sources)
    dead = _dead(network)
    gone = {one.bus for one in dead}
    ties = [
        Tie(k, joint[edge.a], joint[edge.b])
        for k, edge in enumerate(network.edges)
        if edge.closed and edge.a not in gone and joint[edge.a] != joint[edge.b]
    ]
    return Topology(joint, held, _islands(network, joint, held, ties), dead)


def is_joint(edge: object) -> bool:
    """Whether an edge is a closed line without impedance."""
    return isinstance(edge, Line) and edge.closed and edge.resistance_ohm == edge.reactance_ohm == 0.0


def _joints(network: Network) -> tuple[int, ...]:
    """The joint of each bus."""
    up = list(range(len(network.voltages_v)))

    def top(bus: int) -> int:
        while up[bus] != bus:
            up[bus] = up[up[bus]]
            bus = up[bus]
        return bus

    for edge in network.edges:
        if is_joint(edge):
            low, high = sorted((top(edge.a), top(edge.b)))
            up[high] = low
    return tuple(top(bus) for bus in range(len(up)))


def _dead(network: Network) -> tuple[Dead, ...]:
    """Every bus that no closed way leads to. Looks from the sources outwards, over closed edges first."""
    ways: list[list[tuple[int, int]]] = [[] for _ in network.voltages_v]
    for k, edge in enumerate(network.edges):
        ways[edge.a].append((k, edge.b))
        ways[edge.b].append((k, edge.a))
    last_open = dict.fromkeys(network.sources, -1)  # bus to the last open edge on the best way there
    before: dict[int, int] = {}  # bus to the bus at the near side of that edge
    opens = dict.fromkeys(network.sources, 0)
    queue = deque(network.sources)
    done: set[int] = set()
    while queue:
        bus = queue.popleft()
        if bus in done:
            continue
        done.add(bus)
        for k, other in ways[bus]:
            closed = network.edges[k].closed
            count = opens[bus] + (not closed)
            if other in done or count >= opens.get(other, len(network.edges) + 1):
                continue
            opens[other] = count
            last_open[other] = last_open[bus] if closed else k
            before[other] = before.get(bus, bus) if closed else bus
            if closed:
                queue.appendleft(other)
            else:
                queue.append(other)

    def open_edges(bus: int) -> tuple[int, ...]:
        found = []
        while last_open.get(bus, -1) >= 0:
            found.append(last_open[bus])
            bus = before[bus]
        return tuple(reversed(found))

    return tuple(Dead(bus, open_edges(bus)) for bus in range(len(ways)) if opens.get(bus, -1) != 0)


def _islands(network: Network, joint: Sequence[int], held: frozenset[int], ties: list[Tie]) -> tuple[Island, ...]:
    near: dict[int, list[Tie]] = {}
    for tie in ties:
        for end in {tie.a, tie.b} - held:
            near.setdefault(end, []).append(tie)
    loads: dict[int, list[Draw]] = {}
    for k, load in enumerate(network.loads):
        loads.setdefault(joint[load.bus], []).append(Draw(k, joint[load.bus]))
    islands = []
    seen: set[int] = set()
    for start in sorted(near):
        if start in seen:
            continue
        seen.add(start)
        joints = [start]
        sources: dict[int, None] = {}  # dicts, because sets have no order
        within: dict[Tie, None] = {}
        for one in joints:  # grows while it is walked
            for tie in near[one]:
                within[tie] = None
                other = tie.b if tie.a == one else tie.a
                if other in held:
                    sources[other] = None
                elif other not in seen:
                    seen.add(other)
                    joints.append(other)
        drawn = tuple(draw for one in joints for draw in loads.get(one, ()))
        islands.append(Island(tuple(joints), tuple(sources), tuple(within), drawn))
    return tuple(islands)
