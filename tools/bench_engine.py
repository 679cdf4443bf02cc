"""Rows of `make bench`: the whole step of a facility, as the text stands and compiled, in the same run.

Before each step every rack's load changes by up to 1 %, so all islands are solved anew; only the step is timed. Each
row is a median. Steps of one world are counted in time of the processor, so that what else runs on this machine does
not count; many worlds take all cores, and are counted by the clock on the wall.
"""

import dataclasses
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
from packaging.requirements import Requirement
from winter_river import engine, load_facility
from winter_river.engine import Device, Plan, World, fast, snapshot
from winter_river.facility import generate

Row = tuple[str, float, str, float, bool]

WORLDS = 1000
ROUNDS = 40
STARTS = 5
# Nodes, then the bars of steps a second compiled and plain, and the steps that are timed.
SIZES = ((24, 50_000.0, 3_000.0, 2000, 400), (2_400, 5_000.0, 40.0, 200, 20), (24_000, 500.0, 4.0, 30, 3))


def rows() -> Iterator[Row]:
    for nodes, compiled_bar, plain_bar, compiled_steps, plain_steps in SIZES:
        plan = engine.build_plan(_devices(nodes))
        site, plain = fast.compiled(plan), engine.new_world(plan)
        compiled = site.world(plain)
        speed = _steps_a_second(plan, compiled, compiled_steps)
        yield f"step, {nodes:,} nodes, compiled", speed, "a second", compiled_bar, True
        yield f"step, {nodes:,} nodes, plain", _steps_a_second(plan, plain, plain_steps), "a second", plain_bar, True
        again = site.restore(snapshot(plan, plain))
        for world in (plain, again):
            _change_loads(plan, world, 1)
            engine.step(plan, world, 100.0)
        same = snapshot(plan, plain) == snapshot(plan, again)
        yield f"{nodes:,} nodes, compiled and plain differ", float(not same), "worlds", 0.0, False
    yield from _many()
    # numba looks for scipy's BLAS, which an installation of `fast` does not bring; the bench's peers do.
    ready_s = _start_s("import sys; sys.modules['scipy'] = None; from winter_river.engine import fast; fast.prepare()")
    yield "compiled step ready, from the disk", ready_s, "s", 0.5, False
    yield "engine and numpy imported", _start_s("import numpy, winter_river.engine"), "s", 0.3, False
    yield "engine, numpy and power-grid-model installed", _installed_mb(), "MB", 120.0, False


def _devices(nodes: int) -> tuple[Device, ...]:
    """The training facility, or as many copies of it as make so many nodes: more than a facility file may have."""
    if nodes == 24:
        return load_facility("block-2n-24").devices()
    pattern = generate(2_400).devices()
    return tuple(
        dataclasses.replace(device, id=f"{device.id}_{copy}", feeds=tuple(f"{feed}_{copy}" for feed in device.feeds))
        for copy in range(nodes // len(pattern))
        for device in pattern
    )


def _share(step: int, rack: int) -> float:
    """By how much the load of a rack is changed before a step."""
    return 1.0 + 0.01 * ((step * 7 + rack * 3) % 20 - 10) / 10


def _change_loads(plan: Plan, w: World, step: int) -> None:
    for rack, r in enumerate(plan.servers):
        w.servers[rack].load_set_kw = r.load_kw * _share(step, rack)
    w.unsettled = True


def _steps_a_second(plan: Plan, w: World, steps: int) -> float:
    took_s = []
    for number in range(steps):
        _change_loads(plan, w, number)
        begin_s = time.process_time()
        engine.step(plan, w, 1.0)
        took_s.append(time.process_time() - begin_s)
    return 1.0 / statistics.median(took_s)


def _many() -> Iterator[Row]:
    plan = engine.build_plan(_devices(24))
    site = fast.compiled(plan)
    many = site.worlds(WORLDS, site.new_world())
    many.step(1.0)
    loads, unsettled = many.column("servers", "load_set_kw"), many.column("unsettled")
    base = loads.copy()
    took_s = []
    for number in range(ROUNDS):
        loads[:] = base * np.array([_share(number, rack) for rack in range(base.shape[1])])
        unsettled[:] = True
        begin_s = time.perf_counter()
        many.step(1.0)
        took_s.append(time.perf_counter() - begin_s)
    yield f"{WORLDS:,} worlds of 24 nodes, all cores", WORLDS / statistics.median(took_s), "a second", 1e6, True
    yield f"{WORLDS:,} worlds of 24 nodes, memory", many.size / 1e6, "MB", 50.0, False


def _installed_mb() -> float:
    """What the engine and what it needs take on the disk, with all that those need."""
    waiting, seen, size = ["numpy", "power-grid-model"], set[str](), 0
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            found = metadata.distribution(name)
            files = [Path(str(file.locate())) for file in found.files or ()]
            size += sum(file.stat().st_size for file in files if file.is_file())
            needs = (Requirement(line) for line in found.requires or ())
            waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    engine_files = Path(engine.__file__).parent.rglob("*.py")
    return (size + sum(file.stat().st_size for file in engine_files)) / 1e6


def _start_s(code: str) -> float:
    """Seconds of the processor that a fresh Python takes for this and has not taken before it."""
    text = f"import time; begin_s = time.process_time(); {code}; print(time.process_time() - begin_s)"
    took_s = []
    for _ in range(STARTS):
        ended = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True)
        took_s.append(float(ended.stdout))
    return statistics.median(took_s)
