"""Seeded random operation of seven sites: no law broken, no exception, everything finite and inside the contract."""

import random

import pytest
from winter_river.engine import restore, snapshot
from winter_river.engine import shorts as shorts_law
from winter_river.engine.step import due_s
from winter_river.engine.units import NEVER_S
from winter_wire import codec, faults, schema

OPERATIONS = 250


class Operator:
    """Does something at random to one device; remembers the counters that only rise."""

    def __init__(self, told, rng):
        self.told = told
        self.rng = rng
        self.resets = dict.fromkeys(told.plan.index, 0)
        self.refuels = dict.fromkeys(told.plan.index, 0)
        self.present = dict.fromkeys(told.plan.index, True)

    def act(self, device):
        rng, row = self.rng, schema.TYPES[device.type]
        choice = rng.random()
        fields = {}
        if choice < 0.25:
            fields["handle"] = rng.choice(row[schema.HANDLES])
        elif choice < 0.50:
            names = [name for name, _ in row[schema.MALFUNCTIONS] if rng.random() < 0.3]
            fields["fault"] = ",".join(self.malfunction(device.type, name) for name in names)
        elif choice < 0.60:
            self.resets[device.id] += 1
            fields["resets"] = self.resets[device.id]
        elif choice < 0.70:
            self.present[device.id] = not self.present[device.id]
        elif device.type == "server":
            fields["load_set_kw"] = round(rng.random() * 200, 1)
        elif device.type == "cooling":
            fields["fans_running"] = rng.randrange(60)
        elif device.type in ("bess", "pv"):
            fields["setpoint_kw"] = round(rng.uniform(-150, 120), 1)
        elif device.type == "switchgear":
            fields["source_set"] = rng.choice(schema.SOURCES)
        elif device.type == "generator":
            self.refuels[device.id] += 1
            fields = {"fuel_set_pct": rng.choice([0.0, 0.01, 5.0, 100.0]), "refuels": self.refuels[device.id]}
        else:
            self.mend(device)
            return
        self.told.tell(device.id, present=self.present[device.id], **fields)

    def malfunction(self, type_name, kind):
        """One part of a fault field, now and then slow or late."""
        rng = self.rng
        default = dict(schema.TYPES[type_name][schema.MALFUNCTIONS])[kind]
        severity = None if default is None else rng.random()
        ramp_s = rng.choice([0, 0, 3, 40]) if severity is not None else 0
        return faults.part(kind, severity, ramp_s, rng.choice([0, 0, 0, 1.5, 30]))

    def mend(self, device):
        self.resets[device.id] += 1
        self.present[device.id] = True
        handle = schema.TYPES[device.type][schema.HANDLES][0]
        self.told.tell(device.id, handle=handle, fault="", resets=self.resets[device.id])

    def turn(self, devices, counts, mended_share):
        """So many things to some of them; now and then all are mended."""
        for _ in range(self.rng.choice(counts)):
            self.act(self.rng.choice(devices))
        if self.rng.random() < mended_share:
            for device in devices:
                self.mend(device)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "site", ["block", "dual_cord", "chain", "two_utilities", "storages", "sunny", "parallel", "tapped", "grids"]
)
def test_no_operation_breaks_a_law(request, story, site, seed):
    devices = request.getfixturevalue(site)
    calibration = ("training", "quick", "realistic")[seed % 3]
    rng = random.Random(f"{site} {seed}")
    told = story(devices, calibration=calibration)
    operator = Operator(told, rng)
    for turn in range(OPERATIONS):
        operator.turn(devices, [0, 1, 1, 2, 4], 0.05)
        told.step(rng.choice([0.0, 0.1, 1.0, 1.0, 5.0, 30.0, 200.0]))
        w = told.world
        assert w.breaker_due_s == min((b.due_s for b in w.breakers), default=NEVER_S), "kept by protection.protect"
        assert w.server_due_s == min((s.due_s for s in w.servers), default=NEVER_S), "kept by control.run_loads"
        assert w.unsettled or w.due_s == due_s(w), "kept by step.settle"
        assert w.grid_off == any(u.off_pu != 0.0 for u in w.utilities), "kept by inputs.take_inputs"
        shorts = [n.id for n in told.plan.nodes if w.nodes[n.index].fault & told.plan.buses[n.bus_out].short_bit]
        assert w.shorted == bool(shorts), "kept by connect"
        backups = (shorts_law.backup_s(told.plan, w, k) for k in range(len(w.islands)))
        assert w.backup_due_s == min(backups), "kept by protection.watch_shorts"
        assert not w.rehung, "index_islands has seen it"
        if turn % 25 == 0:
            told.world = restore(told.plan, snapshot(told.plan, told.world))
            for device in devices:
                envelope = {"v": 1, "node_id": device.id, "timeline": 0, "t_s": told.world.t_s}
                codec.encode("view", {**envelope, **told.view(device.id)}, device.type)
    assert told.events, f"seed {seed}"


@pytest.mark.parametrize("seed", range(5))
def test_whatever_was_done_a_mended_site_comes_back_to_normal(story, block, seed):
    rng = random.Random(seed)
    told = story()
    operator = Operator(told, rng)
    for _ in range(60):
        operator.act(rng.choice(block))
        told.step(rng.choice([0.1, 1.0, 7.0]))
    for device in block:
        operator.mend(device)
        fields = {"server": {"load_set_kw": 96.0}, "cooling": {"fans_running": 55}}
        fields |= {"switchgear": {"source_set": "auto"}}
        fields |= {"generator": {"fuel_set_pct": 100.0, "refuels": operator.refuels.get(device.id, 0) + 1}}
        told.tell(device.id, **fields.get(device.type, {}))
    told.dt_s = 10.0
    told.run(1000)
    healthy = {device.id: schema.TYPES[device.type][schema.STATES][0][0] for device in block}
    assert {n: told.state(n) for n in told.plan.index} == healthy, f"seed {seed}"
