"""One way for every command: the audit before the bus, two steps in profile secured, and what a disk that fails means."""

import contextlib
import json
import random
from pathlib import Path

import pytest
from winter_node import mac
from winter_river.audit import AuditError
from winter_river.emulator.pure import PureNode
from winter_river.service.desk import Desk
from winter_river.service.issuer import Issuer, Source
from winter_river.service.outgoing import restore_message
from winter_river.service.seal import sealed
from winter_wire import codec, topics

KEY = b"secret-of-x"
TOPIC = "winter-river/x/command"


class Bench:
    """One real node core, one issuer, no time between them; `log` has the order of what happened."""

    def __init__(self, type_name="pdu", *, secured=False, key=KEY, known=True, answers=True):
        settings = {"id": "x", "type": type_name}
        if secured:
            settings |= {"profile": "secured", "key": KEY.decode()}
        self.node, self.log, self.lines, self.broken, self.answers = PureNode(settings), [], [], "", answers
        self.clock_s, self.connected, self.troubles = 10.0, True, []
        self.desk = Desk("test", rng=random.Random(1), keys=lambda _node_id: key, secured=secured)
        births = self.node.connect(0)
        if known:
            self._hear(births)
        self.issuer = Issuer(self.desk, self, ledger=self, wall=lambda: 1000.0, trouble=self.troubles.append)

    def _hear(self, messages):
        for message in messages:
            self.desk.hear(message.topic, message.payload, retained=False, now_s=self.clock_s)

    def permit(self):
        fields = {"v": 1, "node_id": "x", "timeline": 1, "t_s": 1, "permit_close": True}
        self.node.receive("winter-river/x/view", codec.encode("view", fields, self.node.core.type), now_ms=self._ms())

    def _ms(self):
        return round((self.clock_s - 10.0) * 1000)

    def append(self, facts):
        if self.broken == facts["state"]:
            raise AuditError(Path("audit.jsonl"), OSError(28, "No space left on device"))
        self.log.append(facts["state"])
        self.lines.append(facts)
        return len(self.lines)

    def held(self):
        return contextlib.nullcontext()

    def now_s(self):
        return self.clock_s

    def publish(self, message):
        if not self.connected:
            return False
        verb = json.loads(message.payload)["command"]
        self.log.append(f"bus {verb}")
        self.payload = message.payload
        answer = self.node.receive(message.topic, message.payload, now_ms=self._ms())
        if self.answers:
            self._hear(answer)
        return True

    def wait(self, seconds):
        self.clock_s += seconds
        return True

    def send_plain(self, message):
        """A message that comes from no issuer: (result, reason) of its ack."""
        (ack,) = [
            each
            for each in self.node.receive(message.topic, message.payload, now_ms=self._ms())
            if each.topic.endswith("ack")
        ]
        fields = json.loads(ack.payload)
        return fields["result"], fields["reason"]

    def send(self, verb, **params):
        return self.issuer.send("x", verb, params, by="ann", source=Source("cli", "10.0.0.7"))


def test_audit_has_it_before_the_bus_and_its_end_before_the_answer():
    bench = Bench()
    assert bench.send("open").done
    assert bench.log == ["pending", "bus open", "executing", "completed"]
    last = bench.lines[-1]
    assert (last["by"], last["door"], last["address"], last["priority"]) == ("ann", "cli", "10.0.0.7", 8)
    assert (last["created_s"], last["executed_s"], last["completed_s"]) == (1000.0, 1000.0, 1000.0)


def test_refusal_and_silence_are_failed_with_why():
    bench = Bench()
    bench.send("open")
    assert bench.send("close").reason == "interlock"  # no view, so nothing permits it
    assert (bench.lines[-1]["state"], bench.lines[-1]["error"]) == ("failed", "interlock")
    silent = Bench(answers=False)
    assert silent.send("open").reason == "expired"
    assert silent.log == ["pending", "bus open", "executing", *["bus open"] * 3, "failed"]


def test_nothing_is_sent_to_a_node_that_was_never_heard():
    bench = Bench(known=False)
    assert bench.send("open").reason == "expired"
    assert bench.log == ["pending", "failed"]
    assert bench.clock_s >= 10.0 + 5.0  # it was waited for


def test_without_a_broker_a_node_that_was_never_heard_is_not_waited_for():
    bench = Bench(known=False)
    bench.connected = False
    assert bench.send("open").reason == "expired"
    assert bench.log == ["pending", "failed"]
    assert bench.clock_s == 10.0


def test_without_a_broker_nothing_is_executing():
    bench = Bench()
    bench.connected = False
    assert bench.send("open").reason == "expired"
    assert bench.log == ["pending", "failed"]


def test_nothing_is_sent_to_a_node_whose_last_will_was_heard():
    bench = Bench()
    will = bench.node.will()
    bench.desk.hear(will.topic, will.payload, retained=False, now_s=10.0)
    assert (bench.send("open").result, bench.log) == ("failed", ["pending", "failed"])


def test_a_password_is_not_in_the_audit():
    bench = Bench()
    bench.send("config", wifi_password="hunter22", status_s=2)
    assert "hunter22" not in json.dumps(bench.lines) and bench.lines[0]["params"]["wifi_password"] == "***"


def test_in_lab_a_full_disk_is_told_loudly_and_counted_and_the_command_goes_on():
    bench = Bench()
    bench.broken = "pending"
    assert bench.send("open").done
    assert bench.issuer.unaudited == 1
    assert "x open (pending) IS NOT IN THE AUDIT: audit.jsonl: No space left on device" in bench.troubles[0]


def test_in_secured_a_full_disk_refuses_the_command_with_the_cure_and_nothing_is_sent():
    bench = Bench(secured=True)
    bench.broken = "pending"
    with pytest.raises(AuditError, match="No space left on device.*\ncure: free space"):
        bench.send("open")
    assert bench.log == [] and bench.desk.open_orders == {}


def test_in_secured_no_answer_is_given_that_the_audit_has_not():
    bench = Bench(secured=True)
    bench.broken = "completed"
    with pytest.raises(AuditError, match=r"x open \(done\) IS NOT IN THE AUDIT"):
        bench.send("open")
    assert bench.log == ["pending", "bus open", "executing"]


def test_a_secured_node_gets_the_whole_signed_form():
    bench = Bench(secured=True)
    assert bench.send("open").done
    fields = json.loads(bench.payload)
    assert list(fields) == ["v", "command", "params", "id", "by", "priority", "boot", "deadline", "epoch", "mac"]


def test_in_secured_a_dangerous_verb_is_obeyed_only_by_who_has_selected_it_himself():
    bench = Bench(secured=True)
    bench.send("open")
    bench.permit()
    assert bench.send("close").reason == "not_selected"
    assert bench.node.core.device.handle() == "open"
    assert bench.send("select", command="close").done
    assert bench.issuer.send("x", "close", {}, by="bob").reason == "not_selected", "another's selection is not his"
    assert bench.send("close").done


def test_what_was_confirmed_otherwise_is_selected_first():
    bench = Bench(secured=True)
    bench.send("open")
    bench.permit()
    assert bench.issuer.send("x", "close", {}, by="exercise", confirmed=True).applied == "handle=closed"
    assert [each for each in bench.log if each.startswith("bus")] == ["bus open", "bus select", "bus close"]
    assert [line["verb"] for line in bench.lines if line["state"] == "completed"] == ["open", "select", "close"]


def test_the_engine_s_own_restore_is_signed_for_a_secured_node_too():
    bench = Bench(secured=True)
    bench.send("open")
    own = {"handle": "closed", "fault": "", "resets": 0}
    plain = restore_message(
        "winter-river", "x", timeline=2, own=own, command_id="engine-7-1", boot=bench.node.core.boot
    )
    assert bench.send_plain(plain) == ("rejected", "schema")
    assert bench.send_plain(bench.desk.completed(plain, bench.clock_s)) == ("done", "")
    assert bench.node.core.device.handle() == "closed"
    lab = Bench()
    assert lab.desk.completed(plain, lab.clock_s) is plain


@pytest.mark.parametrize(
    ("without", "reason", "waits_s"), [({"key": None}, "mac", 0.0), ({"known": False}, "expired", 5.0)]
)
def test_in_secured_the_bare_form_never_goes_out(without, reason, waits_s):
    bench = Bench(secured=True, **without)
    assert bench.send("open").reason == reason
    assert bench.log == ["pending", "failed"]
    assert bench.clock_s == 10.0 + waits_s, "a key does not come by waiting, a first word may"


@pytest.mark.parametrize("secured", [False, True])
def test_a_command_that_waits_for_a_first_word_is_open_and_audited_and_bound_by_that_word(secured):
    bench = Bench(known=False, secured=secured)
    births = Bench(secured=secured).node.connect(0)  # as the node's own, which nobody heard

    def wait(seconds):
        assert bench.log == ["pending"]
        (order,) = bench.desk.open_orders.values()
        assert (order.made_s, order.boot) == (10.0, None), "so the gauge of the longest wait sees it"
        bench.clock_s += 2.0
        bench._hear(births)
        return True

    bench.wait = wait
    assert bench.send("open").done
    assert bench.log == ["pending", "bus open", "executing", "completed"]
    sent = json.loads(bench.payload)
    assert sent["boot"] == json.loads(births[0].payload)["boot"]
    assert sent["deadline"] == (0 + 3 + 1) * 1000, "what is left of the 5 s, and the whole second of a status"


def test_in_secured_nothing_goes_out_to_a_node_whose_first_word_nobody_can_read():
    bench = Bench(known=False, secured=True)
    bench.desk.hear(topics.topic("x", topics.STATUS), b'{"v":2}', retained=False, now_s=10.0)
    assert bench.send("open").reason == "expired"
    assert bench.log == ["pending", "failed"]


def test_a_first_word_that_comes_with_the_end_of_waiting_binds_too():
    bench = Bench(known=False)
    births = Bench().node.connect(0)

    def wait(seconds):
        bench._hear(births)
        return False  # the run ends: nobody will be heard any more

    bench.wait = wait
    bench.send("open")
    assert "boot" in json.loads(bench.payload)


def test_a_disk_that_takes_too_long_sends_nothing_late():
    bench = Bench()

    def slow(facts):
        bench.clock_s += 7.0  # 5 s to live, and 1 s since a status tells whole seconds
        return 1

    bench.append = slow
    assert bench.send("open").reason == "expired"
    assert not hasattr(bench, "payload")


def test_seal_is_what_the_firmware_takes_and_nothing_else():
    payload = codec.encode("command", {"command": "open", "id": "a-1-1"})
    whole = sealed(KEY, TOPIC, payload)
    claimed = json.loads(whole)["mac"]
    assert mac.holds(KEY, TOPIC, whole, claimed) and whole == mac.signed(KEY, TOPIC, payload)
    assert not mac.holds(KEY, TOPIC.replace("x", "y"), whole, claimed)
    assert sealed(None, TOPIC, payload) == payload


def test_a_command_that_its_mac_makes_too_long_is_the_callers_mistake():
    long = {"command": "config", "params": {"broker_host": "a" * 64, "broker_password": "b" * 64, "ntp": "c" * 64}}
    payload = codec.encode("command", long | {"id": "a-1-1", "by": "d" * 32})
    payload = payload[:-1] + b',"more":"' + b"e" * (500 - len(payload) - 10) + b'"}'
    with pytest.raises(ValueError, match="at most 512"):
        sealed(KEY, TOPIC, payload)


def test_nothing_is_repeated_to_a_node_that_has_come_back_as_another_life():
    desk = Desk("test", rng=random.Random(1))
    status = {"v": 1, "node_id": "x", "type": "pdu", "status": "ok", "boot": 7, "uptime": 100}
    topic = topics.topic("x", topics.STATUS)
    desk.hear(topic, json.dumps(status).encode(), retained=False, now_s=0.0)
    order = desk.order("x", "open", {}, by="", now_s=0.0)
    desk.hear(topic, json.dumps(status | {"boot": 8}).encode(), retained=False, now_s=0.5)
    assert desk.repeat(order, 3.0) is None
    answer = desk.close(order)
    assert (answer.result, answer.reason) == ("failed", "boot")


def test_silence_ends_with_what_the_status_shows():
    desk = Desk("test", rng=random.Random(1))
    status = {"v": 1, "node_id": "x", "type": "pdu", "status": "ok", "boot": 7, "uptime": 100, "handle": "open"}
    order = desk.order("x", "open", {}, by="", now_s=0.0)
    desk.hear(topics.topic("x", topics.STATUS), json.dumps(status).encode(), retained=False, now_s=2.0)
    assert desk.close(order).applied == "its status shows handle=open"
