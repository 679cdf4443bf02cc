"""A type that does not exist is added to a copy of the tree: one file, and one row of the contract. The rest follows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import winter_river
import winter_wire

pytestmark = pytest.mark.timeout(300)  # a Python of its own reads all packages anew; seconds on a quiet machine

FILE = '''"""The busway: a long bus behind one breaker or fuse, with taps along it."""

from winter_river.engine.equipment.table import Equipment, Rating, breaker_ratings, feed_ratings, fuse_combinations

BUSWAY = Equipment(
    type="busway",
    says={
        "busway": "A long bus with taps along it.",
        "CARRYING": "In service.",
        "CROWDED": "More current than it is rated for.",
        "burnt": "A joint has burnt; it is dead.",
    },
    ratings=(*breaker_ratings(fuse=True), *feed_ratings("feed", "the busway to its middle")),
    feeds_min=1,
    feeds_max=1,
    fed_by=("utility", "switchgear"),
    combinations=fuse_combinations,
    reliability=(
        Rating("failures_per_year", 12.0, 0.0, 1000.0, "chosen: often, for a test"),
        Rating("repair_h", 10.0, 0.001, 87600.0, "chosen: for a test"),
    ),
)
'''

ROW = """
TYPES["busway"] = (
    _BREAKER,
    (("CARRYING", "ok"), ("CROWDED", "warning"), ("TRIPPED", "fault"), ("OPEN", "off"), ("NO_INPUT", "off"),
     ("FAULT", "fault")),
    (("burnt", None), ("fail_to_open", None), ("fail_to_close", None), ("nuisance_trip", None)),
    (), (), ("open", "close", "reset"), "distribution",
)
"""

SITE = """
facility: taps
nodes:
  utility: {type: utility, voltage_v: 480, short_circuit_mva: 50}
  busway: {type: busway, from: [utility], rated_a: 100, pickup_a: 110, feed_resistance_ohm: 0.01}
  rack: {type: server, from: [busway], load_kw: 40, load_kw_max: 200, rated_a: 300}
"""

# What somebody would see of it who uses the site, page, screens, reference and studies.
LOOK = """
import sys
from winter_node import roles
from winter_river import Simulation, reference
from winter_river.engine import build_plan, laws, new_world, next_change_s, step, apply, view, snapshot, restore
from winter_river.facility import FacilityError, parse_facility
from winter_river.facility.json_schema import schema_text
from winter_river.study.assumptions import Assumptions
from winter_river.study.availability import runner, summary
from winter_river.study.contingency import HORIZON_S, combinations
from winter_river.study.contingency import runner as losses_runner
from winter_river.web.diagram import draw
from winter_river.web.facts import type_facts

SITE = sys.stdin.read()
site = parse_facility(SITE)
plan = build_plan(site.devices())


def told(world, seconds, **fields):
    before = laws.latches(plan, world)
    if fields:
        apply(plan, world, fields.pop("node"), fields, present=True)
    events = step(plan, world, seconds)
    assert laws.check(plan, world, events=events, before=before) == []
    return view(plan, world, "busway")["state"], events


# It steps: each state by the cause of that state, and the laws hold.
world = new_world(plan)
assert told(world, 1.0)[0] == "CARRYING"
assert abs(view(plan, world, "rack")["power_kw"] - 40.0) < 1e-6
assert told(world, 1.0, node="rack", load_set_kw=88.0)[0] == "CROWDED"
assert told(world, 600.0, node="rack", load_set_kw=120.0)[0] == "TRIPPED"
assert told(world, 20.0, node="rack", load_set_kw=40.0)[0] == "TRIPPED"
assert told(world, 20.0, node="busway", resets=1)[0] == "CARRYING"
assert told(world, 1.0, node="busway", handle="open")[0] == "OPEN"
assert told(world, 20.0, node="busway", handle="closed")[0] == "CARRYING"
state, events = told(world, 1.0, node="busway", fault="burnt")
assert state == "FAULT" and view(plan, world, "rack")["power_kw"] == 0.0
assert [e.to for e in events if e.node_id == "busway"] == ["burnt", "FAULT"]
assert told(world, 1.0, node="busway", fault="", resets=2)[0] == "CARRYING"
assert told(world, 1.0, node="utility", fault="outage")[0] == "NO_INPUT"
assert snapshot(plan, restore(plan, snapshot(plan, world))) == snapshot(plan, world)

# It is checked.
for wrong, said in (("rated_a: 100,", "rated_a"), ("pickup_a: 110", "nonsense: 1"), ("[utility]", "[rack]")):
    try:
        parse_facility(SITE.replace(wrong, "" if wrong.endswith(",") else said if ":" in wrong else said))
    except FacilityError as error:
        assert "busway" in str(error), error
    else:
        raise AssertionError(wrong)
assert '"const": "busway"' in schema_text()

# It is in the reference.
text = reference.markdown(reference.tables())
for words in ("A long bus with taps along it.", "CROWDED", "burnt", "often, for a test"):
    assert words in text or words.encode() in text.encode(), words

# It is on the page and on a screen: a real node core has its handle, and obeys.
assert "busway" in draw(site)
assert [entry["kind"] for entry in type_facts("busway")["malfunctions"]][0] == "burnt"
assert roles.rows("busway")
sim = Simulation(site, seed=1)
sim.advance(3)
assert sim.view("busway")["state"] == "CARRYING"
assert sim.command("busway", "open").done
sim.advance(2)
assert sim.view("busway")["state"] == "OPEN" and sim.view("rack")["power_kw"] == 0.0
assert sim.status("busway")["state"] == "OPEN"
assert sim.laws_broken == 0

# It fails in studies.
found = {o.lost: o.dark for o in losses_runner(site.devices(), "training", HORIZON_S)(combinations(site.devices(), 1))}
assert found[("busway",)] == ("rack",)
make = runner(site.devices(), "training", seed=1, world_years=2000.0, assumptions=Assumptions(), remember=True, compiled=False)
rows = summary(site.devices(), make(range(1)), 2000.0)
owed = {(share.node_id, share.failure): share.ratio for share in rows[0].owed_to}
# 12 a year of 10 h are 1.36 % of the time, 100 times what the utility (0.2 of 1.5 h) and the cord have together.
assert 0.95 < owed["busway", "failure"] <= 1.0
assert abs((1.0 - rows[0].availability) - 0.0135) < 0.001
print("all of it")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The tree's packages in another place."""
    place = tmp_path_factory.mktemp("tree")
    skip = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "pictures", "*.png")
    for package in (winter_river, winter_wire):
        folder = Path(package.__file__).parent
        shutil.copytree(folder, place / folder.name, ignore=skip)
    return place


def run(copy, text):
    firmware = Path(winter_wire.__file__).parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(copy), str(firmware)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", text],
        input=SITE,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env=environment,
    )


def test_one_row_without_its_file_names_the_file(copy):
    tables = copy / "winter_wire" / "tables.py"
    tables.write_text(tables.read_text() + ROW)
    ended = run(copy, "import winter_river.engine")
    assert "has a type 'busway' (winter_wire.tables.TYPES) and engine/equipment/busway.py is missing" in ended.stderr


def test_one_file_and_one_row_are_a_type_everywhere(copy):
    (copy / "winter_river" / "engine" / "equipment" / "busway.py").write_text(FILE)
    tables = copy / "winter_wire" / "tables.py"
    if ROW not in tables.read_text():
        tables.write_text(tables.read_text() + ROW)
    ended = run(copy, LOOK)
    assert ended.stdout == "all of it\n", ended.stderr[-3000:]
