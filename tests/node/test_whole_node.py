"""The whole firmware on an emulated board: settings over the bus, crashes and safe mode, the dial, TLS it has not got."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from winter_node import session
from winter_river.emulator.flash import Flash
from winter_river.emulator.machine import Reset
from winter_river.emulator.network import AccessPoint

Make = Callable[..., Any]
POT = 34


def start(made: Any, cause: str = "power_on") -> None:
    """Boots as main.run() does: settings from the flash, not from the test."""
    hw = made.board.boot(cause)
    hw.socket = made.broker
    made.now_ms = 0
    made.runner = made.main.start(hw)


def deployed(bench: Make, **settings: object) -> Any:
    """A board that was given a node.json and has started from it."""
    flash = Flash()
    flash.files["node.json"] = json.dumps({"id": "x", "type": "ups", **settings}).encode()
    made = bench(flash=flash)
    start(made)
    return made


def ack(made: Any) -> dict[str, Any]:
    return made.broker.published("winter-river/x/ack")[-1]


def restart(made: Any) -> None:
    """The order, and the boot that follows it."""
    with pytest.raises(Reset):
        made.command("restart")
        made.run(made.now_ms + 2000)
    start(made, "hard")


def test_settings_changed_over_the_bus_hold_from_the_next_restart_and_factory_reset_takes_them_back(
    bench: Make,
) -> None:
    made = deployed(bench)
    made.connect()
    made.command("config", broker_host="pi.local", status_s=2)
    assert (ack(made)["result"], ack(made)["applied"]) == ("done", "status_s=2; at restart: broker_host")
    assert made.runner.facts()["broker"] == "192.168.4.1:1883"  # not yet
    restart(made)
    made.connect()
    assert made.runner.facts()["broker"] == "pi.local:1883"
    made.run(made.now_ms + 10_000)
    uptimes = [status["uptime"] for status in made.statuses()[-4:]]
    assert [later - earlier for earlier, later in pairwise(uptimes)] == [2, 2, 2]
    made.command("factory_reset")
    assert (ack(made)["result"], ack(made)["applied"]) == ("done", "at restart: node.json")
    restart(made)
    assert made.runner.facts()["broker"] == "192.168.4.1:1883"


def test_how_often_it_speaks_changes_at_once_and_holds_after_the_restart(bench: Make) -> None:
    made = deployed(bench)
    made.connect()

    def every_s() -> int:
        made.run(made.now_ms + 14_000)
        earlier, later = (status["uptime"] for status in made.statuses()[-2:])
        return int(later - earlier)

    assert every_s() == 5
    made.command("config", status_s=2)
    assert (ack(made)["result"], ack(made)["applied"]) == ("done", "status_s=2")
    assert every_s() == 2
    restart(made)
    made.connect()
    assert every_s() == 2


def test_two_orders_before_the_restart_both_hold(bench: Make) -> None:
    made = deployed(bench)
    made.connect()
    made.command("config", broker_host="pi.local")
    made.command("config", wifi_ssid="WinterRiver-AP", wifi_password="long-enough")
    restart(made)
    assert made.runner.settings["broker"]["host"] == "pi.local"
    assert made.runner.settings["wifi"]["password"] == "long-enough"


def test_node_json_deployed_anew_replaces_what_was_ordered(bench: Make) -> None:
    made = deployed(bench)
    made.connect()
    made.command("config", broker_host="pi.local")
    made.board.flash.files["node.json"] = b'{"id": "y", "type": "pdu"}'
    start(made)
    assert (made.runner.core.node_id, made.runner.settings["broker"]["host"]) == ("y", "192.168.4.1")


def test_factory_reset_to_a_node_json_that_is_no_good_is_refused(bench: Make) -> None:
    made = deployed(bench)
    made.connect()
    made.board.flash.files["node.json"] = b'{"id": "Y"}'
    made.command("factory_reset")
    assert (ack(made)["result"], ack(made)["reason"]) == ("rejected", "schema")
    start(made)
    assert made.runner.core.node_id == "x"


def test_flash_that_takes_no_writes_is_told_as_failed(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = deployed(bench)
    made.connect()

    def full(name: str, content: bytes) -> None:
        raise OSError(28)

    monkeypatch.setattr(made.board.flash, "keep", full)
    made.command("config", status_s=2)
    assert (ack(made)["result"], ack(made)["reason"]) == ("failed", "busy")


def crash(made: Any) -> None:
    """A bug that every pass meets, until the watchdog restarts the board."""

    def broken(now_ms: int) -> None:
        raise KeyError("state")

    made.runner.core.on_tick = broken
    hw = made.board.hw
    for _ in range(50):
        made.main.turn(made.runner, hw)
    start(made, "watchdog")


def test_three_crashes_start_safe_mode_which_says_why_talks_about_settings_and_ends_after_a_minute(bench: Make) -> None:
    made = deployed(bench)
    for _ in range(3):
        assert not made.runner.core.safe
        crash(made)
    made.connect()
    made.run(made.now_ms + 300)
    assert made.screen()[:3] == ["SAFE MODE", "x", "KeyError('state'"]
    assert made.broker.published("winter-river/x/event")[-1]["event"] == "safe_mode"
    assert (made.statuses()[-1]["status"], made.statuses()[-1]["reset_cause"]) == ("fault", "watchdog")
    made.command("set_fault", state=True)
    assert ack(made)["reason"] == "busy"
    made.command("config", status_s=3)
    assert ack(made)["result"] == "done"
    made.run(58_000)
    with pytest.raises(Reset):
        made.run(70_000)
    start(made, "hard")
    assert not made.runner.core.safe
    assert made.runner.facts()["boots"] == 6  # the bench's own, the first, one after each crash, this one


def test_safe_mode_is_left_by_an_order(bench: Make) -> None:
    made = deployed(bench)
    for _ in range(3):
        crash(made)
    made.connect()
    restart(made)
    assert not made.runner.core.safe


def test_node_in_trouble_of_every_kind_shows_it_and_does_not_restart_for_an_hour(bench: Make) -> None:
    made = bench(radio=AccessPoint("elsewhere"))
    made.run(3_600_000, step_ms=250)
    made.board.machine.watchdog_feeds = 0
    made.run(3_610_000)
    assert made.board.machine.watchdog_feeds == 500  # fed in each of the passes of ten seconds
    assert made.screen()[-1] == "AP NOT SEEN"


def test_frozen_broker_for_ten_minutes_never_starves_the_watchdog(bench: Make) -> None:
    made = bench()
    made.connect()
    made.broker.frozen = True
    worst_ms = 0
    until_ms = made.now_ms + 600_000
    while made.now_ms < until_ms:
        made.run(made.now_ms + 100, step_ms=100)
        worst_ms = max(worst_ms, made.now_ms - made.board.machine.watchdog.fed_ms)
    assert worst_ms <= 100
    assert made.broker.lookups <= 1 + 600 // 20 // 3 + 1  # the name is looked up once, then after three failures each


def test_dial_sets_the_load_when_it_is_turned_and_not_by_where_it_stands(bench: Make) -> None:
    made = bench("server", load_kw_max=200, load_set_kw=96, board={"pot": POT})
    made.board.machine.analog[POT] = 0.8
    made.connect()
    assert (made.statuses()[-1]["load_set_kw"], made.statuses()[-1]["mode"]) == (96, "auto")
    made.board.machine.analog[POT] = 0.81  # within the dead band: the converter's own wandering
    made.run(made.now_ms + 1000)
    assert made.statuses()[-1]["mode"] == "auto"
    made.board.machine.analog[POT] = 0.5
    made.run(made.now_ms + 1000)
    assert (made.statuses()[-1]["load_set_kw"], made.statuses()[-1]["mode"]) == (100, "local")
    made.board.machine.analog[POT] = 0.999  # the end of its way is all of it
    made.run(made.now_ms + 1000)
    assert made.statuses()[-1]["load_set_kw"] == 200
    made.command("set_load", power_kw=10)
    assert ack(made)["reason"] == "priority"


def test_tls_that_the_image_has_not_got_is_refused_in_words(bench: Make) -> None:
    made = bench(broker={"tls": True, "ca": "ca.der"})
    made.board.hw.ssl = None
    made.run(5000)
    assert made.screen()[-1] == "NO TLS IN IMAGE"
    assert not made.broker.lines  # nothing was sent in the clear


def test_two_boards_with_one_id_take_each_other_over_six_times_a_minute_at_most(bench: Make) -> None:
    """As a broker does it: whoever comes with a client id sends away who came before."""
    boards = [bench(), bench()]
    takeovers, holder, now_ms = [], None, 0
    greeted = [0, 0]
    while now_ms < 600_000:
        now_ms += 100
        for index, made in enumerate(boards):
            made.run(now_ms, step_ms=100)
            connects = sum(1 for kind, _, _ in made.broker.packets if kind == 1)
            if connects > greeted[index]:
                greeted[index] = connects
                other = boards[1 - index]
                if holder == 1 - index and other.broker.lines and not other.broker.line.ended:
                    other.broker.drop()
                    takeovers.append(now_ms)
                holder = index
    for begin_ms in range(0, 540_000, 1000):
        met = [at_ms for at_ms in takeovers if begin_ms <= at_ms < begin_ms + 60_000]
        assert len(met) <= 6, (begin_ms, met)
    assert takeovers
    assert session.DUPLICATE_ID in [made.runner.session.trouble() for made in boards]
