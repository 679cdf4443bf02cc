"""check_layers finds each way to break the layers, and says where."""

import check_layers
import pytest

HOST = "host/winter_river"


def test_this_checkout_keeps_its_layers(checkout):
    assert check_layers.check(checkout) == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        (f"{HOST}/engine/step.py", "import winter_wire.codec", "winter_river.engine may import winter_wire.schema"),
        (f"{HOST}/facility/model.py", "from winter_river import service", "imports winter_river"),
        (f"{HOST}/scenario/runner.py", "from winter_river.service.bus import Bus", "imports winter_river.service.bus"),
        (f"{HOST}/service/loop.py", "from winter_node.core import Core", "imports winter_node.core"),
        (f"{HOST}/service/wiring.py", "from winter_river.cli import main", "nobody imports winter_river.cli"),
        (f"{HOST}/cli/run.py", "import winter_river.pytest_plugin", "nobody imports winter_river.pytest_plugin"),
        ("firmware/winter_node/core.py", "from winter_river.engine import step", "winter_node may import winter_wire"),
        ("firmware/lib/winter_wire/codec.py", "import winter_node", "winter_wire may import nothing of ours"),
        (f"{HOST}/service/health.py", "import paho.mqtt.client", "only winter_river.service.bus does"),
        ("firmware/winter_node/session.py", "from umqtt.simple import MQTTClient", "only winter_node.hal.mqtt does"),
        ("firmware/winter_node/hal/wifi.py", "import network", "only main does"),
        (f"{HOST}/service/bus.py", "import requests", "foreign library without an owner"),
        (f"{HOST}/engine/step.py", "import time", "is pure and imports time"),
        ("firmware/winter_node/core.py", "import random", "is pure and imports random"),
        (f"{HOST}/service/coordinator.py", "def f():\n    import threading", "is pure and imports threading"),
        (f"{HOST}/novelty.py", "import math", "has no layer"),
        (f"{HOST}/engine/flow.py", "from ..service import bus", "imports winter_river.service"),
    ],
)
def test_broken_rule_is_named_with_its_line(tree, file, text, fault):
    faults = check_layers.check(tree({file: f'"""Docstring."""\n\n{text}\n'}))
    assert len(faults) == 1
    line = 1 if "no layer" in fault else 4 if text.startswith("def") else 3
    assert faults[0].startswith(f"{file}:{line}: ")
    assert fault in faults[0]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (
            f"{HOST}/engine/step.py",
            "from winter_wire import schema\nfrom winter_river.engine import plan\nimport numpy",
        ),
        (f"{HOST}/service/bus.py", "import threading, time\nfrom paho.mqtt import client"),
        (f"{HOST}/simulation.py", "from winter_river.emulator import pure\nfrom winter_node.core import Core"),
        (f"{HOST}/__main__.py", "from winter_river.cli import main"),
        ("firmware/main.py", "import machine, network\nfrom winter_node.runner import Runner"),
        ("firmware/winter_node/hal/mqtt.py", "import socket\nfrom umqtt.simple import MQTTClient"),
    ],
)
def test_allowed_import_is_silent(tree, file, text):
    modules = {
        "firmware/lib/winter_wire/schema.py": "",
        f"{HOST}/engine/plan.py": "",
        f"{HOST}/emulator/pure.py": "",
    }
    assert check_layers.check(tree({**modules, file: text})) == []


def test_circle_of_imports_is_named_once(tree):
    checkout = tree(
        {
            f"{HOST}/engine/a.py": "from winter_river.engine import b",
            f"{HOST}/engine/b.py": "def late():\n    from winter_river.engine.c import x",
            f"{HOST}/engine/c.py": "import winter_river.engine.a",
            f"{HOST}/engine/d.py": "from winter_river.engine import a",
        }
    )
    way = " -> ".join(f"winter_river.engine.{name}" for name in "abca")
    assert check_layers.check(checkout) == [f"{HOST}/engine/a.py:1: imports in a circle: {way}"]


def test_circle_through_a_package_is_found(tree):
    checkout = tree(
        {
            f"{HOST}/engine/__init__.py": "from winter_river.engine.a import run",
            f"{HOST}/engine/a.py": "from winter_river.engine import Device",
        }
    )
    assert len(check_layers.check(checkout)) == 1


def test_circle_for_types_only_is_no_circle(tree):
    checkout = tree(
        {
            f"{HOST}/engine/a.py": "import winter_river.engine.b",
            f"{HOST}/engine/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import winter_river.engine.a",
        }
    )
    assert check_layers.check(checkout) == []
