"""A site as the rows of a one-line tree: per side, sources on top, a branch where the power branches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from winter_river.facility.model import Node

_SIDE_LETTERS_MAX = 2  # an ending such as _a or _b2 names a side; a longer one is a part of the name


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a node, or the title of a side (node_id is empty then).

    prefix: the lines of the tree. text: the id or the title. also: the other nodes that may feed this one.
    """

    node_id: str
    prefix: str
    text: str
    also: tuple[str, ...] = ()


def rows(nodes: Mapping[str, Node]) -> tuple[Row, ...]:
    """The rows of a site: every node once, below what normally feeds it.

    Nodes that are joined in any way are one side. A side's sources that normally feed nothing (a standby
    generator) stand above the tree with the node they wait for.
    """
    children: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    waits_for: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    for node in nodes.values():
        for place, feed in enumerate(node.feeds):
            (waits_for if place else children)[feed].append(node.id)
    found: list[Row] = []
    sides = _sides(nodes)
    for side in sides:
        if len(sides) > 1:
            found.append(Row("", "", _title(side)))
        roots = [node_id for node_id in side if not nodes[node_id].feeds]
        for node_id in sorted(roots, key=lambda root: bool(children[root])):
            found.extend(_branch(nodes, children, waits_for, node_id))
    return tuple(found)


def _sides(nodes: Mapping[str, Node]) -> list[list[str]]:
    """The nodes in groups that no feed joins, each in file order."""
    neighbours: dict[str, set[str]] = {node_id: set() for node_id in nodes}
    for node in nodes.values():
        for feed in node.feeds:
            neighbours[node.id].add(feed)
            neighbours[feed].add(node.id)
    place = {node_id: number for number, node_id in enumerate(nodes)}
    seen: set[str] = set()
    sides = []
    for start in nodes:
        if start in seen:
            continue
        seen.add(start)
        side, waiting = [], [start]
        while waiting:
            node_id = waiting.pop()
            side.append(node_id)
            fresh = neighbours[node_id] - seen
            seen |= fresh
            waiting.extend(fresh)
        sides.append(sorted(side, key=place.__getitem__))
    return sides


def _title(side: list[str]) -> str:
    """A name for a side: what its ids have in common at the end, else its first node."""
    endings = {node_id.rsplit("_", 1)[-1].rstrip("0123456789") for node_id in side}
    ending = endings.pop() if len(endings) == 1 else ""
    if ending and len(ending) <= _SIDE_LETTERS_MAX:
        return f"side {ending.upper()}"
    return f"from {side[0]}"


def _branch(
    nodes: Mapping[str, Node], children: Mapping[str, list[str]], waits_for: Mapping[str, list[str]], root: str
) -> Iterator[Row]:
    """The rows below one source. A chain stays in one column; only a branching moves to the right."""
    # One entry a node: (id, lines before it, its own mark). A stack, since a generated site may be deeper
    # than Python recurses.
    stack = [(root, "", "")]
    while stack:
        node_id, lines, mark = stack.pop()
        also = tuple(nodes[node_id].feeds[1:]) + tuple(f"to {other}" for other in waits_for[node_id])
        yield Row(node_id, lines + mark, node_id, also)
        below = lines + {"": "", "├╴": "│ ", "└╴": "  "}[mark]
        heirs = children[node_id]
        if len(heirs) == 1:
            stack.append((heirs[0], below, ""))
            continue
        for place, heir in reversed(list(enumerate(heirs))):
            stack.append((heir, below, "└╴" if place == len(heirs) - 1 else "├╴"))
