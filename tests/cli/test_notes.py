"""What a run without the live view tells of the service: every note once, and the broker's going and coming back."""

from dataclasses import replace

from winter_river.cli.notes import NoteLines
from winter_river.service.roster import Note
from winter_river.service.wiring import Report

QUIET = Report(
    broker="mqtt://127.0.0.1:1883", connected=True, why_down="", facility="seed-8", seed=1, t_s=9.0, nodes=8, online=8,
    counters={}, balance={}, notes=(), failure="",
)  # fmt: skip


def test_each_note_is_told_once() -> None:
    first, second = Note(1.0, "ups_a", "status refused: size"), Note(2.0, "", "ghost is not a node of this facility")
    reports = iter([QUIET, replace(QUIET, notes=(first,)), replace(QUIET, notes=(first, second)), QUIET])
    lines = NoteLines(lambda: next(reports))
    assert lines.fresh() == []
    assert lines.fresh() == ["note: ups_a status refused: size"]
    assert lines.fresh() == ["note: ghost is not a node of this facility"]
    assert lines.fresh() == []


def test_broker_that_goes_and_comes_back_is_told_of_each_time_once() -> None:
    lost = replace(QUIET, connected=False, why_down="nothing listens there")
    reports = iter([QUIET, lost, lost, QUIET, QUIET])
    lines = NoteLines(lambda: next(reports))
    told = [lines.fresh() for _ in range(5)]
    assert told == [[], ["note: broker lost: nothing listens there"], [], ["note: the broker is back"], []]
