"""What a wall clock does that is set while a site runs: forwards, backwards, to 1970."""

from __future__ import annotations

import glob
import time

from chaos import page
from chaos.rig import NODES_OF, Rig, percentile
from chaos.table import Row, at_most, none_of, not_run

LIBRARIES = "/usr/lib/*/faketime/libfaketime.so.1"  # Debian's libfaketime
MOVES = {"an hour on": "+3600", "an hour back": "-3600", "1970": "@1970-01-01 00:00:10", "right again": "+0"}
ANSWER_S_MAX = 5.0  # the deadline of a command
SET_LOAD_EVENT = "setpoint"  # what each command here leads to
MUST = "wall clock set an hour on, an hour back, to 1970"


def jump(rig: Rig) -> list[Row]:
    """The wall clock of a whole run, broker's too, is set while commands are under way; the steady clock is not."""
    found = glob.glob(LIBRARIES)
    if not found:
        return [not_run(MUST, "no libfaketime here: sudo apt install libfaketime")]
    setting = rig.new_folder("clock") / "faketime"
    setting.write_text("+0\n")
    broker = rig.broker()
    environment = {
        "LD_PRELOAD": found[0],
        "FAKETIME_TIMESTAMP_FILE": str(setting),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    run = page.start(rig, "--broker", broker.url, environment=environment)
    at = page.page_of(run)
    asked, answered, waited_s, offline = 0, 0, list[float](), list[str]()
    began_s, began_t_s = time.monotonic(), at.get("/api/v1/state")["clock"]["t_s"]
    seen: list[str] = []
    for name, value in MOVES.items():
        setting.write_text(value + "\n")
        for number in range(rig.pick(40, 10)):
            asked += 1
            sent_s = time.monotonic()
            answered += at.send("server_rack_a1", "set_load", {"power_kw": 40.0 + number / 10})
            waited_s.append(time.monotonic() - sent_s)
            time.sleep(0.1)
        state = at.get("/api/v1/state")
        offline += [f"{node_id} {name}" for node_id, row in state["nodes"].items() if row["presence"] != "online"]
        seen.append(name)
    passed_s = time.monotonic() - began_s
    drift_s = abs((at.get("/api/v1/state")["clock"]["t_s"] - began_t_s) - passed_s)
    events = [event["event"] for event in at.get("/api/v1/events")["events"] if event["event"] != SET_LOAD_EVENT]
    _, code = run.terminate()
    return [
        none_of("commands that expired", asked - answered, of=asked),
        at_most("the longest answer", percentile(waited_s, 1.0), ANSWER_S_MAX, "s"),
        none_of("nodes that counted as silent", offline, of=NODES_OF * len(seen)),
        at_most("engine time against the steady clock", drift_s, 1.5, "s"),
        none_of("events on the site that nobody asked for", events),
        Row("it stops in order", f"exit {code}", code == 0 and "Traceback" not in run.text),
    ]
