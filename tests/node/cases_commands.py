"""The command path's claims: checks in the contract's order, acks, duplicates, deadlines, fences, macs."""

import hashlib
import json

from asking import ACK, COMMAND, node, permit, raw, send, why
from winter_node import mac


def case_bare_form_is_a_whole_command_in_lab():
    core = node("utility")
    ack = raw(core, b'{"command":"set_fault","params":{"state":true}}')
    assert why(ack) == "done" and core.device.fault_text() == "outage"
    raw(core, b'{"command":"set_fault","params":{"state":false}}')
    assert core.device.fault_text() == ""


def case_a_fault_may_come_slowly_and_late():
    core = node("utility")
    params = {"state": True, "kind": "sag", "severity": 0.5, "ramp_s": 20, "delay_s": 5}
    assert why(send(core, "set_fault", params)) == "done"
    assert core.device.fault_text() == "sag=0.50~20@5"
    assert why(send(core, "set_fault", {"state": True, "kind": "outage", "delay_s": 60})) == "done"
    assert core.device.fault_text() == "outage@60,sag=0.50~20@5"
    for refused in ({"kind": "outage", "ramp_s": 5}, {"kind": "sag", "ramp_s": -1}, {"kind": "sag", "delay_s": 1e6}):
        refused["state"] = True
        assert why(send(core, "set_fault", refused)) == "schema"
    send(core, "restore", {"timeline": 2, "fault": "swell=0.10~2@3"})
    assert core.device.fault_text() == "swell=0.10~2@3"


def case_ack_has_the_contract_s_bytes():
    core = node("pdu")
    actions = core.on_message(COMMAND, b'{"command":"open","id":"cli-1f-1"}', False, 2500)
    assert actions[0] == (
        "publish",
        ACK,
        b'{"v":1,"id":"cli-1f-1","node_id":"x","result":"done","reason":"","applied":"handle=open","boot":77,"uptime":2}',
        1,
        False,
    )


def case_ack_leaves_before_the_status_that_shows_the_effect():
    actions = node("pdu").on_message(COMMAND, b'{"command":"open"}', False, 1000)
    assert [action[1] for action in actions] == [ACK, "winter-river/x/status"]
    assert json.loads(actions[1][2])["handle"] == "open"


def case_restart_comes_after_its_ack():
    actions = node("pdu").on_message(COMMAND, b'{"command":"restart"}', False, 1000)
    assert (actions[0][1], actions[-1]) == (ACK, ("restart",))


def case_checks_come_in_the_contract_s_order():
    # Each command has all the faults of those below it; mending the first uncovers the next.
    core = node("switchgear", key="k" * 16)
    core.commands.epoch = 5
    core.on_input("long", 100)  # a hand holds it
    core.on_tick(2000)
    good = {"command": "close", "id": "c-1", "boot": 77, "deadline": 9000, "epoch": 5}
    done = mac.signed(
        core.commands.key, COMMAND, b'{"command":"open","id":"c-0","boot":77,"deadline":9000,"epoch":5,"priority":1}'
    )
    assert why(raw(core, done, 2000)) == "priority"
    bad = dict(good, id="c-0", boot=9, deadline=1, epoch=4, mac="0" * 32)
    long_one = dict(bad, by="b" * 33, params={"x": "y" * 500})
    steps = (
        ("size", long_one),
        ("schema", dict(bad, by="b" * 33)),
        ("mac", bad),
        ("epoch", signed_form(bad)),
        ("boot", signed_form(dict(bad, epoch=5))),
        ("expired", signed_form(dict(bad, epoch=5, boot=77))),
        ("priority", signed_form(dict(good))),
    )  # fmt: skip
    for reason, message in steps:
        form = dict(message)
        signing = form.pop("sign", False)
        payload = json.dumps(form).encode()
        if signing:
            payload = mac.signed(core.commands.key, COMMAND, payload)
        assert why(raw(core, payload, 2000)) == reason, reason
        assert why(raw(core, payload, 2000, retained=True)) == "retained"
    assert core.device.handle() == "open"


def signed_form(message):
    form = dict(message)
    form.pop("mac", None)
    form["sign"] = True
    return form


def case_retained_command_is_never_executed():
    core = node("utility")
    assert why(send(core, "set_fault", {"state": True}, retained=True)) == "retained"
    assert core.device.fault_text() == ""


def case_oversize_command_is_refused_before_it_is_parsed():
    core = node("utility")
    # 513 bytes that are no JSON at all: were they parsed, the reason would be schema.
    assert why(raw(core, b"{" * 513)) == "size"
    assert why(raw(core, None)) == "size"
    payload = b'{"command":"set_fault","params":{"state":true}}'
    assert why(raw(core, payload + b" " * (512 - len(payload)))) == "done"


def case_misfits_are_refused_as_schema():
    cases = (
        ("switchgear", "set_handle", {"to": "run"}), ("switchgear", "set_handle", {}), ("pdu", "open", {"now": True}),
        ("generator", "set_handle", {"to": "closed"}), ("transformer", "set_fault", {"state": True, "kind": "sag"}),
        ("utility", "set_fault", {"state": True, "kind": "outage", "severity": 0.5}),
        ("utility", "set_fault", {"state": True, "kind": "sag", "severity": 1.5}), ("utility", "set_fault", {"state": 1}),
        ("utility", "set_fault", {}), ("switchgear", "transfer", {"to": "third"}), ("server", "set_load", {"power_kw": "9"}),
        ("server", "set_load", {"power_kw": -1}), ("server", "set_load", {"power_kw": True}),
        ("cooling", "set_fans", {"running": 1.5}), ("generator", "set_fuel", {"pct": 101}),
        ("pdu", "restore", {"timeline": 1, "handle": "on"}), ("pdu", "restore", {"timeline": 1, "fault": "sag"}),
        ("utility", "restore", {"timeline": 1, "fault": "outage=0.5"}), ("pdu", "restore", {}),
    )  # fmt: skip
    for type_name, verb, params in cases:
        core = node(type_name)
        before = core.device.snapshot()
        assert why(send(core, verb, params)) == "schema", (type_name, verb, params)
        assert core.device.snapshot() == before


def draws(seed):
    """Numbers from a small generator that both dialects agree on."""
    while True:
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        yield seed >> 8


def case_same_id_gets_the_same_answer_and_acts_once():
    core = node("pdu")
    payload = b'{"command":"reset","id":"cli-1f-1"}'
    first = core.on_message(COMMAND, payload, False, 1000)[0]
    for now_ms in (1500, 4000, 60000):
        again = core.on_message(COMMAND, payload, False, now_ms)
        assert [action for action in again if action[1] == ACK] == [first]
    assert core.status(60000)["resets"] == 1


def case_refusals_are_remembered_too():
    core = node("switchgear")
    first = send(core, "close", id="a-1", now_ms=1000)
    permit(core, 2000)
    assert send(core, "close", id="a-1", now_ms=2000) == first
    assert why(send(core, "close", id="a-2", now_ms=2000)) == "done"


def case_sixteen_answers_are_kept():
    core = node("pdu")
    for number in range(17):
        send(core, "reset", id="a-%d" % number)
    send(core, "reset", id="a-1")
    assert core.status(1000)["resets"] == 17
    send(core, "reset", id="a-0")  # pushed out by the seventeenth
    assert core.status(1000)["resets"] == 18


def case_a_command_whose_answer_is_no_longer_kept_is_not_done_again():
    # Replayed by whoever recorded it: the boot is the same and its deadline has not passed.
    core = node("server")
    asked = [{"command": "reset", "params": {}, "id": "desk-00c0ffee-%d" % number} for number in range(1, 31)]
    for command in asked:
        raw(core, json.dumps(command).encode())
    assert core.device.resets == 30
    for command in asked[:14]:
        ack = raw(core, json.dumps(command).encode())
        assert (ack["result"], ack["reason"], ack["id"]) == ("rejected", "duplicate", command["id"])
    for command in asked[14:]:
        assert raw(core, json.dumps(command).encode())["result"] == "done"  # the same answer as the first time
    assert core.device.resets == 30


def case_what_one_issuer_has_said_bars_no_other():
    core = node("server")
    for number in range(1, 31):
        send(core, "reset", {}, id="desk-00c0ffee-%d" % number)
    for other in ("desk-0badcafe-1", "cli-1f-1", "x-1", "seven"):
        assert why(send(core, "reset", {}, id=other)) == "done", other
    assert core.device.resets == 34


def case_how_far_issuers_had_come_is_kept_of_eight_at_most():
    core = node("server")
    for issuer in range(12):
        for number in range(1, 20):
            send(core, "reset", {}, id="desk-%d-%d" % (issuer, number))
        assert len(core.commands.past) <= 8


def case_duplicates_in_any_order_act_once_each():
    for seed in range(40):
        core = node("pdu")
        numbers = draws(seed)
        seen = {}
        for _ in range(60):
            name = "a-%d" % (next(numbers) % 12)
            ack = send(core, "reset", id=name)
            assert seen.setdefault(name, ack) == ack, seed
        assert core.status(1000)["resets"] == len(seen), seed
        yield


def case_without_an_id_each_command_counts():
    core = node("pdu")
    send(core, "reset")
    assert send(core, "reset")["id"] == "-"
    assert core.status(1000)["resets"] == 2


def case_command_for_another_boot_is_refused():
    core = node("pdu")
    assert why(send(core, "open", boot=76)) == "boot"
    assert why(send(core, "open", boot=77)) == "done"


def case_deadline_is_the_node_s_own_uptime():
    core = node("pdu")
    assert why(send(core, "reset", deadline=3000, now_ms=3000)) == "done"
    assert why(send(core, "reset", deadline=3000, now_ms=3001)) == "expired"


def case_deadlines_outlive_31_bits_of_uptime():
    core = node("pdu")
    core.uptime_ms = 0x80000000 + 500  # 24.9 days: the field holds 31 bits, so it has wrapped to 500
    assert why(send(core, "reset", deadline=2000, now_ms=1000)) == "done"
    assert why(send(core, "reset", deadline=1000, now_ms=1000)) == "expired"


def case_epoch_fences_and_is_kept_when_it_rises():
    core = node("pdu", epoch=4)
    assert why(send(core, "reset", epoch=3)) == "epoch"
    assert why(send(core, "reset", epoch=4)) == "done"
    actions = core.on_message(COMMAND, b'{"command":"reset","epoch":9}', False, 1000)
    assert ("epoch", 9) in actions
    assert why(send(core, "reset", epoch=8)) == "epoch"


def case_mac_is_the_standard_hmac():
    # RFC 4231, test cases 2 and 6 (a key longer than a block).
    assert mac.code(b"Jefe", b"what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c7"
    text = b"Test Using Larger Than Block-Size Key - Hash Key First"
    assert mac.code(b"\xaa" * 131, text) == "60e431591ee0b67f0d8a26aacbf5b77f"
    assert hashlib.sha256(b"").digest()[0] == 0xE3


def case_mac_is_bound_to_the_bytes_and_the_topic():
    core = node("pdu", key="secret-of-x")
    key = b"secret-of-x"
    good = mac.signed(key, COMMAND, b'{"command":"reset","id":"a-1"}')
    assert why(raw(core, good)) == "done"
    assert why(raw(core, mac.signed(key, "winter-river/y/command", b'{"command":"reset","id":"a-2"}'))) == "mac"
    assert why(raw(core, mac.signed(b"other", COMMAND, b'{"command":"reset","id":"a-3"}'))) == "mac"
    assert why(raw(core, good.replace(b"reset", b"open "))) == "mac"
    assert why(raw(core, good[:-1] + b',"by":"me"}')) == "mac"  # something after the mac is not covered by it
    assert core.status(1000)["resets"] == 1


def case_lab_takes_commands_without_a_mac_even_with_a_key():
    assert why(send(node("pdu", key="secret-of-x"), "reset")) == "done"


def case_secured_refuses_the_bare_form_and_takes_the_full_one():
    core = node("pdu", profile="secured", key="secret-of-x")
    assert why(raw(core, b'{"command":"reset"}')) == "schema"
    assert why(raw(core, mac.signed(b"secret-of-x", COMMAND, b'{"command":"reset"}'))) == "schema"
    full = b'{"command":"reset","id":"a-1","by":"me","boot":77,"deadline":5000,"epoch":0}'
    assert why(raw(core, full)) == "schema"  # no mac
    assert why(raw(core, mac.signed(b"secret-of-x", COMMAND, full))) == "done"
    press = b'{"command":"press","id":"a-2","by":"me","boot":77,"deadline":5000,"epoch":0}'
    assert why(raw(core, mac.signed(b"secret-of-x", COMMAND, press))) == "authority"
