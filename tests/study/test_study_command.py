"""`winter-river study`: what it prints, what it writes, how it ends."""

import csv
import io
import json
import multiprocessing
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from winter_river.cli import main
from winter_river.cli.errors import CommandError
from winter_river.cli.study_workers import spread

DATA = Path(__file__).parent / "data"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def program(tmp_path, monkeypatch, capsys):
    """The program in an empty folder: takes its arguments as one text, gives exit code and output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def run(arguments):
        code = main(arguments.split())
        return Ended(code, *capsys.readouterr())

    return run


def test_n_1_lists_every_loss_with_the_worst_first(program):
    ended = program("study n-1 block-2n-24")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[1] == "14 of 24 kill racks, of which the site has 8."
    assert lines[4].split()[:4] == ["ups_a", "A", "4", "0"]
    assert "  lv_switchgear_b: 4 of 8 racks" in lines


@pytest.mark.parametrize(
    "study", ["n-2 seed-8", "availability seed-8 --years 40 --worlds 8"], ids=["n-2", "availability"]
)
def test_a_study_held_to_the_laws_in_other_processes_finds_the_same(program, study):
    plain = program(f"study {study} --json")
    held = program(f"study {study} --json --check-laws --processes 2")
    assert (held.code, held.out) == (0, plain.out), held.err


def test_n_1_as_csv_is_the_same_bytes_every_time(program):
    """To renew it: winter-river study n-1 block-2n-24 --csv tests/study/data/n-1-block-2n-24.csv"""
    assert program("study n-1 block-2n-24 --csv losses.csv").code == 0
    assert Path("losses.csv").read_bytes() == (DATA / "n-1-block-2n-24.csv").read_bytes()


def test_n_2_marks_what_only_the_pair_kills(program):
    ended = program("study n-2 seed-8 --rows 100 --csv pairs.csv")
    assert ended.code == 0, ended.err
    assert "2 pairs kill a load that neither loss alone kills" in ended.out
    rows = list(csv.DictReader(io.StringIO(Path("pairs.csv").read_text())))
    assert [row["lost"] for row in rows if row["only_together"] == "yes"] == ["util_a gen_a", "trf_a gen_a"]


def test_n_2_says_the_same_with_two_processes(program):
    assert program("study n-2 seed-8 --json --processes 2").out == program("study n-2 seed-8 --json").out


def test_json_has_every_loss_with_times_as_numbers(program):
    found = json.loads(program("study n-1 seed-8 --json --until 1h").out)
    assert (found["study"], found["facility"], found["horizon_s"]) == ("n-1", "seed-8", 3600.0)
    assert len(found["losses"]) == 8
    ups = next(loss for loss in found["losses"] if loss["lost"] == ["ups_a"])
    assert ups["outages"] == [{"load": "srv_a", "dead_s": 0.0, "back_s": None, "down_s": 3600.0}]


def test_calibration_is_taken_and_a_wrong_one_refused(program):
    quick = json.loads(program("study n-2 seed-8 --json --calibration quick").out)
    pair = next(loss for loss in quick["losses"] if loss["lost"] == ["util_a", "gen_a"])
    assert pair["outages"][0]["dead_s"] == pytest.approx(10, abs=0.5)  # a tenth of the training battery
    ended = program("study n-1 seed-8 --calibration slow")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "--calibration: calibration is slow; known: training, quick, realistic" in ended.err


def test_facility_that_is_not_there_is_refused_in_one_line(program):
    ended = program("study n-1 seed-9")
    assert ended.code == 1
    assert "did you mean `seed-8`" in ended.err


def test_picture_without_matplotlib_names_the_cure_before_any_work(program, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ended = program("study n-1 seed-8 --picture losses.svg")
    assert (ended.code, ended.out) == (1, "")
    assert "cure: " in ended.err and "-m pip install 'matplotlib" in ended.err


def test_picture_of_another_kind_is_refused(program):
    ended = program("study n-1 seed-8 --picture losses.jpg")
    assert ended.code == 2
    assert "must end in .svg or .png" in ended.err


@pytest.mark.parametrize("order", ["n-1", "n-2"])
def test_picture_is_drawn_and_is_the_same_bytes_every_time(program, order):
    pytest.importorskip("matplotlib", reason="an extra: pip install 'winter-river[picture]'")
    for name in ("one.svg", "two.svg"):
        assert program(f"study {order} seed-8 --picture {name}").code == 0
    assert Path("one.svg").read_bytes() == Path("two.svg").read_bytes()
    assert b"ups_a" in Path("one.svg").read_bytes()


def test_availability_tells_rows_shares_and_assumptions(program):
    ended = program("study availability seed-8 --years 200 --worlds 20 --csv years.csv")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("Availability of seed-8, training calibration: 200 years in 20 worlds, seed 1\n")
    assert "Failures are independent" in ended.out
    assert "No agreement with the Gold Book" in ended.out
    rows = list(csv.DictReader(io.StringIO(Path("years.csv").read_text())))
    totals = {row["load"]: row for row in rows if not row["failure"]}
    assert set(totals) == {"any rack", "srv_a"}
    assert 0.999 < float(totals["srv_a"]["availability"]) <= 1.0


def test_availability_is_the_same_with_any_number_of_processes(program):
    one = program("study availability seed-8 --years 400 --worlds 40 --seed 5 --json --processes 1")
    two = program("study availability seed-8 --years 400 --worlds 40 --seed 5 --json --processes 2")
    assert one.code == two.code == 0
    assert one.out == two.out


OWN_RATES = """\
facility: hut
defaults:
  utility: {failures_per_year: 12, repair_h: 20}
nodes:
  mast: {type: utility, voltage_v: 480}
  rack: {type: server, from: mast, load_kw: 5, load_kw_max: 5, rated_a: 10, breaker_failures_per_year: 0}
"""


def test_availability_takes_a_site_s_own_rates(program):
    Path("hut.yaml").write_text(OWN_RATES)
    found = json.loads(program("study availability hut.yaml --years 2000 --worlds 400 --json").out)
    rack = next(row for row in found["loads"] if row["load"] == "rack")
    # A life of 8766 / 12 = 730.5 h and a repair of 20 h: down 2.665 % of the time.
    assert abs(rack["availability"] - (1 - 20 / 750.5)) < 2 * rack["availability_se"]
    assert [(share["node"], share["failure"]) for share in rack["owed_to"]] == [("mast", "outage")]


def test_a_rate_out_of_its_range_is_refused_with_its_place(program):
    Path("hut.yaml").write_text(OWN_RATES.replace("repair_h: 20", "repair_h: 0"))
    ended = program("study availability hut.yaml")
    assert ended.code == 1
    assert "hut.yaml:3:" in ended.err and "repair_h is 0 h; must be 0.001 to 87600 h" in ended.err


def test_availability_refuses_no_years(program):
    ended = program("study availability seed-8 --years 0")
    assert ended.code == 2
    assert "--years is 0; must be above 0" in ended.err


def _double():
    return lambda number: 2 * number


def _refuse():
    def run(number):
        raise ValueError(f"no {number}")

    return run


def test_results_come_in_the_order_of_their_jobs():
    done = []
    assert spread(_double, list(range(20)), processes=2, done=done.append) == [2 * k for k in range(20)]
    assert sorted(done) == list(range(20))


def test_a_job_that_fails_ends_the_study_with_its_reason():
    with pytest.raises(CommandError, match="no 0|no 1"):
        spread(_refuse, [0, 1], processes=2, done=lambda _: None)
    assert multiprocessing.active_children() == []


def test_ctrl_c_leaves_no_process_behind():
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(CommandError, match=r"Ctrl-C") as caught:
        spread(_double, list(range(20)), processes=2, done=interrupt)
    assert caught.value.code == 130
    assert multiprocessing.active_children() == []
