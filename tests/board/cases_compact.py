"""A node of one type at work in the VM, from compact files or from the sources; what it says and shows is printed.

/data/job.json: {"root": where its files are mounted, "type"}. Prints JSON lines {"said": [topic, payload]}, {"shown"}.
"""

import gc
import json
import sys

STEP_MS = 50


def case_story():
    with open("/data/job.json") as file:
        job = json.load(file)
    sys.path[:0] = [job["root"], job["root"] + "/lib"]
    for name in ("winter_wire.schema", "winter_node.core", "winter_node.runner", "winter_node.starting", "fake_board"):
        __import__(name)
        yield
    import fake_board
    import main

    board = fake_board.Board(main, gc, slim=True, id="x", type=job["type"], load_kw_max=200)
    yield
    while not board.program.core.connected:
        board.step(STEP_MS)
        yield
    from winter_wire import schema

    assert job["root"] in schema.__file__ or job["root"] == "/firmware", schema.__file__
    view = '{"v":1,"node_id":"x","timeline":1,"t_s":1,"power_kw":38.25,"load_pct":41,"permit_close":true}'
    board.broker.publish("winter-river/x/view", view.encode())
    values = {"to": "auto", "timeline": 2, "running": 3, "pct": 50, "power_kw": 10, "state": True}
    number = 0
    for verb in schema.verbs(job["type"]) + ("fly",):
        if verb in ("restart", "config"):
            continue
        params = {}
        for row in schema.VERBS.get(verb, ()):
            if row[2]:
                params[row[0]] = values[row[0]]
        number += 1
        order = {"command": verb, "params": params, "id": "c-%d" % number, "epoch": number}
        board.broker.publish("winter-river/x/command", json.dumps(order).encode(), number)
        for _ in range(6):
            board.step(STEP_MS)
            yield
        answer = board.program.core.commands.answers[-1] if board.program.core.commands.answers else None
        print(json.dumps({"verb": verb, "answer": answer, "status": sorted(board.program.core.status(0).items())}))
        print(json.dumps({"shown": board.program.picture(board.time.ticks_ms())}))
