"""What every route needs: the run, the stream, the links; and the questions that routes ask first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from winter_wire import schema

from winter_river.facility.faults import nearest
from winter_river.web.access import Links, Who, with_article
from winter_river.web.diagram import draw
from winter_river.web.errors import PageFault, forbidden, not_found
from winter_river.web.stream import Stream

if TYPE_CHECKING:
    from winter_river.facility import Node
    from winter_river.web.archive import Archive
    from winter_river.web.classroom import Classroom
    from winter_river.web.plant import Plant
    from winter_river.web.pump import Pump
    from winter_river.web.screens import Screens

API = "/api/v1"


@dataclass(slots=True)
class Desk:
    """The page's own things. pump, screens, classroom: set once the server's loop runs. address: what links begin with.

    end: ends the page, from any thread.
    """

    plant: Plant
    archive: Archive
    links: Links
    address: str = ""
    end: Callable[[], None] = lambda: None
    stream: Stream = field(default_factory=Stream)
    pump: Pump = field(init=False)
    screens: Screens = field(init=False)
    classroom: Classroom = field(init=False)
    _diagram: str = field(default="", init=False)

    def in_exam(self) -> bool:
        """Whether an exam is going on."""
        return self.classroom.in_exam

    def diagram(self) -> str:
        """The unpainted diagram; a large one takes a second, and it does not change."""
        if not self._diagram:
            self._diagram = draw(self.plant.site.facility)
        return self._diagram

    def node(self, node_id: str) -> Node:
        """A node of the facility; raises PageFault where there is none."""
        nodes = self.plant.site.facility.nodes
        if node_id not in nodes:
            raise not_found(
                f"there is no node {node_id!r}", nearest(node_id, nodes) or "GET /api/v1/facility names all"
            )
        return nodes[node_id]

    def nodes(self, text: str) -> frozenset[str]:
        """The nodes of a list joined by commas; raises PageFault where there is none, or not one of them."""
        found = frozenset(self.node(node_id).id for node_id in text.split(",") if node_id)
        if not found:
            raise not_found("nodes names no node", "nodes=ups_a,ups_b; or leave it out for all of them")
        return found

    def verb(self, node_id: str, verb: str) -> str:
        """A verb of a node's type; raises PageFault for another."""
        known = schema.verbs(self.node(node_id).type)
        if verb not in known:
            raise not_found(f"{node_id} has no command {verb!r}", nearest(verb, known) or f"it has {', '.join(known)}")
        return verb


def desk_of(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


def who_of(request: Request) -> Who:
    found: Who = request.state.who
    return found


DeskHere = Annotated[Desk, Depends(desk_of)]
WhoAsks = Annotated[Who, Depends(who_of)]


def must_hold(desk: Desk, who: Who) -> None:
    """Raises PageFault where somebody's link was taken back since his request was let in: whoever takes one back cuts off
    who follows by then, and nobody may come after that."""
    if who.link_id and not desk.links.has(who.link_id):
        raise PageFault("this link was taken back", "ask the instructor for another one", status=401)


def must(who: Who, right: str) -> None:
    """Raises PageFault where somebody's role has not this right."""
    if not who.may(right):
        raise forbidden(f"{with_article(who.role)} may not do this")
