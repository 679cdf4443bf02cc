"""A network case as JSON: buses, edges, loads, sources, and the voltages that other tools agree on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from winter_river.engine.network.model import LOAD_MODELS, Edge, Line, Load, Network, Transformer

BUSES_MAX = 1_000_000  # chosen: above the largest network anybody has measured this on
FAULTS_SHOWN_MAX = 10


class CaseError(ValueError):
    """A case that cannot be read: every fault with its place, its value and the limit."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is expected of a network, None where the case does not say: v_pu: complex voltages, 0 where dead; v_min_pu: the
    lowest live one; loss_w: in all its edges."""

    name: str
    network: Network
    v_pu: tuple[complex, ...] | None
    v_min_pu: float | None
    loss_w: float | None = None


def read_case(text: str) -> Case:
    """The case in a JSON text. Raises CaseError with all its faults at once."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise CaseError(f"is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise CaseError(f"is {_short(data)}; an object with network and v_pu")
    reader = _Reader()
    network = reader.network(data.get("network"))
    v_pu = reader.voltages(data.get("v_pu"), len(network.voltages_v))
    v_min_pu = reader.number(data, "", "v_min_pu", low=0.0) if "v_min_pu" in data else None
    loss_w = reader.number(data, "", "total_loss_W", low=0.0) if data.get("total_loss_W") is not None else None
    if v_pu is None and v_min_pu is None:
        reader.faults.append("v_pu is missing; one [re, im] a bus, null where it is dead")
    if reader.faults:
        more = len(reader.faults) - FAULTS_SHOWN_MAX
        raise CaseError("; ".join(reader.faults[:FAULTS_SHOWN_MAX]) + (f"; and {more} more" if more > 0 else ""))
    return Case(str(data.get("name", "")), network, v_pu, v_min_pu, loss_w)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


class _Reader:
    """Reads what is there, gathers what is wrong."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.voltages_v: tuple[float, ...] = ()

    def network(self, data: object) -> Network:
        if not isinstance(data, dict):
            self.faults.append(f"network is {_short(data)}; an object with vn, edges, loads, sources")
            return Network((), (), (), ())
        vn = self.rows(data, "vn")
        if not 0 < len(vn) <= BUSES_MAX:
            self.faults.append(f"network.vn has {len(vn)} buses; 1 to {BUSES_MAX}")
        holder = {f"vn[{k}]": value for k, value in enumerate(vn)}
        self.voltages_v = tuple(self.number(holder, "network", name, above=0.0) for name in holder)
        edges = [self.edge(row, f"edges[{k}]") for k, row in enumerate(self.rows(data, "edges"))]
        loads = [self.load(row, f"loads[{k}]") for k, row in enumerate(self.rows(data, "loads", required=False))]
        named = {f"sources[{k}]": value for k, value in enumerate(self.rows(data, "sources"))}
        sources = [self.bus(named, "network", name) for name in named]
        return Network(
            self.voltages_v,
            tuple(edge for edge in edges if edge is not None),
            tuple(load for load in loads if load is not None),
            tuple(sources),
        )

    def rows(self, data: Mapping[str, Any], name: str, *, required: bool = True) -> list[Any]:
        value = data.get(name, None if required else [])
        if isinstance(value, list):
            return value
        self.faults.append(f"network.{name} is {_short(value)}; a list")
        return []

    def number(
        self,
        row: Mapping[str, Any],
        where: str,
        name: str,
        *,
        default: float | None = None,
        low: float = -math.inf,
        above: float = -math.inf,
    ) -> float:
        value = row.get(name, default)
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        if real and math.isfinite(value) and value >= low and value > above:
            return float(value)
        limit = f"; above {above:g}" if above > -math.inf else f"; at least {low:g}" if low > -math.inf else ""
        place = f"{where}.{name}" if where else name
        self.faults.append(f"{place} is {_short(value) if name in row else 'missing'}{limit or '; a finite number'}")
        return 1.0

    def bus(self, row: Mapping[str, Any], where: str, name: str) -> int:
        value, buses = row.get(name), len(self.voltages_v)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < buses:
            return value
        self.faults.append(f"{where}.{name} is {_short(value)}; a bus, 0 to {buses - 1}")
        return -1

    def edge(self, row: object, where: str) -> Edge | None:
        if not isinstance(row, dict) or row.get("t") not in ("line", "trafo"):
            self.faults.append(f"{where}.t is {_short(row.get('t') if isinstance(row, dict) else row)}; line or trafo")
            return None
        a, b = self.bus(row, where, "a"), self.bus(row, where, "b")
        closed = row.get("st", 1)
        if closed not in (0, 1):
            self.faults.append(f"{where}.st is {_short(closed)}; 1 closed, 0 open")
        if a == b >= 0:
            self.faults.append(f"{where} joins bus {a} to itself; two buses")
        if row["t"] == "line":
            return self._line(row, where, a, b, closed=bool(closed))
        return self._transformer(row, where, a, b, closed=bool(closed))

    def _line(self, row: Mapping[str, Any], where: str, a: int, b: int, *, closed: bool) -> Line:
        if a >= 0 and b >= 0 and self.voltages_v[a] != self.voltages_v[b]:
            self.faults.append(
                f"{where} is a line from {self.voltages_v[a]:g} V to {self.voltages_v[b]:g} V; equal ones, or a trafo"
            )
        return Line(a, b, self.number(row, where, "r"), self.number(row, where, "x"), closed)

    def _transformer(self, row: Mapping[str, Any], where: str, a: int, b: int, *, closed: bool) -> Transformer:
        one = Transformer(
            a,
            b,
            self.number(row, where, "sn", above=0.0),
            self.number(row, where, "uk", above=0.0),
            self.number(row, where, "pk", default=0.0, low=0.0),
            self.number(row, where, "i0", default=0.0, low=0.0),
            self.number(row, where, "p0", default=0.0, low=0.0),
            closed,
            self.number(row, where, "tap", default=1.0, above=0.0),
        )
        if one.load_loss_w > one.impedance_pu * one.power_va:
            most_w = one.impedance_pu * one.power_va
            self.faults.append(f"{where}.pk is {one.load_loss_w:g}; at most uk sn, {most_w:g} W")
        return one

    def load(self, row: object, where: str) -> Load | None:
        if not isinstance(row, dict):
            self.faults.append(f"{where} is {_short(row)}; an object with n, p, q, m")
            return None
        model = row.get("m", "P")
        if model not in LOAD_MODELS:
            self.faults.append(f"{where}.m is {_short(model)}; one of {', '.join(LOAD_MODELS)}")
        bus = self.bus(row, where, "n")
        return Load(bus, self.number(row, where, "p"), self.number(row, where, "q", default=0.0), str(model))

    def voltages(self, value: object, buses: int) -> tuple[complex, ...] | None:
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != buses:
            many = f"a list of {len(value)}" if isinstance(value, list) else _short(value)
            self.faults.append(f"v_pu is {many}; one [re, im] for each of {buses} buses, null where it is dead")
            return None
        return tuple(self._voltage(one, f"v_pu[{k}]") for k, one in enumerate(value))

    def _voltage(self, value: object, where: str) -> complex:
        if value is None or value == 0:
            return 0j
        if isinstance(value, list) and len(value) == 2:
            parts = {"re": value[0], "im": value[1]}
            return complex(self.number(parts, where, "re"), self.number(parts, where, "im"))
        self.faults.append(f"{where} is {_short(value)}; [re, im], or null where it is dead")
        return 0j
