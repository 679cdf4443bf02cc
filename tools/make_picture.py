"""Draws the README's picture: the live view 9 s after side A has lost its utility. `python tools/make_picture.py`.

The site is a simulation with a fixed seed, so the same code draws the same picture.
"""

import asyncio
import re
from pathlib import Path

from winter_river import Simulation, load_facility
from winter_river.ui.app import LiveView
from winter_river.ui.health import Health

PICTURE = Path(__file__).parents[1] / "host" / "winter_river" / "ui" / "live_view.svg"
SIZE = (112, 40)
BEFORE_S, AFTER_S = 30.0, 9.0


def health(simulation: Simulation) -> Health:
    """What the header says."""
    balance = {name: float(str(value)) for name, value in simulation.balance().items()}
    count = len(simulation.facility.nodes)
    return Health(
        "mqtt://127.0.0.1:1883", nodes=count, online=count, lag_ms=0.0, seed=1,
        source_kw=balance["source_kw"], it_kw=balance["it_kw"], pue=balance.get("pue", 0.0),
    )  # fmt: skip


async def draw() -> str:
    """The picture as SVG."""
    simulation = Simulation(load_facility("block-2n-24"), seed=1)
    simulation.advance(BEFORE_S)
    simulation.command("utility_a", "set_fault", state=True, kind="outage")
    simulation.advance(AFTER_S - 3.0)
    app = LiveView(simulation, health=lambda: health(simulation), interval_s=0)
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(3):
            simulation.advance(1.0)
            app.look()
            await pilot.pause()
        return app.export_screenshot(title="make run")


def standing_alone(svg: str) -> str:
    """Without the fonts that the exporter would have a viewer load from the internet."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")


if __name__ == "__main__":
    PICTURE.write_text(standing_alone(asyncio.run(draw())))
    print(PICTURE)
