"""Machine code on the disk: fetched by LLVM alone, and compiled anew wherever it is not whole or not for here."""

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="the extra `fast` is not installed")
from winter_river import paths
from winter_river.engine import exponential
from winter_river.engine.fast import kernel, objects

SMALL = "winter_river.engine.exponential"  # two functions of floats: compiled in a second
CASES = [(20.0, 45.0, 300.0, 0.0), (20.0, 45.0, 300.0, 77.7), (45.0, 20.0, 0.5, 1.0), (1.0, 1.0, 60.0, 5.0)]

pytestmark = pytest.mark.timeout(900)  # it compiles: see test_compiled.py


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """The small module, compiled once."""
    from winter_river.engine.fast.linking import linked

    return linked(SMALL)


def holds(functions):
    for case in CASES:
        assert functions.value_after(*case) == exponential.value_after(*case)


def test_what_was_kept_is_read_as_it_was_and_runs_to_the_bit(code, tmp_path):
    objects.write(code, tmp_path / "it.code")
    found = objects.read(tmp_path / "it.code")
    assert found == code
    holds(objects.functions(found))


def test_a_file_that_is_cut_short_or_of_which_a_byte_is_another_is_not_read(code, tmp_path):
    file = tmp_path / "it.code"
    objects.write(code, file)
    whole = file.read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert objects.read(file) is None, f"byte {place}"
        file.write_bytes(whole[:place])
        assert objects.read(file) is None, f"cut at {place}"
    file.unlink()
    assert objects.read(file) is None


def test_code_that_wants_what_this_process_does_not_have_is_not_read(code, tmp_path):
    file = tmp_path / "it.code"
    objects.write(dataclasses.replace(code, wants=(*code.wants, "no_such_symbol_anywhere")), file)
    assert objects.read(file) is None


def test_a_damaged_file_is_compiled_anew_and_kept_again(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "cache_dir", lambda: tmp_path)
    holds(kernel.load(SMALL, ()))
    (file,) = tmp_path.rglob("*.code")
    kept = file.read_bytes()
    file.write_bytes(kept[: len(kept) // 2])
    assert not kernel.is_kept(SMALL)
    holds(kernel.load(SMALL, ()))
    digest, _, body = file.read_bytes().partition(b"\n")
    assert hashlib.sha256(body).hexdigest().encode() == digest


def test_another_text_or_processor_is_another_file(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "cache_dir", lambda: tmp_path)
    more = tmp_path / "more.py"
    more.write_text("one = 1\n")
    first = kernel._file(SMALL, [more])
    more.write_text("one = 2\n")
    second = kernel._file(SMALL, [more])
    monkeypatch.setattr(kernel.llvm, "get_host_cpu_name", lambda: "another")
    assert len({first, second, kernel._file(SMALL, [more])}) == 3


def test_old_versions_go_and_those_that_a_process_may_be_at_stay(code, tmp_path):
    for k in range(10):
        (tmp_path / f"old{k}").mkdir()
        os.utime(tmp_path / f"old{k}", (1000.0 + k, 1000.0 + k))
    for k in range(3):
        (tmp_path / f"new{k}").mkdir()
    kernel.keep(code, tmp_path / "mine" / "it.code")
    assert objects.read(tmp_path / "mine" / "it.code") == code
    left = {folder.name for folder in tmp_path.iterdir()}
    assert left == {"mine", "new0", "new1", "new2", "old8", "old9"}


def test_keeping_while_others_take_folders_away_does_no_harm(code, tmp_path):
    file = tmp_path / "it" / "it.code"
    done = threading.Event()

    def take_away():
        while not done.is_set():
            shutil.rmtree(file.parent, ignore_errors=True)

    other = threading.Thread(target=take_away)
    other.start()
    try:
        for _ in range(200):
            kernel.keep(code, file)
            assert objects.read(file) in (None, code)
    finally:
        done.set()
        other.join()
    kernel.keep(code, file)
    assert objects.read(file) == code


def test_a_folder_that_cannot_be_written_only_costs_the_time(monkeypatch, tmp_path):
    place = tmp_path / "a file, not a folder"
    place.write_text("")
    monkeypatch.setattr(paths, "cache_dir", lambda: place)
    holds(kernel.load(SMALL, ()))


def test_a_start_from_the_disk_loads_no_numba(monkeypatch, tmp_path):
    script = (
        "import sys; from pathlib import Path; from winter_river import paths; from winter_river.engine.fast import kernel;"
        f"paths.cache_dir = lambda: Path({str(tmp_path)!r});"
        f"print(kernel.load({SMALL!r}, ()).value_after(20.0, 45.0, 300.0, 77.7), 'numba' in sys.modules)"
    )
    said = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert said == [[str(exponential.value_after(*CASES[1])), word] for word in ("True", "False")]
    assert Path(next(tmp_path.rglob("*.code"))).stat().st_size < 100_000
