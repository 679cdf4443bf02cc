"""A store copied while it is written to, and put back."""

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
    copy = tmp_path / "away" / "copy.sqlite3"
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
