"""The command path: is it well formed and allowed, has it been done before, then do it and say what holds now.

Checks run in the contract's order: retained, size, schema, mac, authority, epoch, boot, expired, duplicate,
(unknown), selection, priority, interlock. Nothing changes before the last of them has passed, except the epoch, which fences.
"""

from winter_wire import codec, faults, schema

from winter_node import roles

ANSWERS_MAX = 16  # answers kept for repeated ids, by contract
ISSUERS_MAX = 8  # chosen: of which it is remembered how far they had come; with a ninth all are forgotten
NO_ID = "-"  # an ack needs an id; the bare form has none
_DEADLINE_HALF = 0x40000000  # deadlines are compared modulo 2**31 ms, so they outlive 24 days of uptime
SECURED_NEEDS = ("id", "by", "boot", "deadline", "epoch", "mac")
SECURED_REFUSES = ("press",)  # a hand is not something the bus can have
SELECT_MS = 5000  # chosen: time to look at the device that was selected; IEC 61850 leaves it to the device
SAFE_VERBS = ("config", "factory_reset", "update", "restart", "identify", "page", "select")  # all that safe mode obeys


# What a verb needs that is more than a line. Checks: (type, params) -> what does not fit this type, or None.
# Acts: (device, params) -> (what holds now, actions for the shell).


def _handle_word(type_name, params):
    known = schema.TYPES[type_name][schema.HANDLES]
    return None if params["to"] in known else "to is none of " + " ".join(known)


def _source_word(_type_name, params):
    return None if params["to"] in schema.SOURCES else "to is none of " + " ".join(schema.SOURCES)


def _fault_kind(type_name, params):
    kinds = schema.TYPES[type_name][schema.MALFUNCTIONS]
    wanted = params.get("kind", kinds[0][0])
    for kind, severity in kinds:
        if kind == wanted:
            sized = severity is None and ("severity" in params or "ramp_s" in params)
            return kind + " has no severity" if sized else None
    return "kind is none of " + " ".join([kind for kind, _ in kinds])


def _own_verb(type_name, params):
    return None if params["command"] in schema.verbs(type_name) else "command is no verb of this type"


def _past(type_name, params):
    if "handle" in params and params["handle"] not in schema.TYPES[type_name][schema.HANDLES]:
        return "handle is not a position of this type"
    read, why = faults.read(schema.TYPES[type_name][schema.MALFUNCTIONS], params.get("fault", ""))
    if read is None:
        return why
    if params.get("source_set", schema.SOURCES[0]) not in schema.SOURCES:
        return "source_set is none of " + " ".join(schema.SOURCES)
    return None


def _told(name, value):
    """What holds now, as `handle=open`. One form for all: MicroPython keeps each short text for good, as a name."""
    return "%s=%s" % (name, value)


def _set_fault(device, params):
    if params["state"] is False:
        device.clear_fault(params.get("kind"))
    else:
        kinds = schema.TYPES[device.type][schema.MALFUNCTIONS]
        wanted = params.get("kind", kinds[0][0])
        for kind, severity in kinds:
            if kind == wanted:
                ramp_s, delay_s = params.get("ramp_s", 0), params.get("delay_s", 0)
                device.set_fault(kind, params.get("severity", severity), ramp_s, delay_s)
    return _told("fault", device.fault_text()), []


def _reset(device, _params):
    device.reset()
    return _told("resets", device.resets), []


def _refuel(device, params):
    device.refuel(params["pct"])
    return _told("refuels", device.refuels), []


def _rewind(device, params):
    setpoints = {}
    for name in device.points:
        if name != "handle":
            setpoints[name] = params.get(name)
    found = None
    if "fault" in params:
        found, _ = faults.read(schema.TYPES[device.type][schema.MALFUNCTIONS], params["fault"])
    device.rewind(params.get("handle"), found, setpoints)
    return _told("timeline", params["timeline"]), [("timeline", params["timeline"])]


def _position(index):
    """A target: one of the positions of the type's handle."""
    return lambda type_name, params: ("handle", schema.TYPES[type_name][schema.HANDLES][index])


# verb -> (check, target, act), None where it has none. A target is (type, params) -> (point, value) that the verb asks
# for; it goes through priority and interlock. Those with neither target nor act are done by Commands itself: they move
# points in ways of their own, or concern the settings. Those that only set a point of one type are rows of roles.SETS.
TABLE = {
    "set_fault": (_fault_kind, None, _set_fault),
    "set_handle": (_handle_word, lambda type_name, params: ("handle", params["to"]), None),
    "open": (None, _position(1), None),
    "close": (None, _position(0), None),
    # It takes a start back and leaves the set in automatic, ready for the next blackout; out of service only by saying
    # so (set_handle to=off).
    "stop": (None, _position(0), None),
    "bypass": (
        None,
        lambda type_name, params: ("handle", "online" if params.get("state") is False else "bypass"),
        None,
    ),
    "transfer": (_source_word, lambda type_name, params: ("source_set", params["to"]), None),
    "reset": (None, None, _reset),
    "set_fuel": (None, None, _refuel),
    "restore": (_past, None, _rewind),
    "identify": (None, None, lambda device, params: ("", [("identify",)])),
    "page": (None, None, lambda device, params: ("", [("page", params.get("to", -1))])),
    "restart": (None, None, lambda device, params: ("", [("restart",)])),
    "release": (None, None, None),
    "select": (_own_verb, None, None),
    "press": (None, None, None),
    "config": (None, None, None),
    "factory_reset": (None, None, None),
    "update": (None, None, None),
}


def _row(verb):
    if verb not in roles.SETS:
        return TABLE[verb]
    point, name, factor = roles.SETS[verb]
    if not name:
        return None, lambda type_name, params: (point, factor), None
    return None, lambda type_name, params: (point, params[name] if factor > 0 else 0 - params[name]), None


class Commands:
    """One node's command path: its keys and fences, its last answers."""

    def __init__(self, device, settings, boot_id):
        self.device = device
        self.boot = boot_id
        self.node_id = settings["id"]
        self.secured = settings.get("profile") == "secured"
        self.key = (settings.get("key") or "").encode()
        self.limits = {}
        for point in roles.LIMITS:
            if roles.LIMITS[point] in settings:
                self.limits[point] = settings[roles.LIMITS[point]]
        self.safe = settings.get("safe", "") != ""
        self.epoch = settings.get("epoch", 0)
        # (verb, params) -> what holds from the next boot; ValueError: they do not fit, OSError: they could not be kept.
        self.keep_settings = None
        # Oldest first; each one text of lines: id, result, reason, applied, uptime in s. Nothing in them has a line break.
        self.answers = []
        self.selected = None  # (verb, who selected it, uptime in ms)
        # Issuer with its token -> the number of its last command whose answer is no longer kept. It counts upwards, so
        # what is not above that number was answered long ago and must not be done again.
        self.past = {}

    def obey(self, topic, payload, retained, uptime_ms, may_close):
        """(ack bytes, result, why it was not done, actions for the shell).

        payload: bytes, or None where it was too large to be taken in at all.
        may_close: whether the interlock lets a circuit be closed now.
        """
        actions = []
        message, reason, detail = self._read(payload, retained)
        if not reason:
            reason, detail = self._admit(topic, payload, message, uptime_ms, actions)
        command_id = message.get("id", NO_ID)
        uptime_s = uptime_ms // 1000
        if reason:
            return self._ack(_lines(command_id, schema.RESULT_REJECTED, reason, "", uptime_s)), reason, detail, actions
        for answer in self.answers:
            if answer.startswith(command_id + "\n"):
                return self._ack(answer), "duplicate", "", actions
        issuer = command_id.rsplit("-", 1)
        if issuer[-1].isdigit() and int(issuer[-1]) <= self.past.get(issuer[0], -1):
            answer = _lines(command_id, schema.RESULT_REJECTED, "duplicate", "", uptime_s)
            return self._ack(answer), "duplicate", "", actions
        try:
            reason, detail, applied = self._execute(message, may_close, actions, uptime_ms)
            result = schema.RESULT_REJECTED if reason else schema.RESULT_DONE
        except OSError as error:  # the flash did not take the settings
            result, reason, detail, applied = schema.RESULT_FAILED, "busy", repr(error), ""
        answer = _lines(command_id, result, reason, applied, uptime_s)
        if command_id != NO_ID:
            self.answers.append(answer)
            if len(self.answers) > ANSWERS_MAX:
                issuer = self.answers.pop(0).split("\n")[0].rsplit("-", 1)
                if "-" in issuer[0] and issuer[-1].isdigit():  # of the contract's form: others have no order
                    number = max(int(issuer[-1]), self.past.get(issuer[0], -1))
                    if len(self.past) >= ISSUERS_MAX and issuer[0] not in self.past:
                        self.past = {}
                    self.past[issuer[0]] = number
        return self._ack(answer), reason, detail, actions

    def _read(self, payload, retained):
        """(message, reason, detail); the message is {} where it could not be read."""
        if retained:
            return {}, "retained", "a command must not be retained"
        if payload is None:
            return {}, "size", "more than %d bytes" % schema.COMMAND_BYTES_MAX
        message, refused = codec.decode("command", payload)
        if refused:
            return {}, refused[0], refused[1]
        return message, "", ""

    def _admit(self, topic, payload, message, uptime_ms, actions):
        """(reason, detail) of the checks that need no look at the device."""
        detail = self._misfit(message)
        if detail:
            return "schema", detail
        if self.key and "mac" in message:
            from winter_node import mac  # only a node with a key has a use for it

            if not mac.holds(self.key, topic, payload, message["mac"]):
                return "mac", "does not match this node's key"
        if self.secured and not self.key:
            return "mac", "this node has no key"
        if self.secured and message["command"] in SECURED_REFUSES:
            return "authority", "only by hand in profile secured"
        if message["command"] == "update":
            return "authority", "firmware comes over the cable, not over the bus"
        epoch = message.get("epoch", self.epoch)
        if epoch < self.epoch:
            return "epoch", "%d is older than %d" % (epoch, self.epoch)
        if epoch > self.epoch:
            self.epoch = epoch
            actions.append(("epoch", epoch))
        if message.get("boot", self.boot) != self.boot:
            return "boot", "meant for another boot"
        if "deadline" in message and self._late(message["deadline"], uptime_ms):
            return "expired", "the deadline has passed"
        return "", ""

    def _misfit(self, message):
        """What in the message does not fit its verb, this type or this profile, or None."""
        if self.secured:
            for name in SECURED_NEEDS:
                if name not in message:
                    return "no %s, needed in profile secured" % name
        verb = message["command"]
        if verb not in schema.verbs(self.device.type):
            return None  # its parameters mean nothing to us; refused as `unknown` when its turn comes
        params = message.get("params", {})
        check, target, _ = _row(verb)
        detail = codec.check_params(verb, params)
        if check is not None:
            detail = detail or check(self.device.type, params)
        if detail or target is None:
            return detail
        point, value = target(self.device.type, params)
        if point in self.limits and value > self.limits[point]:
            return "%s is above %s" % (point, self.limits[point])
        return None

    def _late(self, deadline_ms, uptime_ms):
        left_ms = (deadline_ms - uptime_ms) & schema.COUNT_MAX
        return left_ms >= _DEADLINE_HALF

    def _execute(self, message, may_close, actions, uptime_ms):
        """(reason, detail, applied) after doing what is asked; the reason is empty when it was done."""
        verb = message["command"]
        if verb not in schema.verbs(self.device.type):
            return "unknown", "no verb of a " + self.device.type, ""
        if self.safe and verb not in SAFE_VERBS:
            return "busy", "in safe mode", ""
        params = message.get("params", {})
        by = message.get("by", "")
        if self.selected and uptime_ms - self.selected[2] > SELECT_MS:
            self.selected = None
        if verb == "select":
            if self.selected and self.selected[1] != by:
                return "busy", "somebody else has it selected", ""
            self.selected = (params["command"], by, uptime_ms)
            return "", "", _told("command", params["command"])
        if self.secured and (verb in schema.DANGEROUS or params.get("to") in schema.DANGEROUS_HANDLES):
            if not self.selected or self.selected[:2] != (verb, by):
                return "not_selected", "select it first, within 5 s", ""
            self.selected = None
        if verb in ("config", "factory_reset"):
            return self._settings(verb, params, actions)
        priority = message.get("priority", schema.PRIORITY_DEFAULT)
        _, target, act = _row(verb)
        if target is not None:
            point, value = target(self.device.type, params)
            rest = self.device.points["handle"].default
            # Who gives a storage that holds a setpoint means it to follow; an array that is off stays off.
            if point == "setpoint_kw" and rest not in roles.CLOSING and self.device.handle() != rest:
                refused = self._move("handle", rest, priority, may_close)
                if refused[0]:
                    return refused
            return self._move(point, value, priority, may_close)
        if verb == "release":
            return self._release(params.get("priority", priority), may_close)
        if verb == "press":
            if params.get("long") is True:
                return self.press(may_close)
            actions.append(("page", -1))
            return "", "", ""
        applied, more = act(self.device, params)
        actions.extend(more)
        return "", "", applied

    def _settings(self, verb, params, actions):
        if self.keep_settings is None:
            return "unknown", "nothing keeps settings here", ""
        try:
            kept = self.keep_settings(verb, params)
        except ValueError as error:
            return "schema", error.args[0], ""
        if "status_s" not in params:
            return "", "", "at restart: " + kept
        # How often it speaks needs no new connection: it holds at once.
        actions.append(("status_s", params["status_s"]))
        others = ",".join([name for name in kept.split(",") if name != "status_s"])
        return "", "", _told("status_s", params["status_s"]) + ("; at restart: " + others if others else "")

    def _move(self, point, value, priority, may_close):
        held_by = self.device.points[point].held_by()
        if priority == schema.PRIORITY_LOCAL or 0 < held_by < priority:
            # An order that would not take effect now must not lie in wait and take effect later.
            return "priority", "%s is held at priority %d" % (point, held_by or schema.PRIORITY_LOCAL), ""
        if point == "handle" and value in roles.CLOSING and not may_close:
            return "interlock", "closing is not permitted now", ""
        self.device.write(point, value, priority)
        return "", "", self._holds(point)

    def _release(self, priority, may_close):
        if priority == schema.PRIORITY_LOCAL:
            return "priority", "only a hand lets go of what a hand holds", ""
        handle = self.device.points["handle"]
        after = handle.value(without=priority)
        if after != handle.value() and after in roles.CLOSING and not may_close:
            return "interlock", "letting go would close, which is not permitted now", ""
        self.device.release(priority)
        return "", "", self._holds("handle")

    def press(self, may_close):
        """(reason, detail, applied) of the long press of the button."""
        wanted, by_letting_go = self.device.press()
        if wanted in roles.CLOSING and not may_close:
            return "interlock", "closing is not permitted now", ""
        if by_letting_go:
            self.device.release(schema.PRIORITY_LOCAL)
        else:
            self.device.write("handle", wanted, schema.PRIORITY_LOCAL)
        return "", "", self._holds("handle")

    def _holds(self, point):
        """What a point obeys now, read back, as `handle=open`."""
        value = self.device.points[point].value()
        return _told(point, "%.3f" % value if isinstance(value, float) else value)

    def _ack(self, answer):
        """The same answer gives the same bytes each time."""
        fields = {"v": schema.VERSION, "node_id": self.node_id, "boot": self.boot}
        fields["id"], fields["result"], fields["reason"], fields["applied"], uptime_s = answer.split("\n")
        fields["uptime"] = int(uptime_s)
        return codec.encode("ack", fields)

    def snapshot(self):
        return {
            "epoch": self.epoch,
            "answers": list(self.answers),
            "selected": self.selected,
            "past": dict(self.past),
        }

    def restore(self, saved):
        self.epoch = saved["epoch"]
        self.answers = list(saved["answers"])
        self.selected = saved["selected"]
        self.past = dict(saved["past"])


def _lines(*parts):
    """An answer as it is kept: a board has room for one text, not for a list of five things."""
    return "\n".join([str(part) for part in parts])


def keep_only(type_name):
    """Lets go, for good, of the verbs of other types: a board is one node and has little memory."""
    for verb in list(TABLE):
        if verb not in schema.verbs(type_name):
            del TABLE[verb]
