"""A simulated site and its alarms, as a night watch has them."""

from winter_river import Simulation, load_facility
from winter_river.alerts.book import AlarmBook
from winter_river.alerts.conditions import FACTS, OF_EVENTS
from winter_river.alerts.model import Moment, Seen
from winter_river.alerts.rules import built_in


class Watch:
    """Judged each second by the built-in rules. facility: a name of the library or a file."""

    def __init__(self, facility="block-2n-24"):
        self.sim = Simulation(load_facility(str(facility)), seed=1)
        self.types = {node_id: node.type for node_id, node in self.sim.facility.nodes.items()}
        self.book = AlarmBook(built_in(), self.types, facts=tuple(fact for fact in FACTS if fact not in OF_EVENTS))

    def advance(self, seconds):
        """Which alarms asked for somebody meanwhile."""
        asked = []
        for _ in range(seconds):
            self.sim.advance(1)
            views = {node_id: self.sim.view(node_id) for node_id in self.types}
            facts = {node_id: {"presence": self.sim.presence(node_id)} for node_id in self.types}
            log = {event.id: event for event in self.sim.events()}
            changes = self.book.step(Seen(self.moment, views, facts, {}, log))
            asked += [change.key for change in changes if change.annunciated]
        return asked

    @property
    def moment(self):
        return Moment(self.sim.t_s, self.sim.t_s)

    def break_(self, node_id, kind):
        self.sim.command(node_id, "set_fault", state=True, kind=kind)

    def mend(self, node_id):
        self.sim.command(node_id, "set_fault", state=False)

    def set_load(self, node_id, kw):
        assert self.sim.command(node_id, "set_load", power_kw=kw).done
