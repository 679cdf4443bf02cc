"""The settings of a run as one value, and what its words may be."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from winter_wire import topics

BROKER_KINDS = ("auto", "embedded", "mosquitto")
PROFILES = ("lab", "secured")
TLS_VERSIONS = ("1.2", "1.3")
NODE_KINDS = ("emulated", "vm", "mixed", "none")
PRIORITIES = ("critical", "high", "medium", "low")  # of alarms, as winter_river.alerts has them
PORT_DEFAULT = 1883  # IANA's port of MQTT, where stock tools and boards look first
PORT_TLS_DEFAULT = 8883  # IANA's port of MQTT over TLS: the boards' in profile secured
PORT_SITE_DEFAULT = 8885  # chosen: the next but one; where services and people connect in profile secured
PORT_MAX = 65_535


@dataclass(frozen=True)
class Settings:
    """The settings of a run; each field is a key of the file, WINTER_RIVER_<NAME>, and mostly an option."""

    facility: str = "block-2n-24"
    broker: str = "auto"
    broker_ca: str = ""
    broker_cert: str = ""
    broker_key: str = ""
    profile: str = "lab"
    secrets: str = ""
    tls_port: int = 0
    site_port: int = 0
    websocket_port: int = 0
    tls_min: str = "1.2"
    nodes: str = "emulated"
    mqtt_port: int = 0
    lan: bool = False
    lan_address: str = ""
    seed: int = 1
    root: str = topics.ROOT
    ui: bool = True
    page: bool = True
    page_port: int = 0
    scenarios: str = ""
    status_s: int = 0
    timezone: str = ""
    alarms: str = ""
    alarm_webhook_url: str = ""
    alarm_webhook_from: str = "low"
    alarm_webhook_secret_file: str = ""
    store: bool = True
    keep_raw: str = "7d"
    keep_sums: str = "365d"
    influx_url: str = ""
    influx_bucket: str = "mqtt_metrics"
    influx_org: str = ""
    influx_token_file: str = ""
    webhook_url: str = ""
    webhook_token_file: str = ""
    page_token_file: str = ""


NAMES = tuple(field.name for field in dataclasses.fields(Settings))


class SettingsError(ValueError):
    """Settings that cannot be used; `faults` has one line for each thing wrong, with its place and its cure."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)
