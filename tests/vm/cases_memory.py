"""One type of node at work in a capped heap: commands, views, pictures; what is alive is printed along the way.

/data/job.json: {"type", "publishes", "frames"}. Prints a JSON line {"at", "alive", "publishes", "frames"} five times;
alive: bytes beyond what this VM and the fake board hold.
"""

import gc
import json

from fake_board import Board
from memory_mark import ALIVE_BYTES

STEP_MS = 50
MARKS = 4
VIEW_EVERY = 5  # steps: a changed view, and so a picture, each 250 ms


def case_memory_stays_flat():
    with open("/data/job.json") as file:
        job = json.load(file)
    yield
    import main

    yield
    board = Board(main, gc, slim=True, id="x", type=job["type"], watchdog=True)
    yield
    gc.collect()
    yield
    print(json.dumps({"at": "start", "alive": gc.mem_alloc() - ALIVE_BYTES, "publishes": 0, "frames": 0}))
    while not board.program.core.connected:
        board.step(STEP_MS)
        yield
    marks, number = 1, 0
    done = 0.0
    while done < 1.0:
        number += 1
        if number % VIEW_EVERY == 0:
            view = '{"v":1,"node_id":"x","timeline":1,"t_s":%d,"power_kw":%d,"permit_close":true}' % (
                number,
                number % 997,
            )
            board.broker.publish("winter-river/x/view", view.encode())
        else:
            command = '{"command":"set_fault","params":{"state":%s},"id":"c-%d"}' % (
                "true" if number & 1 else "false",
                number,
            )
            board.broker.publish("winter-river/x/command", command.encode(), number % 65535 + 1)
        board.step(STEP_MS)
        gc.collect()
        yield
        done = min(board.broker.publishes / job["publishes"], board.frames() / job["frames"])
        if done >= marks / MARKS:
            marks += 1
            print(
                json.dumps(
                    {
                        "at": "work",
                        "alive": gc.mem_alloc() - ALIVE_BYTES,
                        "publishes": board.broker.publishes,
                        "frames": board.frames(),
                    }
                )
            )
    assert board.broker.connects == 1
