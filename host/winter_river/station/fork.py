"""A second world beside the live one: from any instant, with recorded or new inputs, as far ahead as wanted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from winter_wire import schema, topics

from winter_river import engine
from winter_river.facility import Facility
from winter_river.service.messages import Input
from winter_river.service.pace import exact_dt_s
from winter_river.service.statuses import OFFLINE


class Fork:
    """One world with what its nodes are set to. Shares the plan, which never changes, and nothing else."""

    def __init__(
        self,
        facility: Facility,
        plan: engine.Plan,
        world: engine.Snapshot | None,
        own: Iterable[Input],
        *,
        seed: int = 0,
    ) -> None:
        """world: None for a fresh one of this seed. Raises ValueError where it is of another facility."""
        self.facility = facility
        self._plan = plan
        self._world = engine.new_world(plan, seed=seed) if world is None else engine.restore(plan, world)
        self.own: dict[str, Input] = {each.node_id: each for each in own}

    @property
    def t_s(self) -> float:
        """Engine time, s."""
        return self._world.t_s

    @property
    def seed(self) -> int:
        """Of its random stream."""
        return self._world.seed

    def advance_to(self, t_s: float) -> list[engine.Event]:
        """Lets time pass to exactly t_s; to the present it only settles."""
        return engine.step(self._plan, self._world, exact_dt_s(self.t_s, t_s))

    def apply(self, inputs: Sequence[Input]) -> list[engine.Event]:
        """What nodes are set to from now on, settled together, as the coordinator does it."""
        for each in inputs:
            self.own[each.node_id] = each
            engine.apply(self._plan, self._world, each.node_id, each.own, present=each.present)
        return engine.step(self._plan, self._world, 0.0)

    def replay(self, recorded: Sequence[tuple[float, Sequence[Input]]], *, until_s: float) -> list[engine.Event]:
        """Recorded inputs at their instants, then on to until_s: the same bits as when they were recorded."""
        found: list[engine.Event] = []
        for t_s, inputs in recorded:
            found += self.advance_to(t_s)
            found += self.apply(inputs)
        return found + self.advance_to(until_s)

    def snapshot(self) -> engine.Snapshot:
        """The world now."""
        return engine.snapshot(self._plan, self._world)

    def view(self, node_id: str) -> dict[str, object]:
        """As Coordinator.view."""
        if node_id == topics.FACILITY:
            return dict(engine.balance(self._plan, self._world))
        if node_id == topics.WEATHER:
            return dict(engine.weather(self._world))
        fields = engine.view(self._plan, self._world, node_id)
        node_type = self.facility.nodes[node_id].type
        word = schema.health(node_type, fields["state"]) if self.present(node_id) else OFFLINE
        return {"node_id": node_id, "type": node_type, "status": word, **fields}

    def isolation(self, node_id: str) -> engine.Isolation | None:
        """What keeps a node dead; None while it is live."""
        return engine.explain.isolation(self._plan, self._world, node_id)

    def present(self, node_id: str) -> bool:
        """Whether a node is in its slot."""
        given = self.own.get(node_id)
        return given is None or given.present

    def views(self) -> Mapping[str, Mapping[str, object]]:
        """All of them, by node id."""
        return {node_id: self.view(node_id) for node_id in self.facility.nodes}
