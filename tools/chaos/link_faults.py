"""What a bad link does: the nodes' side of the bus goes through the chaos proxy."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

from chaos.orders import Orders
from chaos.proxy import ChaosProxy, Conditions
from chaos.rig import Rig, took_s
from chaos.table import Row, at_most, none_of

BACK_S_MAX = 30.0  # the nodes' promise after a broker's return
COMMANDS_PER_S_MIN = 0.2  # a rack: what must still come through of ten a second

CONDITIONS = {
    "slow": Conditions(delay_s=(0.05, 0.4)),
    "cut": Conditions(reset_chance=0.01),
    "narrow": Conditions(bytes_per_s=2_000.0),  # a node on a 150 kbit/s link that ten others use
    "twice": Conditions(duplicate_chance=0.5),
    "spoiled": Conditions(spoil_chance=0.01),
    "all": Conditions(delay_s=(0.0, 0.3), reset_chance=0.005, duplicate_chance=0.2, spoil_chance=0.003),
}


def bad(rig: Rig) -> list[Row]:
    """Delay, resets, a narrow link, doubled messages, spoiled bytes, and all at once; commands go on."""
    rows: list[Row] = []
    for name in CONDITIONS if rig.full else ("cut", "all"):
        rows += _under(rig, name, CONDITIONS[name])
    return rows


def host(rig: Rig) -> list[Row]:
    """The same between the broker and the service."""
    return _under(rig, "all", CONDITIONS["all"], of_nodes=False)


def _under(rig: Rig, name: str, conditions: Conditions, *, of_nodes: bool = True) -> list[Row]:
    broker = rig.broker()
    spy = rig.spy(broker)
    with contextlib.ExitStack() as closing:
        proxy = closing.enter_context(ChaosProxy("127.0.0.1", broker.broker.port, seed=rig.seed))
        live = closing.enter_context(
            rig.site(broker, fleet_url=proxy.url if of_nodes else broker.url, service_url="" if of_nodes else proxy.url)
        )
        count = len(live.fleet.nodes)
        racks = [node_id for node_id in live.facility.nodes if node_id.startswith("server_rack")]
        orders = Orders(live.site, racks)
        with orders.going():
            proxy.conditions = conditions
            time.sleep(rig.pick(30, 6))
            proxy.conditions = Conditions()
            back_s = took_s(lambda: live.service.report().connected and live.connected() == count, timeout_s=60)
        live.site.advance(6.0)
        done, sent = orders.done, orders.sent
        struck = f"{proxy.done.resets} cuts, {proxy.done.duplicated} doubled, {proxy.done.spoiled} spoiled"
        return [
            none_of(f"{name}: acknowledged commands lost", orders.lost(spy), of=done),
            none_of(f"{name}: done twice or late ({struck})", orders.twice(spy), of=sent),
            at_most(f"{name}: all are back when it is well again", back_s, BACK_S_MAX, "s"),
            none_of(f"{name}: engines, nodes and laws broken", live.faults()),
        ]


def frozen(rig: Rig) -> list[Row]:
    """The nodes' access point hangs for a while: every connection stays open, nothing passes."""
    broker = rig.broker()
    seconds = rig.pick(60, 24)  # a node is offline after 20 s of silence, looked at each second
    with ChaosProxy("127.0.0.1", broker.broker.port, seed=rig.seed) as proxy:
        live = rig.live(broker, fleet_url=proxy.url)
        count = len(live.fleet.nodes)
        proxy.conditions = replace(proxy.conditions, frozen=True)
        began_s = time.monotonic()
        node_s = took_s(lambda: live.connected() == 0, timeout_s=27.5 + 5)
        time.sleep(max(0.0, began_s + seconds - time.monotonic()))
        believed = [node_id for node_id in live.facility.nodes if live.site.presence(node_id) != "offline"]
        proxy.conditions = Conditions()
        proxy.cut_all()
        back_s = took_s(lambda: live.connected() == count, timeout_s=60)
        online_s = took_s(lambda: live.service.wait_online(timeout_s=0.1), timeout_s=30)
        return [
            at_most("the last node notices (1.5 keepalives + 5 s)", node_s, 27.5, "s"),
            none_of(f"nodes that count as there after {seconds} s of silence", believed, of=count),
            at_most("all are back when it goes on", back_s + online_s, BACK_S_MAX, "s"),
            none_of("engines, nodes and laws broken", live.faults()),
        ]
