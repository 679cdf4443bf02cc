"""What the alarms cost, as `make bench` shows it: one look a second at a whole live site, every rule, as a share of a core."""

import statistics
import time
from collections.abc import Iterator

from winter_river.alerts.keeper import AlarmKeeper
from winter_river.alerts.rules import built_in
from winter_river.facility import Facility, load_facility
from winter_river.facility.generate import generate
from winter_river.service.alarms import ServiceGauges
from winter_river.service.bus import Bus
from winter_river.service.coordinator import Coordinator
from winter_river.service.desk import Desk
from winter_river.service.issuer import Issuer
from winter_river.service.live_site import LiveSite
from winter_river.service.loop import Loop
from winter_river.service.loop_line import LoopLine

Row = tuple[str, float, str, float, bool]

LOOKS = 300
BARS_PCT = {24: 1.0, 500: 5.0}  # the first is promised; the second chosen


def rows() -> Iterator[Row]:
    """Processor time of a look, all sights and gauges included, in percent of the second that it has."""
    for nodes, bar_pct in BARS_PCT.items():
        facility = load_facility("block-2n-24") if nodes == 24 else generate(nodes)
        yield f"alarms of {nodes} nodes, every rule each second", 100 * _look_s(facility), "% of a core", bar_pct, False


def _look_s(facility: Facility) -> float:
    """Seconds of processor that one look takes, the median of many."""
    coordinator = Coordinator(facility, seed=1)
    coordinator.step(0.0)
    desk = Desk("bench")
    loop = Loop(coordinator, Bus("mqtt://127.0.0.1:1", client_id="bench", subscriptions=[]), desk)
    keeper = AlarmKeeper(LiveSite(loop, Issuer(desk, LoopLine(loop))), built_in())
    keeper.measure(ServiceGauges(loop).read)
    took_s = []
    for number in range(LOOKS):
        coordinator.step(float(number + 1))
        began_s = time.process_time()
        keeper.look()
        took_s.append(time.process_time() - began_s)
    return statistics.median(took_s)
