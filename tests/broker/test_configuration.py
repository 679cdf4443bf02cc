"""What the brokers are told, read without starting one."""

import json
from collections import Counter
from pathlib import Path

from winter_river.service import broker_mosquitto
from winter_river.service.broker_text import Listener, config

EMBEDDED = Path(broker_mosquitto.__file__).with_name("embedded_broker")


def test_no_mosquitto_directive_stands_twice_in_its_section():
    # mosquitto 2.0.11 of Debian 12 refuses a second one; `log_type` alone may repeat.
    listeners = [Listener(1883, "127.0.0.1"), Listener(9001, "127.0.0.1", websocket=True)]
    text = config(listeners, user="pi")
    section, seen = "", Counter()
    for line in text.splitlines():
        directive = line.split()[0]
        if directive == "listener":
            section = line
        seen[section, directive] += 1
    assert {each for each, count in seen.items() if count > 1} == {("", "log_type")}


def test_every_npm_package_is_pinned_by_hash_and_without_an_address():
    lock = json.loads((EMBEDDED / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())


def test_npm_dependencies_are_exact_versions():
    wanted = json.loads((EMBEDDED / "package.json").read_text())["dependencies"]
    lock = json.loads((EMBEDDED / "package-lock.json").read_text())["packages"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in wanted} == wanted
