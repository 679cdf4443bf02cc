"""Who follows the events of a site notices when its time is taken back."""

from winter_river.cli.journal import JournalKeeper, read_journal
from winter_river.ui.plain import EventLines


class Looking:
    """A bench as a site."""

    def __init__(self, bench):
        self._bench = bench

    def __getattr__(self, name):
        return getattr(self._bench.coordinator, name)


def test_lines_of_events_tell_that_time_was_taken_back_and_go_on(bench):
    lines = EventLines(Looking(bench))
    bench.advance(10.0)
    lines.fresh()
    bench.command("util_a", "set_fault", state=True)
    assert any("util_a" in line for line in lines.fresh())
    bench.station.back(5.0)
    assert lines.fresh() == [f"time was taken back to {bench.t_s:.1f} s"]
    assert lines.fresh() == []
    bench.command("util_a", "set_fault", state=True)
    assert any("util_a" in line for line in lines.fresh())


def test_the_journal_forgets_what_was_taken_back(bench, tmp_path):
    keeper = JournalKeeper(Looking(bench), tmp_path / "journal")
    bench.advance(10.0)
    bench.command("util_a", "set_fault", state=True)
    keeper.write_news()
    assert read_journal(tmp_path / "journal").states["util_a"] == "OUTAGE"
    bench.station.back(5.0)
    keeper.write_news()
    assert read_journal(tmp_path / "journal").states["util_a"] == "GRID_OK"
