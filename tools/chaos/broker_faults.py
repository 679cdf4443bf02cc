"""What happens when the broker dies, freezes, or is flooded."""

from __future__ import annotations

import time

from winter_river.facility import generate
from winter_wire import topics

from chaos.orders import Orders
from chaos.rig import Rig, Spy, percentile, took_s, wait_until
from chaos.table import Row, at_most, none_of

BACK_S_MAX = 10.0  # the promise: p99 of 1,000 sessions
BACK_TRIED_S = 45.0
LATE_S = 15.0
RESTART_S = 2.0  # as the broker's unit has it
HOST_KEEPALIVE_S, NODE_KEEPALIVE_S = 5.0, 15.0  # the contract's, and the service's own


def killed(rig: Rig) -> list[Row]:
    """SIGKILL of the broker under as many sessions as it is made for, commands under way."""
    broker = rig.broker()
    count = rig.pick(1_000, 60)
    facility = generate(count)
    with rig.nodes(broker, count):
        live = rig.live(broker, facility=facility, fleet=False)
        spy = rig.spy(broker)
        ids = list(facility.nodes)
        wait_until(lambda: _alive(spy, ids, since_s=0.0) == count, timeout_s=180, what=f"{count} sessions")
        orders = Orders(live.site, [node_id for node_id in ids if node_id.startswith("server_rack")][:4])
        with orders.going():
            time.sleep(rig.pick(5, 2))
            broker.kill()
            time.sleep(RESTART_S)
            broker.start()
            began_s = time.monotonic()
            took_s(lambda: _alive(spy, ids, since_s=began_s) == count, timeout_s=BACK_TRIED_S)
            time.sleep(1.0)
        live.site.advance(6.0)  # each node's next status at the latest, but on a busy machine
        took_s(lambda: not orders.lost(spy), timeout_s=LATE_S)
        back_s = [at_s - began_s for at_s in _first_words(spy, ids, since_s=began_s).values()]
        back_s += [float("inf")] * (count - len(back_s))
        return [
            at_most(f"{count:,} sessions are back, p99", percentile(back_s, 0.99), rig.pick(1, 3) * BACK_S_MAX, "s"),
            at_most("the last of them", max(back_s), 30.0, "s"),
            none_of("acknowledged commands lost", orders.lost(spy), of=orders.done),
            none_of("commands done twice or out of order", orders.twice(spy), of=orders.done),
            at_most("ticks that the engine jumped", live.counters()["skipped"], rig.pick(0, 10)),
            none_of("engines and laws broken", live.faults()),
        ]


def frozen(rig: Rig) -> list[Row]:
    """SIGSTOP of the broker: connections stay open and nothing comes."""
    broker = rig.broker()
    live = rig.live(broker)
    last_id = max((event.id for event in live.site.events()), default=0)
    tick = live.counters()["tick"]
    began_s = time.monotonic()
    broker.freeze()
    found: dict[str, float] = {}

    def look() -> bool:
        now_s = time.monotonic() - began_s
        if "host" not in found and not live.service.report().connected:
            found["host"] = now_s
        for node_id, node in live.fleet.nodes.items():
            if node_id not in found and not node.runner.core.connected:
                found[node_id] = now_s
        return len(found) == len(live.fleet.nodes) + 1

    took_s(look, timeout_s=NODE_KEEPALIVE_S * 1.5 + 8)
    host_s = found.pop("host", float("inf"))
    node_s = max(found.values(), default=float("inf")) if len(found) == len(live.fleet.nodes) else float("inf")
    time.sleep(max(0.0, began_s + rig.pick(60, 0) - time.monotonic()))
    ticks = live.counters()["tick"] - tick
    frozen_s = time.monotonic() - began_s
    events = [event for event in live.site.events(last_id)]
    broker.thaw()
    back_s = took_s(lambda: live.connected() == len(live.fleet.nodes), timeout_s=60)
    return [
        at_most("the host notices (1.5 keepalives + 5 s)", host_s, HOST_KEEPALIVE_S * 1.5 + 5, "s"),
        at_most("the last node notices", node_s, NODE_KEEPALIVE_S * 1.5 + 5, "s"),
        Row("the engine ticks meanwhile", f"{ticks:.0f} in {frozen_s:.0f} s", ticks >= frozen_s - 2),
        none_of("events on the site for want of a broker", [event.id for event in events]),
        at_most("all nodes are back after it thaws", back_s, 30.0, "s"),
        none_of("engines, nodes and laws broken", live.faults()),
    ]


def _first_words(spy: Spy, ids: list[str], *, since_s: float) -> dict[str, float]:
    """When each node was first heard alive."""
    wanted = {topics.topic(node_id, topics.STATUS): node_id for node_id in ids}
    found: dict[str, float] = {}
    for item in spy.collect():
        node_id = wanted.get(item.topic)
        if node_id and item.at_s >= since_s and b'"offline"' not in item.payload:
            found.setdefault(node_id, item.at_s)
    return found


def _alive(spy: Spy, ids: list[str], *, since_s: float) -> int:
    return len(_first_words(spy, ids, since_s=since_s))
