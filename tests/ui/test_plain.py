"""The run as plain lines."""

from winter_river import Simulation, load_facility
from winter_river.ui.plain import EventLines, closing_lines, show


def test_events_are_told_once_each_with_their_cause() -> None:
    site = Simulation(load_facility("seed-8"), seed=1)
    lines = EventLines(site)
    assert lines.fresh() == []
    site.command("util_a", "set_fault", state=True)
    first = lines.fresh()
    assert first[0].endswith("util_a fault outage")
    assert first[1].endswith("util_a GRID_OK -> OUTAGE because #1 util_a fault outage")
    assert lines.fresh() == []
    site.advance(2.0)
    assert any("gen_a STANDBY -> STARTING" in line for line in lines.fresh())
    assert lines.count > len(first)


def test_closing_lines_name_every_node_that_is_not_ok() -> None:
    site = Simulation(load_facility("seed-8"), seed=1)
    assert closing_lines(site, events=0) == ["0 s, 0 events; 8 nodes: 8 ok"]
    site.command("srv_a", "open")
    site.advance(1.0)
    assert closing_lines(site, events=2) == ["1 s, 2 events; 8 nodes: 1 off, 7 ok", "  srv_a [OFF]"]


def test_last_events_are_written_before_the_end() -> None:
    site = Simulation(load_facility("seed-8"), seed=1)
    written: list[str] = []
    moments = iter([True, False])

    def wait() -> bool:
        going = next(moments)
        if not going:
            site.command("srv_a", "open")
        return going

    show(EventLines(site), wait=wait, write=written.append)
    assert any("srv_a NORMAL -> OFF" in line for line in written)
