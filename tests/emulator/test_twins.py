"""The rules by which a board and its emulated twin share a slot."""

import json
from typing import Any

import pytest
from winter_river.emulator import PureNode, settings_of, twins
from winter_river.emulator.twins import HOLD, RELEASE, TAKE, YIELD, Twins, adopt

TWIN_BOOT, BOARD_BOOT = 111, 222


def status(boot: int | None = BOARD_BOOT, **fields: Any) -> bytes:
    said: dict[str, Any] = {"v": 1, "node_id": "gen_a", "type": "generator", "status": "ok", "boot": boot} | fields
    return json.dumps({name: value for name, value in said.items() if value is not None}).encode()


WILL = status(None, status="offline")


class Slot:
    """One slot under the rules, with a clock."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.rules = Twins({"gen_a": "generator"}, now_s=self.now_s)

    def after(self, seconds: float) -> list[str]:
        """The acts wanted once so much time has passed."""
        self.now_s += seconds
        self.done = self.rules.acts(self.now_s)
        return [act.what for act in self.done]

    def hear(self, payload: bytes, *, retained: bool = False) -> list[str]:
        self.rules.hear("gen_a", payload, retained=retained, now_s=self.now_s)
        return self.after(0)

    def link(self, up: bool) -> list[str]:
        self.rules.link(up, now_s=self.now_s)
        return self.after(0)

    def cut_off(self) -> list[str]:
        self.rules.cut_off("gen_a", now_s=self.now_s)
        return self.after(0)


@pytest.fixture
def slot() -> Slot:
    """A slot that its twin has."""
    made = Slot()
    assert made.link(True) == []
    assert made.after(twins.SETTLE_S) == [TAKE]
    made.rules.started("gen_a", TWIN_BOOT)
    return made


@pytest.fixture
def boarded(slot: Slot) -> Slot:
    """A slot that a board has taken over."""
    assert slot.hear(status(handle="run", fault="fail_to_start", resets=3, refuels=2, fuel_set_pct=40)) == [YIELD]
    return slot


def test_twin_waits_for_the_link_before_it_starts() -> None:
    slot = Slot()
    assert slot.after(3600) == []


def test_twin_of_a_retained_status_waits_for_a_live_one() -> None:
    slot = Slot()
    slot.link(True)
    slot.hear(status(), retained=True)
    assert slot.after(twins.SPEAK_S - 0.1) == []
    assert slot.hear(status()) == []
    assert slot.rules.boards() == ["gen_a"]


def test_twin_starts_as_the_retained_status_says_when_nobody_lives() -> None:
    slot = Slot()
    slot.link(True)
    slot.hear(status(handle="off"), retained=True)
    assert slot.after(twins.SPEAK_S) == [TAKE]
    assert slot.done[0].own["handle"] == "off"


def test_retained_last_will_keeps_no_twin_waiting() -> None:
    slot = Slot()
    slot.link(True)
    slot.hear(WILL, retained=True)
    assert slot.after(twins.SETTLE_S) == [TAKE]


@pytest.mark.parametrize("payload", [status(TWIN_BOOT), WILL, b"{", status(node_id="gen_b")])
def test_twin_keeps_its_slot_against_what_is_no_board(slot: Slot, payload: bytes) -> None:
    assert slot.hear(payload) == []
    assert slot.rules.state("gen_a") == twins.TWIN


def test_twin_knows_its_own_voice_of_before_a_restart(slot: Slot) -> None:
    slot.rules.started("gen_a", 333)
    assert slot.hear(status(TWIN_BOOT)) == []


@pytest.mark.parametrize("payload", [status(), status(None), status(type="ups")], ids=["boot", "no boot", "other type"])
def test_twin_yields_to_whoever_speaks_with_another_voice(slot: Slot, payload: bytes) -> None:
    assert slot.hear(payload) == [YIELD]
    assert slot.hear(payload) == []  # once is enough


def test_twin_that_is_taken_over_holds_still_and_yields_when_the_board_speaks(slot: Slot) -> None:
    assert slot.cut_off() == [HOLD]
    assert slot.hear(status()) == [YIELD]


def test_twin_goes_on_when_nobody_speaks_after_a_takeover(slot: Slot) -> None:
    slot.cut_off()
    assert slot.after(twins.HELD_S - 0.1) == []
    assert slot.after(0.1) == [RELEASE]


def test_broker_that_goes_is_no_takeover(slot: Slot) -> None:
    assert slot.cut_off() == [HOLD]
    assert slot.link(False) == [RELEASE]
    assert slot.cut_off() == []


@pytest.mark.parametrize("last_word", ["will", "silence"])
def test_twin_takes_the_slot_back_as_the_board_was_set(boarded: Slot, last_word: str) -> None:
    boarded.after(5)
    boarded.hear(status(handle="off", resets=4))
    wait_s = twins.SILENT_S
    if last_word == "will":
        boarded.hear(WILL)
        wait_s = twins.TAKE_BACK_S
    assert boarded.after(wait_s - 0.1) == []
    assert boarded.after(0.1) == [TAKE]
    assert boarded.done[0].own == {"handle": "off", "resets": 4}


def test_board_that_only_reconnects_keeps_the_slot(boarded: Slot) -> None:
    boarded.hear(WILL)
    boarded.after(0.05)
    boarded.hear(status())
    assert boarded.after(twins.TAKE_BACK_S) == []


def test_silence_while_our_own_link_is_down_counts_for_nothing(boarded: Slot) -> None:
    boarded.link(False)
    assert boarded.after(3600) == []
    boarded.link(True)
    assert boarded.after(twins.RECONNECT_S - 0.1) == []
    assert boarded.after(0.1) == [TAKE]


def test_frozen_board_that_comes_back_wins_again(boarded: Slot) -> None:
    boarded.after(twins.SILENT_S)
    boarded.rules.started("gen_a", 444)
    assert boarded.cut_off() == [HOLD]
    assert boarded.hear(status()) == [YIELD]


def test_board_and_twin_meet_at_most_four_times_a_minute_whatever_happens(slot: Slot) -> None:
    """The worst case: a client takes the session again and again, and never says a word."""
    met = 0
    for _ in range(600):
        if slot.rules.state("gen_a") == twins.TWIN:
            met += slot.cut_off() == [HOLD]
        slot.after(0.1)
    assert met == 4


def node(**fields: Any) -> PureNode:
    made = PureNode(settings_of("x", **fields))
    made.connect(0)
    return made


def test_adopted_state_is_what_the_next_status_says() -> None:
    twin = node(type_name="generator")
    adopt(
        twin.core,
        {"handle": "run", "mode": "manual", "fault": "fail_to_start", "resets": 3, "refuels": 2, "fuel_set_pct": 40},
    )
    said = twin.status(0)
    wanted = {
        "handle": "run",
        "mode": "manual",
        "fault": "fail_to_start",
        "resets": 3,
        "refuels": 2,
        "fuel_set_pct": 40,
    }
    assert {name: said[name] for name in wanted} == wanted


def test_handle_that_a_hand_holds_stays_in_its_hand() -> None:
    twin = node(type_name="distribution")
    adopt(twin.core, {"handle": "open", "mode": "local", "fault": "", "resets": 0})
    assert (twin.status(0)["handle"], twin.status(0)["mode"]) == ("open", "local")
    twin.receive("winter-river/x/command", b'{"command":"close"}', now_ms=10)
    assert twin.status(0)["handle"] == "open"


def test_words_of_another_type_are_passed_over() -> None:
    twin = node(type_name="server")
    adopt(twin.core, {"handle": "bypass", "fault": "outage", "load_set_kw": 12.5})
    said = twin.status(0)
    assert (said["handle"], said["fault"], said["load_set_kw"]) == ("on", "", 12.5)
