"""Numbers, events and refusals in words."""

import pytest
from winter_river import reference_words
from winter_river.engine import Event, events
from winter_river.site import Ack
from winter_river.ui import cells, words

CUT = Event(3, 0.0, "utility_a", "fault", "", "outage", 0)
DEAD = Event(4, 0.0, "utility_a", "state", "GRID_OK", "OUTAGE", 3)
RUNS = Event(9, 9.7, "generator_a", "state", "STARTING", "RUNNING", 4)


@pytest.mark.parametrize(
    ("power_kw", "text"),
    [(0, "0.0 kW"), (465.06, "465.1 kW"), (-12.34, "-12.3 kW"), (1234.5, "1.234 MW"), (12_345, "12.35 MW")],
)
def test_power_fits_its_column(power_kw: float, text: str) -> None:
    assert words.power_text(power_kw) == text


@pytest.mark.parametrize(("voltage_v", "text"), [(0, "0.0 V"), (477.56, "477.6 V"), (34_500, "34.5 kV")])
def test_voltage_fits_its_column(voltage_v: float, text: str) -> None:
    assert words.voltage_text(voltage_v) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(7, "0:07"), (100, "1:40"), (3599, "59:59"), (7500, "2 h 05"), (90_000 * 24, "25 d")]
)
def test_duration_is_short(seconds: float, text: str) -> None:
    assert words.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("share_pct", "bar"), [(0, "░░░░░░"), (0.5, "█░░░░░"), (50, "███░░░"), (99.9, "█████░"), (100, "██████")]
)
def test_bar_never_looks_empty_or_full_when_it_is_not(share_pct: float, bar: str) -> None:
    assert words.bar_text(share_pct, 6) == bar


def test_event_names_its_cause() -> None:
    known = {event.id: event for event in (CUT, DEAD, RUNS)}
    assert words.event_text(CUT, known) == "#3 0.0 s  utility_a fault outage"
    assert words.event_text(DEAD, known) == "#4 0.0 s  utility_a GRID_OK -> OUTAGE because #3 utility_a fault outage"
    told = "#9 9.7 s  generator_a STARTING -> RUNNING because #4 utility_a OUTAGE"
    assert words.event_text(RUNS, known) == told


@pytest.mark.parametrize(
    ("event", "to", "text"),
    [("fault", "", "fault cleared"), ("fault", "fault", "fault"), ("fault", "sag=0.3", "fault sag=0.3")]
    + [
        ("presence", "absent", "absent"),
        ("trip", "overload", "trips on overload"),
        ("novel_word", "x", "novel word x"),
    ],
)
def test_event_is_told_in_words(event: str, to: str, text: str) -> None:
    assert words.what_text(Event(1, 0.0, "ups_a", event, "", to, 0)) == text


def test_every_event_of_the_engine_has_its_words() -> None:
    assert set(reference_words.EVENTS) == set(events.WORDS)


def test_forgotten_cause_is_given_by_its_number() -> None:
    assert words.event_text(RUNS, {}).endswith("because #4")


def test_refusal_says_why_and_what_to_do() -> None:
    text = words.ack_text(Ack("x-1", "lv_switchgear_a", "rejected", "interlock"), "close")
    assert text.startswith(
        "lv_switchgear_a: close rejected (interlock): closing or changing this is not permitted now;"
    )
    assert words.ack_text(Ack("x-1", "a", "failed", "novel"), "open") == "a: open failed (novel): novel"
    assert words.ack_text(Ack("x-1", "a", "done", "", "handle=open"), "open") == "a: open done (handle=open)"


def test_row_of_a_ups_on_battery() -> None:
    view = {"type": "ups", "state": "ON_BATTERY", "status": "warning", "power_kw": 386.1, "voltage_out": 480.0}
    line = cells.line(view | {"voltage_in": 0.0, "load_pct": 78.8, "soc_pct": 87.0, "runtime_s": 87})
    assert line.columns == ("[ON_BATTERY]", "386.1 kW", "480.0 V", "79 %", "████░  87 %", "1:27")
    assert line.health == "warning"


def test_row_of_a_load_shows_the_voltage_at_its_input() -> None:
    view = {"type": "server", "state": "NORMAL", "status": "ok", "voltage_in": 477.6, "voltage_out": 0.0}
    assert cells.line(view).columns[2] == "477.6 V"


def test_row_of_an_absent_node_has_no_numbers() -> None:
    line = cells.line({"type": "ups", "state": "OFF", "status": "offline", "power_kw": 3.0})
    assert line.columns == ("[OFFLINE]", "", "", "", "", "")


@pytest.mark.parametrize("width", [78, 80, 100, 200])
def test_row_is_no_wider_than_the_terminal(width: int) -> None:
    assert 1 + cells.name_width(width) + 1 + sum(cells.WIDTHS) <= width


def test_text_is_cut_with_a_mark() -> None:
    assert cells.fit("generator_a", 6) == "gener…"
    assert cells.fit("ups_a", 6) == "ups_a "


def test_a_flow_without_solution_names_node_and_load() -> None:
    event = Event(5, 2.0, "utility_a", "not_solved", "server_rack_a1", "server_rack_a2", 0)
    assert words.what_text(event) == "power flow not solved: server_rack_a1 gives way under server_rack_a2"
    close = event._replace(event="near_collapse")
    assert words.what_text(close) == "close to collapse: server_rack_a1 gives way under server_rack_a2"
    gone = event._replace(event="collapsed")
    assert words.what_text(gone) == "voltage collapsed: server_rack_a1 gives way under server_rack_a2"


def test_another_solver_of_a_flow_is_said_in_words() -> None:
    event = Event(5, 2.0, "utility_a", "solver", "sweep", "newton_loops", 0)
    assert words.what_text(event) == "power flow solved by sweep -> newton_loops"
