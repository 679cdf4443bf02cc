"""Runs leave notes by which other commands find them; one that ends takes only its own away."""

import os

from winter_river.cli import run_file

OTHER_PID = os.getppid()  # a process that lasts longer than this test


def note(pid: int, port: int) -> run_file.RunNote:
    return run_file.RunNote(pid, f"mqtt://127.0.0.1:{port}", "winter-river", "seed-8")


def test_latest_of_two_runs_is_found_and_the_first_again_when_it_has_ended() -> None:
    run_file.write_note(note(OTHER_PID, 1883))
    os.utime(run_file.note_path(OTHER_PID), (1, 1))
    run_file.write_note(note(os.getpid(), 1884))
    assert run_file.read_note() == note(os.getpid(), 1884)
    run_file.remove_note(os.getpid())
    assert run_file.read_note() == note(OTHER_PID, 1883)


def test_note_of_a_run_that_was_killed_is_cleared_away_by_the_next() -> None:
    gone = 2**22 + 1  # above the kernel's highest process number, PID_MAX_LIMIT
    run_file.write_note(note(gone, 1883))
    assert run_file.read_note() is None
    run_file.write_note(note(os.getpid(), 1884))
    assert not run_file.note_path(gone).exists()
