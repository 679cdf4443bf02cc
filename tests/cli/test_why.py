"""`winter-river why`: what a run writes down, and what is told of it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from winter_river import Simulation, load_facility
from winter_river.cli.journal import JournalKeeper, journal_path, read_journal
from winter_river.cli.run_file import RunNote, note_path, write_note


@pytest.fixture
def site() -> Simulation:
    return Simulation(load_facility("seed-8"))


@pytest.fixture
def running(home: Path, site: Simulation) -> Path:
    """The journal of a site that this process runs; util_a is cut at 2 s."""
    write_note(RunNote(os.getpid(), "mqtt://127.0.0.1:1883", "winter-river", "seed-8"))
    path = journal_path(note_path())
    site.advance(2.0)
    site.command("util_a", "set_fault", state=True, kind="outage")
    with JournalKeeper(site, path):
        yield path


def test_a_dead_node_of_the_running_site_names_what_isolates_it_and_every_cause(
    winter_river: Callable, running: Path
) -> None:
    ended = winter_river("why trf_a")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == "trf_a [NO_INPUT] dead because util_a is OUTAGE since 2.0 s"
    assert ended.out.splitlines()[-1].endswith("util_a fault outage")


def test_programs_get_the_same_as_json(winter_river: Callable, running: Path) -> None:
    told = json.loads(winter_river("why trf_a --json").out)
    assert told["isolated_by"] == {"node_id": "util_a", "condition": "OUTAGE"}
    assert [one["node_id"] for one in told["chain"]] == ["trf_a", "util_a", "util_a"]


def test_a_node_that_is_not_there_is_refused_with_the_nearest(winter_river: Callable, running: Path) -> None:
    ended = winter_river("why trfa")
    assert ended.code == 2
    assert "this site has no node trfa (did you mean trf_a?)" in ended.err


def test_a_broker_names_the_run(winter_river: Callable, running: Path) -> None:
    told = winter_river("why trf_a --broker mqtt://127.0.0.1:1883")
    assert told.out.splitlines()[0] == "trf_a [NO_INPUT] dead because util_a is OUTAGE since 2.0 s"
    assert winter_river("why trf_a --broker mqtt://127.0.0.1").out == told.out  # 1883 is MQTT's own port


def test_a_broker_without_a_run_here_says_where_to_ask(winter_river: Callable, running: Path) -> None:
    ended = winter_river("why trf_a --broker mqtt://far:1884")
    assert ended.code == 1
    assert "no site at mqtt://far:1884 runs on this machine; runs here: mqtt://127.0.0.1:1883." in ended.err
    assert "/api/v1/nodes/trf_a/why" in ended.err


def test_without_a_running_site_it_says_how_to_get_one(winter_river: Callable, home: Path) -> None:
    ended = winter_river("why ups_a")
    assert ended.code == 1
    assert "no site runs on this machine; start one with `winter-river run`" in ended.err


def test_the_journal_ends_with_its_run_and_what_a_killed_one_left_is_swept_out(
    tmp_path: Path, site: Simulation
) -> None:
    left = tmp_path / "1.events"  # without a note
    left.write_text("{}")
    other = tmp_path / "2.events"
    other.with_suffix(".json").write_text("{}")
    other.write_text("{}")
    own = journal_path(tmp_path / "3.json")
    with JournalKeeper(site, own):
        assert own.exists()
        assert other.exists()
        assert not left.exists()
    assert not own.exists()


def test_the_journal_is_written_anew_only_when_something_has_happened(tmp_path: Path, site: Simulation) -> None:
    path = journal_path(tmp_path / "1.json")
    keeper = JournalKeeper(site, path)
    keeper.write_news()
    before = path.stat().st_ino
    keeper.write_news()
    assert path.stat().st_ino == before
    site.command("util_a", "set_fault", state=True, kind="outage")
    keeper.write_news()
    assert path.stat().st_ino != before
    journal = read_journal(path)
    assert journal is not None
    assert journal.states["util_a"] == "OUTAGE"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"states":{},"isolations":[[1]],"events":[]}'])
def test_a_torn_journal_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "1.events"
    path.write_text(text)
    assert read_journal(path) is None
