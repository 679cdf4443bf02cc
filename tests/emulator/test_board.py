"""Clock, pins, watchdog, I2C, Wi-Fi and flash, as the ESP32 port of MicroPython has them."""

import errno
from typing import Any

import pytest
from winter_river.emulator.board import Board
from winter_river.emulator.clock import NodeTime, ticks_add, ticks_diff
from winter_river.emulator.flash import BYTES_MAX, Flash
from winter_river.emulator.machine import Reset
from winter_river.emulator.network import ATTEMPT_MS, AccessPoint

PERIOD = 1_073_741_824  # 2**30


@pytest.fixture
def radio() -> AccessPoint:
    return AccessPoint("lab", "secret-1")


@pytest.fixture
def board(radio: AccessPoint) -> Board:
    return Board("ups_a", access_point=radio, unix_s=lambda: 1_000_000_000.5)


def test_ticks_wrap_and_their_difference_does_not_notice() -> None:
    time = NodeTime(ticks_start_ms=PERIOD - 10)
    before = time.ticks_ms()
    time.now_ms = 25
    assert (before, time.ticks_ms()) == (PERIOD - 10, 15)
    assert ticks_diff(time.ticks_ms(), before) == 25
    assert ticks_diff(before, time.ticks_ms()) == -25
    assert ticks_add(5, -6) == PERIOD - 1


def test_sleeping_moves_the_nodes_own_time_only() -> None:
    time = NodeTime()
    time.sleep_ms(20)
    time.sleep(0.5)
    assert time.ticks_ms() == 520


def test_clock_counts_from_2000_until_a_time_server_answers(board: Board, radio: AccessPoint) -> None:
    board.time.now_ms = 7_000
    assert (board.hw.time.time(), board.hw.time.gmtime(0)[0]) == (7, 2000)
    with pytest.raises(OSError):
        board.hw.ntptime.settime()  # no network yet
    join(board)
    board.hw.ntptime.settime()
    # 1,000,000,000 s after 1970 is 2001-09-09 01:46:40 UTC.
    assert board.hw.time.gmtime()[:6] == (2001, 9, 9, 1, 46, 40)


def test_pin_with_a_pull_up_is_high_until_pressed(board: Board) -> None:
    pin_of = board.hw.machine.Pin
    pin = pin_of(0, pin_of.IN, pin_of.PULL_UP)
    seen: list[int | None] = []
    pin.irq(lambda changed: seen.append(changed.value()), pin_of.IRQ_FALLING)
    assert pin.value() == 1
    board.machine.drive(0, 0)
    board.machine.drive(0, 1)
    assert (pin(), seen) == (1, [0])


def test_i2c_finds_the_screen_and_nobody_else(board: Board) -> None:
    bus = board.hw.machine.I2C(0, scl=None, sda=None)
    assert bus.scan() == [0x3C]
    assert bus.writeto(0x3C, b"\x80\xae") == 3
    with pytest.raises(OSError) as refused:
        bus.writeto(0x3D, b"\x80\xae")
    assert refused.value.args[0] == errno.ENODEV


def test_reset_cannot_be_caught_by_accident(board: Board) -> None:
    with pytest.raises(Reset):
        try:
            board.hw.machine.reset()
        except Exception:  # noqa: BLE001 (the point: firmware that catches everything still ends here)
            pytest.fail("reset() returned to the firmware")


@pytest.mark.parametrize(("cause", "number"), [("power_on", 1), ("hard", 2), ("watchdog", 3), ("soft", 5)])
def test_reset_cause_has_the_numbers_of_the_esp32(board: Board, cause: str, number: int) -> None:
    assert board.boot(cause).machine.reset_cause() == number


def test_boot_keeps_flash_and_screen_and_forgets_the_rest(board: Board) -> None:
    with board.hw.open("state0.json", "w") as file:
        file.write("kept")
    board.machine.drive(0, 0)
    first, screen = board.hw, board.oled
    second = board.boot("soft")
    assert second.open("state0.json").read() == "kept"
    assert board.oled is screen
    assert second.machine is not first.machine
    assert board.machine.levels == {}
    assert second.machine.unique_id() == first.machine.unique_id()


def test_two_boards_have_different_ids_and_random_numbers(radio: AccessPoint) -> None:
    one, other = Board("a", access_point=radio), Board("b", access_point=radio)
    assert one.machine.unique_id() != other.machine.unique_id()
    assert one.hw.os.urandom(8) != other.hw.os.urandom(8)
    assert Board("a", access_point=radio, seed=3).hw.os.urandom(8) == Board(
        "a", access_point=radio, seed=3
    ).hw.os.urandom(8)


def join(board: Board, ssid: str = "lab", key: str = "secret-1") -> Any:
    """The station after one attempt to join."""
    station = board.hw.network.WLAN(board.hw.network.STA_IF)
    station.active(True)
    station.connect(ssid, key)
    board.time.now_ms += ATTEMPT_MS
    return station


def test_station_joins_after_a_while(board: Board) -> None:
    station = board.hw.network.WLAN()
    station.active(True)
    station.connect("lab", "secret-1")
    assert (station.isconnected(), station.status(), station.ifconfig()[0]) == (False, 1001, "0.0.0.0")
    board.time.now_ms += ATTEMPT_MS
    assert (station.isconnected(), station.status(), station.status("rssi")) == (True, 1010, -55)


@pytest.mark.parametrize(
    ("ssid", "key", "status"), [("elsewhere", "secret-1", 201), ("lab", "wrong", 202), ("lab", "", 202)]
)
def test_status_names_the_reason_of_a_failure(board: Board, ssid: str, key: str, status: int) -> None:
    station = join(board, ssid, key)
    assert (station.isconnected(), station.status()) == (False, status)


def test_station_goes_on_trying_until_the_access_point_is_there(board: Board, radio: AccessPoint) -> None:
    radio.up = False
    station = join(board)
    assert station.status() == 201
    radio.up = True
    board.time.now_ms += ATTEMPT_MS
    assert station.isconnected()


def test_station_gives_up_after_as_many_tries_as_it_was_allowed(board: Board, radio: AccessPoint) -> None:
    radio.up = False
    board.hw.network.WLAN().config(reconnects=1)
    station = join(board)
    for _ in range(2):
        station.isconnected()
        board.time.now_ms += ATTEMPT_MS
    radio.up = True
    assert (station.isconnected(), station.status()) == (False, 201)


def test_lost_access_point_is_noticed_and_found_again(board: Board, radio: AccessPoint) -> None:
    station = join(board)
    assert station.isconnected()
    radio.up = False
    assert not station.isconnected()
    radio.up = True
    board.time.now_ms += 2 * ATTEMPT_MS
    assert station.isconnected()


def test_without_wifi_nothing_is_looked_up_or_reached(board: Board) -> None:
    with pytest.raises(OSError):
        board.hw.socket.getaddrinfo("127.0.0.1", 1883)
    socket = board.hw.socket.socket()
    with pytest.raises(OSError) as refused:
        socket.connect(("127.0.0.1", 1))
    assert refused.value.args[0] == errno.EHOSTUNREACH
    socket.close()


def test_flash_keeps_what_was_closed() -> None:
    flash = Flash()
    file = flash.open("a.txt", "w")
    file.write("caf\u00e9\n")
    assert "a.txt" not in flash.files
    file.close()
    assert flash.files["a.txt"] == b"caf\xc3\xa9\n"
    with flash.open("a.txt", "ab") as more:
        more.write(b"!")
    assert flash.open("a.txt", "rb").read() == b"caf\xc3\xa9\n!"
    assert flash.writes == 2


def test_flash_says_what_is_missing_and_when_it_is_full() -> None:
    flash = Flash()
    with pytest.raises(OSError) as missing:
        flash.open("nothing")
    assert missing.value.args[0] == errno.ENOENT
    with pytest.raises(OSError) as full:
        flash.keep("big", bytes(BYTES_MAX + 1))
    assert full.value.args[0] == errno.ENOSPC
