"""Who forges: strangers, a node that speaks for another, an insider without the key. Profile secured."""

from __future__ import annotations

import json
import secrets
import time
from functools import partial

from winter_river.address import Address, Certificates
from winter_river.protect.provision import Provision
from winter_river.service import broker_mosquitto
from winter_river.service.bus import BusError
from winter_river.service.messages import Message
from winter_river.service.seal import sealed
from winter_wire import topics

from chaos.rig import Rig, Spy, took_s
from chaos.secured import HOST, Secured
from chaos.table import Row, none_of, not_run

MUST = "strangers that the broker let in"
VICTIM = "util_a"
COMMAND_TOPIC = topics.topic(VICTIM, topics.COMMAND)
MARK = "rogue"
STRANGER_S = 3.0
ANSWERED_S_MAX, BATCH_S_MAX = 30.0, 3.0  # chosen: by then whoever answers has answered, on any machine
ANSWERS_AT_ONCE = 8  # a node keeps 16 answers on their way and gives up the oldest: every one is to be heard here


def forged(rig: Rig) -> list[Row]:
    """Strangers, a node that speaks for another, commands without the key, with a wrong one, and old ones."""
    if broker_mosquitto.find() is None:
        return [not_run(MUST, "profile secured needs mosquitto: sudo apt install mosquitto")]
    site = Secured(rig)
    insider = site.client(rig, "service", "service")
    before = site.send(VICTIM, "set_fault", {"state": True, "kind": "sag", "severity": 0.2})
    site.send(VICTIM, "set_fault", {"state": False})
    site.settle()
    taken = [item.payload for item in insider.collect() if item.topic == COMMAND_TOPIC]
    strangers = _strangers(rig, site)
    count = rig.pick(200, 20)
    cross = _cross_node(rig, site, insider, count)
    boot = insider.heard(VICTIM, topics.STATUS, retained=True)[-1]["boot"]
    plain = [_command(number, boot) for number in range(count)]
    wrong = [sealed(secrets.token_bytes(32), COMMAND_TOPIC, payload) for payload in plain]
    fault = _fault_of(site)
    forgeries = [*plain, *wrong, *taken]

    def answered() -> int:
        return len(insider.heard(VICTIM, topics.ACK))

    def has_answered(wanted: int) -> bool:
        return answered() >= wanted

    for start in range(0, len(forgeries), ANSWERS_AT_ONCE):
        batch = forgeries[start : start + ANSWERS_AT_ONCE]
        wanted = answered() + len(batch)
        insider.publish(Message(COMMAND_TOPIC, each, 1, False) for each in batch)
        took_s(partial(has_answered, wanted), timeout_s=BATCH_S_MAX)

    def refusals() -> list[object]:
        return [row.get("reason") for row in insider.heard(VICTIM, topics.ACK) if MARK in str(row.get("id"))]

    took_s(lambda: len(refusals()) >= 2 * count, timeout_s=ANSWERED_S_MAX)
    site.settle()
    moved = [] if _fault_of(site) == fault else [VICTIM]
    reasons = refusals()
    after = site.send(VICTIM, "set_fault", {"state": False})
    return [
        none_of(MUST, strangers),
        none_of("words of a node for another that got through", cross, of=count * 4),
        Row(
            f"{count} commands without mac, {count} with a wrong one: refused",
            f"{len(reasons)}, {reasons.count('mac')} of them for their mac",
            len(reasons) == 2 * count and reasons.count("mac") == count and "" not in reasons,
        ),
        none_of(f"nodes that obeyed one, or one of {len(taken)} old ones", moved, of=len(taken)),
        Row("the site's own commands, before and after", f"done: {before}, {after}", before and after),
    ]


def _command(number: int, boot: object) -> bytes:
    """A whole command, as the contract has it, but for the mac."""
    fields = {"v": 1, "command": "set_fault", "params": {"state": True, "kind": "outage"}, "id": f"{MARK}-0-{number}"}
    fields |= {"by": MARK, "boot": boot, "deadline": 2_000_000_000, "epoch": 1}
    return json.dumps(fields, separators=(",", ":")).encode()


def _fault_of(site: Secured) -> object:
    nodes = site.state()["nodes"]
    row = nodes[VICTIM]
    assert isinstance(row, dict)
    return row.get("fault")


def _strangers(rig: Rig, site: Secured) -> list[str]:
    """Who should be let in by neither door, and was: nobody, a client without a certificate, one of another site."""
    other = Provision(rig.new_folder("other") / "secrets")
    other.init(now_s=int(time.time()))
    other.node(VICTIM, now_s=int(time.time()))
    theirs, ca = other.pair("node", VICTIM), site.site.authority_cert()
    tries = {
        "without TLS": None,
        "without a certificate": Certificates(ca=ca),
        "of another site": Certificates(ca=ca, cert=theirs.cert, key=theirs.key),
    }
    found = []
    for port in (site.node_port, site.site_port):
        for name, certificates in tries.items():
            try:
                rig.client(Address(HOST, port, certificates=certificates), "stranger", wait_s=STRANGER_S)
                found.append(f"{name} at {port}")
            except (BusError, ValueError):
                continue
    return found


def _cross_node(rig: Rig, site: Secured, insider: Spy, count: int) -> list[str]:
    """What a node with a certificate of its own said for another, and somebody heard."""
    site.site.node("spare", now_s=int(time.time()))
    rogue = site.client(rig, "node", "spare")
    for number in range(count):
        fields = {"v": 1, "node_id": VICTIM, "status": "ok", "by": MARK, "n": number}
        for leaf in (topics.STATUS, topics.ACK, topics.COMMAND, topics.VIEW):
            rogue.publish([Message(topics.topic(VICTIM, leaf), json.dumps(fields).encode(), 1, False)])
    site.settle()
    return [item.topic for item in insider.collect() if f'"{MARK}"'.encode() in item.payload]
