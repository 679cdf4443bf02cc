"""Two emulated nodes with one id over a real broker: they back off and say so. Time runs 20 times as fast for them."""

import time

from winter_node import session
from winter_river.emulator import VirtualNode, network_settings
from winter_river.facility import load_facility

SPEED = 20
MINUTES = 2
STEP_MS = 20  # of the nodes' time, as a board polls


def is_answered(node):
    """Whether the broker owes it nothing. Time that runs so fast waits for it: it has 0.25 s to answer otherwise."""
    its = node.runner.session
    return its.state == session.DOWN or (its.state == session.UP and not its._waiting_since())


def test_two_nodes_of_one_id_meet_at_most_six_times_a_minute_and_both_say_so(brokers, until):
    settings = load_facility("seed-8").nodes["util_a"].settings() | network_settings(brokers.url)
    nodes = [VirtualNode(settings, seed=seed) for seed in (1, 2)]
    for node in nodes:
        node.start(0)
    began_s, connects, met_ms = time.monotonic(), 0, []
    said = [False, False]
    for now_ms in range(0, MINUTES * 60_000, STEP_MS):
        for index, node in enumerate(nodes):
            node.step(now_ms)
            said[index] = said[index] or any("DUPLICATE ID" in line for line in node.oled.text())

        def all_answered(now_ms=now_ms):
            for node in nodes:
                node.step(now_ms)
            return all(map(is_answered, nodes))

        until(all_answered, what="the broker answers")
        counted = sum(node.runner.session.counters["connects"] for node in nodes)
        met_ms += [now_ms] * (counted - connects)
        connects = counted
        time.sleep(max(0.0, began_s + now_ms / 1000 / SPEED - time.monotonic()))
    for node in nodes:
        node.kill()
    takeovers_ms = met_ms[1:]  # the first connect of all takes nobody's place
    assert takeovers_ms, "they never met"
    print(f"{len(takeovers_ms)} takeovers in {MINUTES} minutes, at {[ms / 1000 for ms in takeovers_ms]} s")
    worst = max(sum(start <= at < start + 60_000 for at in takeovers_ms) for start in takeovers_ms)
    assert worst <= 6, f"{worst} takeovers in a minute: {takeovers_ms}"
    assert said == [True, True]
