"""A new type for every type there is: one file and one row each, which act as it and call everything by other words."""

import re

from winter_wire import schema

# Type that is acted as -> the new one; what its file states otherwise; which of its malfunctions and fields it has.
NEW = {
    "utility": ("feeder", {"voltage_v": 13800.0}, 4, ()),
    "transformer": ("dry_type", {"secondary_voltage_v": 480.0}, 3, ("tap",)),
    "switchgear": ("main_board", {"rated_a": 1234.0}, 4, ()),
    "generator": ("gas_set", {"voltage_v": 480.0}, 7, ()),
    "distribution": ("busduct", {"rated_a": 321.0}, 4, ()),
    "ups": ("rotary_ups", {"battery_kwh": 0.5}, 5, ()),
    "pdu": ("panel_board", {"rated_a": 222.0}, 4, ()),
    "server": ("charger", {"load_kw": 11.0}, 1, ("inlet_c",)),
    "cooling": ("chiller", {"rated_a": 111.0}, 2, ("flow_m3s",)),
    "bess": ("flywheel", {"capacity_kwh": 8.0}, 3, ()),
    "meter": ("sub_meter", {"rated_a": 99.0}, 1, ("returned_kwh",)),
    "pv": ("wind_mast", {"peak_kw": 33.0}, 3, ("sun_w_m2",)),
}

FILE = '''"""The {name}."""

from winter_river.engine.equipment.{part} import {PART}
from winter_river.engine.equipment.table import Equipment, with_defaults

{NAME} = Equipment(
    type="{name}",
    says={says!r},
    ratings=with_defaults({PART}.ratings, "chosen: of a {name}, for a test", **{defaults!r}),
    feeds_min={PART}.feeds_min,
    feeds_max={PART}.feeds_max,
    fed_by={PART}.fed_by,
    combinations={PART}.combinations,
)
'''

# Every type once and more, with two sources for whatever may have two.
SITE = """
facility: every-part
begins_h: 15
profiles:
  waves: {steps_h: [[0, 0.8], [15.02, 1], [15.05, 0.6], [15.2, 0.9]], repeat_h: 24}
nodes:
  utility: {type: utility, voltage_v: 13800, short_circuit_mva: 250}
  meter: {type: meter, from: utility, rated_a: 60}
  transformer: {type: transformer, from: meter, power_kva: 750, primary_voltage_v: 13800, secondary_voltage_v: 480,
    no_load_loss_w: 1100, load_loss_w: 5500, no_load_current_pct: 0.5, tap_changer: auto, feed_resistance_ohm: 0.06}
  generator: {type: generator, power_kw: 500, power_kva: 625, voltage_v: 480, fuel_gal: 30}
  gear: {type: switchgear, from: [transformer, generator], rated_a: 1200, pickup_a: 1150, feed_resistance_ohm: 0.0006}
  bess: {type: bess, from: gear, capacity_kwh: 20, charge_kw_max: 50, discharge_kw_max: 50, rated_a: 100, profile: waves}
  pv: {type: pv, from: gear, peak_kw: 40, rated_a: 80}
  ups: {type: ups, from: gear, power_kva: 200, power_kw: 200, battery_kwh: 2, input_rated_a: 400, output_rated_a: 300}
  panel: {type: distribution, from: [gear, ups], rated_a: 250, pickup_a: 260, feed_resistance_ohm: 0.002}
  pdu_1: {type: pdu, from: [ups, panel], rated_a: 150, pickup_a: 160, feed_resistance_ohm: 0.002}
  rack: {type: server, from: [pdu_1, panel], load_kw: 60, load_kw_max: 200, rated_a: 300, pickup_a: 250}
  rack_2: {type: server, from: ups, load_kw: 20, load_kw_max: 200, rated_a: 300}
  rack_3: {type: server, from: pdu_1, load_kw: 20, load_kw_max: 200, rated_a: 300, profile: waves}
  cooling: {type: cooling, from: panel, rated_a: 150}
"""

# Two grids and two tap changers on one bus, both mains closed.
LOOP = """
facility: loop
nodes:
  utility: {type: utility, voltage_v: 13800, short_circuit_mva: 100}
  utility_2: {type: utility, voltage_v: 13800, short_circuit_mva: 250}
  left: {type: transformer, from: utility, power_kva: 750, primary_voltage_v: 13800, secondary_voltage_v: 480,
    no_load_loss_w: 1100, load_loss_w: 5500, tap_changer: auto}
  right: {type: transformer, from: utility_2, power_kva: 500, primary_voltage_v: 13800, secondary_voltage_v: 480,
    no_load_loss_w: 900, load_loss_w: 4500, tap_changer: auto}
  gear: {type: switchgear, from: [left, right], rated_a: 1200, pickup_a: 1150, parallel: on}
  rack: {type: server, from: gear, load_kw: 400, load_kw_max: 800, rated_a: 1000}
"""

# A grid that cannot carry the one load there is: the step says which.
WEAK = """
facility: weak
nodes:
  utility: {type: utility, voltage_v: 480, short_circuit_mva: 0.1}
  board: {type: distribution, from: utility, rated_a: 4000}
"""
HEAVY = {
    "server": "  load: {type: server, from: board, load_kw: 900, load_kw_max: 900, rated_a: 3000}\n",
    "cooling": "  load: {type: cooling, from: board, base_kw: 900, rated_a: 3000}\n",
    "bess": "  load: {type: bess, from: board, capacity_kwh: 900, charge_kw_max: 900, discharge_kw_max: 9, setpoint_kw: 900, begin_soc_pct: 10, rated_a: 3000}\n",
}

# What is refused, and how: by the part that something plays.
REFUSED = (
    LOOP.replace("from: [left, right]", "from: left"),
    LOOP.replace(
        "type: utility, voltage_v: 13800, short_circuit_mva: 250",
        "type: generator, voltage_v: 13800, power_kw: 500, power_kva: 600",
    ),
    LOOP.replace(
        "type: utility, voltage_v: 13800, short_circuit_mva: 250", "type: utility, voltage_v: 13800, frequency_hz: 50"
    ),
    SITE.replace("from: [gear, ups], rated_a: 250", "from: gear, rated_a: 250, transfer: sts"),
    SITE.replace("from: [transformer, generator]", "from: transformer, transfer: sts"),
    SITE.replace("from: [ups, panel]", "from: [rack, cooling]"),
    SITE.replace("from: [pdu_1, panel]", "from: [gear, bess, meter]"),
    SITE.replace("type: meter, from: utility", "type: meter, from: [utility, generator]"),
    SITE.replace("from: panel, rated_a: 150", "from: pv, rated_a: 150"),
)


def name_of(part):
    return NEW[part][0]


def with_new(text, part):
    """A site with the new type wherever the one is that it acts as."""
    return re.sub(rf"type: {part}\b", f"type: {name_of(part)}", text)


def own(part):
    """Each word of a type, and what the new one calls it."""
    row = schema.TYPES[part]
    states = {word: f"MY_{word}"[:12] for word, _ in row[schema.STATES]}
    return states | {kind: f"my_{kind}"[:16] for kind, _ in row[schema.MALFUNCTIONS]}


def row_of(part):
    """The new type's row of the contract."""
    row, (_, _, malfunctions, without), words = schema.TYPES[part], NEW[part], own(part)
    return (
        row[schema.HANDLES],
        tuple((words[word], health) for word, health in row[schema.STATES]),
        tuple((words[kind], severity) for kind, severity in row[schema.MALFUNCTIONS][:malfunctions]),
        tuple(field for field in row[schema.COMPUTED] if field not in without),
        row[schema.SETPOINTS],
        row[schema.OWN_VERBS],
        part,
    )


def sentences(part):
    """What its file says of it; of the rest of its words the type that it acts as speaks."""
    row, words = schema.TYPES[part], own(part)
    return {
        name_of(part): f"A {name_of(part)} of a test.",
        words[row[schema.STATES][0][0]]: f"All is well with the {name_of(part)}.",
        words[row[schema.MALFUNCTIONS][0][0]]: f"The {name_of(part)} breaks.",
    }


def write(package, contract, part):
    """Adds the new type to a tree: its file to the package, its row to the contract's tables."""
    name, defaults, *_ = NEW[part]
    file = FILE.format(
        name=name, NAME=name.upper(), part=part, PART=part.upper(), says=sentences(part), defaults=defaults
    )
    (package / "engine" / "equipment" / f"{name}.py").write_text(file)
    with (contract / "tables.py").open("a") as tables:
        tables.write(f"\nTYPES[{name!r}] = {row_of(part)!r}\n")
