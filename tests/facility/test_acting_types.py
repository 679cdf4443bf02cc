"""For each type a new one that acts as it, in a copy of the tree: one file, one row, all words of its own. The rest follows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import winter_river
import winter_wire
from winter_wire import schema

from . import acting_types

pytestmark = pytest.mark.timeout(300)  # a Python of its own reads all packages anew; seconds on a quiet machine


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The tree's packages in another place, with all the new types in them."""
    place = tmp_path_factory.mktemp("tree")
    skip = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "pictures", "*.png")
    for package in (winter_river, winter_wire):
        folder = Path(package.__file__).parent
        shutil.copytree(folder, place / folder.name, ignore=skip)
    for part in acting_types.NEW:
        acting_types.write(place / "winter_river", place / "winter_wire", part)
    return place


def run(copy, *arguments):
    """A Python of its own, in the copy."""
    firmware = Path(winter_wire.__file__).parents[2]
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(copy), str(firmware)])},
    )


def test_every_type_can_be_acted_as():
    assert list(acting_types.NEW) == [name for name in schema.TYPES if not schema.TYPES[name][schema.ACTS_AS]]


REFUSED = {
    "an unknown part": ("-1", "'gearbox'", "acts as 'gearbox'; one of utility, transformer"),
    "a part that has no law": ("-1", "'flywheel'", "acts as 'flywheel'; that one has no law of its own: say 'bess'"),
    "other handles": ("schema.HANDLES", "('in', 'out')", "the handles in, out; that one's are on, off"),
    "no setpoint": ("schema.SETPOINTS", "()", "the fields set on the node none; that one's are load_set_kw"),
    "a field nobody computes": ("schema.COMPUTED", "('energy_kwh', 'rpm')", "the computed fields rpm; that one has energy_kwh, inlet_c"),
    "a verb it cannot obey": ("schema.OWN_VERBS", "('start',)", "the verbs start; that one has open, close, reset, set_load"),
    "too few states": ("schema.STATES", "(('UP', 'ok'),)", "1 states, that one 4"),
    "no malfunction": ("schema.MALFUNCTIONS", "()", "0 malfunctions; that one has 4, of which it has the first"),
    "a severity of its own": ("schema.MALFUNCTIONS", "(('burnt', 0.5),)", "'burnt' in the place of 'fault': both have a severity, or none"),
    "ratings of another": ("-1", "'ups'", "'charger' (winter_wire.tables.TYPES) acts as 'ups'; its row has the handles on, off"),
}  # fmt: skip

REFUSE = """
from winter_river.engine.equipment import collect
from winter_wire import schema
column = {column} % 7
row = schema.TYPES["charger"]
schema.TYPES["charger"] = (*row[:column], {value}, *row[column + 1 :])
try:
    collect.collected()
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_act_as_another_is_told_why(copy, name):
    column, value, why = REFUSED[name]
    ended = run(copy, "-c", REFUSE.format(column=column, value=value))
    assert why in ended.stdout, (ended.stdout, ended.stderr[-3000:])


@pytest.mark.parametrize("part", acting_types.NEW)
def test_a_new_type_is_everywhere_what_the_type_is_that_it_acts_as(copy, part):
    ended = run(copy, str(Path(__file__).with_name("acting_look.py")), part)
    assert ended.stdout == "all of it\n", ended.stderr[-3000:]
