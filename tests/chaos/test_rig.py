"""What the bench starts ends with it, also when it is killed itself."""

import subprocess
import sys
from pathlib import Path

import psutil

TOOLS = Path(__file__).parents[2] / "tools"
PATIENCE_S = 60.0  # chosen: as the other tests of processes
BENCH = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from chaos.rig import Rig
from held_ports import held_port
with Rig(Path(sys.argv[2]), seed=1, full=False) as rig:
    run = rig.run("seed-8", "--no-page", "--no-store", "--mqtt-port", str(held_port()))
    run.wait_started()
    print(*(each.pid for each in run.family()), flush=True)
    time.sleep(600)
"""


def test_a_bench_that_is_killed_leaves_no_run_and_no_broker_behind(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", BENCH, str(TOOLS), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as bench:
        try:
            family = [psutil.Process(int(pid)) for pid in bench.stdout.readline().split()]
        finally:
            bench.kill()
    assert len(family) > 1  # the run and its broker
    _, alive = psutil.wait_procs(family, timeout=PATIENCE_S)
    for each in alive:
        each.kill()
    assert alive == []
