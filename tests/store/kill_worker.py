"""What test_kill kills: keeps one status after the other of three nodes, and prints a number once it is committed.

python kill_worker.py FILE FROM        sends the numbers after FROM, in one boot, for as long as it lives
"""

import sys
import time
from pathlib import Path

from winter_river.store import Keeper
from winter_wire import codec, topics


def main(path: str, last: int) -> None:
    # Not started: its thread would commit once a second, and the kills would mostly find it asleep.
    keeper = Keeper(Path(path))
    print("ready", flush=True)
    while True:
        # What was sent and not confirmed comes again, as a broker would send it: the first numbers may be known already.
        last += 1
        for node_id in ("ups_a", "ups_b", "ups_c"):
            message = {"v": 1, "node_id": node_id, "type": "ups", "status": "ok", "boot": 5, "seq": last}
            keeper.offer(topics.topic(node_id, topics.STATUS), codec.encode("status", message), False, time.monotonic())
        if keeper.turn():
            print(last, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
