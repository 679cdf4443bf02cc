"""Starts the node: brings the board's modules to its program, and runs that for ever."""

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
    from winter_node import starting

    return starting.adapters(settings, board, hw, SETTINGS_FILE)


def build(made):
    """A runner around adapters."""
    from winter_node.runner import Runner

    return Runner(made, made.now_ms)


def start(hw, slim=False):
    """The program of this boot, whatever state the board is in: it has step(now_ms), failed(error, now_ms), stop(now_ms).

    That is the runner; or, where there are no good settings or nothing can be built, one that only says so.
    slim: lets go of all that other types of node would need; only where this process is one node and nothing else.
    """
    from winter_node import starting

    return starting.start(hw, SETTINGS_FILE, slim)


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
    program = start(hw, slim=True)
    while True:
        hw.time.sleep_ms(turn(program, hw))


if __name__ == "__main__":
    run()
