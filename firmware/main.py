"""Starts the node: brings the real modules to the adapters, the adapters to the runner, and runs for ever."""

from winter_node import settings as node_settings

SETTINGS_FILE = "node.json"
POLL_MS = 20  # chosen: a board polls its socket and its button this often; a command waits no longer


class Namespace:
    """Things by name."""


def hardware():
    """The board's modules, as the adapters want them."""
    import builtins
    import gc
    import os
    import socket
    import time

    import machine
    import network

    hw = Namespace()
    hw.gc, hw.os, hw.socket, hw.time = gc, os, socket, time
    hw.machine, hw.network = machine, network
    hw.open, hw.print = builtins.open, builtins.print
    try:
        import ntptime

        hw.ntptime = ntptime
    except ImportError:
        hw.ntptime = None  # an image without it: the node runs without the time of day
    return hw


def adapters(settings, board, hw):
    """Everything a runner needs of the outside. settings: checked; board: its pins; hw: see hardware()."""
    from winter_node import session
    from winter_node.core import farewell
    from winter_node.hal import board as boards
    from winter_node.hal import clock, flash, inputs, leds, mqtt, oled, wifi

    now_ms = hw.time.ticks_ms()
    made = Namespace()
    made.settings = settings
    made.address = ""
    made.now_ms = now_ms
    made.board = boards.Board(hw, settings)
    made.boot_id = made.board.boot_id()
    made.rng = made.board.random
    made.wifi = wifi.Wifi(hw, settings, made.rng, now_ms)
    made.oled = oled.Oled(hw, board, now_ms)
    made.button = inputs.Button(hw, board)
    made.lamp = leds.Lamp(hw, board)
    made.clock = clock.Clock(hw, settings, now_ms)
    made.flash = flash.Flash(hw)
    made.mqtt = mqtt.Mqtt(hw, settings, farewell(settings), session.KEEPALIVE_S)
    return made


def build(made):
    """A runner around adapters."""
    from winter_node.runner import Runner

    return Runner(made, made.now_ms)


def run():
    """Runs the node for ever; only a board calls this."""
    hw = hardware()
    try:
        settings = node_settings.read(hw.open, SETTINGS_FILE)
    except ValueError as error:
        complain(hw, error.args)
        return
    runner = build(adapters(settings, settings["board"], hw))
    while True:
        try:
            wait_ms = runner.step(hw.time.ticks_ms())
        except Exception as error:  # noqa: BLE001 (ours: the unfed watchdog restarts the board unless it passes)
            hw.print("step:", repr(error))
            wait_ms = POLL_MS
        hw.time.sleep_ms(min(wait_ms, POLL_MS))


def complain(hw, faults):
    """Says what is wrong with the settings, on the console and the screen, and leaves the console to the user."""
    from winter_node import screen
    from winter_node.hal import oled

    for fault in faults:
        hw.print(SETTINGS_FILE + ": " + fault)
    display = oled.Oled(hw, node_settings.BOARD, hw.time.ticks_ms())
    try:
        display.poll(hw.time.ticks_ms())
        display.show(screen.bad_settings_page(faults))
    except OSError:
        hw.print("no screen")


if __name__ == "__main__":
    run()
