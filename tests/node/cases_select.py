"""Select before operate: in profile secured the dangerous verbs want a selection by the same person, for 5 s."""

import json

from asking import COMMAND, node, permit, raw, send, why
from winter_node import mac

KEY = b"secret-of-x"
NUMBERS = [0]


def secured(type_name):
    return node(type_name, profile="secured", key=KEY.decode())


def ask(core, verb, params=None, now_ms=1000, by="ann"):
    NUMBERS[0] += 1
    fields = {"command": verb, "params": params or {}, "id": "a-1-%d" % NUMBERS[0], "by": by, "boot": 77}
    fields["deadline"] = now_ms + 5000
    fields["epoch"] = 0
    return why(raw(core, mac.signed(KEY, COMMAND, json.dumps(fields).encode()), now_ms))


def case_close_wants_a_selection_and_uses_it_up():
    core = secured("pdu")
    assert ask(core, "open") == "done"  # opening is always one step
    permit(core, 1000)
    assert ask(core, "close") == "not_selected"
    assert ask(core, "select", {"command": "close"}) == "done"
    assert core.device.handle() == "open"
    assert ask(core, "close") == "done"
    assert core.device.handle() == "closed"
    assert ask(core, "close") == "not_selected"


def case_selection_is_for_one_verb_one_person_and_five_seconds():
    core = secured("switchgear")
    permit(core, 1000)
    assert ask(core, "select", {"command": "close"}) == "done"
    assert ask(core, "transfer", {"to": "second"}) == "not_selected"
    assert ask(core, "close", by="bob") == "not_selected"
    assert ask(core, "select", {"command": "close"}, by="bob") == "busy"
    permit(core, 6001)
    assert ask(core, "close", now_ms=6001) == "not_selected"
    assert ask(core, "select", {"command": "close"}, now_ms=6001, by="bob") == "done"
    permit(core, 11001)
    assert ask(core, "close", now_ms=11001, by="bob") == "done"


def case_every_dangerous_verb_is_two_step():
    for type_name, verb, params in (
        ("pdu", "close", {}), ("pdu", "set_handle", {"to": "closed"}), ("server", "set_handle", {"to": "on"}),
        ("generator", "start", {}), ("generator", "set_handle", {"to": "run"}), ("switchgear", "transfer", {"to": "second"}),
        ("ups", "factory_reset", {}),
    ):  # fmt: skip
        core = secured(type_name)
        permit(core, 1000)
        assert ask(core, verb, params) == "not_selected", verb
    for type_name, verb, params in (
        ("pdu", "open", {}), ("pdu", "set_handle", {"to": "open"}), ("generator", "stop", {}), ("pdu", "reset", {}),
    ):  # fmt: skip
        assert ask(secured(type_name), verb, params) == "done", verb


def case_lab_knows_select_and_does_not_want_it():
    core = node("pdu")
    permit(core, 1000)
    assert send(core, "select", {"command": "close"})["applied"] == "command=close"
    assert why(send(core, "open")) == "done"
    assert why(send(core, "close")) == "done"
    assert why(send(core, "select", {"command": "fly"})) == "schema"
    assert why(send(core, "select", {"command": "start"})) == "schema"  # no verb of a pdu


def case_restart_forgets_what_was_selected():
    core = secured("pdu")
    assert ask(core, "select", {"command": "close"}) == "done"
    other = secured("pdu")
    permit(other, 1000)
    assert ask(other, "close") == "not_selected"


def case_safe_mode_obeys_a_selected_factory_reset():
    core = node("pdu", profile="secured", key=KEY.decode(), safe="boot loop")
    core.commands.keep_settings = lambda verb, params: "settings"
    assert ask(core, "select", {"command": "factory_reset"}) == "done"
    assert ask(core, "factory_reset") == "done"
