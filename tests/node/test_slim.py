"""A board lets go of what other types need; what is left says and does the same. In processes of their own: it is for good."""

import subprocess
import sys

import pytest
from winter_river import paths
from winter_wire import schema

# One node of a type: birth, a view, every verb it has, one it has not, every page. Prints all that leaves it.
STORY = """
import json, sys
type_name, slim = sys.argv[1], sys.argv[2] == "slim"
from winter_node import commands, core, roles, screen
from winter_wire import codec, schema
node = core.Core({"id": "x", "type": type_name, "load_kw_max": 200}, 7, lambda: 0.5)
verbs = schema.verbs(type_name)
fields = {name: 1 for name in schema.ELECTRICAL + schema.own_fields(type_name)[0]}
fields.update(v=1, node_id="x", timeline=1, t_s=1, permit_close=True, state=schema.TYPES[type_name][schema.STATES][0][0])
view = codec.encode("view", fields, type_name)
rows = {verb: schema.VERBS[verb] for verb in verbs}
if slim:
    commands.keep_only(type_name), roles.keep_only(type_name), schema.keep_only(type_name)
    assert list(schema.TYPES) == list(roles.TYPES) == [type_name] and {*commands.TABLE, *roles.SETS} == set(verbs)
    assert "winter_wire.tables" not in sys.modules
values = {"to": "auto", "kind": None, "timeline": 2, "running": 3, "pct": 50, "power_kw": 10, "state": True, "command": "identify"}
print(node.on_connected(0), node.on_message("winter-river/x/view", view, False, 10))
for number, verb in enumerate((*verbs, "fly")):
    params = {row[0]: values[row[0]] for row in rows.get(verb, ()) if row[2]}
    if verb == "set_handle":
        params["to"] = schema.TYPES[type_name][schema.HANDLES][0]
    payload = json.dumps({"command": verb, "params": params, "id": "a-%d" % number}).encode()
    print(verb, node.on_message("winter-river/x/command", payload, False, 20 + number))
print(node.on_input("long", 5000), node.on_tick(20000))
facts = {"node_id": "x", "type": type_name, "state": node.state(), "mode": "auto", "handle": node.device.handle(),
         "fault": "", "values": node.view, "stale": False, "connected": True, "trouble": "", "age_s": 1, "rssi": -50}
print(screen.main_page(facts))
"""


def story(type_name: str, how: str) -> str:
    firmware = paths.firmware_dir()
    path = f"import sys; sys.path[:0] = [{str(firmware)!r}, {str(firmware / 'lib')!r}]\n"
    done = subprocess.run(
        [sys.executable, "-c", path + STORY, type_name, how], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("type_name", sorted(schema.TYPES))
def test_slim_node_says_and_does_what_a_whole_one_does(type_name: str) -> None:
    whole = story(type_name, "whole")
    assert whole.count('"result":"done"') >= 7  # a meter obeys only what all do
    assert story(type_name, "slim") == whole
