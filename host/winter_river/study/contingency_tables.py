"""Outcomes as rows for people and machines: what is lost, which loads die, when, for how long."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from winter_river.study.contingency import Outcome, together, worst_first
from winter_river.study.structure import is_rack

CSV_COLUMNS = ("rank", "lost", "side", "load", "dead_s", "back_s", "down_s", "only_together")
DECIMALS = 3  # of seconds: the engine's events are exact to a millisecond


@dataclass(frozen=True, slots=True)
class Findings:
    """A whole study: singles always, doubles where they were asked for; each worst first. alone: singles by id."""

    singles: tuple[Outcome, ...]
    doubles: tuple[Outcome, ...]
    alone: Mapping[str, Outcome]
    racks: int

    @property
    def asked(self) -> tuple[Outcome, ...]:
        """What the study was about."""
        return self.doubles or self.singles

    def only_together(self, outcome: Outcome) -> tuple[str, ...]:
        """The loads that no part of a loss kills by itself; none for a single one."""
        return together([self.alone[node_id] for node_id in outcome.lost], outcome) if len(outcome.lost) > 1 else ()


def findings(singles: Sequence[Outcome], doubles: Sequence[Outcome], types: Mapping[str, str]) -> Findings:
    """Sorts outcomes. types: of each node."""
    alone = {single.lost[0]: single for single in singles}
    return Findings(worst_first(singles), worst_first(doubles), alone, sum(is_rack(kind) for kind in types.values()))


def single_points(found: Findings, types: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Common causes: each device whose loss alone leaves racks other than itself dark, and which; worst first."""
    rows = ((single.lost[0], racks_of(single.dark, types)) for single in found.singles)
    return tuple((node_id, racks) for node_id, racks in rows if racks and node_id not in racks)


def racks_of(loads: Sequence[str], types: Mapping[str, str]) -> tuple[str, ...]:
    """The racks among loads."""
    return tuple(load for load in loads if is_rack(types[load]))


def as_csv(found: Findings) -> str:
    """One line a loss and load that dies; a loss that kills nothing has one line with an empty load."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for rank, outcome in enumerate(found.asked, start=1):
        head = (rank, " ".join(outcome.lost), outcome.side)
        new = found.only_together(outcome)
        for outage in outcome.outages:
            back = "" if outage.back_s is None else _number(outage.back_s)
            times = (_number(outage.dead_s), back, _number(outage.down_s))
            writer.writerow((*head, outage.load, *times, "yes" if outage.load in new else "no"))
        if not outcome.outages:
            writer.writerow((*head, "", "", "", "", ""))
    return out.getvalue()


def _number(seconds: float) -> str:
    """A number without a tail of noughts: 10, 99.973."""
    return f"{seconds:.{DECIMALS}f}".rstrip("0").rstrip(".")


def as_values(found: Findings, types: Mapping[str, str]) -> dict[str, object]:
    """The study as plain values, for JSON."""
    return {
        "losses": [_values(outcome, found) for outcome in found.asked],
        "common_causes": [{"node": node_id, "racks": list(racks)} for node_id, racks in single_points(found, types)],
    }


def _values(outcome: Outcome, found: Findings) -> dict[str, object]:
    return {
        "lost": list(outcome.lost),
        "side": outcome.side,
        "racks_unserved_kwh": round(outcome.it_kwh, DECIMALS),
        "cooling_unserved_kwh": round(outcome.cooling_kwh, DECIMALS),
        "last_change_s": round(outcome.end_s, DECIMALS),
        "next_change_s": None if outcome.next_s is None else round(outcome.next_s, DECIMALS),
        "outages": [
            {
                "load": outage.load,
                "dead_s": round(outage.dead_s, DECIMALS),
                "back_s": None if outage.back_s is None else round(outage.back_s, DECIMALS),
                "down_s": round(outage.down_s, DECIMALS),
            }
            for outage in outcome.outages
        ],
        "only_together": list(found.only_together(outcome)),
    }
