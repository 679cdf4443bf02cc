"""Every setting: its form and limits, what it is for, and whether a running site takes a change of it at once.

The page's form, `winter-river settings` and the reference are made from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from winter_wire import schema

from winter_river.settings.forms import Limits, read
from winter_river.settings.model import (
    BROKER_KINDS,
    NAMES,
    NODE_KINDS,
    PORT_MAX,
    PRIORITIES,
    PROFILES,
    TLS_VERSIONS,
    Settings,
)

STATUS_S_MAX = 5  # the contract: a node speaks every 5 s at least, for 20 s of silence mean that it is gone

SITE, BROKER, NODES, TIME, HISTORY, ALARMS, SINKS, PAGE, PROFILE = GROUPS = (
    *("The site", "Broker", "Nodes", "Time", "History", "Alarms", "Where readings go besides"),
    *("Page and terminal", "Certificates and rights"),
)

_NO_LIMITS = Limits()
# Where a form calls a setting otherwise than by its name.
_TITLES = {
    "status_s": "Report interval",
    "timezone": "Time zone",
    "keep_raw": "Keep readings",
    "keep_sums": "Keep sums and events",
    "alarms": "Rules file",
    "alarm_webhook_url": "Webhook",
    "alarm_webhook_from": "Webhook from priority",
    "alarm_webhook_secret_file": "Webhook secret",
    "influx_url": "InfluxDB address",
    "influx_bucket": "InfluxDB bucket",
    "influx_org": "InfluxDB organisation",
    "influx_token_file": "InfluxDB token",
    "webhook_url": "Webhook address",
    "webhook_token_file": "Webhook token",
    "page_token_file": "Token for programs",
    "mqtt_port": "MQTT port",
    "tls_port": "TLS port",
    "websocket_port": "WebSocket port",
    "tls_min": "Lowest TLS",
    "lan": "Open to the LAN",
    "lan_address": "LAN address",
    "broker_ca": "Broker's authority",
    "broker_cert": "Our certificate",
    "broker_key": "Our private key",
    "root": "Topic root",
    "ui": "Live view",
    "secrets": "Secrets folder",
}

# Why a running site does not take a change.
_BUILT = "the site is built of it when it starts"
_LISTENS = "its port is opened when it starts"
_WHO_MAY = "who may do what is settled when it starts"
_READ_ONCE = "it is read when the site starts"


@dataclass(frozen=True, slots=True)
class Field:
    """One setting. unit: of a number, "" for none. words: what it is. restart: why a change waits for the next start,
    "" where it acts at once. group: its heading."""

    name: str
    form: str
    group: str
    words: str
    limits: Limits = _NO_LIMITS
    unit: str = ""
    restart: str = ""

    @property
    def title(self) -> str:
        """What a form calls it."""
        return _TITLES.get(self.name, self.name.replace("_", " ").capitalize())

    @property
    def is_live(self) -> bool:
        """Whether a change acts at once."""
        return not self.restart

    @property
    def default(self) -> object:
        """What holds where nobody says anything else."""
        return getattr(Settings(), self.name)

    def read(self, value: object) -> object:
        """The value as the settings have it. Raises ValueError saying what it is not."""
        return read(self.form, value, self.limits)


def _port(name: str, words: str) -> Field:
    return Field(name, "whole", BROKER, words, Limits(high=PORT_MAX), restart=_LISTENS)


_ALL = (
    Field("facility", "text", SITE, "The site: the name of a built-in one (see `winter-river facilities`) or the path of a file.", restart=_BUILT),
    Field("broker", "broker", BROKER, "auto, embedded, mosquitto, or the address of a running one: mqtt://host:port, with TLS mqtts://host:port.", Limits(BROKER_KINDS)),
    Field("broker_ca", "path", BROKER, "For mqtts: the file of the authority that a broker's certificate must be of; empty: those this machine trusts.", restart=_WHO_MAY),
    Field("broker_cert", "path", BROKER, "For mqtts: the file of the certificate that we show a broker which asks for one.", restart=_WHO_MAY),
    Field("broker_key", "path", BROKER, "For mqtts: the file of its private key, which nobody but you may read (mode 600).", restart=_WHO_MAY),
    Field("profile", "choice", PROFILE, "lab: an isolated table-top, where whoever reaches the broker may do anything; secured: certificates, keys and rights of each part, see `winter-river provision`.", Limits(PROFILES), restart=_WHO_MAY),
    Field("secrets", "path", PROFILE, "The folder of profile secured's certificates and keys; empty: `secrets` in the configuration folder.", restart=_WHO_MAY),
    _port("tls_port", "Profile secured: the port where nodes with certificates connect; 0 means 8883, or the next free one."),
    _port("site_port", "Profile secured: the port where services and people connect; 0 means 8885, or the next free one."),
    _port("websocket_port", "The port of our broker for MQTT over WebSocket, usually 9001; 0: no such listener."),
    Field("tls_min", "choice", PROFILE, "Profile secured: the lowest TLS that broker and page speak, 1.2 or 1.3; boards' MicroPython has 1.2.", Limits(TLS_VERSIONS), restart=_LISTENS),
    Field("nodes", "choice", NODES, "emulated: every node runs here, in emulation; vm: in real MicroPython VMs (about 13 MB a node); mixed: emulated, and a real board takes over its slot while it is there; none: real boards, or `winter-river node`, take the slots.", Limits(NODE_KINDS), restart=_BUILT),
    _port("mqtt_port", "The port our broker listens on; 0 means 1883, or the next free one when another program holds it."),
    Field("lan", "flag", BROKER, "Let boards reach the broker over the private network; anyone on that network can then command the site.", restart=_LISTENS),
    Field("lan_address", "address", BROKER, "Which private address boards reach, where this machine has several; empty: the only one.", restart=_LISTENS),
    Field("seed", "whole", SITE, "Where randomness starts: the same seed gives the same run.", Limits(high=schema.COUNT_MAX), restart=_BUILT),
    Field("root", "root", BROKER, "The first part of every topic.", restart="every part of the run speaks under it from its start"),
    Field("ui", "flag", PAGE, "Show the live view when the output is a terminal.", restart=_READ_ONCE),
    Field("page", "flag", PAGE, "Serve the page: diagram, screens, timeline and the instructor's station in a browser.", restart=_READ_ONCE),
    Field("page_port", "whole", PAGE, "The port of the page; 0 means 8080, or the next free one.", Limits(high=PORT_MAX), restart=_LISTENS),
    Field("scenarios", "path", PAGE, "A folder of scenarios of your own, which the page lists too; empty: the current folder's scenarios/, if there is one.", restart=_READ_ONCE),
    Field("status_s", "whole", NODES, "How often every node reports; 0: as each node has it itself, 5 s unless it was told otherwise.", Limits(high=STATUS_S_MAX), unit="s"),
    Field("timezone", "timezone", TIME, "In which time zone times are shown, such as Europe/Berlin or UTC; empty: this machine's own, and a browser's on the page. What is stored stays UTC."),
    Field("alarms", "path", ALARMS, "A file of alarm rules of your own, see `winter-river alarms rules`; empty: the built-in ones alone."),
    Field("alarm_webhook_url", "url", ALARMS, "An address that is told of alarms, beside those of the rules file; empty: none."),
    Field("alarm_webhook_from", "choice", ALARMS, "The least priority that it is told of.", Limits(PRIORITIES)),
    Field("alarm_webhook_secret_file", "secret", ALARMS, "File of the secret that signs each call, which nobody but you may read (mode 600 or 640); empty: no signature."),
    Field("store", "flag", HISTORY, "Keep the history of the site in the data folder.", restart="its file is opened when the site starts"),
    Field("keep_raw", "duration", HISTORY, "How long single readings are kept, such as 90m, 12h, 7d."),
    Field("keep_sums", "duration", HISTORY, "How long the five-minute sums of them are kept (mean, low, high), and the events."),
    Field("influx_url", "url", SINKS, "A database that gets every reading too: InfluxDB or VictoriaMetrics, such as http://127.0.0.1:8086; empty: none."),
    Field("influx_bucket", "text", SINKS, "Its bucket, or database."),
    Field("influx_org", "words", SINKS, "Its organisation, for InfluxDB 2; empty: it is spoken to as InfluxDB 1, as VictoriaMetrics wants it."),
    Field("influx_token_file", "secret", SINKS, "File of its token, or of user:password for InfluxDB 1, which nobody but you may read (mode 600 or 640)."),
    Field("webhook_url", "url", SINKS, "An address that gets every reading and event as JSON; empty: none."),
    Field("webhook_token_file", "secret", SINKS, "File of the bearer token for it, which nobody but you may read (mode 600 or 640)."),
    Field("page_token_file", "secret", PAGE, "File of a bearer token of yours, of 20 letters at least, by which a program reads the page and /metrics where people need a link; which nobody but you may read (mode 600 or 640).", restart=_WHO_MAY),
)  # fmt: skip

FIELDS: Mapping[str, Field] = {field.name: field for field in _ALL}
SENTENCES: Mapping[str, str] = {field.name: field.words for field in _ALL}
PATHS = tuple(field.name for field in _ALL if field.form in ("path", "secret"))  # beside the file that names them
assert tuple(FIELDS) == NAMES, "every setting has its row, in the order of Settings"
