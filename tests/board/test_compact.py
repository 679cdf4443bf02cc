"""Compact firmware files: compiled, smaller, and the same node in the real MicroPython VM."""

import json
from pathlib import Path
from typing import Any

import pytest
from winter_river.board import stage
from winter_river.board.compact import compact
from winter_river.board.errors import BoardError
from winter_river.emulator.vm import package
from winter_river.emulator.vm.cases import run_cases
from winter_wire import schema

FOLDERS = ("winter_node", "lib/winter_wire")
FAKES = Path(__file__).parents[1] / "vm"


def tree(**files: str) -> dict[str, bytes]:
    return {f"winter_node/{name}.py": text.encode() for name, text in files.items()}


@pytest.fixture(scope="module")
def compacted() -> dict[str, bytes]:
    return compact({name: path.read_bytes() for name, path in stage.sources().items()}, ours=FOLDERS)


def test_every_module_is_compiled_and_what_micropython_runs_as_source_is_not(compacted: dict[str, bytes]) -> None:
    assert {name for name in compacted if name.endswith(".py")} == {"boot.py", "main.py"}
    sources = {name.removesuffix(".py") for name in stage.sources()}
    assert {name.removesuffix(".py").removesuffix(".mpy") for name in compacted} == sources
    # Bytes 0 and 1 of a compiled file: "M", and the version of the format that MicroPython 1.27 reads (6).
    assert {data[:2] for name, data in compacted.items() if name.endswith(".mpy")} == {b"M\x06"}


def test_compact_files_take_less_than_half_of_the_flash(compacted: dict[str, bytes]) -> None:
    before = sum(path.stat().st_size for path in stage.sources().values())
    assert sum(map(len, compacted.values())) < before / 2


def test_same_sources_give_the_same_bytes(compacted: dict[str, bytes]) -> None:
    again = compact({name: path.read_bytes() for name, path in stage.sources().items()}, ours=FOLDERS)
    assert again == compacted


def test_constants_stand_in_their_places_and_private_names_are_short() -> None:
    made = compact(
        tree(
            a="LIMIT_WATTS = 3 * 1000\nHIGH, LOW = range(2)\ndef _private_helper(x):\n    return x + LIMIT_WATTS + LOW\n",
            b="from winter_node import a\ndef over(x):\n    return x > a.LIMIT_WATTS\n",
        ),
        ours=FOLDERS,
    )
    text = b"".join(made.values())
    for name in (b"LIMIT_WATTS", b"HIGH", b"_private_helper"):
        assert name not in text, name


def test_names_that_are_changed_written_as_text_or_of_a_base_class_elsewhere_stay() -> None:
    made = compact(
        tree(
            a="COUNT = 1\nCOUNT = 2\nKEPT = 3\ndef drop(module):\n    delattr(module, 'KEPT')\n",
            b="class B:\n    def __init__(self):\n        self._by_text = 1\n    def read(self):\n"
            "        return getattr(self, '_by_text')\n",
            c="class C:\n    def send(self):\n        self._of_a_driver(1)\n",
        ),
        ours=FOLDERS,
    )
    for name, word in (("a", b"COUNT"), ("a", b"KEPT"), ("b", b"_by_text"), ("c", b"_of_a_driver")):
        assert word in made[f"winter_node/{name}.mpy"], word


def test_file_that_does_not_compile_is_named() -> None:
    with pytest.raises(BoardError, match=r"lib/driver\.py does not compile"):
        compact({"lib/driver.py": b"def f(:\n"}, ours=FOLDERS)


def story(root: str, files: Path, type_name: str, folder: Path) -> list[Any]:
    """What a node says and shows in the VM, from the files mounted at root."""
    (folder / "job.json").write_text(json.dumps({"root": root, "type": type_name}))
    run = run_cases(
        package.find(),
        Path(__file__).with_name("cases_compact.py"),
        mounts=[
            (folder, "/data"),
            (files, "/compact"),
            (FAKES / "fake_board.py", "/lib/fake_board.py"),
            (FAKES / "fake_usocket.py", "/lib/usocket.py"),
            (files / "lib/umqtt/simple.mpy", "/lib/umqtt/simple.mpy"),
            (files / "lib/ssd1306.mpy", "/lib/ssd1306.mpy"),
        ],
    )
    run.check()
    return [json.loads(line) for line in run.lines if line.startswith("{")]


@pytest.mark.parametrize("type_name", sorted(schema.TYPES))
def test_compact_node_says_and_shows_what_the_sources_do(
    type_name: str, compacted: dict[str, bytes], tmp_path: Path
) -> None:
    files, data = tmp_path / "compact", tmp_path / "data"
    data.mkdir()
    stage.write(compacted, files)
    compact_story = story("/compact", files, type_name, data)
    assert sum(1 for line in compact_story if (line.get("answer") or [0, 0])[1] == "done") >= 8
    source_story = story("/firmware", files, type_name, data)
    for line in compact_story + source_story:  # the memory is what they are meant to differ in
        if "status" in line:
            line["status"] = [pair for pair in line["status"] if pair[0] != "heap_free"]
        else:
            line["shown"] = [shape for shape in line["shown"] if not str(shape[3]).startswith("heap ")]
    assert compact_story == source_story
