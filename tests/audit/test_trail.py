"""The audit's files: the chain through parts, torn ends, several writers, and disks that do not take a line."""

import errno
import json
import os
import stat
import subprocess
import sys

import pytest
from winter_river.audit import AuditError, Trail, latest, reading, verify
from winter_river.audit.trail import parts


def lines_of(folder):
    return [json.loads(line) for line in (folder / "audit.jsonl").read_bytes().splitlines()]


def test_lines_are_numbered_and_the_chain_is_whole(trail, facts):
    assert [trail.append(facts()) for _ in range(3)] == [2, 3, 4]  # 1 is the beginning of the part
    verdict = verify(trail.folder)
    assert (verdict.lines, verdict.fault, verdict.notes) == (4, "", ())
    assert verdict.head == lines_of(trail.folder)[-1]["hash"]


def test_files_are_for_owner_and_group_alone(trail, facts):
    before = os.umask(0)
    try:
        trail.append(facts())
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in trail.folder.iterdir()} == {0o640}
    assert stat.S_IMODE(trail.folder.stat().st_mode) == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for another user")
def test_what_root_writes_belongs_to_the_service_that_owns_the_place(tmp_path, facts):
    os.chown(tmp_path, 61_184, 61_185)  # the first of systemd's dynamic users
    Trail(tmp_path / "audit").append(facts())
    made = [tmp_path / "audit", *(tmp_path / "audit").iterdir()]
    assert len(made) == 3, "the folder, the lock and the first part"
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(61_184, 61_185)}


def test_two_trails_on_one_folder_make_one_chain(trail, facts):
    other = Trail(trail.folder)
    for number in range(10):
        (trail, other)[number % 2].append(facts())
    other.close()
    assert verify(trail.folder).lines == 11 and verify(trail.folder).fault == ""


def test_a_part_that_fills_up_while_the_latest_are_read_hides_none_of_its_commands(tmp_path, facts, monkeypatch):
    trail = Trail(tmp_path, part_bytes_max=2_000)
    ids = [f"test-1-{number}" for number in range(3)]
    for command_id in ids:
        trail.append(facts(command_id))
    held, filled = reading.held_for_reading, []

    def held_once_it_is_full(folder):
        while not parts(folder):
            filled.append(f"test-2-{len(filled)}")
            trail.append(facts(filled[-1]))
        return held(folder)

    monkeypatch.setattr(reading, "held_for_reading", held_once_it_is_full)
    found = [row.id for row in latest(tmp_path, last=100)]
    assert filled and [command_id for command_id in found if command_id in ids] == ids[::-1]


def test_parts_carry_the_chain_over(tmp_path, facts):
    trail = Trail(tmp_path, part_bytes_max=2_000)
    other = Trail(tmp_path, part_bytes_max=2_000)  # it finds that another has begun a new part
    ids = [f"test-1-{number}" for number in range(40)]
    for number, command_id in enumerate(ids):
        (trail, other)[number % 2].append(facts(command_id))
    verdict = verify(tmp_path)
    assert verdict.fault == "" and verdict.parts > 5
    assert [row.id for row in latest(tmp_path, last=100)] == ids[::-1]


def test_a_killed_process_between_two_parts_leaves_the_chain_whole(tmp_path, facts):
    trail = Trail(tmp_path)
    trail.append(facts())
    trail.close()
    (tmp_path / "audit.jsonl").rename(tmp_path / "audit-000001.jsonl")  # killed here: no new part yet
    trail.append(facts())
    assert verify(tmp_path).fault == "" and verify(tmp_path).lines == 4


@pytest.mark.parametrize("length", [1, 30, 200, -1])
def test_a_torn_end_is_set_aside_and_told_and_the_chain_goes_on(trail, facts, length):
    trail.append(facts())
    trail.append(facts("test-1-torn"))
    path = trail.folder / "audit.jsonl"
    whole = path.read_bytes()
    last = whole.splitlines()[-1]
    torn = last[:length]
    path.write_bytes(whole[: -len(last) - 1] + torn)
    assert "the next command sets them aside" in verify(trail.folder).notes[0]
    Trail(trail.folder).append(facts("test-1-after"))
    verdict = verify(trail.folder)
    assert verdict.fault == "" and f"{len(torn)} bytes" in verdict.notes[0]
    assert torn in (trail.folder / "torn.bin").read_bytes()
    assert [row.id for row in latest(trail.folder)] == ["test-1-after", "test-1-1"]


@pytest.mark.parametrize("tail", [b"\0" * 500, b"\0" * 100 + b'"}\n', b"\0\n\0"], ids=["zeros", "half zeros", "both"])
def test_an_end_that_a_power_cut_left_as_zeros_is_set_aside(trail, facts, tail):
    trail.append(facts())
    with (trail.folder / "audit.jsonl").open("ab") as file:
        file.write(tail)
    Trail(trail.folder).append(facts())
    verdict = verify(trail.folder)
    assert verdict.fault == "" and verdict.lines == 4


@pytest.mark.parametrize("first", [b"", b'{"at', b"\0" * 64])
def test_a_torn_first_line_of_all_is_no_end_of_the_audit(tmp_path, facts, first):
    (tmp_path / "audit.jsonl").write_bytes(first)
    Trail(tmp_path).append(facts())
    assert verify(tmp_path).fault == ""


def test_a_damaged_last_line_is_refused_with_a_cure_and_not_covered_up(trail, facts):
    trail.append(facts())
    path = trail.folder / "audit.jsonl"
    path.write_bytes(path.read_bytes()[:-5] + b"####\n")
    with pytest.raises(AuditError, match="winter-river audit verify"):
        Trail(trail.folder).append(facts())
    assert verify(trail.folder).fault == "audit.jsonl:2: is not a line of an audit"


def test_an_audit_of_a_newer_version_is_refused(tmp_path, facts):
    (tmp_path / "audit.jsonl").write_bytes(b'{"hash":"' + b"0" * 64 + b'","kind":"begin","n":1,"v":9}\n')
    with pytest.raises(AuditError, match="version 9"):
        Trail(tmp_path).append(facts())


def test_a_full_disk_takes_nothing_half_and_what_comes_after_is_whole(trail, facts, monkeypatch):
    """A real full disk is in tests/e2e; here one that takes half a line, at the operating system's own door."""
    trail.append(facts())
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
    with pytest.raises(AuditError, match="No space left on device\ncure: free space"):
        trail.append(facts("test-1-lost"))
    monkeypatch.undo()
    trail.append(facts("test-1-kept"))
    assert verify(trail.folder).fault == ""
    assert "test-1-lost" not in [row.id for row in latest(trail.folder)]


def test_a_line_that_was_not_synced_does_not_count(trail, facts, monkeypatch):
    trail.append(facts())

    def fails(_file):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(AuditError, match="Input/output error\ncure: that disk is failing"):
        trail.append(facts("test-1-lost"))
    monkeypatch.undo()
    trail.append(facts("test-1-kept"))
    assert verify(trail.folder).fault == ""
    assert [row.id for row in latest(trail.folder)] == ["test-1-kept", "test-1-1"]


def test_whoever_holds_the_lock_too_long_is_told_of(trail, facts, monkeypatch):
    monkeypatch.setattr("winter_river.audit.trail.LOCK_S_MAX", 0.1)
    trail.append(facts())
    hold = "import fcntl, sys; held = open(sys.argv[1]); fcntl.flock(held, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, trail.folder / "audit.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(AuditError, match="another process has held it"):
            trail.append(facts())
        holder.kill()  # by its own id; the lock goes with it
    trail.append(facts())


def test_an_end_that_was_cut_off_is_found_by_a_hash_that_was_kept(trail, facts):
    for _ in range(3):
        trail.append(facts())
    kept = verify(trail.folder).head
    trail.append(facts())
    assert verify(trail.folder, kept_hash=kept).fault == ""
    path = trail.folder / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    assert verify(trail.folder).fault == ""
    assert "cut off" in verify(trail.folder, kept_hash=kept).fault


def test_a_missing_part_is_named(tmp_path, facts):
    trail = Trail(tmp_path, part_bytes_max=1_000)
    for _ in range(12):
        trail.append(facts())
    assert verify(tmp_path).fault == ""
    (tmp_path / "audit-000001.jsonl").unlink()
    assert verify(tmp_path).fault == "" and "parts 1 to 1 are not here" in verify(tmp_path).notes[0]
    (tmp_path / "audit-000003.jsonl").unlink()
    assert verify(tmp_path).fault == "audit.jsonl:1: is of part 4, and part 2 is before it: a part is missing"


@pytest.mark.parametrize("spoil", ["edit", "drop", "swap", "double"])
def test_the_first_bad_line_is_named(trail, facts, spoil):
    for _ in range(5):
        trail.append(facts())
    path = trail.folder / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    if spoil == "edit":
        lines[3] = lines[3].replace(b'"by":"me"', b'"by":"it"')
    elif spoil == "drop":
        del lines[3]
    elif spoil == "swap":
        lines[3], lines[4] = lines[4], lines[3]
    else:
        lines.insert(3, lines[2])
    path.write_bytes(b"".join(lines))
    assert verify(trail.folder).fault.startswith("audit.jsonl:4: has been changed")


def test_rows_are_found_by_node_and_by_who_asked(trail, facts):
    trail.append(facts("a-1-1", by="Ann", node="ups_a"))
    trail.append(facts("a-1-2", by="operator: Bob", node="ups_b"))
    trail.append(facts("a-1-1", "completed", by="Ann", node="ups_a", result="done", completed_s=2.0))
    rows = latest(trail.folder)
    assert [(row.id, row.state) for row in rows] == [("a-1-1", "completed"), ("a-1-2", "pending")]
    assert [row.id for row in latest(trail.folder, by="bob")] == ["a-1-2"]
    assert [row.id for row in latest(trail.folder, node="ups_a")] == ["a-1-1"]
    assert len(latest(trail.folder, last=1)) == 1
