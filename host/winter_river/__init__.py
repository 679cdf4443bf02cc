"""Winter River: a power site you can hold, break and learn from.

from winter_river import Simulation, load_facility
sim = Simulation(load_facility("block-2n-24"), seed=1)
sim.command("utility_a", "set_fault", state=True, kind="outage")
sim.advance(12.0)
sim.view("generator_a")["state"]
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from winter_river.facility import Facility, FacilityError, load_facility
    from winter_river.simulation import Simulation
    from winter_river.site import Ack, Site

__all__ = ["Ack", "Facility", "FacilityError", "Simulation", "Site", "load_facility"]

# Loaded when first asked for: a program that wants one part does not wait for all of them.
_HOMES = {
    "Ack": "winter_river.site",
    "Facility": "winter_river.facility",
    "FacilityError": "winter_river.facility",
    "Simulation": "winter_river.simulation",
    "Site": "winter_river.site",
    "load_facility": "winter_river.facility",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
