"""The firmware without a board: virtual nodes, fleets of them, node cores alone, and a bad radio to join them by."""

from winter_river.emulator.fleet import Fleet
from winter_river.emulator.link import Link
from winter_river.emulator.node import VirtualNode
from winter_river.emulator.oled import Oled
from winter_river.emulator.process import run_node
from winter_river.emulator.pure import Outgoing, PureNode, settings_of
from winter_river.emulator.slots import network_settings

__all__ = [
    "Fleet",
    "Link",
    "Oled",
    "Outgoing",
    "PureNode",
    "VirtualNode",
    "network_settings",
    "run_node",
    "settings_of",
]
