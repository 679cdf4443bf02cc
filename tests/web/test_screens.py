"""The wall of screens: what the driver sent, or for boards elsewhere the same picture drawn again."""

import asyncio
import base64
from types import SimpleNamespace

import pytest
from winter_river.emulator.redraw import FRAME_BYTES
from winter_river.web.plant import Plant
from winter_river.web.screens import Screens, redrawn


def looked_at(page, fleet):
    """Every frame of a run whose page knows this fleet (None: its nodes are boards elsewhere)."""
    desk = page.server.desk
    plant = Plant(desk.plant.site, desk.plant.station, desk.plant.report, fleet)

    async def first():
        screens = Screens(plant, SimpleNamespace(state=desk.pump.state))
        await screens.wake()
        client = screens.join()
        screens.close()
        assert client is not None
        return screens._frames

    return asyncio.run(first())


@pytest.mark.parametrize("node_id", ["util_a", "trf_a", "gen_a", "sw_a", "dist_a", "ups_a", "pdu_a", "srv_a"])
def test_a_board_elsewhere_is_redrawn_as_its_own_glass_shows_it(page, until, node_id):
    """The glass of the emulated node is the reference: the firmware drew it on its own."""
    oled = page.fleet.node(node_id).oled

    def alike():
        frame = looked_at(page, None)[node_id]
        return frame.redrawn and frame.data == oled.frame()

    until(alike, what=f"{oled.text()} redrawn pixel for pixel")


def test_nodes_of_this_machine_are_not_redrawn(page):
    frames = looked_at(page, page.fleet)
    assert not any(frame.redrawn for frame in frames.values())
    assert {len(frame.data) for frame in frames.values()} == {FRAME_BYTES}


def test_a_redrawn_screen_says_so():
    frame = redrawn("ups_a", {"type": "ups", "presence": "offline", "state": "NORMAL"})
    facts = frame.facts()
    assert facts["redrawn"] is True
    assert base64.b64decode(facts["frame"]) == bytes(FRAME_BYTES)  # nobody is there: dark
