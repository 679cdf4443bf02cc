"""Text for the tools around a site, generated from the contract and the settings.

Pure: a generator gives files as text and writes none. To add one: a module here with a function that takes the
settings and gives file name -> text, and a row in GENERATORS. `host/deploy/` holds what the default settings give,
and a test holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from winter_river.deploy import alerts, grafana, hotspot, mosquitto, systemd, telegraf
from winter_river.settings import Settings

__all__ = ["GENERATORS", "Generator"]


class Generator(NamedTuple):
    """One tool's files. sentence: what they are for, as `winter-river generate` lists it. make: file name -> text."""

    sentence: str
    make: Callable[[Settings], Mapping[str, str]]


GENERATORS: Mapping[str, Generator] = {
    "alerts": Generator("Prometheus raises the same alerts as the alarms of a run", alerts.make),
    "grafana": Generator("Grafana shows every node, a row for each type, from that database", grafana.make),
    "hotspot": Generator("NetworkManager makes this machine the boards' access point", hotspot.make),
    "mosquitto": Generator("mosquitto is the broker, of either profile, by itself", mosquitto.make),
    "systemd": Generator("systemd runs the site and its broker as services", systemd.make),
    "telegraf": Generator("Telegraf takes the statuses off the bus into InfluxDB", telegraf.make),
}
