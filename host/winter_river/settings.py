"""What a run is set to: options beat the environment, which beats `winter-river.toml`, which beats the defaults.

The file is looked for in the current folder, then in the user's configuration folder; the first one
found is read, whole. Nothing is half believed: every fault of every source is gathered, each with its
place and the nearest right name, and raised once.
"""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from winter_wire import schema, topics

FILE_NAME = "winter-river.toml"
FILE_BYTES_MAX = 65_536  # chosen: a settings file is a page; anything larger is some other file
ENVIRONMENT_PREFIX = "WINTER_RIVER_"
# Variables of winter_river.paths: where the folders are is no setting of a run.
FOLDER_VARIABLES = tuple(f"WINTER_RIVER_{folder}_DIR" for folder in ("CACHE", "CONFIG", "DATA", "LOG"))
BROKER_KINDS = ("auto", "embedded", "mosquitto")
PROFILES = ("lab", "secured")
TLS_VERSIONS = ("1.2", "1.3")
NODE_KINDS = ("emulated", "vm", "mixed", "none")
PORT_DEFAULT = 1883  # IANA's port of MQTT, where stock tools and boards look first
PORT_TLS_DEFAULT = 8883  # IANA's port of MQTT over TLS: the boards' in profile secured
PORT_SITE_DEFAULT = 8885  # chosen: the next but one; where services and people connect in profile secured
PORT_MAX = 65_535
DURATION = re.compile(r"\d{1,6}(\.\d{1,3})?[smhd]")
MINUTE_S, DURATION_S_MAX = 60.0, 36_500 * 86_400.0
_FLAG_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class Settings:
    """The settings of a run; each field is a key of the file, WINTER_RIVER_<NAME> and an option."""

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
    alarms: str = ""
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


SENTENCES = {
    "facility": "The site: the name of a built-in one (see `winter-river facilities`) or the path of a file.",
    "broker": "auto, embedded, mosquitto, or the address of a running one: mqtt://host:port, with TLS mqtts://host:port.",
    "broker_ca": "For mqtts: the file of the authority that a broker's certificate must be of; empty: those this machine trusts.",
    "broker_cert": "For mqtts: the file of the certificate that we show a broker which asks for one.",
    "broker_key": "For mqtts: the file of its private key, which nobody but you may read (mode 600).",
    "profile": (
        "lab: an isolated table-top, where whoever reaches the broker may do anything; secured: certificates, keys and "
        "rights of each part, see `winter-river provision`."
    ),
    "secrets": "The folder of profile secured's certificates and keys; empty: `secrets` in the configuration folder.",
    "tls_port": "Profile secured: the port where nodes with certificates connect; 0 means 8883, or the next free one.",
    "site_port": "Profile secured: the port where services and people connect; 0 means 8885, or the next free one.",
    "websocket_port": "The port of our broker for MQTT over WebSocket, usually 9001; 0: no such listener.",
    "tls_min": "Profile secured: the lowest TLS that broker and page speak, 1.2 or 1.3; boards' MicroPython has 1.2.",
    "nodes": (
        "emulated: every node runs here, in emulation; vm: in real MicroPython VMs (about 13 MB a node); mixed: emulated, "
        "and a real board takes over its slot while it is there; none: real boards, or `winter-river node`, take the slots."
    ),
    "mqtt_port": "The port our broker listens on; 0 means 1883, or the next free one when another program holds it.",
    "lan": "Let boards reach the broker over the private network; anyone on that network can then command the site.",
    "lan_address": "Which private address boards reach, where this machine has several; empty: the only one.",
    "seed": "Where randomness starts: the same seed gives the same run.",
    "root": "The first part of every topic.",
    "ui": "Show the live view when the output is a terminal.",
    "page": "Serve the page: diagram, screens, timeline and the instructor's station in a browser.",
    "page_port": "The port of the page; 0 means 8080, or the next free one.",
    "scenarios": "A folder of scenarios of your own, which the page lists too; empty: the current folder's scenarios/, if there is one.",
    "alarms": "A file of alarm rules of your own, see `winter-river alarms rules`; empty: the built-in ones alone.",
    "store": "Keep the history of the site in the data folder.",
    "keep_raw": "How long single readings are kept, such as 90m, 12h, 7d.",
    "keep_sums": "How long the five-minute sums of them are kept (mean, low, high), and the events.",
    "influx_url": "A database that gets every reading too: InfluxDB or VictoriaMetrics, such as http://127.0.0.1:8086; empty: none.",
    "influx_bucket": "Its bucket, or database.",
    "influx_org": "Its organisation, for InfluxDB 2; empty: it is spoken to as InfluxDB 1, as VictoriaMetrics wants it.",
    "influx_token_file": "File of its token, or of user:password for InfluxDB 1, which nobody but you may read (mode 600 or 640).",
    "webhook_url": "An address that gets every reading and event as JSON; empty: none.",
    "webhook_token_file": "File of the bearer token for it, which nobody but you may read (mode 600 or 640).",
    "page_token_file": (
        "File of a bearer token of yours, of 20 letters at least, by which a program reads the page and /metrics where "
        "people need a link; which nobody but you may read (mode 600 or 640)."
    ),
}


class SettingsError(ValueError):
    """Settings that cannot be used; `faults` has one line for each thing wrong, with its place and its cure."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is not a word")
    return value.strip()


def _broker(value: object) -> str:
    text = _text(value)
    if text not in BROKER_KINDS and not re.fullmatch(r"mqtts?://[^/\s:]+(:\d{1,5})?/?", text):
        raise ValueError(f"is none of {', '.join(BROKER_KINDS)}, mqtt://host:port, mqtts://host:port")
    return text


def _path(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("is not a path")
    return value.strip()


def _nodes(value: object) -> str:
    text = _text(value)
    if text not in NODE_KINDS:
        raise ValueError(f"is none of {', '.join(NODE_KINDS)}")
    return text


def _profile(value: object) -> str:
    text = _text(value)
    if text not in PROFILES:
        raise ValueError(f"is none of {', '.join(PROFILES)}")
    return text


def _tls_version(value: object) -> str:
    text = str(value) if isinstance(value, (str, float)) else ""
    if text not in TLS_VERSIONS:
        raise ValueError(f"is none of {', '.join(TLS_VERSIONS)}")
    return text


def _root(value: object) -> str:
    if not topics.is_root(value):
        raise ValueError("is not a topic root: small letters, digits, - and _, parts joined by /, 40 letters at most")
    return str(value)


def _address(value: object) -> str:
    text = value.strip() if isinstance(value, str) else "?"
    if text and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text):
        raise ValueError("is not an IPv4 address such as 192.168.4.1")
    return text


def _whole(value: object, *, high: int) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
        raise ValueError(f"is not a whole number from 0 to {high}")
    return value


def _port(value: object) -> int:
    return _whole(value, high=PORT_MAX)


def _seed(value: object) -> int:
    return _whole(value, high=schema.COUNT_MAX)


def _flag(value: object) -> bool:
    word = str(value).strip().lower() if isinstance(value, (str, bool)) else ""
    if word not in _FLAG_WORDS:
        raise ValueError("is not true or false")
    return _FLAG_WORDS[word]


def _url(value: object) -> str:
    text = value.strip() if isinstance(value, str) else "?"
    if text and not re.fullmatch(r"https?://[^/\s@]+(/\S*)?", text):
        raise ValueError("is not an address such as http://127.0.0.1:8086; a password goes into a file")
    return text


def _duration(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not DURATION.fullmatch(text) or not MINUTE_S <= duration_s(text) <= DURATION_S_MAX:
        raise ValueError("is not a duration from 1m to 36500d, such as 90m, 12h, 7d")
    return text


def duration_s(text: str) -> float:
    """Seconds of a setting such as 7d."""
    return float(text[:-1]) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[text[-1]]


_READERS: Mapping[str, Callable[[object], object]] = {
    "facility": _text,
    "broker": _broker,
    "broker_ca": _path,
    "broker_cert": _path,
    "broker_key": _path,
    "profile": _profile,
    "secrets": _path,
    "tls_port": _port,
    "site_port": _port,
    "websocket_port": _port,
    "tls_min": _tls_version,
    "nodes": _nodes,
    "mqtt_port": _port,
    "lan": _flag,
    "lan_address": _address,
    "seed": _seed,
    "root": _root,
    "ui": _flag,
    "page": _flag,
    "page_port": _port,
    "scenarios": _path,
    "alarms": _path,
    "store": _flag,
    "keep_raw": _duration,
    "keep_sums": _duration,
    "influx_url": _url,
    "influx_bucket": _text,
    "influx_org": _path,
    "influx_token_file": _path,
    "webhook_url": _url,
    "webhook_token_file": _path,
    "page_token_file": _path,
}
_PATHS = (
    "broker_ca",
    "broker_cert",
    "broker_key",
    "scenarios",
    "alarms",
    "secrets",
    "influx_token_file",
    "webhook_token_file",
    "page_token_file",
)
NAMES = tuple(field.name for field in dataclasses.fields(Settings))


def nearest(word: str, known: Sequence[str]) -> str:
    """ " (did you mean X?)" for the known word most like this one, or "" where none is close."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def is_address(broker: str) -> bool:
    """Whether a `broker` setting names a running broker, not a kind to start."""
    return broker.startswith(("mqtt://", "mqtts://"))


def secrets_folder(settings: Settings) -> Path:
    """Where the certificates and keys of profile secured lie."""
    from winter_river import paths  # as in default_directories

    return Path(settings.secrets).expanduser().absolute() if settings.secrets else paths.config_dir() / "secrets"


def find_file(directories: Sequence[Path]) -> Path | None:
    """The first settings file there is, or None."""
    for directory in directories:
        path = directory / FILE_NAME
        if path.is_file():
            return path
    return None


def default_directories() -> tuple[Path, ...]:
    """Where a settings file is looked for: the current folder, then the user's configuration folder."""
    from winter_river import paths  # here, not above: `--help` never needs it

    return Path.cwd(), paths.config_dir()


def _line_of(text: str, name: str) -> int:
    """The line where a key of a TOML file stands, 1 where it cannot be found (tomllib keeps no places)."""
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"""\s*\[?\s*["']?{re.escape(name)}["']?\s*[=.\]]""", line):
            return number
    return 1


def _from_file(path: Path, faults: list[str]) -> dict[str, object]:
    """The values of a settings file that can be believed; what cannot is added to the faults."""
    try:
        raw = path.read_bytes()
        if len(raw) > FILE_BYTES_MAX:
            raise ValueError(f"{len(raw)} bytes; a settings file has at most {FILE_BYTES_MAX}")
        text = raw.decode()
        data = tomllib.loads(text)
    except OSError as error:
        faults.append(f"{path}: cannot be read: {error.strerror}")
        return {}
    except ValueError as error:  # bad UTF-8, bad TOML (its text says the line), too large
        faults.append(f"{path}: {error}")
        return {}
    values = _checked(data, place=lambda name: f"{path}:{_line_of(text, name)}", spell=str, faults=faults)
    for name in _PATHS:
        if values.get(name):  # a file beside the settings, from wherever they are read
            values[name] = str(path.parent / Path(str(values[name])).expanduser())
    return values


def _from_environment(environment: Mapping[str, str], faults: list[str]) -> dict[str, object]:
    given = {
        variable[len(ENVIRONMENT_PREFIX) :].lower(): value
        for variable, value in sorted(environment.items())
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in FOLDER_VARIABLES and value != ""
    }
    return _checked(
        given, place=lambda _: "environment", spell=lambda name: ENVIRONMENT_PREFIX + name.upper(), faults=faults
    )


def _from_options(options: Mapping[str, object], faults: list[str]) -> dict[str, object]:
    given = {name: value for name, value in options.items() if value is not None}
    return _checked(given, place=lambda _: "option", spell=lambda name: "--" + name.replace("_", "-"), faults=faults)


def _checked(
    given: Mapping[str, object], *, place: Callable[[str], str], spell: Callable[[str], str], faults: list[str]
) -> dict[str, object]:
    """The values that fit their settings; what does not becomes a fault.

    place: where a name was given; spell: how a name is written there.
    """
    values: dict[str, object] = {}
    for name, value in given.items():
        reader = _READERS.get(name)
        if reader is None:
            known = [spell(known) for known in NAMES]
            hint = nearest(spell(name), known)
            faults.append(f"{place(name)}: {spell(name)} is not a setting{hint}; settings are {', '.join(known)}")
            continue
        try:
            values[name] = reader(value)
        except ValueError as error:
            faults.append(f"{place(name)}: {spell(name)} = {value!r} {error}")
    return values


def load_settings(
    options: Mapping[str, object] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    directories: Sequence[Path] = (),
) -> Settings:
    """The settings from all sources, checked.

    options: name to value; None means not given. environment: like os.environ. directories: where to
    look for the file, in order. Raises SettingsError with every fault of every source.
    """
    faults: list[str] = []
    values: dict[str, object] = {}
    path = find_file(directories)
    if path is not None:
        values.update(_from_file(path, faults))
    values.update(_from_environment(environment or {}, faults))
    values.update(_from_options(options or {}, faults))
    if faults:
        raise SettingsError(faults)
    return dataclasses.replace(Settings(), **values)  # type: ignore[arg-type]  # _READERS give each field its type
