"""From a board's modules to a program that runs: settings, adapters, runner. A board lets go of all this once it runs."""

import sys

from winter_wire import schema

from winter_node import commands, roles, session, settings_store
from winter_node.core import farewell
from winter_node.hal import board as boards
from winter_node.hal import flash, leds, mqtt, oled, wifi
from winter_node.runner import Runner
from winter_node.supervisor import Supervisor

_DONE = ("settings", "settings_store", "starting")  # modules of ours that only a start and an order need


class Adapters:
    """What a runner needs of the outside, by name."""


def adapters(settings, board, hw, path):
    """Everything a runner needs of the outside. settings: checked; board: its pins; hw: see main.hardware().

    path: of node.json.
    """
    now_ms = hw.time.ticks_ms()
    made = Adapters()
    made.settings = settings
    made.address = made.note = ""
    made.now_ms = now_ms
    made.flash = flash.Flash(hw)
    made.board = boards.Board(hw, settings)
    made.supervisor = Supervisor(made.flash, made.board.reset_cause(), now_ms)
    made.keep_settings = keeper(hw, path, settings)
    made.boot_id = made.board.boot_id()
    made.rng = made.board.random
    made.wifi = wifi.Wifi(hw, settings, made.rng, now_ms)
    made.oled = oled.Oled(hw, board, now_ms)
    made.lamp = leds.Lamp(hw, board)
    made.mqtt = mqtt.Mqtt(hw, settings, farewell(settings), session.KEEPALIVE_S)
    made.button = made.pot = made.clock = None
    # Modules that a board without the part, or without a time server, never loads.
    if board.get("button") is not None:
        from winter_node.hal import inputs

        made.button = inputs.Button(hw, board)
    if board.get("pot") is not None:
        from winter_node.hal import pot

        made.pot = pot.Pot(hw, board, now_ms)
    if settings.get("ntp"):
        from winter_node.hal import clock

        made.clock = clock.Clock(hw, settings, now_ms)
    return made


def keeper(hw, path, settings):
    """What carries out orders about settings; see settings_store.keeper. Its module is loaded when one comes."""

    def keep(verb, params):
        from winter_node import settings_store as store

        if not held:
            held.append(store.keeper(hw, path, settings))
        return held[0](verb, params)

    held = []
    return keep


def start(hw, path, slim):
    """The program of this boot; see main.start."""
    settings, faults = settings_store.load(hw.open, path, flash.Flash(hw, flash.SETTINGS))
    for fault in faults:
        hw.print(path + ": " + fault)
    if settings is None:
        from winter_node import settings as rules

        return complaint(hw, rules.BOARD, "BAD SETTINGS", faults)
    try:
        if slim:
            keep_only(settings["type"], hw.gc)
        made = adapters(settings, settings["board"], hw, path)
        made.note = "BAD SETTINGS" if faults else ""  # in a node.json that was not adopted; the ones before it hold
        return Runner(made, made.now_ms)
    except Exception as error:  # noqa: BLE001 (a driver, or a file that a deploy left half written; nothing may end us)
        hw.print("while booting:", repr(error))
        return complaint(hw, settings["board"], "CANNOT START", (repr(error),))


def complaint(hw, board, title, faults):
    """A program that says what is wrong. board: pins of the screen."""
    from winter_node.complaint import Complaint

    now_ms = hw.time.ticks_ms()
    made = Complaint(oled.Oled(hw, board, now_ms), title, faults)
    made.step(now_ms)  # at once, also for whoever then leaves the board to its console
    return made


def keep_only(type_name, gc):
    """Gives back the memory of what a node of one type has no more use for."""
    schema.keep_only(type_name)
    roles.keep_only(type_name)
    commands.keep_only(type_name)
    for name in _DONE:
        if "winter_node." + name in sys.modules:
            schema.forget("winter_node", name)
    gc.collect()
