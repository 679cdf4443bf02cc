"""The settings of a run while it lasts: which of its parts takes which of them."""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from winter_river.cli.live_store import keeping
from winter_river.settings import Settings, default_directories, file_to_write, given_by
from winter_river.settings.live import LiveSettings, Part

if TYPE_CHECKING:
    from winter_river.cli.live_alarms import Routing
    from winter_river.cli.live_moving import Seat
    from winter_river.emulator import Fleet
    from winter_river.emulator.vm import VmFleet
    from winter_river.service.intervals import Intervals
    from winter_river.service.wiring import Service
    from winter_river.store import Keeper

# How long a change of the interval waits for nodes to take it, 5 s; the rest is told in the background. Looks, not seconds: who
# waits may have been stopped meanwhile, and who tells the nodes with him.
LOOK_S, LOOKS_MAX = 0.05, 100
_KEEPING = frozenset(
    ("keep_raw", "keep_sums", "influx_url", "influx_bucket", "influx_org", "influx_token_file")
    + ("webhook_url", "webhook_token_file")
)
_ALARMS = frozenset(("alarms", "alarm_webhook_url", "alarm_webhook_from", "alarm_webhook_secret_file"))


def live_settings(
    settings: Settings,
    *,
    service: "Service",
    fleet: "Fleet | VmFleet | None",
    keeper: "Keeper | None",
    routing: "Routing",
    intervals: "Intervals",
    seat: "Seat",
) -> LiveSettings:
    """The settings of a run, each with the part that takes it. What is surest to be refused comes last, for then the
    others have less to take back: the broker."""
    folders = default_directories()
    found = LiveSettings(settings, file=file_to_write(folders), given=given_by(settings, os.environ, folders))
    if keeper is not None:
        found.add(Part(_KEEPING, keeping(keeper)))
    found.add(Part(_ALARMS, routing.apply))
    found.add(Part(frozenset(("status_s",)), _pacing(service, intervals)))
    moving = seat.applier(service, fleet, secured=service.site.secured)
    found.add(Part(frozenset(("broker",)), moving))
    return found


def _pacing(service: "Service", intervals: "Intervals") -> Callable[[Settings, Settings], str]:
    def apply(_old: Settings, new: Settings) -> str:
        intervals.want(new.status_s)
        if not new.status_s:
            return "nodes go on reporting as they do, and are told nothing any more"
        for _ in range(LOOKS_MAX):
            there = [node_id for node_id, each in service.site.facts().items() if each["presence"] == "online"]
            told = [node_id for node_id in there if intervals.told.get(node_id, (0, 0))[1] == new.status_s]
            if len(told) == len(there):
                break
            time.sleep(LOOK_S)
        rest = "" if len(told) == len(service.site.facility.nodes) else "; the others are told when they are there"
        return f"{len(told)} nodes report every {new.status_s} s{rest}"

    return apply
