"""The core's claims: what it says of itself, when, and what it makes of views."""

import json

from winter_node import core as cores
from winter_node import ticks
from winter_wire import codec

STATUS, COMMAND = "winter-river/ups_a/status", "winter-river/ups_a/command"
VIEW, ACK, EVENT = "winter-river/ups_a/view", "winter-river/ups_a/ack", "winter-river/ups_a/event"


def middle():
    return 0.5


def node(type_name="ups", **settings):
    settings["id"] = "ups_a"
    settings["type"] = type_name
    return cores.Core(settings, 77, middle)


def view(type_name="ups", **fields):
    whole = {"v": 1, "node_id": "ups_a", "timeline": 1, "t_s": 1, "state": "NORMAL", "permit_close": True}
    whole.update(fields)
    return codec.encode("view", whole, type_name)


def command(verb, **params):
    return json.dumps({"command": verb, "params": params}).encode()


def published(actions, topic=STATUS):
    """The messages on one topic, decoded."""
    return [json.loads(action[2]) for action in actions if action[0] == "publish" and action[1] == topic]


def connected(type_name="ups", **settings):
    core = node(type_name, **settings)
    core.on_connected(0)
    return core


def case_subscribes_then_says_who_it_is_at_once():
    actions = node().on_connected(0)
    assert actions[0] == ("subscribe", COMMAND, 1)
    assert actions[1] == ("subscribe", VIEW, 0)
    kind, topic, payload, qos, retain = actions[2]
    assert (kind, topic, qos, retain) == ("publish", STATUS, 0, True)
    birth = json.loads(payload)
    assert (birth["node_id"], birth["type"], birth["boot"], birth["seq"]) == ("ups_a", "ups", 77, 1)


def case_promised_fields_are_there_before_anything_is_known():
    birth = published(node().on_connected(0))[0]
    for name in ("voltage_in", "current", "power_kw", "wifi_rssi", "uptime", "ts"):
        assert birth[name] == 0, name
    # Alive, but nobody has told it what it carries.
    assert (birth["state"], birth["status"]) == ("", "warning")


def case_last_will_is_the_contract_s_text():
    assert node().will() == (STATUS, b'{"v":1,"node_id":"ups_a","type":"ups","status":"offline"}')


def case_says_it_rebooted_once_and_not_at_every_connect():
    core = node()
    core.vitals["reset_cause"] = "watchdog"
    first = published(core.on_connected(0), EVENT)
    assert [(event["event"], event["to"]) for event in first] == [("reboot", "watchdog")]
    core.on_disconnected(1000, "NO BROKER")
    assert published(core.on_connected(2000), EVENT) == []


def case_status_comes_every_five_seconds():
    core = connected()
    times = []
    for now_ms in range(0, 30001, 100):
        if published(core.on_tick(now_ms)):
            times.append(now_ms)
    gaps = [times[index + 1] - times[index] for index in range(len(times) - 1)]
    assert times[0] <= 5000 and gaps == [5000] * len(gaps) and len(gaps) >= 4


def case_passes_that_come_late_do_not_add_up():
    core = connected(status_s=1)
    sent = 0
    for now_ms in range(0, 100001, 300):  # the fourth pass is at 1,200 ms
        sent += len(published(core.on_tick(now_ms)))
    assert sent >= 100


def case_a_node_that_was_held_up_says_how_it_is_once():
    core = connected(status_s=1)
    assert len(published(core.on_tick(1000))) == 1
    assert len(published(core.on_tick(60000))) == 1
    assert published(core.on_tick(60500)) == []


def case_first_regular_status_is_spread_by_chance():
    early, late = (
        cores.Core({"id": "a", "type": "pdu"}, 1, lambda: 0.0),
        cores.Core({"id": "b", "type": "pdu"}, 1, lambda: 0.99),
    )
    early.on_connected(0)
    late.on_connected(0)
    assert late.due_ms(0) - early.due_ms(0) > 3000


def case_says_nothing_while_not_connected():
    core = connected()
    core.on_disconnected(100, "NO BROKER")
    for now_ms in range(100, 20000, 500):
        assert core.on_tick(now_ms) == []


def case_change_is_told_at_once():
    core = connected()
    told = published(core.on_message(COMMAND, command("set_fault", state=True), False, 2000))
    assert len(told) == 1 and told[0]["fault"] == "fault" and told[0]["seq"] == 2


def case_new_state_in_a_view_is_told_at_once_and_a_new_value_is_not():
    core = connected()
    assert published(core.on_message(VIEW, view(state="ON_BATTERY"), False, 2000))[0]["state"] == "ON_BATTERY"
    assert core.on_message(VIEW, view(state="ON_BATTERY", power_kw=12.5), False, 2500) == []


def case_at_most_ten_statuses_a_second_and_the_last_is_never_lost():
    core = connected()
    sent = []
    on = True
    for now_ms in range(1000, 2000, 5):
        on = not on
        sent.extend(published(core.on_message(COMMAND, command("set_fault", state=on), False, now_ms)))
        sent.extend(published(core.on_tick(now_ms)))
    assert len(sent) <= 10
    sent.extend(published(core.on_message(COMMAND, command("set_fault", state=True), False, 2000)))
    sent.extend(published(core.on_tick(2100)))
    assert sent[-1]["fault"] == "fault"


def case_due_says_when_the_next_status_wants_to_leave():
    core = connected()
    core.on_message(COMMAND, command("set_fault", state=True), False, 1000)
    core.on_message(COMMAND, command("set_fault", state=False), False, 1040)
    assert core.due_ms(1040) == 60
    assert len(published(core.on_tick(1100))) == 1
    assert core.due_ms(1100) == 5000


def case_status_echoes_the_view_and_the_engine_never_hears_more():
    core = connected()
    core.on_message(VIEW, view(voltage_out=480.2, power_kw=386.1, soc_pct=87.5, runtime_s=72), False, 1000)
    status = core.status(1100)
    assert (status["voltage_out"], status["power_kw"], status["soc_pct"], status["runtime_s"]) == (
        480.2,
        386.1,
        87.5,
        72,
    )
    assert "permit_close" not in json.loads(codec.encode("status", status))


def case_last_values_stay_when_the_views_and_the_broker_are_gone():
    core = connected()
    core.on_message(VIEW, view(power_kw=386.1), False, 1000)
    core.on_disconnected(2000, "NO BROKER")
    core.on_tick(100000)
    assert core.status(100000)["power_kw"] == 386.1 and core.state() == "NORMAL"


def case_handle_faults_and_setpoints_survive_a_lost_broker():
    core = connected("server")
    core.on_message(COMMAND, command("set_fault", state=True), False, 1000)
    core.on_message(COMMAND, command("set_load", power_kw=150), False, 1000)
    core.on_message(COMMAND, command("open"), False, 1000)
    core.on_disconnected(2000, "NO BROKER")
    back = published(core.on_connected(60000))[0]
    assert (back["fault"], back["load_set_kw"], back["handle"]) == ("fault", 150, "off")


def case_health_follows_the_state():
    core = connected()
    for state, word in (("NORMAL", "ok"), ("ON_BATTERY", "warning"), ("FAULT", "fault"), ("OFF", "off")):
        core.on_message(VIEW, view(state=state), False, 1000)
        assert core.status(1000)["status"] == word, state


def case_own_fault_is_told_before_the_engine_has_seen_it():
    core = connected("utility")
    core.on_message(VIEW, view("utility", state="GRID_OK"), False, 1000)
    core.on_message(COMMAND, command("set_fault", state=True), False, 1200)
    assert core.status(1200)["status"] == "fault"
    core.on_message(COMMAND, command("set_fault", state=False), False, 1400)
    core.on_message(COMMAND, command("set_fault", state=True, kind="sag"), False, 1400)
    assert core.status(1400)["status"] == "warning"
    # Now the engine has spoken after the change: its word counts.
    core.on_message(VIEW, view("utility", state="GRID_OK"), False, 2000)
    assert core.status(2000)["status"] == "ok"


def case_opened_breaker_is_off_before_the_engine_has_seen_it():
    core = connected("switchgear")
    core.on_message(VIEW, view("switchgear", state="CLOSED"), False, 1000)
    core.on_message(COMMAND, command("open"), False, 1200)
    assert core.status(1200)["status"] == "off"


def case_stale_view_is_no_longer_called_ok():
    core = connected()
    core.on_message(VIEW, view(), False, 1000)
    assert core.status(15999)["status"] == "ok"
    assert core.status(16000)["status"] == "warning" and core.stale()


def case_bad_views_change_nothing_and_are_counted():
    core = connected()
    core.on_message(VIEW, view(power_kw=1), False, 1000)
    bad = (
        (b"", False), (b"{}", False), (b"[1]", False), (b"\xff\xfe", False), (view(power_kw=9), True), (None, False),
        (view(node_id="ups_b"), False), (b'{"v":1,"node_id":"ups_a","timeline":1,"t_s":NaN}', False),
        (b'{"v":1,"node_id":"ups_a","timeline":1,"t_s":2,"power_kw":"9"}', False),
        (b'{"v":1,"node_id":"ups_a","timeline":1,"t_s":2,"power_kw":9,"x":"' + b"x" * 1000 + b'"}', False),
    )  # fmt: skip
    for count, (payload, retained) in enumerate(bad):
        core.on_message(VIEW, payload, retained, 2000 + count)
        assert core.counters["rejected"] == count + 1, payload
        assert core.status(2000 + count)["power_kw"] == 1


def case_each_sort_of_bad_message_is_logged_once():
    core = connected()
    lines = []
    for now_ms in range(1000, 1020):
        lines.extend([action for action in core.on_message(VIEW, b"[]", False, now_ms) if action[0] == "log"])
    assert len(lines) == 1


def case_topics_of_others_are_passed_over():
    core = connected()
    assert published(core.on_message("winter-river/ups_b/command", command("set_fault", state=True), False, 1)) == []
    assert core.counters["unknown_topic"] == 1 and core.device.fault_text() == ""


def case_own_root_is_kept():
    core = node(root="site/north")
    assert core.on_connected(0)[0] == ("subscribe", "site/north/ups_a/command", 1)
    assert core.will()[0] == "site/north/ups_a/status"


def case_uptime_counts_on_over_the_wrap_of_the_ticks():
    core = node()
    start = ticks.PERIOD - 1500
    core.on_connected(start)
    for seconds in range(1, 10):
        core.on_tick(ticks.add(start, seconds * 1000))
    assert core.status(ticks.add(start, 9000))["uptime"] == 9


def case_time_never_runs_backwards():
    core = node()
    core.on_connected(5000)
    core.on_tick(7000)
    core.on_tick(6000)
    assert core.status(7000)["uptime"] == 2


def case_first_timeline_heard_is_followed():
    core = connected()
    core.on_message(VIEW, view(timeline=7), False, 1000)
    assert core.status(1000)["timeline"] == 7


def case_views_from_before_a_rewind_are_passed_over():
    core = connected()
    core.on_message(VIEW, view(timeline=7, power_kw=1), False, 1000)
    core.on_message(COMMAND, command("restore", timeline=8), False, 1500)
    core.on_message(VIEW, view(timeline=7, power_kw=2), False, 1600)
    assert core.status(1600)["power_kw"] == 1 and core.counters["other_timeline"] == 1
    core.on_message(VIEW, view(timeline=8, power_kw=3), False, 1700)
    assert core.status(1700)["power_kw"] == 3 and core.status(1700)["timeline"] == 8


def case_newer_timeline_is_shown_but_not_claimed_before_the_restore():
    core = connected()
    core.on_message(VIEW, view(timeline=7, power_kw=1), False, 1000)
    core.on_message(VIEW, view(timeline=8, power_kw=3), False, 2000)
    assert (core.status(2000)["power_kw"], core.status(2000)["timeline"]) == (3, 7)


def case_engine_started_anew_is_followed_after_a_silence():
    core = connected()
    core.on_message(VIEW, view(timeline=7), False, 1000)
    core.on_message(VIEW, view(timeline=1), False, 6000)
    assert core.status(6000)["timeline"] == 7
    core.on_message(VIEW, view(timeline=1), False, 6001)
    assert core.status(6001)["timeline"] == 1


def case_restore_sets_what_was_and_is_told_at_once():
    core = connected("generator")
    told = published(
        core.on_message(COMMAND, command("restore", timeline=3, handle="run", fault="fail_to_start"), False, 1000)
    )
    assert (told[0]["timeline"], told[0]["handle"], told[0]["fault"]) == (3, "run", "fail_to_start")
    told = published(core.on_message(COMMAND, command("restore", timeline=4, handle="auto", fault=""), False, 2000))
    assert (told[0]["timeline"], told[0]["handle"], told[0]["fault"], told[0]["mode"]) == (4, "auto", "", "auto")


def case_long_press_is_a_hand_on_the_device():
    core = connected("switchgear")
    core.on_message(VIEW, view("switchgear", state="CLOSED"), False, 1000)
    actions = core.on_input("long", 1200)
    told = published(actions)[0]
    assert (told["handle"], told["mode"]) == ("open", "local")
    assert published(actions, EVENT)[0]["event"] == "button"
    told = published(core.on_input("long", 1400))[0]
    assert (told["handle"], told["mode"]) == ("closed", "auto")


def case_hand_may_open_but_not_close_against_the_interlock():
    core = connected("switchgear")
    assert published(core.on_input("long", 1000))[0]["handle"] == "open"
    actions = core.on_input("long", 2000)
    assert core.device.handle() == "open"
    assert published(actions, EVENT)[0]["to"] == "interlock"


def case_short_press_turns_the_page():
    assert connected().on_input("short", 1000) == [("page", -1)]


def case_snapshot_continues_exactly():
    one = connected("server", load_set_kw=96)
    for verb in ("open", "reset", "set_fault"):
        one.on_message(COMMAND, command(verb, state=True) if verb == "set_fault" else command(verb), False, 1000)
    one.on_message(VIEW, view("server", state="OFF", timeline=4), False, 1500)
    other = node("server", load_set_kw=96)
    other.restore(json.loads(json.dumps(one.snapshot())))
    for now_ms in range(2000, 20000, 700):
        assert one.on_tick(now_ms) == other.on_tick(now_ms)
        payload = command("set_load", power_kw=now_ms / 1000)
        assert one.on_message(COMMAND, payload, False, now_ms) == other.on_message(COMMAND, payload, False, now_ms)
    assert one.snapshot() == other.snapshot()


def case_hundred_cores_share_nothing():
    cores_of = [cores.Core({"id": "n%d" % number, "type": "pdu"}, number + 1, middle) for number in range(100)]
    for core in cores_of:
        core.on_connected(0)
    topic = "winter-river/n7/command"
    cores_of[7].on_message(topic, command("open"), False, 1000)
    open_ones = [core.node_id for core in cores_of if core.device.handle() == "open"]
    assert open_ones == ["n7"]
