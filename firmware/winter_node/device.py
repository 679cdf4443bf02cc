"""What the node itself owns: its handle and setpoints (as priority arrays), its faults, its counters. Pure."""

from winter_wire import faults, schema

from winter_node import roles

SLOTS = 16
COUNTED = ("fuel_set_pct", "refuels")  # setpoint fields that are acts, not standing wishes: no priorities


class Point:
    """A value that several may ask for at once: one slot a priority, the lowest number wins (as in BACnet)."""

    def __init__(self, default):
        self.default = default
        self.slots = [None] * SLOTS

    def held_by(self):
        """The priority in charge, 1 to 16, or 0 where nobody holds the point."""
        for index in range(SLOTS):
            if self.slots[index] is not None:
                return index + 1
        return 0

    def value(self, without=0):
        """What the point obeys; `without` leaves one priority out of it. None: never set, no default."""
        for index in range(SLOTS):
            if self.slots[index] is not None and index + 1 != without:
                return self.slots[index]
        return self.default

    def write(self, value, priority):
        self.slots[priority - 1] = value

    def release(self, priority):
        self.slots[priority - 1] = None

    def clear(self):
        self.slots = [None] * SLOTS


class Device:
    """Handle, setpoints, faults and counters of one node. `revision` rises with every change of them."""

    def __init__(self, type_name, settings):
        """settings: the checked node.json; it may carry defaults of setpoints under their own names."""
        entry = schema.TYPES[type_name]
        self.type = type_name
        self.points = {"handle": Point(entry[schema.HANDLES][0])}
        for name in entry[schema.SETPOINTS]:
            if name not in COUNTED:
                default = schema.SOURCES[0] if name == "source_set" else settings.get(name)
                self.points[name] = Point(default)
        self.faults = {}  # kind -> [severity in per unit or None where the kind has none, ramp_s, delay_s]
        self.resets = 0
        self.refuels = 0
        self.fuel_set_pct = None
        self.revision = 0

    def handle(self):
        return self.points["handle"].value()

    def mode(self):
        """local: the hand holds something; manual: a command does; auto: all at rest."""
        mode = "auto"
        for name in self.points:
            held_by = self.points[name].held_by()
            if held_by == schema.PRIORITY_LOCAL:
                return "local"
            if held_by:
                mode = "manual"
        return mode

    def write(self, name, value, priority):
        self.points[name].write(value, priority)
        self.revision += 1

    def release(self, priority):
        """Takes one priority out of every point."""
        for name in self.points:
            self.points[name].release(priority)
        self.revision += 1

    def set_fault(self, kind, severity, ramp_s=0, delay_s=0):
        self.faults[kind] = [severity, ramp_s, delay_s]
        self.revision += 1

    def clear_fault(self, kind=None):
        """Clears one kind, or all of them."""
        if kind is None:
            self.faults = {}
        elif kind in self.faults:
            del self.faults[kind]
        self.revision += 1

    def fault_text(self):
        """The contract's text of them, in the schema's order."""
        parts = []
        for kind, _ in schema.TYPES[self.type][schema.MALFUNCTIONS]:
            if kind in self.faults:
                severity, ramp_s, delay_s = self.faults[kind]
                parts.append(faults.part(kind, severity, ramp_s, delay_s))
        return ",".join(parts)

    def reset(self):
        self.resets = (self.resets + 1) & schema.COUNT_MAX
        self.revision += 1

    def refuel(self, pct):
        self.fuel_set_pct = pct
        self.refuels = (self.refuels + 1) & schema.COUNT_MAX
        self.revision += 1

    def press(self):
        """(position, whether letting go reaches it): where the long press moves the handle.

        The hand writes the other position at the top priority; where that is what holds underneath anyway, it lets
        go instead, so a second press gives the device back to the host.
        """
        rest, aside = roles.press_positions(self.type)
        handle = self.points["handle"]
        wanted = rest if handle.value() == aside else aside
        return wanted, handle.value(without=schema.PRIORITY_LOCAL) == wanted

    def rewind(self, handle, found, setpoints):
        """Sets all the node owns to what it was at an earlier time.

        handle, found: None leaves it as it is; found: the faults of then, as winter_wire.faults reads them.
        setpoints: one that is None, or not there, was not set then.

        Who held a point then is not known any more, so the value stands at the usual priority, and at rest where it is
        the default.
        """
        for name, point in self.points.items():
            value = handle if name == "handle" else setpoints.get(name)
            if name == "handle" and value is None:
                continue
            point.clear()
            if value is not None and value != point.default:
                point.write(value, schema.PRIORITY_DEFAULT)
        if found is not None:
            self.faults = {}
            for kind, severity, ramp_s, delay_s in found:
                self.faults[kind] = [severity, ramp_s, delay_s]
        self.revision += 1

    def fields(self):
        """The node's own fields of its status."""
        own = {"handle": self.handle(), "mode": self.mode(), "fault": self.fault_text(), "resets": self.resets}
        for name in self.points:
            value = self.points[name].value()
            if value is not None:
                own[name] = value
        if "refuels" in schema.TYPES[self.type][schema.SETPOINTS]:
            own["refuels"] = self.refuels
            if self.fuel_set_pct is not None:
                own["fuel_set_pct"] = self.fuel_set_pct
        return own

    def snapshot(self):
        slots = {}
        for name in self.points:
            slots[name] = list(self.points[name].slots)
        return {
            "slots": slots, "faults": dict(self.faults), "resets": self.resets, "refuels": self.refuels,
            "fuel_set_pct": self.fuel_set_pct, "revision": self.revision,
        }  # fmt: skip

    def restore(self, saved):
        for name in self.points:
            self.points[name].slots = list(saved["slots"][name])
        self.faults = dict(saved["faults"])
        self.resets = saved["resets"]
        self.refuels = saved["refuels"]
        self.fuel_set_pct = saved["fuel_set_pct"]
        self.revision = saved["revision"]
