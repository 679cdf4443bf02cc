"""A store copied while it is written to, and put back."""

import contextlib
import os
import sqlite3

import pytest
from winter_river.store import StoreError, moving


def filled(bench, count=50):
    site = bench()
    for seq in range(count):
        site.clock.passed_s += 1.0
        site.say(boot=1, seq=seq, voltage_in=480.0)
    site.turn()
    return site


def test_a_copy_of_a_running_store_has_everything_and_goes_on_where_it_was(bench, tmp_path) -> None:
    site = filled(bench)
    copy = tmp_path / "copy.sqlite3"
    moving.backup(site.path, copy)
    site.clock.passed_s += 1.0
    site.say(boot=1, seq=50)
    site.turn()
    assert len(site.values("ups_a", "seq")) == 51
    site.keeper.stop()
    before = moving.restore(copy, site.path)
    site.again()
    assert site.values("ups_a", "seq") == list(range(50))
    assert before is not None and before.exists()
    site.clock.passed_s += 1.0
    site.say(boot=1, seq=50)
    site.turn()
    assert site.values("ups_a", "seq") == list(range(51))


def test_nothing_is_put_in_the_place_of_a_store_that_is_written_to(bench, tmp_path) -> None:
    site = filled(bench)
    moving.backup(site.path, tmp_path / "copy")
    with pytest.raises(StoreError, match="another run keeps"):
        moving.restore(tmp_path / "copy", site.path)


def test_a_damaged_copy_changes_nothing(bench, tmp_path) -> None:
    site = filled(bench, 2_000)
    copy = tmp_path / "copy"
    moving.backup(site.path, copy)
    site.keeper.stop()
    whole = bytearray(copy.read_bytes())
    whole[8_192:60_000] = b"\x55" * (60_000 - 8_192)
    copy.write_bytes(whole)
    kept = site.path.read_bytes()
    with pytest.raises(StoreError, match="copy(?s:.*)cure: "):
        moving.restore(copy, site.path)
    assert site.path.read_bytes() == kept


def test_there_is_nothing_to_copy_where_nothing_was_kept(tmp_path) -> None:
    with pytest.raises(StoreError, match="there is no history at"):
        moving.backup(tmp_path / "none", tmp_path / "copy")


def test_a_folder_that_is_missing_is_not_made_because_it_may_be_a_disk(bench, tmp_path) -> None:
    site = filled(bench)
    with pytest.raises(StoreError, match="stick is no folder\ncure: plug its disk in, or mkdir -p"):
        moving.backup(site.path, tmp_path / "stick" / "copy")
    assert not (tmp_path / "stick").exists()


def test_a_second_restore_does_not_take_what_the_first_one_set_aside(bench, tmp_path) -> None:
    site = filled(bench)
    moving.backup(site.path, tmp_path / "copy")
    site.keeper.stop()
    kept = site.path.read_bytes()
    first = moving.restore(tmp_path / "copy", site.path)
    second = moving.restore(tmp_path / "copy", site.path)
    assert first is not None and second is not None and first != second
    assert first.read_bytes() == kept and second.exists()


@pytest.mark.parametrize("content", [None, b"no database at all, but long enough to be taken for one" * 40])
def test_what_is_no_copy_is_refused_with_where_copies_come_from(bench, tmp_path, content) -> None:
    site = filled(bench)
    site.keeper.stop()
    if content is not None:
        (tmp_path / "copy").write_bytes(content)
    with pytest.raises(StoreError, match="copy(?s:.*)cure: name a file that winter-river backup made"):
        moving.restore(tmp_path / "copy", site.path)


def test_a_copy_of_an_older_version_is_put_back_and_brought_up_to_date_by_the_next_run(bench, tmp_path) -> None:
    site = filled(bench)
    moving.backup(site.path, tmp_path / "copy")
    site.keeper.stop()
    with contextlib.closing(sqlite3.connect(tmp_path / "copy")) as connection:
        connection.executescript("DROP TABLE journal; DROP TABLE sink; PRAGMA user_version = 1;")
    moving.restore(tmp_path / "copy", site.path)
    site.again()
    assert site.values("ups_a", "seq") == list(range(50))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for another user")
def test_what_root_puts_back_belongs_to_the_service_that_owns_the_place(bench, tmp_path) -> None:
    site = filled(bench)
    moving.backup(site.path, tmp_path / "copy")
    site.keeper.stop()
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 61_184, 61_185)  # the first of systemd's dynamic users
    moving.restore(tmp_path / "copy", tmp_path / "state" / "site.sqlite3")
    assert {(path.stat().st_uid, path.stat().st_gid) for path in (tmp_path / "state").iterdir()} == {(61_184, 61_185)}
