"""One type of node at work in a capped heap: commands, views, pictures; what is alive is printed along the way.

/data/job.json: {"type", "publishes", "frames", "modules": imported one by one, so that this VM can free what each left
behind}. Prints JSON lines {"at", "alive", "publishes", "frames"}: before there is a node, when it has started, after each
quarter of its work, and when the node is gone again; alive: bytes of everything in this VM. Names that MicroPython keeps for good
are printed before and after, as qstr_info() does.
"""

import gc
import json
import sys

import micropython
from fake_board import Board

import __main__

STEP_MS = 50
MARKS = 4
VIEW_EVERY = 5  # steps: a changed view, and so a picture, each 250 ms


def _mark(at, board=None):
    publishes, frames = (board.broker.publishes, board.frames()) if board else (0, 0)
    print(json.dumps({"at": at, "alive": gc.mem_alloc(), "publishes": publishes, "frames": frames}))


def _message(number):
    """What the node gets in this step: (topic, payload, packet id)."""
    if number % VIEW_EVERY == 0:
        view = '{"v":1,"node_id":"x","timeline":1,"t_s":%d,"power_kw":%d,"permit_close":true}'
        return "winter-river/x/view", view % (number, number % 997), 0
    state = "true" if number & 1 else "false"
    command = '{"command":"set_fault","params":{"state":%s},"id":"c-%d"}' % (state, number)
    return "winter-river/x/command", command, number % 65535 + 1


def _forget(modules):
    """The node's modules go, from wherever this program has them."""
    for name in list(sys.modules):
        if name.split(".")[0] in modules:
            del sys.modules[name]
    for name in modules:
        if hasattr(__main__, name):
            delattr(__main__, name)


def case_memory_stays_flat():
    with open("/data/job.json") as file:
        job = json.load(file)
    gc.collect()
    yield
    micropython.qstr_info(1)
    _mark("base")
    for name in job["modules"]:
        __import__(name)
        yield
        gc.collect()
        yield
    import main

    board = Board(main, gc, slim=True, id="x", type=job["type"], watchdog=True)
    yield
    gc.collect()
    yield
    _mark("start", board)
    while not board.broker.connects:
        board.step(STEP_MS)
        yield
    marks, number = 1, 0
    done = 0.0
    while done < 1.0:
        number += 1
        topic, payload, pid = _message(number)
        board.broker.publish(topic, payload.encode(), pid)
        board.step(STEP_MS)
        gc.collect()
        yield
        done = min(board.broker.publishes / job["publishes"], board.frames() / job["frames"])
        if done >= marks / MARKS:
            marks += 1
            _mark("work", board)
    assert board.broker.connects == 1
    micropython.qstr_info(1)
    board.program = main = None
    _forget(("main", "winter_node", "winter_wire", "umqtt", "ssd1306"))
    yield
    gc.collect()
    yield
    _mark("gone", board)
