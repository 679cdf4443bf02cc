"""Going anywhere in the recording of a busy site of 500 nodes, every screen drawn, as `make bench` shows it."""

import importlib.util
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from winter_river.facility import Facility
from winter_river.facility.generate import generate
from winter_river.station.replay import Player, load_recording

Row = tuple[str, float, str, float, bool]

NODES = 500
BEATS = 90  # of about a second each: longer than the time between two moments of a quiet run
SEEKS = 60
SEED = 3
BAR_MS = 200.0


def rows() -> Iterator[Row]:
    """Milliseconds from asking for an instant to the last of its screens."""
    with tempfile.TemporaryDirectory() as folder:
        path = _record(generate(NODES), Path(folder))
        player = Player(load_recording(path))
    recording, rng = player.recording, random.Random(SEED)
    took_ms = []
    for _ in range(SEEKS):
        start_s = time.perf_counter()
        player.go_to(rng.uniform(recording.start_s, recording.end_s))
        for node_id in player.facility.nodes:
            player.screen(node_id)
        took_ms.append((time.perf_counter() - start_s) * 1000)
    took_ms.sort()
    yield f"seek in a replay, {NODES} screens, median", statistics.median(took_ms), "ms", BAR_MS, False
    yield f"seek in a replay, {NODES} screens, p95", took_ms[int(SEEKS * 0.95)], "ms", BAR_MS, False


def _record(facility: Facility, folder: Path) -> Path:
    """A class at work: a load is changed each second, and now and then a utility goes or comes."""
    site: Any = _bench_class()(facility, record=folder, seed=SEED)
    rng = random.Random(SEED)
    utilities, racks = (
        [node.id for node in facility.nodes.values() if node.type == kind] for kind in ("utility", "server")
    )
    for beat in range(BEATS):
        if beat % 20 == 7:
            site.command(rng.choice(utilities), "set_fault", state=beat % 40 == 7)
        site.command(rng.choice(racks), "set_load", power_kw=rng.uniform(20.0, 90.0))
        site.advance(0.7)
    site.station.close()
    path: Path = site.station.recording
    return path


def _bench_class() -> Any:
    """The site without a broker and without a machine's clock that the station's tests stand on."""
    path = Path(__file__).resolve().parent.parent / "tests/station/conftest.py"
    spec = importlib.util.spec_from_file_location("station_bench", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Bench
