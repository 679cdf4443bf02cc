"""One sentence for every word of the contract that says what is: what the reference prints. Of what is asked for:
reference_commands.

The contract itself (winter_wire.schema) has the names, units and ranges; a test says that no sentence is
missing here and none left over.
"""

from collections.abc import Mapping

LEAVES = {
    "status": ("the node", "What the node reports about itself; also its last will."),
    "command": ("anyone allowed", "What somebody asks of the node; never retained."),
    "ack": ("the node", "The answer to one command."),
    "view": ("the engine", "What the engine computed for this node: on change, at least every 5 s."),
    "event": ("that node", "What happened: button and reboot of a node; trips, transfers and starts of `engine`."),
}

KINDS = {
    "status": "Owned by the node. The electrical fields and `state` echo the last view; the engine never reads them.",
    "view": "Owned by the engine. Nobody else writes it.",
    "command": 'Only `command` is required: {"command":"set_fault","params":{"state":true}} is whole.',
    "ack": "One for each command; the same `id` gets the same answer.",
    "event": "Ids rise within a timeline; `cause` is the id of the event that led to this one.",
}

FIELDS = {
    "v": "Version of the contract.",
    "node_id": "Which node: [a-z0-9][a-z0-9_-]{0,31}.",
    "type": "Which kind of equipment the node is.",
    "status": "Health in one word.",
    "state": "What the equipment is doing, in its type's words; in brackets on the screen.",
    "voltage_in": "Voltage at the input, line to line where three-phase.",
    "voltage_out": "Voltage at the output, line to line; equal to voltage_in for a source.",
    "current": "Current at the output; of a load, at its input.",
    "power_kw": "Active power passed on or drawn, positive from source to load; a storage that feeds is negative.",
    "power_factor": "Active over apparent power at the same place as power_kw.",
    "power_in_kw": "Active power taken in at the input.",
    "reactive_kvar": "Reactive power at the same place as power_kw, positive when inductive.",
    "loss_kw": "Power turned into heat inside the node.",
    "battery_kw": "Power of the battery, positive while it discharges.",
    "frequency_hz": "Frequency of the voltage, 0 when dead.",
    "load_pct": "Load as a share of the rating.",
    "soc_pct": "Charge of the battery as a share of what it holds.",
    "runtime_s": "How long the battery lasts at the present load.",
    "battery_kwh": "Energy in the battery.",
    "fuel_pct": "Fuel in the tank as a share of what it holds.",
    "rpm": "Speed of the engine's shaft.",
    "energy_kwh": "Energy delivered or drawn since the start of the run.",
    "returned_kwh": "Energy that came the other way since the start: back to the grid, or out of a storage.",
    "temperature_c": "Temperature of the cells of a storage, of the coolant of a generator.",
    "sun_w_m2": "Sun on the panels.",
    "oil_c": "Top oil of a transformer.",
    "hot_spot_c": "The hottest place of a transformer's winding.",
    "aged_h": "Hours of ageing since the start, at 98 C for a transformer's paper (loss of life), at 25 C for a battery.",
    "health_pct": "Capacity of a battery as a share of a new one's.",
    "tap": "Position of a transformer's tap changer; positive raises its secondary voltage. Left out where it has none.",
    "source": "Which source a board with two feeds is on: 0 none, 1 first, 2 second, 3 both. Left out with one feed.",
    "inlet_c": "Air that the racks draw in: the cold aisle.",
    "supply_c": "Air that the fans blow into the cold aisle.",
    "flow_m3s": "Air that the fans move.",
    "handle": "Where the operator's handle stands; the node's own, no tick overwrites it.",
    "mode": "Who commands: auto, manual, or local (a hand on the device beats the host).",
    "fault": "Injected malfunctions, joined by commas, each `kind[=severity][~ramp_s][@delay_s]`; empty when healthy.",
    "resets": "How often the node was reset; a trip clears when it rises.",
    "load_set_kw": "Demand that the load is set to.",
    "fans_running": "Fans that are switched on; of the facility: that turn, left out where nothing is cooled.",
    "setpoint_kw": "Power that a storage is to take (negative: to give), or the most that an array may give.",
    "source_set": "Which source a two-source switchgear is to take: auto, first or second.",
    "fuel_set_pct": "What the tank was last filled to.",
    "refuels": "How often the tank was filled; fuel_set_pct counts once for each.",
    "tick": "Steps the engine has made.",
    "lag_ms": "How late the last step was.",
    "step_ms": "How long the last step took.",
    "speed": "Engine seconds per real second as reached, 0 while frozen; a view tells it only while it is not 1.",
    "frozen": "Whether the engine's time stands still.",
    "seed": "Where the run's randomness started.",
    "nodes": "Nodes of the facility.",
    "online": "Nodes that are online.",
    "received": "Messages received.",
    "rejected": "Messages refused because they do not fit the contract.",
    "unknown": "Messages from nodes that the facility does not have.",
    "dropped": "Messages dropped because a queue was full.",
    "late": "Steps that were too late to be made on time.",
    "laws_broken": "Steps in which a conservation law did not hold; anything but 0 is a bug.",
    "it_kw": "Power that the servers draw.",
    "cooling_kw": "Power that the cooling draws.",
    "source_kw": "Power from utilities and generators.",
    "storage_kw": "Power into all batteries, negative while they feed the site.",
    "pue": "Facility power over IT power, without charging; 0 while on battery.",
    "it_kwh": "Energy the servers have drawn since the start.",
    "served_pct": "Share of the energy asked of the racks that they got since the start; left out before that.",
    "source_kwh": "Energy taken from utilities and generators since the start.",
    "lost_kwh": "Energy turned into heat on the way since the start.",
    "balance_kw": "What the power balance does not explain; 0 when energy is conserved.",
    "outdoor_c": "Air outside.",
    "humidity_pct": "Its relative humidity.",
    "preset": "Which preset of the weather, 1 to 6; 0 where somebody set another air.",
    "cold_aisle_c": "The warmest cold aisle; left out where nothing is cooled.",
    "hot_aisle_c": "The air behind the racks of the same room.",
    "air_mode": "The worst room: IDLE, NORMAL, UNDERPRESSURED (racks draw more air than the fans bring), OVERHEATING, FAULT.",
    "wifi_rssi": "Strength of the radio signal, 0 while unknown.",
    "uptime": "Seconds since the node booted.",
    "ts": "Whole seconds since 1970, 0 while the node's clock is unset.",
    "boot": "A number drawn at each boot; a command may be bound to it.",
    "seq": "Number of this message since the boot.",
    "timeline": "The engine's timeline that the node follows; going back in time starts a new one.",
    "heap_free": "Free memory of the node.",
    "reset_cause": "Why the node booted last.",
    "fw": "Version of the node's firmware.",
    "t_s": "The engine's time since the start of the run.",
    "tripped": "Whether a protection has opened the breaker; a reset of the node clears it.",
    "permit_close": "Whether the engine would allow the breaker to be closed now.",
    "event": "What kind of thing happened.",
    "from": "The word before.",
    "to": "The word after.",
    "cause": "Id of the event that led to this one, 0 for none.",
    "command": "The verb.",
    "params": "The verb's parameters, a flat object.",
    "result": "done, rejected (nothing was changed) or failed (tried, and the effect did not show).",
    "reason": "Why not, in one word of the table of reasons; empty when done.",
    "applied": "What the node read back after acting.",
    "by": "Who asked: a person or a service, for the audit.",
    "priority": "1 (life safety) to 16 (optimiser), as in BACnet; the lowest number present rules.",
    "deadline": "The node's own uptime after which the command must not be executed.",
    "epoch": "Fencing number of the coordinator; a lower one than seen before is refused.",
    "mac": "Proof of who sent it: first half of an HMAC-SHA256 over topic and payload, in hex.",
    "id": "Of a command and its ack: `<issuer>-<token>-<n>`. Of an event: a number that rises.",
}

TYPES = {
    "utility": "The grid's point of supply.",
    "transformer": "Changes the voltage; loses a little even when idle.",
    "switchgear": "A breaker and its bus; with two sources, also the transfer between them.",
    "generator": "A standby engine; in auto it starts when its switchgear loses the normal source.",
    "distribution": "A breaker with an overload trip that feeds others; with two sources, also the transfer.",
    "ups": "Carries its load through an outage from a battery.",
    "pdu": "The breaker in front of racks; with two sources, a static switch between them.",
    "server": "The load that all the rest is there for.",
    "cooling": "Moves the heat away; itself a load.",
    "bess": "Battery storage of the site: takes or gives what its setpoint says, while the grid drives its bus.",
    "pv": "Panels and their inverter: feed the site while the sun shines and the grid drives their bus.",
    "meter": "Passes power on and counts the energy, each way by itself.",
}

PROFILES = {
    "server": "Multiplies what the rack is set to draw, up to load_kw_max.",
    "bess": "While its setpoint is 0: 1 takes charge_kw_max, -1 gives discharge_kw_max.",
    "pv": "The sun on its panels, 1 is 1,000 W/m2; without a profile that of a cloudless day at its latitude.",
}

STATES = {
    "GRID_OK": "Voltage within limits.",
    "SAG": "Voltage too low.",
    "SWELL": "Voltage too high.",
    "FREQUENCY": "Frequency off by more than 1 %.",
    "OUTAGE": "No voltage from the grid.",
    "FAULT": "Broken, or out of what it needs; it delivers nothing.",
    "NORMAL": "In service, within its rating.",
    "WARNING": "In service, beyond its rating.",
    "NO_INPUT": "Healthy, but nothing feeds it; heals by itself.",
    "CLOSED": "Closed and fed by its first source.",
    "GENERATOR": "Closed and fed by its second source, which leads to a generator.",
    "SECOND": "Closed and fed by its second source, which is no generator: another utility, another UPS.",
    "OPEN": "Opened by hand; stays open until somebody closes it.",
    "TRIPPED": "Opened by its protection; stays open until it is reset (a melted fuse: until it is replaced, by reset).",
    "STANDBY": "At rest and ready to start.",
    "STARTING": "Cranking and running up.",
    "RUNNING": "At speed, with voltage.",
    "COOLDOWN": "Running without load before it stops.",
    "OVERLOAD": "Beyond its rating; the trip is counting.",
    "ON_BATTERY": "Carrying its load from the battery.",
    "CHARGING": "Fed, and filling the battery.",
    "IDLE": "Connected or ready to be, and doing nothing.",
    "CURTAILED": "Feeding the site with less than the sun would allow.",
    "DISCHARGING": "Feeding the site.",
    "BYPASS": "The load hangs on the input directly.",
    "ECO": "The grid goes past the inverter, which stands by and takes over when the grid fails.",
    "OFF": "Switched off, or without supply.",
    "DEGRADED": "Running, but its supply is weakened.",
}

# kind -> (what it does, what a severity of 1 means, what triggers it beside its delay)
AT_ONCE = "at once"
MALFUNCTIONS = {
    "outage": ("The grid gives no voltage.", "", AT_ONCE),
    "sag": ("The grid's voltage is low.", "100 % low", AT_ONCE),
    "swell": ("The grid's voltage is high.", "100 % high", AT_ONCE),
    "frequency_low": ("The grid's frequency is low.", "15 % low", AT_ONCE),
    "frequency_high": ("The grid's frequency is high.", "15 % high", AT_ONCE),
    "fault": ("Broken inside: it delivers nothing until the fault is cleared.", "", AT_ONCE),
    "cooling_lost": (
        "Cooling is blocked: oil, cells or coolant rise further; at 104 C a generator stops.",
        "2 or 4 times the rise, 50 times of a generator",
        AT_ONCE,
    ),
    "tap_stuck": ("The tap changer stays where it is.", "", "when it steps"),
    "fail_to_open": ("The breaker stays closed, whoever tells it to open; what is above it must.", "", "when it opens"),
    "fail_to_close": ("The breaker stays open.", "", "when it closes"),
    "nuisance_trip": ("The breaker trips without reason, and again after every reset.", "", AT_ONCE),
    "short_circuit": (
        "Its three phases touch at its terminals, of a rack at the end of its first cord: the nearest breaker in front trips, "
        "and again after every reset.",
        "",
        AT_ONCE,
    ),
    "fail_to_start": ("The engine cranks and does not fire.", "", "when it starts"),
    "low_oil": ("Oil pressure falls; below 140 of 400 kPa the engine stops.", "no pressure", "while it runs"),
    "over_speed": ("The engine runs too fast; above 115 % it stops.", "twice its speed", "while it runs"),
    "fuel_leak": ("The tank leaks.", "a whole tank an hour", AT_ONCE),
    "heater_lost": ("The coolant is kept warm no more: in the cold the engine starts late, or not.", "", "at rest"),
    "battery_lost": ("The battery is cut off: it neither gives nor takes.", "", AT_ONCE),
    "battery_aged": ("The battery gives less than it should; the rest is lost in it.", "nothing is left", "on battery"),
    "charger_limit": ("The charger gives less.", "nothing is left", "while it charges"),
    "clouded": ("Clouds take the sun away.", "no sun at all", AT_ONCE),
    "power_limit": ("The inverter takes and gives less.", "nothing is left", AT_ONCE),
    "bypass_lost": ("The bypass cannot be used.", "", "when it is needed"),
    "cord_1_lost": ("The power supply of the first cord is dead.", "", AT_ONCE),
    "cord_2_lost": ("The power supply of the second cord is dead.", "", AT_ONCE),
    "fans_lost": ("Fans stand still.", "all of them", AT_ONCE),
    "water_lost": ("The evaporative medium dries out.", "it is dry", AT_ONCE),
}

# what an event says: the word on the wire -> a phrase before "from -> to"
EVENTS = {
    "state": "",
    "handle": "handle",
    "fault": "fault",
    "presence": "",
    "trip": "trips on",
    "transfer": "transfers",
    "crank": "cranks",
    "overcrank": "gives up cranking",
    "low_battery": "battery low",
    "battery_empty": "battery empty",
    "no_cold_start": "does not start from its battery alone for want of charge:",
    "not_solved": "power flow not solved",
    "near_collapse": "close to collapse",
    "collapsed": "voltage collapsed",
    "collapse_over": "its voltage is no longer collapsed",
    "undervoltage": "has a voltage too low for what is fed there",
    "undervoltage_over": "has no voltage too low any more",
    "short_circuit": "feeds a short circuit:",
    "short_over": "feeds no short circuit any more",
    "solver": "power flow solved by",
    "low_oil": "stops for lack of oil pressure",
    "over_speed": "stops for its speed",
    "stall": "stalls on a step of load",
    "max_run": "has run as long as it may",
    "stuck": "does not open:",
    "too_hot": "its room is too hot",
    "cool_again": "its room is cool again",
    "setpoint": "is set to",
    "at_reserve": "is down to its reserve",
    "full": "is full",
    "overheat": "stops for the heat of its coolant",
    "out_of_class": "its voltage moves further than its class allows:",
    "shares": "shares its load between both sources:",
    "shares_reactive": "exchanges reactive power between both sources:",
    "out_of_step": "its sources are not in step; it breaks before it makes:",
    "blocked": "stays on a lost source, for the fault behind it:",
    "tap": "changes its tap",
}


def of_type(name: str, says: Mapping[str, str]) -> str:
    """What a type is. says: what its own file says of it and of its words (engine's Equipment.says)."""
    return says.get(name) or TYPES[name]


def of_state(word: str, says: Mapping[str, str], *, like: str = "") -> str:
    """What a state means. like: the word for it of the type whose part this one plays."""
    return says.get(word) or STATES.get(word) or STATES[like]


def of_malfunction(kind: str, says: Mapping[str, str], *, like: str = "") -> tuple[str, str, str]:
    """What a malfunction is, what its severity 1 is, and when it acts. like: as in of_state; what the file says of it
    takes the place of the first."""
    what, full, acts = MALFUNCTIONS.get(kind) or MALFUNCTIONS[like]
    return says.get(kind, what), full, acts
