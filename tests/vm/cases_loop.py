"""main.py's loop on a fake board, in both dialects: from power-on to the bus, and through what can go wrong there.

A case yields between passes, so that the VM can collect its garbage.
"""

import gc
import sys

import main
from fake_board import TICKS_PERIOD, Board, Gone

SETTINGS = {"id": "x", "type": "ups"}
STEP_MS = 50


def run(board, seconds):
    """Passes for so long, one a yield."""
    for _ in range(int(seconds * 1000 / STEP_MS)):
        board.step(STEP_MS)
        if sys.implementation.name == "micropython":
            gc.collect()  # CPython looks after itself, and a full collection of it takes long
        yield


def case_node_is_on_the_bus_within_three_seconds():
    board = Board(main, gc, **SETTINGS)
    yield from run(board, 3)
    assert board.program.core.connected
    assert board.broker.connects == 1
    assert board.broker.publishes >= 2, "birth and reboot event"
    assert board.frames() > 0


def case_watchdog_is_fed_in_every_pass():
    board = Board(main, gc, **SETTINGS)
    yield from run(board, 3)
    before = board.feeds()
    yield from run(board, 1)
    assert board.feeds() - before == 1000 // STEP_MS


def case_status_comes_every_five_seconds():
    board = Board(main, gc, **SETTINGS)
    yield from run(board, 8)
    before = board.broker.publishes
    yield from run(board, 20)
    assert board.broker.publishes - before == 4


def case_bad_settings_are_shown_and_nothing_is_joined():
    board = Board(main, gc, id="NOT AN ID", type="ups")
    yield from run(board, 3)
    assert not hasattr(board.program, "core")
    assert board.frames() > 0
    assert board.broker.connects == 0
    assert [line for line in board.printed if "id is 'NOT AN ID'" in line], board.printed


def case_broker_that_is_not_there_is_tried_again_with_growing_pauses():
    board = Board(main, gc, **SETTINGS)
    board.broker.up = False
    yield from run(board, 60)
    assert board.program.session.trouble() == "NO BROKER"
    board.broker.up = True
    yield from run(board, 21)
    assert board.program.core.connected


def case_broker_that_never_answers_is_left():
    board = Board(main, gc, **SETTINGS)
    board.broker.mute = True
    yield from run(board, 8)
    assert board.program.session.trouble() == "NO ANSWER"
    assert board.program.session.state != "up"


def case_command_is_answered_at_once():
    board = Board(main, gc, **SETTINGS)
    yield from run(board, 3)
    board.broker.publish("winter-river/x/command", b'{"command":"set_fault","params":{"state":true},"id":"a-1"}', 5)
    before = board.broker.publishes
    yield from run(board, 0.2)
    assert board.broker.publishes - before == 2, "ack and status"
    assert b'"fault":"fault"' in board.broker.last


def case_restart_says_goodbye_and_resets():
    board = Board(main, gc, **SETTINGS)
    yield from run(board, 3)
    board.broker.publish("winter-river/x/command", b'{"command":"restart","id":"a-1"}', 5)
    try:
        yield from run(board, 3)
    except Gone:
        assert b'"status":"offline"' in board.broker.last
        return
    raise AssertionError("it went on")


def case_loop_goes_on_when_the_ticks_wrap():
    board = Board(main, gc, ticks_ms=TICKS_PERIOD - 5000, **SETTINGS)
    yield from run(board, 3)
    before = board.broker.publishes
    yield from run(board, 20)
    assert board.program.core.connected
    assert board.broker.connects == 1
    assert board.broker.publishes - before == 4


def case_pass_that_raises_does_not_end_the_loop():
    board = Board(main, gc, **SETTINGS)
    yield from run(board, 3)
    core = board.program.core

    class Broken:
        def __getattr__(self, name):
            raise ValueError("a fault of ours")

    board.program.core = Broken()
    assert main.turn(board.program, board.hw) == main.POLL_MS
    board.program.core = core
    yield from run(board, 1)
    assert board.program.core.connected
