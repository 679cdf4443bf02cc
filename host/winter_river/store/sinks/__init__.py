"""Where readings go besides our own store: time-series databases in line protocol, and webhooks."""

from __future__ import annotations

from winter_river.store.sinks.sender import Sender
from winter_river.store.sinks.targets import Target, influx, webhook

__all__ = ["Sender", "Target", "influx", "webhook"]
