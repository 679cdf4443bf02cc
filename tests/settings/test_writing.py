"""The settings file changed by a program: what people wrote in it stays."""

import os
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from winter_river.settings import file_to_write
from winter_river.settings.writing import edited, save, save_secret

FILE = """# the hall in the north
keep_raw = "7d"   # as the owner asked; "not less"

influx_url = "http://db:8086/#x"
seed = 8
"""


def test_a_value_changes_and_comments_order_and_the_rest_stay() -> None:
    fresh = edited(FILE, {"keep_raw": "30d", "influx_url": "", "lan": True})
    assert fresh == (
        '# the hall in the north\nkeep_raw = "30d"   # as the owner asked; "not less"\n\ninflux_url = ""\nseed = 8\n'
        "lan = true\n"
    )


def test_a_value_that_cannot_be_changed_by_its_line_is_refused_with_the_cure() -> None:
    with pytest.raises(ValueError, match="facility cannot be changed here without harm to the rest\ncure: "):
        edited('facility = """\nmany\nlines"""\n', {"facility": "seed-8"})


@given(st.text(max_size=60).filter(lambda text: "\x7f" not in text), st.integers(0, 2**31))
def test_what_is_written_is_what_is_read_again(word: str, number: int) -> None:
    word = word.encode(errors="ignore").decode()
    fresh = edited(FILE, {"facility": word, "seed": number, "keep_raw": word})
    read = tomllib.loads(fresh)
    assert (read["facility"], read["seed"], read["keep_raw"], read["influx_url"]) == (
        word, number, word, "http://db:8086/#x",
    )  # fmt: skip


def test_a_file_keeps_its_mode_and_a_link_to_it_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "winter-river.toml"
    real.write_text("seed = 1\n")
    real.chmod(0o640)
    link.symlink_to(real)
    save(link, "seed = 2\n")
    assert (real.read_text(), stat.S_IMODE(real.stat().st_mode), link.is_symlink()) == ("seed = 2\n", 0o640, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["real.toml", "winter-river.toml"]


def test_a_disk_that_takes_nothing_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "winter-river.toml"
    path.write_text("seed = 1\n")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(path, "seed = 2\n")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("winter-river.toml", "seed = 1\n")]


def test_a_secret_is_for_nobody_else_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = save_secret(tmp_path / "folder", "influx_token_file", "s3cret")
    finally:
        os.umask(before)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("s3cret\n", 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_new_file_is_made_in_the_last_folder_that_can_be_written_and_one_that_is_there_is_the_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, configuration = tmp_path / "here", tmp_path / "etc" / "ours"
    here.mkdir()
    assert file_to_write((here, configuration)) == configuration / "winter-river.toml"
    # As a service finds it whose system is read-only but for a folder of its own (the tests may run as root).
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) == here)
    assert file_to_write((here, configuration)) == here / "winter-river.toml"
    configuration.mkdir(parents=True)
    (configuration / "winter-river.toml").write_text("")
    assert file_to_write((here, configuration)) == configuration / "winter-river.toml"
