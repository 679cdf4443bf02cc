"""What test_kill kills: keeps one status after the other of three nodes, and says a number once it is committed.

python kill_worker.py

A nursery: for each line `FILE<tab>FROM` on its input it begets a writer, a process of its own, which says `ready PID`, sends
the numbers after FROM, in one boot, for as long as it lives, and says each that is kept; when it is dead the nursery says
`over`. So a thousand writers are there without a thousand starts of Python.
"""

import os
import sys
import time
from pathlib import Path

from winter_river.store import Keeper
from winter_wire import codec, topics


def main() -> None:
    for line in sys.stdin:
        path, last = line.rstrip("\n").split("\t")
        child = os.fork()
        if not child:
            write(path, int(last))
        os.waitpid(child, 0)
        print("\nover", flush=True)  # the writer's last line may be torn


def write(path: str, last: int) -> None:
    # Not started: its thread would commit once a second, and the kills would mostly find it asleep.
    keeper = Keeper(Path(path))
    print(f"ready {os.getpid()}", flush=True)
    while True:
        # What was sent and not confirmed comes again, as a broker would send it: the first numbers may be known already.
        last += 1
        for node_id in ("ups_a", "ups_b", "ups_c"):
            message = {"v": 1, "node_id": node_id, "type": "ups", "status": "ok", "boot": 5, "seq": last}
            keeper.offer(topics.topic(node_id, topics.STATUS), codec.encode("status", message), False, time.monotonic())
        if keeper.turn():
            print(last, flush=True)


if __name__ == "__main__":
    main()
