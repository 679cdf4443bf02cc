"""Every type of equipment: its ratings, its feed rules and the laws of its kind, one file a type.

How to add a type
-----------------
One row of `winter_wire.tables.TYPES`, and one file here of that name with its table under the name in capitals. Most new
types obey a law that is here: an EV charger is a server to the network, a chiller a cooling unit, a flywheel a storage,
a gas set a generator. Such a type names the one it acts as in the last column of its row, and this is its whole file:

    CHARGER = Equipment(
        type="charger",
        says={"charger": "...", "PLUGGED": "..."},
        ratings=with_defaults(SERVER.ratings, "chosen: a car park of ten", load_kw=110, power_factor=0.99),
        feeds_min=1,
        feeds_max=1,
        fed_by=SERVER.fed_by,
        combinations=SERVER.combinations,
        reliability=(...),
    )

That is all: it steps, keeps the laws, fails in studies, and is in checks, JSON schema, reference, alarms, page and screens
(tests/facility/test_acting_types.py adds one like this for each type there is). Every type that has a law of its own can
be acted as. Its handles and what is set on the node are that one's, because verbs, interlocks and the step know them by
their words. States (as many) and malfunctions (at most as many, in the same order) have words of their own, and so has
each default; computed fields and verbs may be fewer. Whoever asks what a device is asks for its part (parts.part_of,
facility.Node.part, NodePlan.kind), and for its type only to name it.

A type with a law of its own also has
- in its file its records `...Plan` and `...State`; lists of them in plan.Plan and world.World; what fills them, in
  building (Tables, kinds.ADD, _plan) and start.blank_world; and itself among the kinds of plan.py;
- what it does, in the order of the step: inputs (its severities, what is set on its node), connect (who feeds it), flow.draw or
  followers (what it draws or gives), control (what it decides), states (its word), meters.book (its energy), and
  step.pending_s (its instants);
- at the edges: view (load_pct and fields of its own), laws (branches, currents, stores), study/watch (its key), and
  where people look at it: roles.py (screen), reference_words.py, web/painting.py and web/diagram_symbols.py.
tests/engine/test_kinds.py and tests/study/test_watch.py do to every type what can be done to it and name each of these
places where a type is missing. The step is compiled, so it has no table of functions to call: these are its places.

Where an impedance lives: **the cable or busway on the way in belongs to the device it feeds**
(`feed_resistance_ohm`, `feed_reactance_ohm`: per phase, in ohms at the voltage of what feeds it; a dual-cord
server has it in each cord). Two exceptions: a switchgear with two sources has `second_feed_...` for the
second one, and a UPS has `output_...`, the one busway behind its output breaker that all its loads share.
The 24 nodes of `block-2n-24` carry the table of the training facility like this:

| node | ratings that carry its row |
| --- | --- |
| utility | voltage_v 230000, short_circuit_mva 5000, x_over_r 12, frequency_hz 60 |
| hv_mv_transformer | power_kva 10000, primary_voltage_v 230000, secondary_voltage_v 34500, impedance_pct 9.5, |
| | no_load_loss_w 12000, load_loss_w 55000, no_load_current_pct 0.4; no feed impedance |
| mv_switchgear | rated_a 1200, pickup_a 25, curve ieee_vi, time_multiplier 1, instantaneous_pickup_a 400, |
| | instantaneous_delay_s 0.05; feed 0.01 + j0.006 ohm (the MV cable before it) |
| mv_lv_transformer | power_kva 750, 34500 / 480 V, impedance_pct 5.75, no_load_loss_w 1100, load_loss_w 5500, |
| | no_load_current_pct 0.5; feed 0.12 + j0.048 ohm (the MV cable after the switchgear) |
| lv_switchgear | from [mv_lv_transformer, generator]; rated_a 1000, pickup_a 950, curve iec_ei, time_multiplier 1.5, |
| | short_time 2250 A 0.4 s; feed 0.00068 + j0.00030 ohm (LV busway); second_feed 0.0006 + j0.0010 ohm |
| generator | power_kw 600, power_kva 750, voltage_v 480, fuel_gal 800; its cable is the switchgear's second_feed |
| ups | power_kva 500, power_kw 500, input_power_factor 0.99, input_kw_max 650, bypass_loss_kw 3, charge_kw 100, |
| | charge_kw_on_generator 50, battery_kwh 10.96, battery_kw 394.7; input_rated_a 800, input_pickup_a 840, |
| | input_curve iec_ei, input_time_multiplier 1, input_short_time 2000 A 0.3 s (input and bypass breaker alike); |
| | output_rated_a 600, output_pickup_a 630, output_curve iec_ei, output_time_multiplier 0.5, |
| | output_short_time 1800 A 0.2 s; feed 0.0008 + j0.0013 ohm; output 0.0008 + j0.0004 ohm (output busway) |
| server_rack | load_kw 96, load_kw_max 200, power_factor 0.98, rated_a 150, pickup_a 172.5, curve iec_ei, |
| | time_multiplier 3, instantaneous 750 A 0.02 s; feed 0.008 + j0.003 ohm |
| cooling | fans 55, fan_kw 0.8, base_kw 4, power_factor 0.95, rated_a 100, pickup_a 115, curve iec_ei, |
| | time_multiplier 3, instantaneous 1000 A 0.02 s; no feed impedance |

(`short_time 2250 A 0.4 s` is short for short_time_pickup_a and short_time_delay_s, likewise instantaneous.)
"""

from collections.abc import Mapping

from winter_river.engine.equipment.collect import collected
from winter_river.engine.equipment.parts import acting_as, part_of
from winter_river.engine.equipment.profile import Profile
from winter_river.engine.equipment.table import CURVES, Combination, Device, Equipment, Rating

EQUIPMENT: Mapping[str, Equipment] = collected()
RELIABILITY: Mapping[str, tuple[Rating, ...]] = {name: table.reliability for name, table in EQUIPMENT.items()}

# What may have a profile, which multiplies: what a server is set to draw; what a storage may take (negative: give)
# while its setpoint is 0; the sun of 1,000 W/m2 on an array.
PROFILED = acting_as("server", "bess", "pv")

__all__ = [
    "CURVES",
    "EQUIPMENT",
    "PROFILED",
    "RELIABILITY",
    "Combination",
    "Device",
    "Equipment",
    "Profile",
    "Rating",
    "acting_as",
    "part_of",
]
