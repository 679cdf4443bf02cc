"""Commands to the engine over the bus: the contract's checks, and an ack for each."""

import hashlib
import hmac
import json
import threading

import pytest
from winter_river import reference_commands
from winter_river.service.messages import Incoming
from winter_river.station.model import SnapshotInfo
from winter_river.station.orders import Orders
from winter_river.station.station import ORDERS_MAX
from winter_wire import codec, tables, topics

BOOT = 7


class Master:
    """Writes down what it is told."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        def act(*values, by=None):
            self.told.append((name, *values))
            if values == ("refuse",):
                raise ValueError("there is no such thing\ncure: another")
            return "" if by is None else f"by {by}"

        return act


@pytest.fixture
def master():
    return Master()


@pytest.fixture
def obey(master):
    """Gives the ack of a payload."""
    orders = Orders(master, "winter-river", BOOT)

    def obey(payload, *, retained=False, uptime_s=100):
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        message = orders.obey(raw, retained=retained, uptime_s=uptime_s, told=lambda: "t_s=1.000")
        assert message.topic == "winter-river/engine/ack"
        ack, refused = codec.decode("ack", message.payload)
        assert not refused
        return ack

    return obey


@pytest.mark.parametrize(
    ("verb", "params", "told"),
    [
        ("run", {}, ("run",)),
        ("freeze", {}, ("freeze",)),
        ("step", {}, ("step", 1.0)),
        ("step", {"seconds": 30}, ("step", 30.0)),
        ("speed", {"times": 60}, ("set_speed", 60.0)),
        ("back", {"seconds": 30}, ("back", 30.0)),
        ("go_to", {"t_s": 12.5}, ("go_to", 12.5)),
        ("snapshot", {"name": "lunch"}, ("take_snapshot", "lunch")),
        ("restore", {"snapshot": "lunch"}, ("restore", "lunch")),
        ("load", {"condition": "battery-40"}, ("load_initial_condition", "battery-40")),
    ],
)
def test_each_verb_reaches_the_station_and_is_acknowledged(obey, master, verb, params, told):
    ack = obey({"command": verb, "params": params, "id": "me-1"})
    assert (ack["result"], ack["id"], ack["boot"], ack["uptime"]) == ("done", "me-1", BOOT, 100)
    assert ack["applied"] == "t_s=1.000"
    assert master.told == [told]


def test_a_snapshot_tells_the_hash_of_its_state(obey, master):
    digest = hashlib.sha256(b"a world").hexdigest()
    master.take_snapshot = lambda name: SnapshotInfo("4", 123_456.789, 12, name, digest)
    ack = obey({"command": "snapshot", "params": {"name": "lunch"}})
    assert ack["applied"] == f"t_s=123456.789 timeline=12 state={digest[:16]}"


def test_every_verb_of_the_contract_is_known():
    assert set(tables.ENGINE_VERBS) == {
        "run",
        "freeze",
        "step",
        "speed",
        "back",
        "go_to",
        "snapshot",
        "restore",
        "load",
    }


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"command": "open"}, "unknown"),
        ({"command": "speed"}, "schema"),
        ({"command": "speed", "params": {"times": 2000}}, "schema"),
        ({"command": "speed", "params": {"times": "fast"}}, "schema"),
        ({"command": "run", "params": {"quick": True}}, "schema"),
        ({"command": "run", "boot": 8}, "boot"),
        ({"command": "run", "deadline": 99_000}, "expired"),
        (b"nonsense", "schema"),
        (b"{" + b" " * 600 + b"}", "size"),
    ],
)
def test_what_does_not_fit_is_rejected_with_the_contracts_reason(obey, master, message, reason):
    ack = obey(message)
    assert (ack["result"], ack["reason"]) == ("rejected", reason)
    assert master.told == []


def test_a_retained_order_is_never_obeyed(obey, master):
    assert obey({"command": "freeze"}, retained=True)["reason"] == "retained"
    assert master.told == []


def test_a_repeated_id_is_answered_alike_and_done_once(obey, master):
    first = obey({"command": "step", "id": "me-1"})
    assert obey({"command": "step", "id": "me-1"}, uptime_s=105) == first
    assert len(master.told) == 1


def test_what_the_station_refuses_is_told_in_words(obey):
    ack = obey({"command": "restore", "params": {"snapshot": "refuse"}})
    assert (ack["result"], ack["reason"], ack["applied"]) == ("rejected", "schema", "there is no such thing")


def test_a_live_deadline_and_boot_are_obeyed(obey, master):
    assert obey({"command": "run", "boot": BOOT, "deadline": 101_000})["result"] == "done"


def test_every_verb_and_parameter_has_a_sentence_in_the_reference():
    assert set(reference_commands.ENGINE_VERBS) == set(tables.ENGINE_VERBS)
    named = {row[0] for rows in tables.ENGINE_VERBS.values() for row in rows}
    assert set(reference_commands.ENGINE_PARAMS) == named
    assert set(reference_commands.ALARM_VERBS) == set(tables.ALARM_VERBS)
    named = {row[0] for rows in tables.ALARM_VERBS.values() for row in rows}
    assert set(reference_commands.ALARM_PARAMS) == named


class AlarmMaster:
    """Writes down what it is told of alarms."""

    def __init__(self):
        self.told = []

    def acknowledge_alarm(self, name, *, by):
        self.told.append(("acknowledge", name, by))
        return "it is acknowledged"

    def shelve_alarm(self, name, *, minutes, reason, by):
        self.told.append(("shelve", name, minutes, reason, by))
        return "it is shelved"

    def unshelve_alarm(self, name, *, by):
        raise ValueError("it is not shelved")


@pytest.mark.parametrize(
    ("command", "params", "told", "applied"),
    [
        ("acknowledge", {"alarm": "low/ups_a"}, [("acknowledge", "low/ups_a", "ann")], "it is acknowledged"),
        ("acknowledge", {}, [("acknowledge", "", "ann")], "it is acknowledged"),
        (
            "shelve",
            {"alarm": "low/ups_a", "minutes": 30, "reason": "work"},
            [("shelve", "low/ups_a", 30.0, "work", "ann")],
            "it is shelved",
        ),
        ("unshelve", {"alarm": "low/ups_a"}, [], "it is not shelved"),
        ("shelve", {"alarm": "low/ups_a", "minutes": 30}, [], ""),
    ],
)
def test_alarm_verb_reaches_the_alarms_with_who_asked(command, params, told, applied):
    master = AlarmMaster()
    payload = json.dumps({"command": command, "params": params, "by": "ann", "id": "a"}).encode()
    answer = Orders(master, "winter-river", BOOT).obey(payload, retained=False, uptime_s=1, told=str)
    ack, _ = codec.decode("ack", answer.payload)
    assert (ack["result"], ack["applied"]) == ("done" if told else "rejected", applied)
    assert master.told == told


@pytest.mark.parametrize(("command", "result"), [("acknowledge", "done"), ("shelve", "rejected")])
def test_in_an_exam_alarms_are_acknowledged_over_the_bus_and_not_shelved(command, result):
    params = {"alarm": "low/ups_a"} | ({"minutes": 1, "reason": "x"} if command == "shelve" else {})
    payload = json.dumps({"command": command, "params": params}).encode()
    orders = Orders(AlarmMaster(), "winter-river", BOOT, in_exam=lambda: True)
    ack, _ = codec.decode("ack", orders.obey(payload, retained=False, uptime_s=1, told=str).payload)
    assert ack["result"] == result


def test_a_burst_of_orders_is_obeyed_in_its_order_and_each_is_answered(start):
    bench = start()
    topic = topics.topic("engine", topics.COMMAND)
    with bench.loop.lock:  # as the loop holds it while it hears: nothing is carried out before the burst is over
        for number in range(ORDERS_MAX + 5):
            order = {"v": 1, "command": "snapshot", "params": {"name": f"s{number}"}, "id": f"i{number}"}
            bench.loop.heard(Incoming(topic, json.dumps(order).encode(), False, bench.now_s), bench.now_s)
    for thread in threading.enumerate():
        if thread.name.startswith("order"):
            thread.join(10.0)
    acks = bench.said("engine", "ack")
    assert {(ack["id"], ack["reason"]) for ack in acks if ack["result"] == "rejected"} == {
        (f"i{number}", "busy") for number in range(ORDERS_MAX, ORDERS_MAX + 5)
    }
    named = [info.name for info in bench.station.snapshots() if info.name]
    assert named == [f"s{number}" for number in range(ORDERS_MAX)]


@pytest.mark.parametrize("order", [*sorted(set(tables.ENGINE_VERBS) - {"snapshot"}), "set_weather"])
def test_in_an_exam_nobody_moves_time_or_weather_over_the_bus_either(master, order):
    examining = [True]
    to = "weather" if order == "set_weather" else "engine"
    orders = Orders(master, "winter-river", BOOT, in_exam=lambda: examining[0])
    rows = tables.ENGINE_VERBS.get(order, ())
    params = {row[0]: 1.0 if row[1] == "number" else "x" for row in rows if row[2]}

    def answer(command_id):
        payload = json.dumps({"command": order, "params": params, "id": command_id}).encode()
        return codec.decode("ack", orders.obey(payload, to=to, retained=False, uptime_s=1, told=str).payload)[0]

    told = answer("a")
    assert (told["result"], told["reason"]) == ("rejected", "interlock")
    assert "exam" in told["applied"]
    assert master.told == []
    examining[0] = False
    assert answer("b")["result"] == "done"
    assert answer("a") == told  # the same id, the same answer


KEY = b"a key of the engine"
WHOLE = {"v": 1, "command": "freeze", "params": {}, "id": "cli-1-1", "by": "ann", "boot": BOOT, "deadline": 200_000}


@pytest.fixture
def secured(master):
    """Gives the result and reason of bytes on engine/command in profile secured."""
    orders = Orders(master, "winter-river", BOOT, keys={"engine": KEY, "weather": b"another"}.get)

    def ask(payload, *, to="engine"):
        message = orders.obey(payload, to=to, retained=False, uptime_s=100, told=lambda: "t_s=1.000")
        ack, _ = codec.decode("ack", message.payload)
        return ack["result"], ack["reason"]

    return ask


def signed(key, fields, *, to="engine"):
    """As the contract has it; written out here so that no code of ours vouches for itself."""
    body = json.dumps(fields, separators=(",", ":"))[:-1]
    digest = hmac.new(key, f"winter-river/{to}/command\n{body}".encode(), hashlib.sha256).hexdigest()[:32]
    return f'{body},"mac":"{digest}"}}'.encode()


def test_a_secured_engine_obeys_what_is_signed_with_its_key(secured, master):
    assert secured(signed(KEY, WHOLE)) == ("done", "")
    assert master.told == [("freeze",)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"command":"freeze"}', "schema"),  # the bare form
        (signed(KEY, {name: value for name, value in WHOLE.items() if name != "boot"}), "schema"),
        (signed(KEY, {name: value for name, value in WHOLE.items() if name != "deadline"}), "schema"),
        (json.dumps(WHOLE, separators=(",", ":")).encode(), "mac"),
        (signed(b"of ups_a", WHOLE), "mac"),
        (signed(KEY, WHOLE, to="weather"), "mac"),  # meant for another
        (signed(KEY, WHOLE).replace(b"freeze", b"run"), "mac"),
        (signed(KEY, WHOLE)[:-1] + b" }", "mac"),
        (signed(KEY, WHOLE | {"boot": 8}), "boot"),
        (signed(KEY, WHOLE | {"deadline": 1}), "expired"),
    ],
)
def test_a_secured_engine_obeys_nothing_else(secured, master, payload, reason):
    assert secured(payload) == ("rejected", reason)
    assert master.told == []


def test_the_weather_of_a_secured_site_has_a_key_of_its_own(secured):
    order = WHOLE | {"command": "set_weather", "params": {"preset": 4}}
    assert secured(signed(KEY, order, to="weather"), to="weather") == ("rejected", "mac")
    assert secured(signed(b"another", order, to="weather"), to="weather") == ("done", "")
