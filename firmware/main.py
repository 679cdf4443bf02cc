"""Starts the node: brings the real modules to the adapters, the adapters to the runner, and runs for ever."""

from winter_node import settings as node_settings

SETTINGS_FILE = "node.json"
POLL_MS = 20  # chosen: a board polls its socket and its button this often; a command waits no longer


class Namespace:
    """Things by name."""


def hardware():
    """The board's modules, as the adapters want them; None for those that not every image has."""
    import builtins
    import gc
    import os
    import select
    import socket
    import time

    import machine
    import network

    hw = Namespace()
    hw.gc, hw.os, hw.socket, hw.time, hw.select = gc, os, socket, time, select
    hw.machine, hw.network = machine, network
    hw.open, hw.print = builtins.open, builtins.print
    try:
        import ntptime

        hw.ntptime = ntptime
    except ImportError:
        hw.ntptime = None  # the node runs without the time of day
    try:
        import ssl

        hw.ssl = ssl
    except ImportError:
        hw.ssl = None  # the node says so where the settings want TLS
    return hw


def adapters(settings, board, hw):
    """Everything a runner needs of the outside. settings: checked; board: its pins; hw: see hardware()."""
    from winter_node import session, settings_store
    from winter_node.core import farewell
    from winter_node.hal import board as boards
    from winter_node.hal import clock, flash, inputs, leds, mqtt, oled, pot, wifi
    from winter_node.supervisor import Supervisor

    now_ms = hw.time.ticks_ms()
    made = Namespace()
    made.settings = settings
    made.address = made.note = ""
    made.now_ms = now_ms
    made.flash = flash.Flash(hw)
    made.board = boards.Board(hw, settings)
    made.supervisor = Supervisor(made.flash, made.board.reset_cause(), now_ms)
    made.keep_settings = settings_store.keeper(hw, SETTINGS_FILE, settings)
    made.boot_id = made.board.boot_id()
    made.rng = made.board.random
    made.wifi = wifi.Wifi(hw, settings, made.rng, now_ms)
    made.oled = oled.Oled(hw, board, now_ms)
    made.button = inputs.Button(hw, board)
    made.pot = pot.Pot(hw, board, now_ms)
    made.lamp = leds.Lamp(hw, board)
    made.clock = clock.Clock(hw, settings, now_ms)
    made.mqtt = mqtt.Mqtt(hw, settings, farewell(settings), session.KEEPALIVE_S)
    return made


def build(made):
    """A runner around adapters."""
    from winter_node.runner import Runner

    return Runner(made, made.now_ms)


def start(hw):
    """The program of this boot, whatever state the board is in: it has step(now_ms), failed(error, now_ms), stop(now_ms).

    That is the runner; or, where there are no good settings or nothing can be built, one that only says so.
    """
    from winter_node import settings_store
    from winter_node.hal import flash

    settings, faults = settings_store.load(hw.open, SETTINGS_FILE, flash.Flash(hw, flash.SETTINGS))
    for fault in faults:
        hw.print(SETTINGS_FILE + ": " + fault)
    if settings is None:
        return complaint(hw, node_settings.BOARD, "BAD SETTINGS", faults)
    try:
        made = adapters(settings, settings["board"], hw)
        made.note = "BAD SETTINGS" if faults else ""  # in a node.json that was not adopted; the ones before it hold
        return build(made)
    except Exception as error:  # noqa: BLE001 (a driver, or a file that a deploy left half written; nothing may end us)
        hw.print("boot:", repr(error))
        return complaint(hw, settings["board"], "CANNOT START", (repr(error),))


def complaint(hw, board, title, faults):
    """A program that says what is wrong. board: pins of the screen."""
    from winter_node.complaint import Complaint
    from winter_node.hal import oled

    now_ms = hw.time.ticks_ms()
    made = Complaint(oled.Oled(hw, board, now_ms), title, faults)
    made.step(now_ms)  # at once, also for whoever then leaves the board to its console
    return made


def turn(program, hw):
    """One pass of a program; milliseconds until the next, POLL_MS at most."""
    now_ms = hw.time.ticks_ms()
    try:
        return min(program.step(now_ms), POLL_MS)
    except Exception as error:  # noqa: BLE001 (ours: the unfed watchdog restarts the board unless it passes)
        program.failed(error, now_ms)
        return POLL_MS


def run():
    """Runs the node for ever; only a board calls this."""
    hw = hardware()
    program = start(hw)
    while True:
        hw.time.sleep_ms(turn(program, hw))


def complain(hw, faults):
    """Says what is wrong with the settings, on the console and the screen."""
    for fault in faults:
        hw.print(SETTINGS_FILE + ": " + fault)
    complaint(hw, node_settings.BOARD, "BAD SETTINGS", faults)


if __name__ == "__main__":
    run()
