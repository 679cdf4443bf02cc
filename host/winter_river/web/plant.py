"""What the page is given to show and to act on: the parts of one live run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from winter_river.alerts.keeper import AlarmKeeper
    from winter_river.emulator import Oled
    from winter_river.service.live_site import LiveSite
    from winter_river.service.wiring import Report
    from winter_river.settings.live import LiveSettings
    from winter_river.station import Station
    from winter_river.store import Keeper


class HasOled(Protocol):
    """A node that runs on this machine."""

    @property
    def oled(self) -> Oled: ...
    @property
    def powered(self) -> bool: ...


class Nodes(Protocol):
    """The nodes that run on this machine: a fleet of any kind. What is asked of it happens in that order, a moment later."""

    @property
    def nodes(self) -> Mapping[str, HasOled]: ...

    def runs(self, node_id: str) -> bool: ...
    def press(self, node_id: str, *, long: bool = False) -> None: ...
    def kill(self, node_id: str) -> None: ...
    def power_on(self, node_id: str) -> None: ...
    def freeze(self, node_id: str) -> None: ...
    def thaw(self, node_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Plant:
    """A live run. fleet: None where no node runs on this machine. scenarios: folder of scenarios of one's own.
    keeper: None where no history is kept. audit: folder of the audit of commands, None where none is kept.
    alarms: None where nobody judges them. settings: None where they cannot be changed.
    """

    site: LiveSite
    station: Station
    report: Callable[[], Report]
    fleet: Nodes | None = None
    scenarios: Path | None = None
    keeper: Keeper | None = None
    audit: Path | None = None
    alarms: AlarmKeeper | None = None
    settings: LiveSettings | None = None
