"""What is connected to what, what is live, and who is to blame where it is not.

Only real positions count: handles, faults, trips, presence, breaker positions, running machines. One pass in plan
order, because what feeds a device has been decided before it.
"""

from __future__ import annotations

from winter_river.engine import events
from winter_river.engine.equipment import switchgear as switchgear_law
from winter_river.engine.equipment.generator import generator_makes_voltage
from winter_river.engine.equipment.malfunction import CORD_1_LOST, CORD_2_LOST
from winter_river.engine.equipment.ups import BYPASS, INVERTER
from winter_river.engine.load_models import clear_models
from winter_river.engine.plan import (
    BESS,
    COOLING,
    GENERATOR,
    NONE,
    PV,
    SERVER,
    SWITCHGEAR,
    TRANSFORMER,
    UPS,
    UTILITY,
    NodePlan,
    Plan,
)
from winter_river.engine.sets import impedance
from winter_river.engine.shorts import find_shorts, is_shorted
from winter_river.engine.world import DEAD, NodeState, World, in_service, is_tripped


def attach(plan: Plan, w: World, bus: int, parent: int, z: complex) -> None:
    """Hangs a bus on a parent (DEAD, NONE or another bus); marks the islands that this changes."""
    if w.parent[bus] == parent and w.z[bus] == z:
        return
    w.rehung = True
    if w.island_of[bus] >= 0:
        w.islands[w.island_of[bus]].dirty = True
    if w.parent[bus] == DEAD:
        # The first guess: as the parent stands.
        w.v[bus] = w.v[parent] if parent >= 0 else 1.0 + 0j
    w.parent[bus] = parent
    w.z[bus] = z
    w.island_of[bus] = NONE  # index_islands finds its new one, and sees by this that it moved
    if parent == DEAD:
        w.v[bus] = 0j
        w.i[bus] = 0j
        w.load[bus] = 0j
        clear_models(plan, w, bus)


def _source(plan: Plan, w: World, n: NodePlan, me: NodeState, island: int, on: bool, z: complex) -> None:
    me.supplied = me.live = on
    me.feeder = NONE
    me.blame = NONE if on else n.index
    w.islands[island].live = on
    attach(plan, w, n.bus_out, NONE if on else DEAD, z)


def _transformer(plan: Plan, w: World, n: NodePlan, me: NodeState) -> None:
    feed = w.nodes[n.feed_1]
    on = in_service(n, me)
    me.supplied = me.present and feed.live
    me.live = on and feed.live
    me.feeder = n.feed_1
    me.blame = NONE if me.live else n.index if not on else feed.blame
    attach(plan, w, n.bus_in, plan.nodes[n.feed_1].bus_out if me.live else DEAD, plan.buses[n.bus_in].z_1)
    attach(plan, w, n.bus_out, n.bus_in if me.live else DEAD, plan.buses[n.bus_out].z_1)


def _board(plan: Plan, w: World, n: NodePlan, me: NodeState) -> None:
    """Switchgear, distribution, pdu: one incomer, or the position of two; and a meter, without a breaker."""
    on = in_service(n, me) and not is_tripped(w, n.breaker_1)
    tie = plan.boards[n.slot].tie if n.kind == SWITCHGEAR else NONE
    if tie >= 0:
        _mains(plan, w, n, me, tie, on)
        return
    position = 1
    if n.feed_2 >= 0:
        position = switchgear_law.fed_by(w.transfers[plan.boards[n.slot].transfer])
    feed_index = n.feed_2 if position == 2 else n.feed_1
    feed = w.nodes[feed_index]
    me.supplied = me.present and feed.live
    me.live = on and position > 0 and feed.live
    me.feeder = feed_index
    if me.live:
        me.blame = NONE
    elif not on or (position == 0 and feed.live):
        me.blame = n.index
    else:
        me.blame = feed.blame
    bus = plan.buses[n.bus_out]
    parent = plan.nodes[feed_index].bus_out if me.live else DEAD
    attach(plan, w, n.bus_out, parent, bus.z_2 if position == 2 else bus.z_1)


def _mains(plan: Plan, w: World, n: NodePlan, me: NodeState, tie: int, on: bool) -> None:
    """Switchgear with both mains closed: on either feed, on both at once by a loop. A main whose own feed is dead is
    open (reverse power), so nothing is fed from behind."""
    one, two = w.nodes[n.feed_1], w.nodes[n.feed_2]
    r, t = plan.ties[tie], w.ties[tie]
    first = one.live and t.source_set != switchgear_law.SECOND
    second = two.live and t.source_set != switchgear_law.FIRST
    me.supplied = me.present and (one.live or two.live)
    me.live = on and (first or second)
    me.feeder = n.feed_1 if first or not second else n.feed_2
    me.blame = NONE if me.live else n.index if not on or one.live else one.blame
    by_second = me.feeder == n.feed_2
    was_live = w.parent[n.bus_out] != DEAD
    parent = plan.nodes[me.feeder].bus_out if me.live else DEAD
    attach(plan, w, n.bus_out, parent, r.z if by_second else plan.buses[n.bus_out].z_1)
    closed = on and first and second and _one_grid(plan, w, r.utility_1, r.utility_2)
    before = events.BOTH if t.closed else 1 + int(t.second)
    after = events.BOTH if closed else 1 + int(by_second)
    if was_live and me.live and before != after:
        cause = events.group_cause(w, n.group) or (one if not one.live else two).origin
        events.emit(plan, w, n.index, events.TRANSFER, before, after, cause)
    if closed != t.closed:
        t.closed, w.tie_current[tie] = closed, 0j
        for end in (r.feed_bus, r.bus):
            if w.island_of[end] >= 0:
                w.islands[w.island_of[end]].dirty = True
    t.second = by_second


def _one_grid(plan: Plan, w: World, one: int, other: int) -> bool:
    """Whether two utilities have one frequency, so that both mains may stay closed; NONE: there is only one source."""
    if one == NONE:
        return True
    apart_pu = w.utilities[one].off_pu - w.utilities[other].off_pu
    return abs(apart_pu * plan.utilities[one].frequency_hz) <= switchgear_law.APART_HZ


def _ups(plan: Plan, w: World, n: NodePlan, me: NodeState) -> None:
    feed = w.nodes[n.feed_1]
    u = w.upses[n.slot]
    on = in_service(n, me)
    closed = on and not (is_tripped(w, n.breaker_1) and is_tripped(w, n.breaker_2))
    me.supplied = me.present and feed.live
    me.feeder = n.feed_1
    attach(
        plan,
        w,
        n.bus_in,
        plan.nodes[n.feed_1].bus_out if closed and feed.live else DEAD,
        plan.buses[n.bus_in].z_1,
    )
    by_inverter = on and u.path == INVERTER
    by_bypass = on and u.path == BYPASS and feed.live and not is_tripped(w, n.breaker_2)
    me.live = (by_inverter or by_bypass) and not is_tripped(w, n.breaker_3)
    # A dead output is the UPS's own doing, except on bypass: there it passes on what it gets.
    me.blame = NONE if me.live else feed.blame if on and u.path == BYPASS and not feed.live else n.index
    w.islands[plan.upses[n.slot].island].live = by_inverter and me.live
    parent = DEAD if not me.live else NONE if by_inverter else n.bus_in
    attach(plan, w, n.bus_out, parent, plan.buses[n.bus_out].z_1)


def _server(plan: Plan, w: World, n: NodePlan, me: NodeState) -> None:
    """Each cord by itself; live while any cord is."""
    s = plan.servers[n.slot]
    on = in_service(n, me) and w.servers[n.slot].running
    shorted = in_service(n, me) and is_shorted(plan, w, s.bus_1)
    cord_1 = not is_tripped(w, n.breaker_1) and me.fault & CORD_1_LOST == 0
    cord_2 = n.feed_2 >= 0 and not is_tripped(w, n.breaker_2) and me.fault & CORD_2_LOST == 0
    by_1 = me.present and cord_1 and w.nodes[n.feed_1].live
    one = by_1 and not shorted
    two = me.present and cord_2 and w.nodes[n.feed_2].live
    me.supplied = one or two
    me.live = on and me.supplied
    me.feeder = n.feed_1 if one or not two else n.feed_2
    if me.live:
        me.blame = NONE
    elif me.supplied or not in_service(n, me) or w.nodes[n.feed_1].live:
        me.blame = n.index
    else:
        me.blame = w.nodes[n.feed_1].blame
    hangs = by_1 and (on or shorted)
    attach(plan, w, s.bus_1, plan.nodes[n.feed_1].bus_out if hangs else DEAD, plan.buses[s.bus_1].z_1)
    if s.bus_2 >= 0:
        attach(plan, w, s.bus_2, plan.nodes[n.feed_2].bus_out if on and two else DEAD, plan.buses[s.bus_2].z_1)


def _cooling(plan: Plan, w: World, n: NodePlan, me: NodeState) -> None:
    feed = w.nodes[n.feed_1]
    closed = in_service(n, me) and not is_tripped(w, n.breaker_1)
    me.supplied = me.present and feed.live
    shorted = is_shorted(plan, w, n.bus_in)
    me.live = closed and feed.live and w.coolings[n.slot].running and not shorted
    me.feeder = n.feed_1
    me.blame = NONE if me.live else n.index if feed.live or not closed else feed.blame
    hangs = me.live or (closed and feed.live and shorted)
    attach(plan, w, n.bus_in, plan.nodes[n.feed_1].bus_out if hangs else DEAD, plan.buses[n.bus_in].z_1)


def _follower(plan: Plan, w: World, n: NodePlan, me: NodeState, follower: int) -> None:
    feed = w.nodes[n.feed_1]
    closed = in_service(n, me) and not is_tripped(w, n.breaker_1)
    me.supplied = me.present and feed.live
    me.live = closed and feed.live and w.followers[follower].running
    me.feeder = n.feed_1
    me.blame = NONE if me.live else n.index if feed.live or not closed else feed.blame
    attach(plan, w, n.bus_in, plan.nodes[n.feed_1].bus_out if me.live else DEAD, plan.buses[n.bus_in].z_1)


def connect(plan: Plan, w: World) -> None:
    """Decides every device in plan order, then which island each bus belongs to."""
    find_shorts(plan, w)
    for k in range(len(plan.nodes)):
        n, me = plan.nodes[k], w.nodes[k]
        if n.kind == SERVER:
            _server(plan, w, n, me)
        elif n.kind == COOLING:
            _cooling(plan, w, n, me)
        elif n.kind == BESS:
            _follower(plan, w, n, me, plan.storages[n.slot].follower)
        elif n.kind == PV:
            _follower(plan, w, n, me, plan.arrays[n.slot].follower)
        elif n.kind == UPS:
            _ups(plan, w, n, me)
        elif n.kind == TRANSFORMER:
            _transformer(plan, w, n, me)
        elif n.kind == UTILITY:
            island = plan.utilities[n.slot].island
            on = me.present and w.islands[island].emf > 0.0
            _source(plan, w, n, me, island, on, plan.buses[n.bus_out].z_1)
        elif n.kind == GENERATOR:
            on = in_service(n, me) and generator_makes_voltage(w.generators[n.slot])
            _source(plan, w, n, me, plan.generators[n.slot].island, on, impedance(plan, w, n.slot))
        else:
            _board(plan, w, n, me)
    if w.rehung:
        index_islands(plan, w)


def index_islands(plan: Plan, w: World) -> None:
    """What follows from parent: the island of each bus, and the order in which each island is swept."""
    w.rehung = False
    for k in range(len(plan.islands)):
        x = w.wiring[k]
        x.end = x.loads_end = 0
    for k in range(len(plan.buses)):
        parent = w.parent[k]
        if parent == DEAD:
            w.island_of[k] = NONE
            continue
        island = w.island_of[parent] if parent >= 0 else plan.buses[k].island
        if w.island_of[k] != island:
            w.islands[island].dirty = True
            if w.island_of[k] >= 0:
                w.islands[w.island_of[k]].dirty = True
            w.island_of[k] = island
        w.above[k] = parent if parent >= 0 else k
        x = w.wiring[island]
        x.end += 1
        if plan.buses[k].takes_load:
            x.loads_end += 1
    # They were counted from nothing; now each island begins where the one before it ends, and is filled.
    first = loads_first = 0
    for k in range(len(plan.islands)):
        x = w.wiring[k]
        count, loads = x.end, x.loads_end
        x.first = x.end = first
        x.loads_first = x.loads_end = loads_first
        first, loads_first = first + count, loads_first + loads
    for k in range(len(plan.buses)):
        if w.island_of[k] >= 0:
            x = w.wiring[w.island_of[k]]
            w.order[x.end] = k
            x.end += 1
            if plan.buses[k].takes_load:
                w.load_order[x.loads_end] = k
                x.loads_end += 1
