"""Golden frames: what the firmware draws on the real framebuf is what the emulator shows, for every type's pages."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from winter_node import screen
from winter_river.emulator import framebuf
from winter_wire import schema

CASES = Path(__file__).with_name("cases_screen.py")
SEED = 19_840_117
FACTS_A_TYPE = 12
PART_ROWS = 20
PAGES = ("main_page", "network_page", "about_page")


def _value(rng: random.Random, name: str) -> Any:
    """A value of a view as it comes off the wire: with the schema's decimals."""
    _, form, decimals, low, high, _ = schema.row("view", name)
    if form == schema.TEXT:
        return "x"
    limit = rng.choice((1, 100, 15_000, 2_000_000))
    value = rng.uniform(max(low, -limit), min(high, limit))
    return round(value, decimals) if form == schema.NUMBER else int(value)


def _facts(rng: random.Random, type_name: str) -> dict[str, Any]:
    """What Runner.facts() gives: a node somewhere between all well and all wrong."""
    names = [*schema.ELECTRICAL, *schema.own_fields(type_name)[0]]
    values = {name: _value(rng, name) for name in names if rng.random() < 0.8}
    if rng.random() < 0.3:
        values["speed"] = rng.choice((0, 0.1, 10, 380, 1000))
    handles = schema.TYPES[type_name][schema.HANDLES]
    states = [word for word, _ in schema.TYPES[type_name][schema.STATES]]
    return {
        "node_id": rng.choice((type_name + "_a", "a_very_long_id_of_a_node_side_b")),
        "type": type_name,
        "state": rng.choice([*states, ""]),
        "mode": rng.choice(schema.MODES),
        "handle": rng.choice(handles),
        "fault": rng.choice(("", "fault", "sag=0.30,swell=0.15")),
        "values": values,
        "stale": rng.random() < 0.2,
        "connected": rng.random() < 0.8,
        "trouble": rng.choice(("", "NO BROKER", "WRONG PASSWORD")),
        "age_s": rng.choice((None, 0, 17, 4000)),
        "rssi": rng.choice((0, -55)),
        "ssid": "winter-river",
        "address": rng.choice(("", "192.168.4.17")),
        "broker": "192.168.4.1:1883",
        "lost": rng.randint(0, 200),
        "unsent": rng.randint(0, 16),
        "fw": "0.1.0",
        "uptime_s": rng.choice((5, 100_000)),
        "heap_free": rng.randint(1000, 100_000),
        "reset_cause": "power",
        "boots": rng.randint(1, 2000),
        "safe": "",
        "note": rng.choice(("", "BAD SETTINGS")),
        "refused": rng.randint(0, 9),
        "errors": rng.choice(("", "! oled wifi")),
    }


def test_the_firmware_draws_the_same_pages_on_the_real_framebuf(vm_run: Callable[..., Any]) -> None:
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    pages: list[list[Any]] = []
    for type_name in schema.TYPES:
        for _ in range(FACTS_A_TYPE):
            facts = _facts(rng, type_name)
            pages += [[page, facts] for page in PAGES]
    pages.append(["identify_page", "ups_a"])
    pages.append(["bad_settings_page", ["id is missing", "wifi.ssid is not a text of 1 to 32 letters"]])
    for row in pages:
        buffer = bytearray(1024)
        screen.draw(framebuf.FrameBuffer(buffer, 128, 64, framebuf.MONO_VLSB), getattr(screen, row[0])(row[1]))
        row.append(buffer.hex())
    parts = [pages[i : i + PART_ROWS] for i in range(0, len(pages), PART_ROWS)]
    data = {"parts": len(parts), **{f"pages{i}": part for i, part in enumerate(parts)}}
    vm_run(CASES, data=data, heap_bytes=2 << 20).check()
