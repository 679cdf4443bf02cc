"""The live view: what it shows, and what its keys do to a real simulation."""

from collections.abc import Callable
from typing import Any

import pytest
from winter_river.facility import generate
from winter_river.ui import keys

Terminal = Callable[..., Any]


def test_header_says_broker_nodes_seed_and_power(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        assert "block-2n-24  mqtt://127.0.0.1:1883  24/24 nodes online  lag 1 ms  seed 1" in screen.lines[0]
        # 2 x 465.06 kW and PUE 1.21: the two sides of the training facility, worked by hand in its description.
        assert "sources 930.1 kW  IT 768.0 kW  PUE 1.21" in screen.lines[1]

    terminal(drive)


def test_80_columns_and_24_lines_show_every_number_whole(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        assert all(len(line) == 80 for line in screen.lines)
        assert len(screen.lines) == 24
        assert "[NORMAL]" in screen.row("ups_a")
        assert "100 %" in screen.row("ups_a")
        assert screen.lines[-1].rstrip().endswith("? help q quit")
        assert not any("…" in line for line in screen.lines)

    terminal(drive)


def test_cutting_utility_a_is_one_key_and_every_event_names_its_cause(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        await screen.press("1")
        assert "[OUTAGE]" in screen.row("utility_a")
        assert "utility_a: set_fault done" in screen.lines[-1]
        await screen.wait(5)
        assert "[ON_BATTERY]" in screen.row("ups_a")
        assert "[STARTING]" in screen.row("generator_a")
        await screen.wait(7)
        assert "[RUNNING]" in screen.row("generator_a")
        assert "[GENERATOR]" in screen.row("lv_switchgear_a")
        assert "generator_a STARTING -> RUNNING because #" in screen.text
        await screen.press("2")
        assert "[GRID_OK]" in screen.row("utility_a")

    terminal(drive, size=(120, 60))


def test_refusal_of_a_node_is_shown_with_its_reason_and_cure(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        while "lv_switchgear_a" not in screen.selected or "generator" in screen.selected.split()[0]:
            await screen.press("down")
        await screen.press("o")
        screen.site.simulation.freeze_node("lv_switchgear_a")
        await screen.press("l")
        assert "lv_switchgear_a: close failed (expired): no answer came in time" in screen.lines[-1]

    terminal(drive, size=(120, 30))


def test_malfunction_can_be_chosen(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        assert "generator_a" in screen.selected
        await screen.press("F")
        assert "fail_to_start" in screen.text
        await screen.press("down", "enter")
        await screen.press("1")
        await screen.wait(80)
        assert "[FAULT]" in screen.row("generator_a")

    terminal(drive, size=(120, 30))


def test_keys_act_on_the_selected_node(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        while "server_rack_a2" not in screen.selected:
            await screen.press("down")
        await screen.press("o")
        assert "[OFF]" in screen.row("server_rack_a2")
        assert "[NORMAL]" in screen.row("server_rack_a1")
        await screen.press("l")
        await screen.wait(10)
        assert "[NORMAL]" in screen.row("server_rack_a2")

    terminal(drive)


def test_plus_and_minus_change_the_load_of_a_rack(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        while "server_rack_a1" not in screen.selected:
            await screen.press("down")
        assert " 96.0 kW" in screen.row("server_rack_a1")
        await screen.press("plus", "plus")
        await screen.wait(1)
        assert " 115.2 kW" in screen.row("server_rack_a1")
        await screen.press("minus")
        await screen.wait(1)
        assert " 105.6 kW" in screen.row("server_rack_a1")

    terminal(drive)


def test_verb_the_node_does_not_have_is_not_sent(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        while "hv_mv_transformer_a" not in screen.selected:
            await screen.press("down")
        await screen.press("o")
        assert "hv_mv_transformer_a is a transformer: it has no open; it has reset" in screen.lines[-1]

    terminal(drive)


def test_absent_node_is_shown_as_offline(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        screen.site.simulation.remove("ups_a")
        await screen.look()
        assert "[OFFLINE]" in screen.row("ups_a")
        assert "23/24 nodes online" in screen.lines[0]
        assert "kW" not in screen.row("ups_a")

    terminal(drive)


def test_fault_is_not_told_by_colour_alone(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        await screen.press("f")
        strips = screen.app.screen._compositor.render_strips()
        styles = {segment.text: segment.style for strip in strips for segment in strip if "[FAULT]" in segment.text}
        assert styles
        assert all(style.reverse for text, style in styles.items() if text.strip() == "[FAULT]")

    terminal(drive)


def test_help_lists_every_key(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        await screen.press("question_mark")
        for letters, sentence in keys.HELP:
            assert letters in screen.text
            assert sentence in screen.text
        await screen.press("q")
        assert "Keys act on" not in screen.text
        assert screen.app.is_running

    terminal(drive)


def test_every_key_is_in_the_help() -> None:
    listed = {letter for letters, _ in keys.HELP for letter in letters.split()}
    used = {order.key for order in keys.ORDERS} | {key for key, _, _ in keys.CHOICES} | {q.key for q in keys.QUICK}
    assert used <= listed
    assert len(used) == len(keys.ORDERS) + len(keys.CHOICES) + len(keys.QUICK)


def test_q_quits(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        await screen.pilot.press("q")

    assert terminal(drive).return_value is None


@pytest.mark.parametrize(("facility", "last"), [("seed-8", "srv_a"), (generate(500), "server_rack_ap4")])
def test_site_of_any_size_scrolls_to_its_end(terminal: Terminal, facility: Any, last: str) -> None:
    async def drive(screen: Any) -> None:
        await screen.press("end")
        assert last in screen.selected
        await screen.press("home")
        assert screen.selected in screen.lines[2:4]

    terminal(drive, facility=facility)


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (300, 100)])
def test_terminal_of_any_size_is_drawn(terminal: Terminal, size: tuple[int, int]) -> None:
    async def drive(screen: Any) -> None:
        await screen.press("1")
        await screen.wait(3)
        assert [len(line) for line in screen.lines] == [size[0]] * size[1]

    terminal(drive, size=size)


def test_what_cannot_go_on_ends_the_view_with_its_reason(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        screen.app._fatal = lambda: "the broker ended"
        await screen.look()

    assert terminal(drive).return_value == "the broker ended"


async def select(screen: Any, node_id: str) -> None:
    """Moves the cursor to a node."""
    for _ in screen.site.facility.nodes:
        if node_id in screen.selected:
            return
        await screen.press("down")
    raise AssertionError(f"{node_id} was not reached: {screen.text}")


def test_detail_line_names_what_isolates_a_dead_node_and_where_the_trouble_of_others_began(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        await screen.wait(3)
        await screen.press("1")
        await screen.wait(1)
        await select(screen, "cooling_a")
        assert "cooling_a [OFF] cooling  dead because utility_a is OUTAGE since 3.0 s" in screen.text
        await select(screen, "ups_a")
        assert "ups_a [ON_BATTERY] ups  because utility_a fault outage at 3.0 s" in screen.text

    terminal(drive, size=(120, 60))


def test_at_a_secured_site_a_dangerous_key_is_pressed_twice(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        while "server_rack_a1" not in screen.selected:
            await screen.press("down")
        await screen.press("o")
        assert "open done" in screen.lines[-1]  # opening is always one step
        await screen.press("l")
        assert "server_rack_a1 is selected: the same key again within 5 s" in screen.lines[-1]
        assert "[OFF]" in screen.row("server_rack_a1")
        await screen.press("l")
        assert "close done" in screen.lines[-1]
        await screen.wait(1)
        assert "[OFF]" not in screen.row("server_rack_a1")

    terminal(drive, two_step=True)


def test_a_acknowledges_and_the_header_says_what_waits(terminal: Terminal) -> None:
    async def drive(screen: Any) -> None:
        await screen.press("a")
        assert "this site has no alarms" in screen.lines[-1]

    terminal(drive)
