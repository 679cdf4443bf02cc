"""What every test shares: how Hypothesis draws its cases, the ten laws after each step, and the MicroPython VM."""

import functools
import itertools
import os
import sys
from collections import OrderedDict

import pytest
from hypothesis import HealthCheck, settings
from winter_river import engine
from winter_river.emulator.vm import package
from winter_river.engine import fast, laws
from winter_river.engine.calm import is_unsettled
from winter_river.service import inspection
from winter_river.study import telling

# A slow shared machine is no failure: neither a case that takes long nor one that took long to draw.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
# The same cases every run, so that a red test is red again.
settings.register_profile("repeatable", derandomize=True, **PATIENT)
# New cases every run, for a soak; a failure prints the blob that replays it.
settings.register_profile("soak", max_examples=2_000, **PATIENT)


def pytest_configure(config):
    """A soak asked for by its mark alone is one with new cases, as `make soak` is."""
    asked = "soak" if config.option.markexpr == "soak" else "repeatable"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", asked))


SOAK_S = 30  # of a test of the soak whose mark says nothing: `@pytest.mark.soak(seconds)`


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """In a soak each worker begins with a long test, and the short ones fill what is left of everybody's time.

    With `--dist worksteal` each worker gets a part of the list, as long as another's, and whoever is done takes from the end
    of another's; but not its second one, which waits for the first and so is the shortest.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
    if config.option.markexpr != "soak" or not workers:
        return
    parts = [[] for _ in range(workers)]
    rooms = [(len(items) + number) // workers for number in range(workers)]
    turns = itertools.cycle(zip(parts, rooms, strict=True))
    for item in sorted(items, key=lambda each: (each.get_closest_marker("soak").args or (SOAK_S,))[0], reverse=True):
        next(part for part, room in turns if len(part) < room).append(item)
    items[:] = [item for part in parts for item in (*part[:1], *part[:0:-1][:1], *part[1:-1])]


ALL_STEPS = 200  # chosen: of one test all of its first steps are checked, later and on large sites one in SOME; a check
SOME = 25  # costs about as much as three steps of 24 nodes, and the stories that are long check every step themselves
LARGE = 50  # nodes
WORLDS_MAX = 16  # whose latches are remembered


class Watch:
    """What the ten laws say after the steps of one test, through whatever door it steps."""

    def __init__(self):
        self.step, self.broken = engine.step, inspection.broken
        self.begin()

    def begin(self):
        self.found, self.steps, self.latches = [], 0, OrderedDict()

    def is_due(self, plan):
        self.steps += 1
        return self.steps % SOME == 0 or (self.steps <= ALL_STEPS and len(plan.nodes) <= LARGE)

    def after(self, plan, world, **seen):
        self.found.extend(f"at {world.t_s} s: {text}" for text in laws.check(plan, world, **seen))

    def watched_step(self, plan, world, dt_s):
        """engine.step. A coordinator checks its own steps."""
        latches = self.latches  # of this test: a service of a whole module steps on while the next one begins
        _, before = latches.pop(id(world), (world, None))
        events = self.step(plan, world, dt_s)
        if self.is_due(plan) and sys._getframe(1).f_globals["__name__"] != "winter_river.service.coordinator":
            self.after(plan, world, events=events, before=before)
            latches[id(world)] = world, laws.latches(plan, world)
            if len(latches) > WORLDS_MAX:
                latches.popitem(last=False)
        return events

    def watched_broken(self, *seen):
        """inspection.broken, by which a coordinator checks its own steps."""
        found = self.broken(*seen)
        self.found.extend(found)
        return found

    def watched_run(self, run, tells):
        """The text of a study, plain or compiled, up to where it asks for something."""
        asks = run(tells)
        if not is_unsettled(tells.world) and self.is_due(tells._plan):
            self.after(tells._plan, tells.world)
        return asks

    def watched_worlds(self, step, worlds, dt_s):
        """Many worlds at once: the first, the last and one between, another each time."""
        step(worlds, dt_s)
        plan = worlds._compiled.plan
        rows = len(worlds)
        for k in sorted({0, rows - 1, self.steps % rows} if rows else ()):
            if self.is_due(plan):
                self.after(plan, worlds[k])


WATCH = Watch()
# Before any test imports it. What is compiled calls none of these by itself; through these doors it is watched, too.
engine.step = WATCH.watched_step
inspection.broken = WATCH.watched_broken
telling.Plain.run = functools.partialmethod(lambda tells, run: WATCH.watched_run(run, tells), telling.Plain.run)
telling.Compiled.run = functools.partialmethod(lambda tells, run: WATCH.watched_run(run, tells), telling.Compiled.run)
if fast.is_installed():
    from winter_river.engine.fast.worlds import Worlds

    Worlds.step = functools.partialmethod(lambda many, step, dt_s: WATCH.watched_worlds(step, many, dt_s), Worlds.step)


@pytest.fixture(autouse=True)
def the_ten_laws_hold_in_every_step(request):
    """A test that breaks one on purpose is marked `breaks_laws`."""
    WATCH.begin()
    yield
    broken, on_purpose = list(WATCH.found), request.node.get_closest_marker("breaks_laws")
    assert not broken or on_purpose, broken[:10]


@pytest.fixture(scope="session")
def vm_command() -> package.VmCommand:
    """The MicroPython VM. Where it cannot be had, tests that need it say SKIPPED; in .ci/run they fail."""
    try:
        return package.find()
    except package.VmError as error:
        if os.environ.get("SKIPPED_IS_FAILED"):
            pytest.fail(f"in CI there must be a MicroPython VM: {error}", pytrace=False)
        pytest.skip(f"SKIPPED, for there is no MicroPython VM: {error}")
