"""The live view over a real simulation: press keys, let simulated time pass, read the screen."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest
from textual.pilot import Pilot
from winter_river import Facility, Simulation, load_facility
from winter_river.engine import Event, Isolation
from winter_river.site import NO_PARAMS, Ack
from winter_river.ui.app import LiveView
from winter_river.ui.health import Health


class LockedSite:
    """A simulation that two threads may use: the view looks at it while an order waits for its answer."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._lock = threading.RLock()

    @property
    def facility(self) -> Facility:
        return self.simulation.facility

    @property
    def t_s(self) -> float:
        with self._lock:
            return self.simulation.t_s

    def send(self, node_id: str, verb: str, params: Mapping[str, object] = NO_PARAMS, *, by: str = "") -> Ack:
        with self._lock:
            return self.simulation.send(node_id, verb, params, by=by)

    def view(self, node_id: str) -> Mapping[str, object]:
        with self._lock:
            return self.simulation.view(node_id)

    def isolation(self, node_id: str) -> Isolation | None:
        with self._lock:
            return self.simulation.isolation(node_id)

    def events(self, since_id: int = 0) -> Sequence[Event]:
        with self._lock:
            return self.simulation.events(since_id)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self.simulation.advance(seconds)

    def health(self) -> Health:
        with self._lock:
            balance = self.simulation.balance()
            here = [self.simulation.presence(node_id) == "online" for node_id in self.facility.nodes]
        numbers = {name: float(str(balance.get(name, 0.0))) for name in ("source_kw", "it_kw", "pue")}
        return Health("mqtt://127.0.0.1:1883", nodes=len(here), online=sum(here), lag_ms=1.0, seed=1, **numbers)


class Screen:
    """What a person at the terminal can do and see."""

    def __init__(self, app: LiveView, pilot: Pilot[str], site: LockedSite) -> None:
        self.app, self.pilot, self.site = app, pilot, site

    async def press(self, *keys: str) -> None:
        """Presses keys and waits for the answers."""
        await self.pilot.press(*keys)
        await self.app.workers.wait_for_complete()
        await self.look()

    async def wait(self, seconds: float) -> None:
        """Lets simulated time pass."""
        self.site.advance(seconds)
        await self.look()

    async def look(self) -> None:
        self.app.look()
        await self.pilot.pause()

    @property
    def lines(self) -> list[str]:
        """The screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def row(self, node_id: str) -> str:
        """The row of a node in the tree."""
        found = [line for line in self.lines if re.match(rf"[ ▶│├└╴]*{node_id} .*\[", line)]
        assert found, f"{node_id} is not on the screen:\n{self.text}"
        return found[0]

    @property
    def selected(self) -> str:
        """The row under the cursor."""
        return next(line for line in self.lines if line.startswith("▶"))


Drive = Callable[[Screen], Awaitable[None]]


@pytest.fixture
def terminal() -> Callable[..., LiveView]:
    """Runs the live view of a facility in a terminal of that size, hands it to an async function, gives the ended app."""

    def run(
        drive: Drive,
        *,
        facility: str | Facility = "block-2n-24",
        size: tuple[int, int] = (80, 24),
        two_step: bool = False,
    ) -> LiveView:
        site = LockedSite(Simulation(load_facility(facility) if isinstance(facility, str) else facility, seed=1))
        app = LiveView(site, health=site.health, interval_s=0, two_step=two_step)

        async def session() -> None:
            async with app.run_test(size=size) as pilot:
                screen = Screen(app, pilot, site)
                await screen.look()
                await drive(screen)

        asyncio.run(session())
        return app

    return run
