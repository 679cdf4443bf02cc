"""The claims of node.json's reader: defaults, every fault at once, each with name and limits."""

import json

from winter_node import settings


class Disk:
    """open() over a dict."""

    def __init__(self, files):
        self.files = files

    def open(self, path, mode):
        if path not in self.files:
            raise OSError(2)
        return Text(self.files[path])


class Text:
    def __init__(self, text):
        self.text = text

    def read(self):
        return self.text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def faults(given):
    return settings.check(given)[1]


def good(**more):
    more["id"] = "ups_a"
    more["type"] = "ups"
    return more


def case_id_and_type_are_enough():
    checked, wrong = settings.check(good())
    assert wrong == []
    assert checked["wifi"] == {"ssid": "WinterRiver-AP", "password": ""}  # no default password, ever
    assert (checked["broker"]["host"], checked["broker"]["port"]) == ("192.168.4.1", 1883)
    assert (checked["root"], checked["profile"], checked["watchdog"]) == ("winter-river", "lab", True)
    assert checked["board"]["sda"] == 21 and checked["board"]["scl"] == 22


def case_all_faults_are_told_at_once():
    wrong = faults({"id": "Ups A", "type": "upss", "broker": {"port": 0}, "wifi": [], "colour": "red"})
    text = "\n".join(wrong)
    for part in ("id is 'Ups A'", "type is 'upss'", "cooling", "broker.port", "1 to 65535", "wifi", "colour"):
        assert part in text, part
    assert len(wrong) == 5


def case_each_fault_is_found():
    cases = (
        ({"type": "ups"}, "id is missing"), ({"id": "a"}, "type is missing"), ([], "not an object"),
        (good(root="a//b"), "root"), (good(profile="home"), "profile"), (good(profile="secured"), "needs a key"),
        (good(wifi={"ssid": ""}), "wifi.ssid"), (good(wifi={"password": "x" * 64}), "wifi.password"),
        (good(wifi={"pass": "x"}), "wifi.pass"), (good(broker={"host": 7}), "broker.host"),
        (good(broker={"port": True}), "broker.port"), (good(broker={"port": 1883.5}), "broker.port"),
        (good(board={"sda": 99}), "board.sda"), (good(board={"led_low": 1}), "board.led_low"),
        (good(board={"i2c_hz": 1}), "10000 to 1000000 Hz"), (good(watchdog="no"), "watchdog"),
        (good(load_kw_max=-1), "load_kw_max"), (good(fans_running=1.5), "fans_running"), (good(key=5), "key"),
    )  # fmt: skip
    for given, part in cases:
        wrong = faults(given)
        assert len(wrong) == 1 and part in wrong[0], (given, wrong)
    assert "host" in faults({"id": "engine", "type": "ups"})[0]


def case_board_without_button_and_lamp_is_a_board():
    checked, wrong = settings.check(good(board={"button": None, "led": None}))
    assert wrong == [] and checked["board"]["button"] is None


def case_defaults_are_not_shared_between_nodes():
    one = settings.check(good())[0]
    one["board"]["sda"] = 4
    one["broker"]["host"] = "elsewhere"
    other = settings.check(good())[0]
    assert other["board"]["sda"] == 21 and other["broker"]["host"] == "192.168.4.1"


def case_file_is_read_whole():
    disk = Disk({"node.json": json.dumps(good(broker={"host": "pi.local"}))})
    assert settings.read(disk.open, "node.json")["broker"]["host"] == "pi.local"


def case_file_that_is_missing_torn_or_wrong_says_so():
    for text, part in ((None, "not there"), ('{"id": "ups', "not JSON"), ('{"id": "A", "type": "b"}', "id is 'A'")):
        disk = Disk({} if text is None else {"node.json": text})
        try:
            settings.read(disk.open, "node.json")
        except ValueError as error:
            assert part in "\n".join(error.args), text
            continue
        raise AssertionError(text)


def case_random_settings_never_crash_the_check():
    values = (None, True, -1, 1e9, "", "x" * 99, [], {}, {"port": "x"}, "ups", {"sda": None})
    names = ("id", "type", "root", "wifi", "broker", "profile", "key", "ntp", "watchdog", "board", "load_kw_max", "zz")
    seed = 5
    for _ in range(1500):
        given = {}
        for name in names:
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            if seed >> 9 & 1:
                given[name] = values[(seed >> 10) % len(values)]
        assert isinstance(faults(given), list)
