"""Rows of `make bench`: years of the training facility, against SimPy doing the same site without power flow.

Both run in one thread, ours compiled (`fast`); the ratio is the median of pairs taken in turn. The answers are compared
first: they may differ by two standard errors. `stepping everything` solves the site at every change; otherwise passages between settled
states are remembered, which tests/study proves to be equal.
"""

import importlib.util
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from winter_river import load_facility
from winter_river.engine import fast
from winter_river.study.assumptions import Assumptions
from winter_river.study.availability import mean_and_error, runner
from winter_river.study.rates import YEAR_S

Row = tuple[str, float, str, float, bool]

SITE = "block-2n-24"
SEED = 1
YEARS = 20.0  # of a world
WORLDS, WORLDS_SIMPY, WORLDS_STEPPED = 2000, 500, 50
PAIRS = 5


def rows() -> Iterator[Row]:
    """All rows of availability."""
    devices = load_facility(SITE).devices()

    def ours(remember: bool) -> Callable[[Sequence[int]], Sequence[Any]]:
        return runner(
            devices, "training", seed=SEED, world_years=YEARS, assumptions=Assumptions(), remember=remember,
            compiled=fast.is_installed(),
        )  # fmt: skip

    told, stepped = ours(True), ours(False)
    for run in (told, stepped):
        run(range(-1, 0))  # compiles, or fetches what was
    tallies, own_s = timed(told, range(WORLDS))
    yield "availability, 24 nodes, settled states remembered", WORLDS * YEARS / own_s, "years a second", 0.0, True
    if not importlib.util.find_spec("simpy"):
        return
    import simpy_site

    def peer(worlds: Sequence[int]) -> list[Any]:
        return [simpy_site.world(devices, seed=k, years=YEARS) for k in worlds]

    theirs, peer_s = timed(peer, range(WORLDS_SIMPY))
    yield "availability, 24 nodes, by SimPy without flow", WORLDS_SIMPY * YEARS / peer_s, "years a second", 0.0, True
    yield "availability, dark, off SimPy", off(tallies, theirs, dark), "errors", 2.0, False
    yield "availability, outages, off SimPy", off(tallies, theirs, outages), "errors", 2.0, False
    ratios: list[list[float]] = [[], []]
    place = WORLDS
    for _ in range(PAIRS):
        peer_s = timed(peer, range(100))[1] / 100
        for k, (run, count) in enumerate(((stepped, WORLDS_STEPPED), (told, WORLDS))):
            ratios[k].append(peer_s / (timed(run, range(place, place + count))[1] / count))
        place += WORLDS  # worlds that were not run before: what is remembered is remembered of others
    yield "availability, stepping everything, x SimPy", statistics.median(ratios[0]), "times", 5.0, True
    yield "availability, settled states remembered, x SimPy", statistics.median(ratios[1]), "times", 40.0, True


def timed(run: Callable[[Sequence[int]], Sequence[Any]], worlds: Sequence[int]) -> tuple[Sequence[Any], float]:
    """What it gives, and the processor seconds it took: what else runs on this machine does not count."""
    start_s = time.process_time()
    found = run(worlds)
    return found, time.process_time() - start_s


def dark(tally: Any, load: int) -> float:
    """Share of the time."""
    return float(tally.down_s[load] / (YEARS * YEAR_S))


def outages(tally: Any, load: int) -> float:
    """A year."""
    return float(tally.outages[load] / YEARS)


def off(ours: Sequence[Any], theirs: Sequence[Any], figure: Callable[[Any, int], float]) -> float:
    """By how many standard errors of their difference the two answers differ for any rack.

    Ours counts any rack last, the peer first.
    """
    one, one_error = mean_and_error([figure(tally, -1) for tally in ours])
    two, two_error = mean_and_error([figure(tally, 0) for tally in theirs])
    return abs(one - two) / math.hypot(one_error, two_error)
