"""Settings changed while a run lasts: all of a change or nothing of it, on the disk too, and nobody unawares."""

from pathlib import Path

import pytest
from winter_river.settings import Settings, SettingsError, load_settings
from winter_river.settings.live import ChangedMeanwhileError, LiveSettings, Part, RefusedError


class Bench:
    """A run of parts that note what they take; what is in `refuses` they do not."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "winter-river.toml"
        self.took: list[tuple[str, object]] = []
        self.refuses: set[object] = set()
        parts = [Part(frozenset((name,)), self.part(name)) for name in ("keep_raw", "influx_url", "alarms")]
        self.live = LiveSettings(Settings(), file=self.file, given={"keep_raw": "--keep-raw"}, parts=parts)

    def part(self, name: str):
        def apply(_old: Settings, new: Settings) -> str:
            value = getattr(new, name)
            if value in self.refuses:
                raise RefusedError(f"{name}: {value} is not to be had\ncure: take another")
            self.took.append((name, value))
            return f"{name} is taken"

        return apply

    def field(self, name: str):
        return next(each for each in self.live.facts()["fields"] if each["name"] == name)

    @property
    def tag(self) -> str:
        return self.live.facts()["tag"]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_change_holds_at_once_and_the_next_start_reads_it(bench) -> None:
    changed = bench.live.change({"keep_raw": "30d"}, tag=bench.tag, by="admin: Ann")
    assert (bench.live.now.keep_raw, bench.took) == ("30d", [("keep_raw", "30d")])
    assert load_settings(directories=[bench.file.parent]).keep_raw == "30d"
    assert changed == (("keep_raw",), (), {"keep_raw": "--keep-raw"}, ("keep_raw is taken",))


def test_what_cannot_be_live_is_written_and_says_why_it_waits(bench) -> None:
    changed = bench.live.change({"seed": 9}, tag=bench.tag)
    assert (changed.applied, changed.waits) == ((), ("seed",))
    told = bench.field("seed")
    assert (told["value"], told["waits"], told["live"], told["restart"]) == (
        1, 9, False, "the site is built of it when it starts",
    )  # fmt: skip
    bench.live.change({"seed": 1}, tag=bench.tag)
    assert bench.field("seed")["waits"] is None


def test_the_second_of_two_who_change_at_once_is_told_by_whom_and_changes_nothing(bench) -> None:
    seen_by_both = bench.tag
    bench.live.change({"keep_raw": "30d"}, tag=seen_by_both, by="admin: Ann")
    with pytest.raises(ChangedMeanwhileError, match="admin: Ann has changed keep_raw"):
        bench.live.change({"keep_raw": "1d"}, tag=seen_by_both, by="admin: Bob")
    assert bench.live.now.keep_raw == "30d"


def test_a_hand_in_the_file_counts_as_somebody_else(bench) -> None:
    seen = bench.tag
    bench.file.write_text("seed = 5\n")
    with pytest.raises(ChangedMeanwhileError, match="winter-river.toml"):
        bench.live.change({"keep_raw": "1d"}, tag=seen)


def test_a_part_that_refuses_has_those_before_it_go_back_and_the_file_stays(bench) -> None:
    bench.file.write_text('keep_raw = "7d"  # mine\n')
    bench.refuses.add("http://nowhere:1")
    with pytest.raises(RefusedError, match="not to be had\ncure: take another"):
        bench.live.change({"keep_raw": "30d", "influx_url": "http://nowhere:1"}, tag=bench.tag)
    assert bench.took == [("keep_raw", "30d"), ("keep_raw", "7d")]
    assert (bench.live.now, bench.file.read_text()) == (Settings(), 'keep_raw = "7d"  # mine\n')


def test_a_file_that_cannot_be_written_has_everything_go_back(bench, monkeypatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(bench.file))

    monkeypatch.setattr("winter_river.settings.live.save", full)
    with pytest.raises(RefusedError, match="No space left on device\ncure: "):
        bench.live.change({"keep_raw": "30d"}, tag="")
    assert (bench.took, bench.live.now) == ([("keep_raw", "30d"), ("keep_raw", "7d")], Settings())


def test_a_broken_settings_file_is_left_as_it_is(bench) -> None:
    bench.file.write_text("keep_raw = \n")
    with pytest.raises(RefusedError, match="cure: mend it by hand"):
        bench.live.change({"keep_raw": "30d"}, tag="")
    assert (bench.took, bench.file.read_text()) == ([], "keep_raw = \n")


def test_every_fault_of_a_change_is_told_at_once_and_nothing_is_done(bench) -> None:
    with pytest.raises(SettingsError) as caught:
        bench.live.change(
            {"keep_raw": "7 days", "keep_som": "1d", "status_s": 6, "timezone": "Mars/Olympus"}, tag=bench.tag
        )
    faults = "\n".join(caught.value.faults)
    assert "keep_som is not a setting (did you mean keep_sums?)" in faults
    assert "keep_raw = '7 days' is not a duration from 1m to 36500d" in faults
    assert "status_s = 6 is not a whole number from 0 to 5" in faults
    assert "timezone = 'Mars/Olympus' is not a time zone of this machine" in faults
    assert (bench.took, bench.file.exists()) == ([], False)


def test_a_value_that_is_set_again_is_taken_again(bench) -> None:
    bench.live.change({"alarms": "rules.yaml"}, tag="")
    bench.live.change({"alarms": "rules.yaml"}, tag="")
    path = str(bench.file.parent / "rules.yaml")
    assert bench.took == [("alarms", path), ("alarms", path)]


def test_a_secret_goes_into_a_file_of_its_own_and_is_never_told_again(bench) -> None:
    bench.live.change({}, tag="", secrets={"influx_token_file": "s3cret-one"})
    first = Path(bench.live.now.influx_token_file)
    assert (first.read_text(), first.stat().st_mode & 0o777) == ("s3cret-one\n", 0o600)
    bench.live.change({}, tag="", secrets={"influx_token_file": "s3cret-two"})
    assert not first.exists()
    assert "s3cret" not in f"{bench.live.facts()}{bench.file.read_text()}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("influx_token_file", "/etc/shadow"), ("webhook_token_file", "~/.netrc"), ("alarms", "/etc/passwd")],
)
def test_nobody_has_the_run_read_files_of_its_machine(bench, name, value) -> None:
    with pytest.raises(SettingsError, match=name):
        bench.live.change({name: value}, tag="")
