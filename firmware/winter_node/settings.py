"""Reads and checks node.json: who this node is, where its network is. Every fault at once, each with its limits."""

import json

from winter_wire import schema, topics

PROFILES = ("lab", "secured")
SSID = "WinterRiver-AP"
HOST = "192.168.4.1"
PORT = 1883
PORT_TLS = 8883  # IANA: secure-mqtt
STATUS_S = 5  # by contract; more would look like silence to the host
# Pins of the common 30-pin ESP32 devkit; another board brings its own.
BOARD = {"sda": 21, "scl": 22, "i2c_hz": 400000, "button": 0, "led": 2, "led_low": False, "pot": None}
_PIN_MAX = 48  # the highest GPIO of the supported chips
_ABSENT = ("button", "led", "pot")  # parts that a board may lack: null
_KNOWN = (
    "id", "type", "root", "wifi", "broker", "profile", "key", "ntp", "watchdog", "board", "status_s", "load_set_kw",
    "load_kw_max", "fans_running", "fans_max", "setpoint_kw",
)  # fmt: skip
# What the order `config` may change: its parameter -> the setting, in its group.
REMOTE = {
    "wifi_ssid": ("wifi", "ssid"),
    "wifi_password": ("wifi", "password"),
    "broker_host": ("broker", "host"),
    "broker_port": ("broker", "port"),
    "broker_user": ("broker", "user"),
    "broker_password": ("broker", "password"),
    "ntp": (None, "ntp"),
    "status_s": (None, "status_s"),
}


def read(open_file, path):
    """The checked settings in a file.

    Raises ValueError whose args are the faults, each one sentence; a missing or torn file is a fault too.
    """
    try:
        with open_file(path, "r") as file:
            given = json.loads(file.read())
    except OSError:
        raise ValueError(path + " is not there") from None
    except ValueError:
        raise ValueError(path + " is not JSON") from None
    settings, faults = check(given)
    if faults:
        raise ValueError(*faults)
    return settings


def check(given):
    """(settings with every default filled in, faults). The settings are good only where there are no faults."""
    if not isinstance(given, dict):
        return {}, ["the settings are not an object"]
    faults = []
    for name in sorted(given):
        if name not in _KNOWN:
            faults.append(name + " is not a setting; known: " + " ".join(_KNOWN))
    settings = {
        "id": _text(given, "id", None, 1, topics.NODE_ID_LENGTH_MAX, faults),
        "type": _text(given, "type", None, 1, 16, faults),
        "root": _text(given, "root", topics.ROOT, 1, topics.ROOT_LENGTH_MAX, faults),
        "profile": _text(given, "profile", PROFILES[0], 1, 16, faults),
        "key": _text(given, "key", "", 0, 64, faults),
        "ntp": _text(given, "ntp", "", 0, 64, faults),
        "watchdog": _flag(given, "watchdog", True, faults),
        "wifi": _wifi(given.get("wifi", {}), faults),
        "broker": _broker(given.get("broker", {}), faults),
        "board": _board(given.get("board", {}), faults),
        "status_s": _number(given, "status_s", STATUS_S, 1, STATUS_S, faults, "s", whole=True),
    }
    _check_words(settings, faults)
    for name, form, _, low, high, unit in (
        ("load_set_kw", schema.NUMBER, 3, 0, 100000, "kW"),
        ("load_kw_max", schema.NUMBER, 3, 0, 100000, "kW"),
        ("fans_running", schema.INTEGER, 0, 0, 10000, ""),
        ("fans_max", schema.INTEGER, 0, 0, 10000, ""),
        ("setpoint_kw", schema.NUMBER, 3, -100000, 100000, "kW"),
    ):
        if name in given:
            settings[name] = _number(given, name, None, low, high, faults, unit, whole=form == schema.INTEGER)
    return settings, faults


def changed(settings, params):
    """(settings with the parameters of `config` in their places, faults): the same checks as for a file."""
    given = {}
    for name in settings:
        value = settings[name]
        given[name] = dict(value) if isinstance(value, dict) else value
    for name in params:
        group, setting = REMOTE[name]
        (given[group] if group else given)[setting] = params[name]
    return check(given)


def _check_words(settings, faults):
    """What is a text, but not one of the right ones."""
    if settings["id"] and not topics.is_node_id(settings["id"]):
        faults.append("id is '%s'; allowed are a-z 0-9 _ - and it begins with a letter or digit" % settings["id"])
    if settings["id"] in topics.VIRTUAL:
        faults.append("id %s belongs to the host" % settings["id"])
    if settings["type"] and settings["type"] not in schema.TYPE_NAMES:
        faults.append("type is '%s'; known: %s" % (settings["type"], " ".join(schema.TYPE_NAMES)))
    if settings["root"] and not topics.is_root(settings["root"]):
        faults.append("root is '%s'; parts of a-z 0-9 _ - joined by single slashes" % settings["root"])
    if settings["profile"] and settings["profile"] not in PROFILES:
        faults.append("profile is '%s'; known: %s" % (settings["profile"], " ".join(PROFILES)))
    if settings["profile"] == "secured" and not settings["key"]:
        faults.append("profile secured needs a key")


def _wifi(given, faults):
    """ssid and password; an open network has an empty password, and there is no default one."""
    if not _is_group(given, "wifi", ("ssid", "password"), faults):
        return {}
    return {
        "ssid": _text(given, "ssid", SSID, 1, 32, faults, "wifi."),
        "password": _text(given, "password", "", 0, 63, faults, "wifi."),
    }


def _broker(given, faults):
    """Where the broker is. With `tls`: files in the board's flash, `ca` to know the broker by, `cert` and `key` of ours."""
    known = ("host", "port", "user", "password", "tls", "ca", "cert", "key")
    if not _is_group(given, "broker", known, faults):
        return {}
    tls = _flag(given, "tls", False, faults, "broker.")
    port = PORT_TLS if tls else PORT
    broker = {
        "host": _text(given, "host", HOST, 1, 64, faults, "broker."),
        "port": _number(given, "port", port, 1, 65535, faults, "", whole=True, group="broker."),
        "tls": tls,
    }
    for name in ("user", "password", "ca", "cert", "key"):
        broker[name] = _text(given, name, "", 0, 64, faults, "broker.")
    if tls and not broker["ca"]:
        faults.append("broker.tls needs broker.ca: without it anybody could be the broker")
    if (broker["cert"] == "") != (broker["key"] == ""):
        faults.append("broker.cert and broker.key go together")
    if not tls and (broker["ca"] or broker["cert"]):
        faults.append("broker.ca and broker.cert need broker.tls")
    return broker


def _board(given, faults):
    """Pins by number; null for a button, lamp or potentiometer that is not there."""
    if not _is_group(given, "board", tuple(sorted(BOARD)), faults):
        return dict(BOARD)
    board = {"led_low": _flag(given, "led_low", BOARD["led_low"], faults, "board.")}
    for name in ("sda", "scl") + _ABSENT:
        if name in _ABSENT and given.get(name, BOARD[name]) is None:
            board[name] = None
        else:
            board[name] = _number(given, name, BOARD[name], 0, _PIN_MAX, faults, "", whole=True, group="board.")
    board["i2c_hz"] = _number(
        given, "i2c_hz", BOARD["i2c_hz"], 10000, 1000000, faults, "Hz", whole=True, group="board."
    )
    return board


def _is_group(given, name, known, faults):
    if not isinstance(given, dict):
        faults.append(name + " is not an object")
        return False
    for key in sorted(given):
        if key not in known:
            faults.append("%s.%s is not a setting; known: %s" % (name, key, " ".join(known)))
    return True


def _text(given, name, default, low, high, faults, group=""):
    """A text of low to high letters; a default of None means that there has to be one."""
    value = given.get(name, default)
    if value is None:
        faults.append(group + name + " is missing")
    elif not isinstance(value, str) or not low <= len(value) <= high:
        faults.append("%s%s is not a text of %d to %d letters" % (group, name, low, high))
    else:
        return value
    return ""


def _number(given, name, default, low, high, faults, unit, whole=False, group=""):
    value = given.get(name, default)
    form = int if whole else (int, float)
    if value is True or value is False or not isinstance(value, form) or not low <= value <= high:
        kind = "whole number" if whole else "number"
        faults.append(("%s%s is not a %s from %s to %s %s" % (group, name, kind, low, high, unit)).strip())
        return low
    return value


def _flag(given, name, default, faults, group=""):
    value = given.get(name, default)
    if value is not True and value is not False:
        faults.append(group + name + " is not true or false")
    return value is True
