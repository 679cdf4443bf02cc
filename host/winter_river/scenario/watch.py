"""Watches the site through an exercise: energy not served, curves, and the instant when things stood worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from winter_river.engine.equipment.server import POWER
from winter_river.facility.model import Facility, Node
from winter_river.scenario.conditions import Views
from winter_river.scenario.lacking import Lacking
from winter_river.scenario.model import Scenario
from winter_river.scenario.result import Instant, Series

SAMPLE_S = 1.0  # chosen: the engine's own tick
SAMPLES_MAX = 1_800  # chosen: a curve on paper has no more points; beyond it every second one goes
TRENDS_MAX = 12  # chosen: more curves than that cannot be told apart
WORST_MAX = 32
RACKS = "racks"  # what all racks do together, beside the real nodes
SERVED, WANTED = (RACKS, "power_kw"), (RACKS, "demand_kw")
_S_PER_H = 3600.0
_DEFAULT_TRENDS = (("ups", "soc_pct"), ("bess", "soc_pct"), ("generator", "power_kw"))
Demands = Sequence[tuple[float, str, float]]


class Watch:
    """Looks at every node of a site; times are the exercise's seconds."""

    def __init__(self, scenario: Scenario, facility: Facility) -> None:
        self._facility = facility
        self._racks = tuple(node.id for node in facility.nodes.values() if node.part == "server")
        self._fields = (SERVED, WANTED, *(scenario.trends or _default_trends(facility)))
        self._base_kwh: dict[str, float] = {}
        self._base_kw: dict[str, float] = {}
        self._served_kwh: dict[str, float] = {}
        self._lacking: dict[str, Lacking] = {}
        self._t_s = 0.0
        self._every_s = SAMPLE_S
        self._samples: list[tuple[float, tuple[float | None, ...]]] = []
        self._worst: list[tuple[tuple[float, int], Instant]] = []

    def begin(self, views: Views) -> None:
        """Note where the racks' meters stand and what they draw; a dark rack wants what its ratings say."""
        for node_id in self._racks:
            view = views(node_id)
            self._base_kwh[node_id] = _number(view, "energy_kwh") or 0.0
            drawn_kw = _number(view, "power_kw") or 0.0
            self._base_kw[node_id] = _rated_kw(self._facility, node_id) if _is_dark(view) else drawn_kw
            if _varies(self._facility.nodes[node_id]):
                self._lacking[node_id] = Lacking(self._base_kw[node_id], _is_dark(view))

    def look(self, t_s: float, views: Views, demands: Demands) -> None:
        """Take everything in as it is at t_s."""
        self._t_s = t_s
        served_kw = 0.0
        asked = {node_id: (at_s, kw) for at_s, node_id, kw in demands}
        wanted = self._base_kw | {node_id: kw for node_id, (_, kw) in asked.items()}
        for node_id in self._racks:
            view = views(node_id)
            power_kw = _number(view, "power_kw") or 0.0
            served_kw += power_kw
            # A meter below where it stood belongs to another run of the site: nothing of this one is known then.
            self._served_kwh[node_id] = max(0.0, (_number(view, "energy_kwh") or 0.0) - self._base_kwh[node_id])
            if node_id in self._lacking:
                lacking, (set_s, set_kw) = self._lacking[node_id], asked.get(node_id, (0.0, None))
                served_kwh = self._served_kwh[node_id]
                dark = _is_dark(view)
                lacking.look(t_s, dark=dark, power_kw=power_kw, served_kwh=served_kwh, set_kw=set_kw, set_s=set_s)
                wanted[node_id] = lacking.wanted_kw
        wanted_kw = sum(wanted.values())
        if not self._samples or t_s - self._samples[-1][0] >= self._every_s - 0.001:
            rest = tuple(_number(views(node_id), name) for node_id, name in self._fields[2:])
            self._samples.append((round(t_s, 3), (served_kw, wanted_kw, *rest)))
            if len(self._samples) > SAMPLES_MAX:
                del self._samples[1::2]
                self._every_s *= 2
        self._compare(t_s, views, round(max(0.0, wanted_kw - served_kw), 1))

    def _compare(self, t_s: float, views: Views, unserved_kw: float) -> None:
        """Keep this instant where it is worse than every one before: more racks dark, then more nodes not well."""
        unwell = sum(views(node_id).get("status") != "ok" for node_id in self._facility.nodes)
        badness = (unserved_kw, unwell)
        if self._worst and badness <= self._worst[-1][0]:
            return
        copy = {node_id: MappingProxyType(dict(views(node_id))) for node_id in self._facility.nodes}
        self._worst.append((badness, Instant(round(t_s, 3), MappingProxyType(copy))))
        if len(self._worst) > WORST_MAX:
            del self._worst[1]

    def back_to(self, t_s: float) -> None:
        """Forget everything later than t_s."""
        self._samples = [sample for sample in self._samples if sample[0] <= t_s]
        self._worst = [row for row in self._worst if row[1].t_s <= t_s]
        for lacking in self._lacking.values():
            lacking.back_to(t_s)

    def not_served_kwh(self, demands: Demands) -> dict[str, float]:
        """By rack: what it wanted up to the last look and did not get; those that got everything are left out.

        Served is what the racks' own meters counted, to the last watt second; wanted is constant between demands. Of
        loads that want now more, now less, see Lacking: only what they lack while they are dark.
        """
        found = {}
        for node_id in self._racks:
            wanted_kwh, kw, since_s = 0.0, self._base_kw[node_id], 0.0
            lacking = self._lacking.get(node_id)
            for t_s, whose, new_kw in demands:
                if whose == node_id:
                    wanted_kwh += kw * (t_s - since_s) / _S_PER_H
                    kw, since_s = new_kw, t_s
            wanted_kwh += kw * (self._t_s - since_s) / _S_PER_H
            missing = round(lacking.kwh if lacking else wanted_kwh - self._served_kwh.get(node_id, 0.0), 3)
            # Meters are published to a watt hour, and a load moves within the second in which it is asked to.
            if missing > _METER_KWH:
                found[node_id] = missing
        return found

    @property
    def worst(self) -> Instant | None:
        """The instant at which most was dark, the first of equals; None before the first look."""
        return self._worst[-1][1] if self._worst else None

    def series(self) -> Series:
        """Every curve so far."""
        times = tuple(t_s for t_s, _ in self._samples)
        columns = zip(*(values for _, values in self._samples), strict=True)
        return Series(times, MappingProxyType(dict(zip(self._fields, columns, strict=True)) if times else {}))


_METER_KWH = 0.005  # chosen: five times what a meter shows; 96 kW for 0.2 s


def _default_trends(facility: Facility) -> tuple[tuple[str, str], ...]:
    found = [(node.id, name) for part, name in _DEFAULT_TRENDS for node in facility.nodes.values() if node.part == part]
    return tuple(found[:TRENDS_MAX])


def _rated_kw(facility: Facility, node_id: str) -> float:
    return facility.nodes[node_id].full_ratings().get("load_kw", 0.0)


def _varies(node: Node) -> bool:
    """Whether a load wants another power at another voltage or hour."""
    return node.profile != "" or node.full_ratings().get("load_model", POWER) != POWER


def _is_dark(view: Mapping[str, object]) -> bool:
    """Whether a load has no voltage: it is off, has failed, or nothing feeds it. Its power does not tell: what is fed may
    want nothing."""
    return not _number(view, "voltage_out")


def _number(view: Mapping[str, object], name: str) -> float | None:
    value = view.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
