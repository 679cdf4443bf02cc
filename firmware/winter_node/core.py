"""The node's mind: what it owns, what it was told, what it says. Pure: messages and ticks in, actions out.

An action is a tuple for the shell to perform, in order:
    ("publish", topic, payload, qos, retain)    ("subscribe", topic, qos)
    ("page", number, -1 for the next)           ("identify",)   ("restart",)
    ("epoch", number to keep over a reboot)     ("log", text)
What has to be kept before it is answered (settings) goes through `commands.keep_settings`, which the shell provides.
All `now_ms` are ticks: they wrap at 2**30 (see ticks.py); the uptime is added up from their differences.
"""

from winter_wire import codec, schema, topics

from winter_node import VERSION, commands, ticks
from winter_node.device import Device

STATUS_S = 5  # by contract; the settings may ask for more often
STATUS_GAP_MS = 100  # at most ten statuses a second
VIEW_FRESH_MS = 5000  # by contract: an older view permits no closing
VIEW_STALE_MS = 15000  # three missed intervals: what the screen shows is marked as old
_ALWAYS = ("voltage_in", "current", "power_kw")  # promised in every status, 0 while unknown
_LOGGED_MAX = 32


class Core:
    """One node. Owns its device state, its clock of uptime, its sequence numbers and the echo of the last view."""

    def __init__(self, settings, boot_id, rng):
        """settings: the checked node.json. boot_id: 1 to 2**31-1, another at every boot. rng: () -> [0, 1)."""
        self.node_id = settings["id"]
        self.type = settings["type"]
        root = settings.get("root", topics.ROOT)
        self._topics = {}
        for leaf in topics.LEAVES:
            self._topics[leaf] = topics.topic(self.node_id, leaf, root)
        self._will = farewell(settings)[1]
        self.device = Device(self.type, settings)
        self.commands = commands.Commands(self.device, settings, boot_id)
        self.boot = boot_id
        self.safe = settings.get("safe", "")  # why this boot is in safe mode; empty: it is not
        self.status_every_ms = settings.get("status_s", STATUS_S) * 1000
        self._rng = rng
        self._last_ms = None  # tick of the last call
        self.uptime_ms = 0
        self.connected = False
        self.cause = ""  # why it is not connected, in plain words
        self.seq = 0
        self.timeline = 0  # 0: none seen yet
        self.view = None  # fields of the last view; None before the first
        self._view_at_ms = 0  # uptime
        self._followed_at_ms = None  # uptime of the last sign of our own timeline
        self._told_revision = -1  # the device's revision and the state in the last status sent
        self._told_state = ""
        self._seen_revision = 0  # the device's revision when the last view came
        self._status_at_ms = 0  # uptime of the last status, and when the next is due
        self._status_due_ms = 0
        self._events = 0
        self._greeted = False
        self.vitals = {"wifi_rssi": 0, "heap_free": 0, "ts": 0, "reset_cause": "", "fw": VERSION}
        self.counters = {"views": 0, "commands": 0, "rejected": 0, "other_timeline": 0, "unknown_topic": 0}
        self._logged = []

    # What the outside tells it

    def on_connected(self, now_ms):
        """The broker let us in: subscribe and say who we are at once."""
        self._pass(now_ms)
        self.connected = True
        self.cause = ""
        actions = [("subscribe", self._topics[topics.COMMAND], 1)]
        if not self.safe:
            actions.append(("subscribe", self._topics[topics.VIEW], 0))
        self._say(actions)
        # The first regular status is early by a random part: nodes that came back together drift apart.
        self._status_due_ms = self._status_at_ms + int(self.status_every_ms * (0.2 + 0.8 * self._rng()))
        if not self._greeted:
            self._greeted = True
            self._tell("reboot", self.vitals["reset_cause"], actions)
            if self.safe:
                self._tell("safe_mode", self.safe, actions)
        return actions

    def on_disconnected(self, now_ms, cause):
        """The broker is gone; handle, faults and the last view stay. cause: plain words."""
        self._pass(now_ms)
        self.connected = False
        self.cause = cause
        return []

    def on_message(self, topic, payload, retained, now_ms):
        """A message from the broker. payload: bytes, or None where it was too large to be taken in."""
        self._pass(now_ms)
        actions = []
        if topic == self._topics[topics.VIEW]:
            self._on_view(payload, retained, actions)
        elif topic == self._topics[topics.COMMAND]:
            self._on_command(topic, payload, retained, actions)
        else:
            self._refuse("unknown_topic", topic, "not for this node", actions)
        return actions

    def on_input(self, name, now_ms):
        """The button: `short` turns the page, `long` moves the handle by hand, which beats the host."""
        self._pass(now_ms)
        if name != "long":
            return [("page", -1)]
        actions = []
        if self.safe:
            return [("log", "the handle rests in safe mode")]
        reason, detail, applied = self.commands.press(self.may_close())
        if reason:
            actions.append(("log", detail))
        self._tell("button", reason or applied, actions)
        self._say_when_changed(actions)
        return actions

    def on_dial(self, part, now_ms):
        """The potentiometer was turned to this part of its way, 0 to 1: a load by hand, which beats the host."""
        self._pass(now_ms)
        actions = []
        full_kw = self.commands.limits.get("load_set_kw")
        if full_kw and "load_set_kw" in self.device.points and not self.safe:
            load_kw = int(full_kw * part * 10 + 0.5) / 10
            self.device.write("load_set_kw", load_kw, schema.PRIORITY_LOCAL)
            self._say_when_changed(actions)
        return actions

    def on_tick(self, now_ms):
        """Time has passed; a status may be due."""
        self._pass(now_ms)
        actions = []
        late_ms = self.uptime_ms - self._status_due_ms
        if self.connected and late_ms >= 0:
            self._say(actions)
            if late_ms < self.status_every_ms:  # the small delays of the loop must not add up
                self._status_due_ms -= late_ms
        else:
            self._say_when_changed(actions)
        return actions

    def due_ms(self, now_ms):
        """Milliseconds until on_tick has something to do."""
        self._pass(now_ms)
        if not self.connected:
            return self.status_every_ms
        due_ms = self._status_due_ms
        if self._changed():
            due_ms = min(due_ms, self._status_at_ms + STATUS_GAP_MS)
        return max(0, due_ms - self.uptime_ms)

    # What it says of itself

    def status(self, now_ms):
        """The fields of its status, by contract."""
        self._pass(now_ms)
        fields = {"v": schema.VERSION, "node_id": self.node_id, "type": self.type}
        for name in _ALWAYS:
            fields[name] = 0
        view = self.view or {}
        for name in schema.ELECTRICAL + schema.own_fields(self.type)[0]:
            if name in view:
                fields[name] = view[name]
        fields["state"] = self.state()
        fields["status"] = self._health()
        own = self.device.fields()
        for name in own:
            fields[name] = own[name]
        for name in self.vitals:
            fields[name] = self.vitals[name]
        fields["uptime"] = self.uptime_ms // 1000
        fields["boot"] = self.boot
        fields["seq"] = self.seq
        fields["timeline"] = self.timeline
        return fields

    def state(self):
        """The type's word for what the engine sees in it; empty before the first view."""
        return self.view.get("state", "") if self.view else ""

    def view_age_ms(self):
        """Age of the last view, or None before the first."""
        return self.uptime_ms - self._view_at_ms if self.view else None

    def stale(self):
        """Whether what it shows is too old to be called the present."""
        age_ms = self.view_age_ms()
        return age_ms is None or age_ms >= VIEW_STALE_MS

    def may_close(self):
        """The interlock: a fresh view that permits it. What is not known is not permitted."""
        age_ms = self.view_age_ms()
        return age_ms is not None and age_ms <= VIEW_FRESH_MS and self.view.get("permit_close") is True

    def will(self):
        """(topic, payload) of the last will, which is also the goodbye."""
        return self._topics[topics.STATUS], self._will

    # Inside

    def _pass(self, now_ms):
        if self._last_ms is not None:
            passed_ms = ticks.diff(now_ms, self._last_ms)
            if passed_ms <= 0:
                return  # two callers with slightly different nows: time does not run backwards
            self.uptime_ms += passed_ms
        self._last_ms = now_ms

    def _on_view(self, payload, retained, actions):
        if retained:
            return self._refuse("view", "retained", "a view must not be retained", actions)
        if payload is None:
            return self._refuse("view", "size", "more than {} bytes".format(schema.BYTES_MAX["view"]), actions)
        view, refused = codec.decode("view", payload)
        if refused:
            return self._refuse("view", refused[0], refused[1], actions)
        if view["node_id"] != self.node_id:
            return self._refuse("view", "schema", "meant for the node " + view["node_id"], actions)
        if not self._follows(view["timeline"]):
            self.counters["other_timeline"] += 1
            return None
        self.counters["views"] += 1
        self.view = view
        self._view_at_ms = self.uptime_ms
        self._seen_revision = self.device.revision
        return self._say_when_changed(actions)

    def _on_command(self, topic, payload, retained, actions):
        answer, reason, detail, wanted = self.commands.obey(topic, payload, retained, self.uptime_ms, self.may_close())
        self.counters["commands"] += 1
        if reason and reason != "duplicate":
            self._refuse("command", reason, detail, actions)
        actions.append(("publish", self._topics[topics.ACK], answer, 1, False))
        for action in wanted:
            if action[0] == "timeline":
                self._restored(action[1])
            elif action[0] == "status_s":
                self.status_every_ms = action[1] * 1000
                self._status_due_ms = self.uptime_ms + self.status_every_ms
        self._say_when_changed(actions)
        for action in wanted:
            if action[0] not in ("timeline", "status_s"):
                actions.append(action)

    def _follows(self, timeline):
        """Whether a view of this timeline is to be believed; adopts it when our own has gone quiet.

        The engine goes back in time by starting a higher timeline, and its `restore` is on the way: the new view is
        shown already, but we stay on our timeline until we are restored. A lower one is a straggler from before.
        Only after a silence (at boot, or when the engine was started anew) we follow whatever it speaks now.
        """
        quiet = self._followed_at_ms is None or self.uptime_ms - self._followed_at_ms > VIEW_FRESH_MS
        if timeline < self.timeline and not quiet:
            return False
        if timeline != self.timeline and quiet:
            self.timeline = timeline
        if timeline == self.timeline:
            self._followed_at_ms = self.uptime_ms
        return True

    def _restored(self, timeline):
        """The engine went back and told us so: its views of before are of another world."""
        self.timeline = timeline
        self._followed_at_ms = self.uptime_ms
        self._told_revision = -1  # say so at once, even where nothing else differs

    def _refuse(self, kind, reason, detail, actions):
        """Counts a message that changed nothing; logs the first of each sort."""
        self.counters["unknown_topic" if kind == "unknown_topic" else "rejected"] += 1
        sort = kind + " " + reason
        if sort not in self._logged and len(self._logged) < _LOGGED_MAX:
            self._logged.append(sort)
            actions.append(("log", sort + ": " + detail))

    def _health(self):
        """Health in one word: the state's, but worse news of our own goes first until the engine has seen it."""
        if self.safe:
            return "fault"
        if self.view is None:
            word = "warning"  # alive, but nobody has told it what it carries
        else:
            word = schema.health(self.type, self.state())
        if self.view is None or self._seen_revision != self.device.revision:
            for name in list(self.device.faults) + [self.device.handle()]:
                for known, health in schema.TYPES[self.type][schema.STATES]:
                    if known == name.upper():
                        word = _worse(word, health)
        if word == "ok" and self.stale():
            word = "warning"
        return word

    def _changed(self):
        return self.connected and (self._told_revision != self.device.revision or self._told_state != self.state())

    def _say_when_changed(self, actions):
        if self._changed() and self.uptime_ms - self._status_at_ms >= STATUS_GAP_MS:
            self._say(actions)

    def _say(self, actions):
        self.seq = (self.seq + 1) & schema.COUNT_MAX
        payload = codec.encode("status", self.status(self._last_ms))
        actions.append(("publish", self._topics[topics.STATUS], payload, 0, True))
        self._told_revision = self.device.revision
        self._told_state = self.state()
        self._status_at_ms = self.uptime_ms
        self._status_due_ms = self.uptime_ms + self.status_every_ms

    def _tell(self, event, to, actions):
        self._events = (self._events + 1) & schema.COUNT_MAX
        fields = {
            "v": schema.VERSION, "node_id": self.node_id, "id": self._events, "timeline": self.timeline,
            "t_s": self.uptime_ms // 1000, "event": event, "from": "", "to": to, "cause": 0,
        }  # fmt: skip
        actions.append(("publish", self._topics[topics.EVENT], codec.encode("event", fields), 1, False))

    # Keeping

    def snapshot(self):
        """Everything that decides what it will do next, as plain values."""
        saved = {"device": self.device.snapshot(), "commands": self.commands.snapshot()}
        for name in _KEPT:
            saved[name] = getattr(self, name)
        for name in _COPIED:
            saved[name] = dict(getattr(self, name))
        saved["view"] = dict(self.view) if self.view else None
        return saved

    def restore(self, saved):
        """Becomes again what snapshot() saw."""
        self.device.restore(saved["device"])
        self.commands.restore(saved["commands"])
        for name in _KEPT:
            setattr(self, name, saved[name])
        for name in _COPIED:
            setattr(self, name, dict(saved[name]))
        self.view = dict(saved["view"]) if saved["view"] else None


def farewell(settings):
    """(topic, payload) of a node's last will."""
    gone = {"v": schema.VERSION, "node_id": settings["id"], "type": settings["type"], "status": "offline"}
    root = settings.get("root", topics.ROOT)
    return topics.topic(settings["id"], topics.STATUS, root), codec.encode("status", gone)


_KEPT = (
    "_last_ms", "uptime_ms", "connected", "cause", "seq", "timeline", "_view_at_ms", "_followed_at_ms", "_told_revision", "_told_state",
    "_seen_revision", "_status_at_ms", "_status_due_ms", "_events", "_greeted", "boot",
)  # fmt: skip
_COPIED = ("vitals", "counters")
_WORST_FIRST = ("fault", "off", "warning", "ok")


def _worse(one, other):
    for word in _WORST_FIRST:
        if word in (one, other):
            return word
    return one
