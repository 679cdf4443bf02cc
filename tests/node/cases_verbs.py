"""What commands do: verbs, setpoints, priorities, the hand on the device, the interlock."""

import json

from asking import COMMAND, VIEW, middle, node, permit, send, why
from winter_node import core as cores
from winter_wire import codec, schema


def case_verbs_of_other_types_and_unknown_ones_are_unknown():
    for type_name, verb in (
        ("ups", "open"),
        ("server", "bypass"),
        ("pdu", "fly"),
        ("meter", "reset"),
    ):
        core = node(type_name)
        before = core.device.snapshot()
        assert why(send(core, verb)) == "unknown"
        assert core.device.snapshot() == before


def case_update_is_refused_since_firmware_comes_over_the_cable():
    for params in ({}, {"version": "0.2.0"}):
        assert why(send(node("pdu"), "update", params)) == "authority"


class Keeper:
    """What a board does with orders about settings; error: what it says to them all."""

    def __init__(self, error=None):
        self.error = error
        self.asked = []

    def __call__(self, verb, params):
        if self.error:
            raise self.error
        self.asked.append((verb, params))
        return "broker_host"


def case_settings_are_kept_before_they_are_answered():
    core = node("pdu")
    core.commands.keep_settings = keeper = Keeper()
    ack = send(core, "config", {"broker_host": "pi.local", "status_s": 2})
    assert (ack["result"], ack["applied"]) == ("done", "status_s=2; at restart: broker_host")
    assert why(send(core, "factory_reset")) == "done"
    assert keeper.asked == [("config", {"broker_host": "pi.local", "status_s": 2}), ("factory_reset", {})]


def case_settings_that_do_not_fit_or_cannot_be_kept_are_told():
    core = node("pdu")
    core.commands.keep_settings = Keeper(ValueError("broker.host is missing"))
    assert why(send(core, "config", {"broker_host": "x"})) == "schema"
    core.commands.keep_settings = Keeper(OSError(28))
    ack = send(core, "config", {"broker_host": "x"})
    assert (ack["result"], ack["reason"]) == ("failed", "busy")
    core.commands.keep_settings = None
    assert why(send(core, "config", {"broker_host": "x"})) == "unknown"
    for params in ({"broker_port": 0}, {"wifi_ssid": ""}, {"status_s": 6}, {"colour": "red"}):
        core.commands.keep_settings = Keeper()
        assert why(send(core, "config", params)) == "schema", params


def case_safe_mode_obeys_orders_about_settings_and_nothing_else():
    core = cores.Core({"id": "x", "type": "switchgear", "safe": "ValueError()"}, 77, middle)
    actions = core.on_connected(0)
    assert [action[1] for action in actions if action[0] == "subscribe"] == [
        COMMAND
    ]  # no views: one of them may be why
    events = [json.loads(action[2]) for action in actions if action[0] == "publish" and action[1].endswith("/event")]
    assert [(event["event"], event["to"]) for event in events] == [("reboot", ""), ("safe_mode", "ValueError()")]
    assert core.status(10)["status"] == "fault"
    core.commands.keep_settings = Keeper()
    for verb in ("open", "close", "reset", "set_fault", "transfer", "restore", "press", "release"):
        params = {"set_fault": {"state": True}, "transfer": {"to": "auto"}, "restore": {"timeline": 2}}.get(verb, {})
        assert why(send(core, verb, params)) == "busy", verb
    for verb in ("config", "factory_reset", "restart", "identify", "page"):
        assert why(send(core, verb, {"status_s": 1} if verb == "config" else {})) == "done", verb
    assert core.on_input("long", 2000) == [("log", "the handle rests in safe mode")]
    assert core.device.handle() == "closed"


def case_dial_sets_a_load_by_hand_and_beats_the_host():
    core = node("server", load_kw_max=200, load_set_kw=96)
    told = [json.loads(action[2]) for action in core.on_dial(0.25, 1000) if action[0] == "publish"]
    assert [(status["load_set_kw"], status["mode"]) for status in told] == [(50, "local")]
    assert why(send(core, "set_load", {"power_kw": 150})) == "priority"
    for type_name, settings in (
        ("server", {}),
        ("ups", {"load_kw_max": 200}),
    ):  # nothing to scale it by; no load at all
        core = node(type_name, **settings)
        assert core.on_dial(0.5, 1000) == [] and core.device.mode() == "auto"


def case_every_verb_of_every_type_has_a_row():
    from winter_node import commands, roles

    for type_name in schema.TYPES:
        for verb in schema.verbs(type_name):
            assert (verb in commands.TABLE) != (verb in roles.SETS), verb


def case_verbs_set_what_their_names_say():
    cases = (
        ("utility", "open", {}, "handle", "off"), ("switchgear", "open", {}, "handle", "open"),
        ("server", "open", {}, "handle", "off"), ("generator", "start", {}, "handle", "run"),
        ("generator", "set_handle", {"to": "off"}, "handle", "off"), ("ups", "bypass", {}, "handle", "bypass"),
        ("ups", "bypass", {"state": False}, "handle", "online"), ("switchgear", "transfer", {"to": "second"}, "source_set", "second"),
        ("server", "set_load", {"power_kw": 120.5}, "load_set_kw", 120.5), ("cooling", "set_fans", {"running": 40}, "fans_running", 40),
        ("generator", "set_fuel", {"pct": 60}, "fuel_set_pct", 60), ("pdu", "reset", {}, "resets", 1),
        ("utility", "set_fault", {"state": True, "kind": "sag", "severity": 0.5}, "fault", "sag=0.50"),
        ("utility", "set_fault", {"state": True, "kind": "swell"}, "fault", "swell=0.15"),
        ("generator", "set_fault", {"state": True, "kind": "fail_to_start"}, "fault", "fail_to_start"),
        ("server", "set_fault", {"state": True}, "fault", "fault"),
    )  # fmt: skip
    for type_name, verb, params, field, value in cases:
        core = node(type_name)
        assert why(send(core, verb, params)) == "done", (type_name, verb)
        assert core.status(1000)[field] == value, (type_name, verb)


def case_storage_charges_discharges_and_holds():
    core = node("bess", setpoint_kw=0)
    for verb, power_kw, setpoint_kw in (("charge", 40, 40), ("discharge", 30.5, -30.5), ("set_setpoint", -20, -20)):
        assert why(send(core, verb, {"power_kw": power_kw})) == "done"
        assert core.device.fields()["setpoint_kw"] == setpoint_kw
    assert why(send(core, "hold")) == "done"
    assert core.device.handle() == "hold"
    # Who gives a storage that holds a setpoint means it to follow.
    send(core, "discharge", {"power_kw": 10})
    assert (core.device.handle(), core.device.fields()["setpoint_kw"]) == ("auto", -10)


def case_array_is_told_the_most_it_may_give():
    core = node("pv", setpoint_kw=100)
    assert why(send(core, "set_setpoint", {"power_kw": 30})) == "done"
    assert core.device.fields()["setpoint_kw"] == 30
    assert why(send(core, "charge", {"power_kw": 1})) == "unknown"
    send(core, "open")
    send(core, "set_setpoint", {"power_kw": 40})
    assert core.device.handle() == "off"


def case_storage_held_by_a_stronger_hand_does_not_charge():
    core = node("bess", setpoint_kw=0)
    core.on_input("long", 500)
    assert core.device.handle() == "hold"
    assert why(send(core, "charge", {"power_kw": 40})) == "priority"
    assert (core.device.handle(), core.device.fields()["setpoint_kw"]) == ("hold", 0)


def case_stop_takes_a_start_back_and_leaves_the_generator_in_automatic():
    core = node("generator")
    send(core, "start")
    send(core, "stop")
    assert core.device.handle() == "auto"


def case_refuelling_is_counted_so_that_the_same_level_counts_again():
    core = node("generator")
    send(core, "set_fuel", {"pct": 100})
    send(core, "set_fuel", {"pct": 100})
    assert core.status(1000)["refuels"] == 2


def case_faults_add_up_and_are_cleared_one_by_one_or_all():
    core = node("utility")
    send(core, "set_fault", {"state": True, "kind": "swell"})
    send(core, "set_fault", {"state": True})
    assert core.device.fault_text() == "outage,swell=0.15"  # the schema's order, whatever came first
    send(core, "set_fault", {"state": False, "kind": "swell"})
    assert core.device.fault_text() == "outage"
    send(core, "set_fault", {"state": True, "kind": "sag"})
    send(core, "set_fault", {"state": False})
    assert core.device.fault_text() == ""


def case_load_above_the_limit_of_the_settings_is_refused():
    core = node("server", load_kw_max=200)
    assert why(send(core, "set_load", {"power_kw": 200})) == "done"
    assert why(send(core, "set_load", {"power_kw": 200.1})) == "schema"
    assert core.status(1000)["load_set_kw"] == 200


def case_setpoint_never_set_is_not_claimed():
    assert "load_set_kw" not in node("server").status(0)
    assert node("server", load_set_kw=96).status(0)["load_set_kw"] == 96


def case_closing_needs_a_fresh_view_that_permits_it():
    core = node("switchgear")
    send(core, "open")
    assert why(send(core, "close")) == "interlock"  # no view at all
    permit(core, 2000, allowed=False)
    assert why(send(core, "close", now_ms=2100)) == "interlock"
    permit(core, 3000)
    assert why(send(core, "close", now_ms=8001)) == "interlock"  # older than 5 s
    assert why(send(core, "set_handle", {"to": "closed"}, now_ms=8001)) == "interlock"
    assert core.device.handle() == "open"
    permit(core, 9000)
    assert why(send(core, "close", now_ms=14000)) == "done"
    assert core.device.handle() == "closed"


def case_view_that_does_not_say_permits_nothing():
    core = node("pdu")
    send(core, "open")
    view = codec.encode("view", {"v": 1, "node_id": "x", "timeline": 1, "t_s": 1}, "pdu")
    core.on_message(VIEW, view, False, 1000)
    assert why(send(core, "close")) == "interlock"


def case_opening_is_always_possible():
    for type_name in ("utility", "switchgear", "distribution", "pdu", "server", "cooling"):
        core = node(type_name)
        assert why(send(core, "open")) == "done", type_name


def case_letting_go_is_a_closing_too():
    core = node("pdu")
    send(core, "open")
    assert why(send(core, "release")) == "interlock"
    permit(core, 2000)
    assert why(send(core, "release", now_ms=2000)) == "done"
    assert core.device.handle() == "closed" and core.device.mode() == "auto"


def case_mode_tells_who_holds_the_device():
    core = node("pdu")
    assert core.device.mode() == "auto"
    send(core, "open")
    assert core.device.mode() == "manual"
    core.on_input("long", 1000)
    permit(core, 1000)
    core.on_input("long", 1000)
    assert core.device.mode() == "local"


def case_hand_beats_the_host_until_it_lets_go():
    core = node("pdu")
    core.on_input("long", 500)
    permit(core, 1000)
    for priority in range(1, 17):
        assert why(send(core, "close", priority=priority)) == "priority", priority
    assert why(send(core, "release", {"priority": 1})) == "priority"
    assert core.device.handle() == "open"
    core.on_input("long", 1500)
    assert core.device.handle() == "closed"
    assert why(send(core, "open")) == "done"


def case_bus_never_gets_the_priority_of_a_hand():
    assert why(send(node("pdu"), "open", priority=1)) == "priority"


def case_lower_number_wins_and_what_lies_beneath_comes_back():
    core = node("server", load_set_kw=96)
    assert why(send(core, "set_load", {"power_kw": 50}, priority=16)) == "done"
    assert why(send(core, "set_load", {"power_kw": 150}, priority=8)) == "done"
    assert why(send(core, "set_load", {"power_kw": 20}, priority=16)) == "priority"
    assert core.status(1000)["load_set_kw"] == 150
    send(core, "release", {"priority": 8})
    assert core.status(1000)["load_set_kw"] == 50
    send(core, "release", {"priority": 16})
    assert core.status(1000)["load_set_kw"] == 96


def draws(seed):
    """Numbers from a small generator that both dialects agree on."""
    while True:
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        yield seed >> 8


def case_priority_array_obeys_the_lowest_number_whatever_comes():
    # The law, beside the code: a dict of what was accepted; the lowest key wins.
    for seed in range(40):
        core = node("cooling", fans_running=55)
        held = {}
        numbers = draws(seed)
        for _ in range(60):
            priority = next(numbers) % 15 + 2
            if next(numbers) % 3:
                value = next(numbers) % 100
                ack = send(core, "set_fans", {"running": value}, priority=priority)
                if held and min(held) < priority:
                    assert why(ack) == "priority", seed
                else:
                    assert why(ack) == "done", seed
                    held[priority] = value
            else:
                send(core, "release", {"priority": priority})
                held.pop(priority, None)
            wanted = held[min(held)] if held else 55
            assert core.status(1000)["fans_running"] == wanted, seed
        yield


def case_press_is_the_button():
    core = node("utility")
    actions = core.on_message(COMMAND, b'{"command":"press"}', False, 1000)
    assert ("page", -1) in actions
    assert why(send(core, "press", {"long": True})) == "done"
    assert (core.device.handle(), core.device.mode()) == ("off", "local")


def case_identify_and_page_go_to_the_shell():
    core = node("pdu")
    assert ("identify",) in core.on_message(COMMAND, b'{"command":"identify"}', False, 1000)
    assert ("page", 2) in core.on_message(COMMAND, b'{"command":"page","params":{"to":2}}', False, 1000)


def case_restore_brings_setpoints_back_too():
    core = node("server", load_set_kw=96)
    send(core, "set_load", {"power_kw": 20})
    assert why(send(core, "restore", {"timeline": 2, "handle": "off", "fault": "", "load_set_kw": 150})) == "done"
    status = core.status(1000)
    assert (status["load_set_kw"], status["handle"]) == (150, "off")
    send(core, "restore", {"timeline": 3, "handle": "on", "load_set_kw": 96})
    assert core.device.mode() == "auto"
