"""One sentence for every word of the contract that asks for something, and for why it is refused: what the reference
prints and what refusals are told with.

The contract itself (winter_wire.schema, tables) has the names, units and ranges; a test says that no sentence is
missing here and none left over.
"""

VERBS = {
    "set_fault": "Breaks or mends the node; `state=false` without a kind mends everything.",
    "set_handle": "Puts the handle where it is told.",
    "open": "Opens the breaker, or switches the load off.",
    "close": "Closes the breaker, or switches the load on.",
    "reset": "Clears a trip or a latched fault; puts a new link in the place of a melted fuse.",
    "start": "Starts the generator by hand.",
    "stop": "Puts the generator back to auto: it stops when it is not needed.",
    "bypass": "Puts the load on the bypass, or back.",
    "transfer": "Tells a two-source switchgear which source to take.",
    "set_load": "Sets the demand of a load.",
    "set_fans": "Sets how many fans run.",
    "set_fuel": "Fills the tank to a level.",
    "charge": "Tells a storage to take so much power, also where it was holding.",
    "discharge": "Tells a storage to give so much power, also where it was holding.",
    "hold": "Keeps a storage idle until it is given a setpoint, or its handle is put to auto.",
    "set_setpoint": "Sets the setpoint: a storage charges by a positive one; for an array it is the most it may give.",
    "release": "Takes the command of one priority back; the next one rules.",
    "restore": "Puts the node where an earlier instant had it; sent by the engine.",
    "identify": "Makes the board show itself: its light and screen flash.",
    "page": "Turns the page of the screen.",
    "press": "Presses the button of the board.",
    "restart": "Boots the node again; this also ends its safe mode.",
    "config": "Changes settings of the node, through the same checks as its file; they hold from the next restart.",
    "factory_reset": "Goes back to the settings of the node's own file, as deployed, from the next restart.",
    "select": "Announces a command, for 5 s and for who asked; in profile secured close, transfer, start, factory_reset and "
    "setting a handle to closed, on or run are obeyed only then.",
    "update": "Refused (`authority`): firmware comes over the cable, by `make deploy`.",
}

ENGINE_VERBS = {
    "run": "Lets the engine's time go on.",
    "freeze": "Makes the engine's time stand still; nodes go on talking, and acts settle at once.",
    "step": "Lets so much engine time pass at once, 1 s where none is given, and freezes.",
    "speed": "Sets how many engine seconds pass each second.",
    "back": "Goes so many engine seconds back, on a new timeline.",
    "go_to": "Goes back to that instant, on a new timeline.",
    "snapshot": "Keeps the present under a name as long as the run lasts.",
    "restore": "Goes back to a snapshot, by its id or its name.",
    "load": "Starts from an initial condition, on a new timeline.",
}

ALARM_VERBS = {
    "acknowledge": "Says that an alarm has been seen; without one, all that wait for that.",
    "shelve": "Puts an alarm aside for so many minutes, for a reason, with what follows from it; it comes back when that gets worse.",
    "unshelve": "Brings a shelved alarm back before its time.",
}

ALARM_PARAMS = {
    "alarm": "Which, as rule/node; `winter-river alarms` lists them.",
    "minutes": "For how long, a day at most.",
    "reason": "Why, for those who come after.",
}

WEATHER_VERBS = {
    "set_weather": "Sets the air outside: 1 Virginia in summer, 2 East Oregon in winter, 3 Ohio in spring, 4 Arizona, "
    "5 Stockholm, 6 Singapore, or a temperature and a humidity; on `winter-river/weather/command`.",
}

WEATHER_PARAMS = {
    "preset": "A place and a season: by number on the bus; by name, too, at a terminal, in a scenario and in a test.",
    "outdoor_c": "Temperature in degrees C.",
    "humidity_pct": "Relative humidity.",
}

ENGINE_PARAMS = {
    "seconds": "How much of the engine's time.",
    "times": "Engine seconds a second.",
    "t_s": "The instant, by the engine's time.",
    "name": "What to call it; not a number.",
    "snapshot": "Its id or its name.",
    "condition": "Its id; the page lists those that the facility has the parts for.",
}

PARAMS = {
    "state": "true sets it, false clears it.",
    "kind": "Which malfunction (default: the type's first).",
    "severity": "How bad, 0 to 1; what 1 means is in the table of malfunctions.",
    "ramp_s": "Seconds in which the severity grows from what it was (default: at once).",
    "delay_s": "Seconds of the engine's time before it begins (default: none).",
    "to": "Where to.",
    "power_kw": "Power.",
    "running": "How many.",
    "pct": "Level.",
    "priority": "Whose command.",
    "timeline": "The timeline to follow.",
    "handle": "Where the handle stood.",
    "fault": "The malfunctions of then.",
    "load_set_kw": "The demand of then.",
    "fans_running": "How many fans were set to run.",
    "source_set": "The source it was told to take.",
    "setpoint_kw": "The setpoint of then.",
    "long": "true for a long press.",
    "wifi_ssid": "Name of the Wi-Fi network.",
    "wifi_password": "Its password, empty for an open one; it travels as plain text unless the bus has TLS.",
    "broker_host": "Where the broker is.",
    "broker_port": "Its port.",
    "broker_user": "Who the node is to the broker.",
    "broker_password": "Its password there; it travels as plain text unless the bus has TLS.",
    "ntp": "A time server, empty for none.",
    "status_s": "Seconds from one status to the next.",
    "command": "Which verb is to follow.",
    "version": "Which firmware.",
}

# reason -> what it means, what to do about it
REASONS = {
    "retained": ("the command was kept by the broker and may be old", "send it again without the retain flag"),
    "size": ("the command is too large", "send fewer or shorter parameters"),
    "schema": (
        "a value is missing, unknown or beyond what this node allows",
        "see `winter-river reference verbs` and the node's ratings",
    ),
    "mac": ("its signature is missing or wrong", "send it with the key this node was provisioned with"),
    "authority": (
        "this sender may not command this node now",
        "ask whoever has the authority, or give the control back",
    ),
    "epoch": ("it comes from a coordinator that has been replaced", "send it through the present one"),
    "boot": ("the node has restarted since the command was made", "look at its state and send the command again"),
    "expired": ("no answer came in time", "see `winter-river nodes`: is the node online?"),
    "duplicate": ("a command with this id was already answered", "use a new id"),
    "priority": ("a command of a higher priority holds the point", "release that one first, or send a lower number"),
    "interlock": (
        "closing or changing this is not permitted now",
        "look at its view: reset a trip, open the other breaker",
    ),
    "not_selected": ("this verb needs a select first", "send select, then the same command"),
    "busy": ("the node is carrying out another command", "wait a moment and send it again"),
    "unknown": ("a node of this type does not know this verb or this value", "see `winter-river reference`"),
}
