"""The loop's one pass on an emulated board: what reaches the bus and the screen, and what cannot stop the node."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from winter_node import settings as rules
from winter_river.emulator.machine import Reset
from winter_river.emulator.network import AccessPoint

Make = Callable[..., Any]
SSID = "WinterRiver-AP"


def test_board_subscribes_then_reports_its_birth(bench: Make) -> None:
    made = bench()
    made.connect()
    kinds = [kind for kind, _, _ in made.broker.packets]
    assert kinds[:4] == [1, 8, 8, 3]  # CONNECT, SUBSCRIBE twice, the birth
    birth = made.statuses()[0]
    assert (birth["seq"], birth["wifi_rssi"], birth["reset_cause"]) == (1, -55, "power")
    assert made.broker.messages()[0][3] is True  # retained


def test_board_asks_the_broker_to_miss_it_after_the_keepalive_of_the_contract(bench: Make) -> None:
    made = bench()
    made.connect()
    kind, _, body = made.broker.packets[0]
    # CONNECT, MQTT 3.1.1 section 3.1: name (6 bytes), level, flags, then the keepalive; by contract 15 s.
    assert (kind, int.from_bytes(body[8:10], "big")) == (1, 15)


def test_command_is_answered_and_shown_within_the_pass_that_hears_it(bench: Make) -> None:
    made = bench("switchgear")
    made.connect()
    before = len(made.broker.messages())
    made.broker.publish("winter-river/x/command", b'{"command":"open"}', qos=1)
    made.now_ms += 20
    made.step()
    topics = [topic for topic, _, _, _ in made.broker.messages()[before:]]
    assert topics == ["winter-river/x/ack", "winter-river/x/status"]
    assert made.statuses()[-1]["handle"] == "open"


def test_screen_follows_the_view_within_one_refresh(bench: Make) -> None:
    made = bench()
    made.connect()
    made.view(state="ON_BATTERY", power_kw=386.12, load_pct=78.8, soc_pct=87.3, runtime_s=100, voltage_out=480.2)
    made.run(made.now_ms + 250)
    lines = made.screen()
    assert lines[0] == "x" and lines[1] == "[ON_BATTERY]" and lines[2] == "386.1kW      79%"
    assert lines[3] == "left 1:40   480V" and lines[-1] == "ONLINE -55dBm"


def test_screen_is_drawn_only_when_its_picture_changes_and_four_times_a_second_at_most(bench: Make) -> None:
    made = bench()
    made.connect()
    made.view(state="NORMAL", power_kw=1)
    made.run(made.now_ms + 500)
    before = made.board.oled.bytes
    made.run(made.now_ms + 2000)
    assert made.board.oled.bytes == before
    for number in range(40):
        made.view(state="NORMAL", power_kw=number)
        made.run(made.now_ms + 40)
    frames = (made.board.oled.bytes - before) / 1040  # bytes of one frame on the wire
    assert 5 <= frames <= 11  # 2.4 s


def test_runs_without_a_screen_and_finds_one_that_is_plugged_in_later(bench: Make) -> None:
    made = bench(screen=False)
    made.connect()
    made.command("set_fault", state=True)
    assert made.statuses()[-1]["fault"] == "fault"
    made.board._devices[0x3D] = made.board.oled  # at the other address
    made.run(made.now_ms + 11000)
    assert made.screen()[0] == "x"


def test_screen_that_breaks_is_counted_and_the_node_goes_on(bench: Make) -> None:
    made = bench()
    made.connect()
    del made.board._devices[0x3C]
    made.command("set_fault", state=True)
    made.run(made.now_ms + 5000)
    assert made.runner.guards["oled"].failures >= 1
    assert made.statuses()[-1]["fault"] == "fault"
    made.board._devices[0x3C] = made.board.oled
    made.board.oled.power_cycle()
    made.run(made.now_ms + 11000)
    assert "!FAULT" in made.screen()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"ssid": "elsewhere"}, "AP NOT SEEN"), ({"password": "secret-secret"}, "WRONG PASSWORD")],
    ids=["no such network", "wrong password"],
)
def test_trouble_with_the_wifi_is_told_and_heals_by_itself(bench: Make, change: dict[str, str], words: str) -> None:
    radio = AccessPoint(**{"ssid": SSID, **change})
    made = bench(radio=radio)
    made.run(15000)
    assert made.screen()[-1] == words
    radio.ssid, radio.password = SSID, ""
    made.run(made.now_ms + 30000)
    assert made.runner.core.connected


def test_missing_broker_is_told_and_found_within_thirty_seconds_of_its_return(bench: Make) -> None:
    made = bench()
    made.broker.up = False
    made.run(90000)
    assert made.screen()[-1] == "NO BROKER"
    made.broker.up = True
    made.run(made.now_ms + 30000)
    assert made.runner.core.connected


def test_last_values_stay_on_the_screen_when_the_broker_goes(bench: Make) -> None:
    made = bench()
    made.connect()
    made.view(state="NORMAL", power_kw=386.12)
    made.broker.up = False
    made.broker.drop()
    made.run(made.now_ms + 20000)
    assert (made.screen()[1], made.screen()[2][:7], made.screen()[-1]) == ("[NORMAL?]", "386.1kW", "NO BROKER")


def test_frozen_broker_is_noticed_without_a_single_long_wait(bench: Make) -> None:
    made = bench()
    made.connect()
    made.broker.frozen = True
    made.run(made.now_ms + 12000)
    assert not made.runner.core.connected
    assert made.runner.session.trouble() in ("NO ANSWER", "NO BROKER")
    made.broker.frozen = False
    made.run(made.now_ms + 30000)
    assert made.runner.core.connected


def test_subscriptions_are_made_anew_on_each_connection(bench: Make) -> None:
    made = bench()
    made.connect()
    made.broker.drop()
    made.run(made.now_ms + 5000)
    assert made.runner.core.connected
    assert [kind for kind, _, _ in made.broker.packets].count(8) == 4
    made.command("set_fault", state=True)
    assert made.statuses()[-1]["fault"] == "fault"


def test_huge_command_is_refused_by_size_and_the_next_one_is_obeyed(bench: Make) -> None:
    made = bench()
    made.connect()
    made.broker.publish("winter-river/x/command", b"x" * 65536, qos=1)
    made.run(made.now_ms + 2000)
    assert made.broker.published("winter-river/x/ack")[-1]["reason"] == "size"
    made.command("set_fault", state=True)
    assert made.broker.published("winter-river/x/ack")[-1]["result"] == "done"


def test_garbage_on_the_wire_costs_one_reconnect(bench: Make) -> None:
    made = bench()
    made.connect()
    made.broker.line.coming += bytes(range(256))
    made.run(made.now_ms + 5000)
    assert made.runner.core.connected and made.runner.session.counters["connects"] == 2


def test_button_turns_the_page_and_moves_the_handle(bench: Make) -> None:
    made = bench("utility")
    made.connect()
    _press(made, 150)
    made.run(made.now_ms + 300)
    assert made.screen()[0] == "NETWORK"
    _press(made, 1200)
    status = made.statuses()[-1]
    assert (status["handle"], status["mode"]) == ("off", "local")
    _press(made, 150)
    _press(made, 150)
    made.run(made.now_ms + 300)
    assert made.screen()[1] == "[WAITING]    LOC"


def test_bouncing_contact_is_one_press(bench: Make) -> None:
    made = bench()
    made.connect()
    for _ in range(5):
        _press(made, 20)
    assert made.runner.page == 0
    _press(made, 100)
    assert made.runner.page == 1


def _press(made: Any, for_ms: int) -> None:
    made.board.machine.drive(0, 0)
    made.run(made.now_ms + for_ms)
    made.board.machine.drive(0, 1)
    made.run(made.now_ms + 60)


def test_lamp_is_steady_when_all_is_well_and_blinks_when_not(bench: Make) -> None:
    made = bench()
    made.broker.up = False
    seen = set()
    for _ in range(100):
        made.run(made.now_ms + 20)
        seen.add(made.board.machine.levels[2])
    assert seen == {0, 1}
    made.broker.up = True
    made.run(made.now_ms + 30000)
    made.run(made.now_ms + 20)
    assert made.board.machine.levels[2] == 1


def test_identify_fills_the_screen_for_ten_seconds(bench: Make) -> None:
    made = bench()
    made.connect()
    made.command("identify")
    made.run(made.now_ms + 300)
    assert sum(row.count(1) for row in made.board.oled.pixels) > 7000
    made.run(made.now_ms + 10500)
    assert made.screen()[1] == "[WAITING]"


def test_restart_says_goodbye_first(bench: Make) -> None:
    made = bench()
    made.connect()
    with pytest.raises(Reset):
        made.command("restart")
        made.run(made.now_ms + 2000)
    assert made.broker.published("winter-river/x/ack")[-1]["result"] == "done"
    assert made.statuses()[-1] == {"v": 1, "node_id": "x", "type": "ups", "status": "offline"}
    assert made.broker.packets[-1][0] == 14  # DISCONNECT: no last will follows


def test_next_boot_is_another_one(bench: Make) -> None:
    made = bench()
    made.connect()
    made.boot("soft")
    made.connect()
    first, last = made.statuses()[0], made.statuses()[-1]
    assert first["boot"] != last["boot"] and last["reset_cause"] == "soft"


def test_epoch_outlives_a_reboot(bench: Make) -> None:
    made = bench()
    made.connect()
    made.broker.publish("winter-river/x/command", b'{"command":"reset","epoch":9}', qos=1)
    made.run(made.now_ms + 40)
    made.boot("hard")
    made.connect()
    made.broker.publish("winter-river/x/command", b'{"command":"reset","epoch":8}', qos=1)
    made.run(made.now_ms + 40)
    assert made.broker.published("winter-river/x/ack")[-1]["reason"] == "epoch"


def test_power_cut_in_the_middle_of_a_write_leaves_the_older_copy(bench: Make) -> None:
    made = bench()
    from winter_node.hal.flash import Flash

    files = made.board.flash.files
    for epoch in (1, 2, 3):
        kept = Flash(made.board.hw)
        kept.put("epoch", epoch)
        newest = max(
            (name for name in files if name.startswith("state")), key=lambda name: json.loads(files[name][9:])["serial"]
        )
        whole = files[newest]
        for length in range(len(whole)):
            files[newest] = whole[:length]
            assert Flash(made.board.hw).get("epoch", 0) == epoch - 1
        files[newest] = whole
    assert Flash(made.board.hw).get("epoch", 0) == 3


def test_watchdog_is_fed_on_good_passes_only(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench()
    made.connect()
    fed = made.board.machine.watchdog_feeds
    made.run(made.now_ms + 200)
    assert made.board.machine.watchdog_feeds == fed + 10

    def broken(now_ms: int) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(made.runner.core, "on_tick", broken)
    with pytest.raises(ZeroDivisionError):
        made.step()
    assert made.board.machine.watchdog_feeds == fed + 10


def test_adapter_that_fails_three_times_in_a_row_rests_and_is_tried_again(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = bench()
    made.connect()
    calls = []

    def broken(now_ms: int) -> None:
        calls.append(made.now_ms)
        raise RuntimeError("worn out")

    monkeypatch.setattr(made.runner._adapters.button, "poll", broken)
    made.run(made.now_ms + 21000)
    assert len(calls) == 9  # three tries, ten seconds of rest, three times over
    assert made.runner.core.connected
    assert (
        sum("worn out" in line for line in made.board.console) == 4
    )  # the first failure, and each time it is given up


def test_ts_is_the_time_of_day_once_a_server_has_told_it(bench: Make) -> None:
    # 2025-03-01 12:00:00 UTC is 1740830400 s after 1970 (from `date -u -d @1740830400`).
    made = bench(ntp="192.168.4.1", unix_s=lambda: 1740830400.0)
    made.connect()
    made.run(made.now_ms + 6000)
    assert made.statuses()[-1]["ts"] == 1740830400


def test_ts_stays_zero_without_a_time_server(bench: Make) -> None:
    made = bench(ntp="192.168.4.1")
    made.connect()
    made.run(made.now_ms + 6000)
    assert made.statuses()[-1]["ts"] == 0


def test_node_lives_through_the_wrap_of_its_ticks(bench: Make) -> None:
    made = bench(ticks_start_ms=(1 << 30) - 10_000)
    made.connect()
    made.run(made.now_ms + 30000)
    assert made.runner.core.connected
    assert made.statuses()[-1]["uptime"] >= 28


def test_step_says_when_it_wants_to_be_called_again(bench: Make) -> None:
    made = bench(screen=False)
    made.connect()
    passes = 0
    until_ms = made.now_ms + 30000
    while made.now_ms < until_ms:
        made.now_ms += max(1, made.step())
        passes += 1
    assert passes < 60  # a quiet node costs its host next to nothing
    gaps = [b["uptime"] - a["uptime"] for a, b in zip(made.statuses()[1:], made.statuses()[2:], strict=False)]
    assert set(gaps[-4:]) <= {4, 5, 6}


def test_bad_settings_are_shown_on_the_screen_and_the_console(bench: Make) -> None:
    made = bench()
    made.board.flash.files["node.json"] = b'{"id": "x"}'
    made.main.start(made.board.boot("power_on"))
    assert made.screen()[:2] == ["BAD SETTINGS", "type is missing"]
    assert made.board.console[-1] == "node.json: type is missing"


def test_example_settings_are_good() -> None:
    from winter_river import paths

    given = json.loads((paths.firmware_dir() / "node.example.json").read_text())
    assert rules.check(given)[1] == []
