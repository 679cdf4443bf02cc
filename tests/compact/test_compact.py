"""Compact firmware files: compiled, smaller, and the same node in the real MicroPython VM."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from winter_river.compact import Compact, CompactError, SourceError, compact, reads_compiled, sources, told, words
from winter_river.emulator.vm import package
from winter_river.emulator.vm.cases import run_cases
from winter_wire import schema

FAKES = Path(__file__).parents[1] / "vm"
MODULES = {
    "compact": ("winter_node", "winter_node.settings_store", "winter_node.starting"),
    "plain": ("winter_wire.schema", "winter_node.core", "winter_node.runner", "winter_node.starting"),
}
FIXED = {
    "to": "auto",
    "timeline": 2,
    "running": 3,
    "pct": 50,
    "power_kw": 10,
    "state": True,
    "command": "page",
}  # for what a verb needs


def tree() -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in sources().items()}


def edited(name: str, old: str, new: str) -> dict[str, bytes]:
    """The sources with one change."""
    files = tree()
    text = files[name].decode()
    assert old in text
    return {**files, name: text.replace(old, new, 1).encode()}


@pytest.fixture(scope="module")
def made() -> Compact:
    return compact(tree())


def test_every_module_is_compiled_and_what_micropython_runs_as_source_is_not(made: Compact) -> None:
    assert {name for name in made.files if not name.endswith(".mpy")} == {"boot.py", "main.py"}
    # Bytes 0 and 1 of a compiled file: "M", and the version of the format that MicroPython 1.27 reads (6).
    assert {data[:2] for name, data in made.files.items() if name.endswith(".mpy")} == {b"M\x06"}
    assert {f"winter_node/rows_{name}.mpy" for name in schema.TYPES} <= set(made.files)


def test_compact_files_take_less_than_half_of_the_flash(made: Compact) -> None:
    assert sum(map(len, made.files.values())) < sum(map(len, tree().values())) / 2


def test_same_sources_give_the_same_bytes_in_whatever_order(made: Compact) -> None:
    assert (
        compact(dict(reversed(edited("winter_node/ticks.py", '"""Milli', '"""Some milli').items()))).files == made.files
    )


def test_a_node_has_no_name_of_a_constant_of_what_it_never_reaches_and_of_other_types(made: Compact) -> None:
    whole = made.files["winter_node/__init__.mpy"]
    for name in (b"HEAP_FREE_MIN", b"snapshot", b"SSD1306_SPI", b"is_node_id", b"fuel_pct", b"STANDBY"):
        assert name not in whole, name
    assert b"STANDBY" in made.files["winter_node/rows_generator.mpy"]
    assert b"STANDBY" not in made.files["winter_node/rows_ups.mpy"]


def test_source_that_does_not_compile_is_named_with_its_line() -> None:
    with pytest.raises(SourceError, match=r"winter_node/core\.py does not compile: .* in line \d+"):
        compact(edited("winter_node/core.py", "def on_tick(self", "def on_tick(self,,"))


def test_source_that_fails_when_it_is_loaded_is_named() -> None:
    with pytest.raises(SourceError, match=r"winter_node\.ticks cannot be loaded: NameError"):
        compact(edited("winter_node/ticks.py", "PERIOD = 1 << 30", "PERIOD = WHAT << 30"))


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("PERIOD = 1 << 30\nprint(PERIOD)\n", r"winter_node\.ticks, line \d+: a module has only"),
        ("PERIOD = 1 << 30\nclass Held:\n    value = 1\n", r"winter_node\.ticks: Held has a value of the class"),
    ],
    ids=["acts when loaded", "value of a class"],
)
def test_source_that_is_written_in_another_way_is_refused_and_not_changed(new: str, why: str) -> None:
    with pytest.raises(CompactError, match=why) as caught:
        compact(edited("winter_node/ticks.py", "PERIOD = 1 << 30", new))
    assert not isinstance(caught.value, SourceError)


@pytest.mark.parametrize(
    ("version", "reads"), [((1, 18), False), ((1, 19), True), ((1, 27), True), ((1, 999), False), (None, False)]
)
def test_only_a_micropython_between_1_19_and_that_of_mpy_cross_reads_compiled_files(
    version: tuple[int, int] | None, reads: bool
) -> None:
    assert reads_compiled(version) is reads


def orders(type_name: str) -> list[str]:
    """One of every verb but those that restart the node, and one that there is not."""
    made = []
    for number, verb in enumerate((*schema.verbs(type_name), "fly")):
        if verb not in ("restart", "config"):
            params = {row[0]: FIXED[row[0]] for row in schema.VERBS.get(verb, ()) if row[2]}
            made.append(json.dumps({"command": verb, "params": params, "id": f"c-{number}", "epoch": number}))
    return made


def story(kind: str, files: dict[str, bytes], type_name: str, folder: Path) -> list[Any]:
    """What a node says and shows in the VM."""
    firmware, data = folder / kind, folder / f"{kind}-data"
    data.mkdir()
    for name, content in files.items():
        (firmware / name).parent.mkdir(parents=True, exist_ok=True)
        (firmware / name).write_bytes(content)
    job = {"type": type_name, "modules": MODULES[kind], "orders": orders(type_name)}
    (data / "job.json").write_text(json.dumps(job))
    run = run_cases(
        package.find(),
        Path(__file__).with_name("cases_compact.py"),
        mounts=[
            (data, "/data"),
            (FAKES / "fake_board.py", "/lib/fake_board.py"),
            (FAKES / "fake_usocket.py", "/lib/usocket.py"),
        ],
        firmware=firmware,
    )
    run.check()
    return [json.loads(line) for line in run.lines if line.startswith("{")]


@pytest.mark.parametrize("type_name", sorted(schema.TYPES))
def test_compact_node_says_and_shows_what_the_sources_do(type_name: str, made: Compact, tmp_path: Path) -> None:
    compact_story = story("compact", dict(made.files), type_name, tmp_path)
    acks = [line for line in compact_story if "said" in line and line["said"][0].endswith("/ack")]
    assert sum('"result":"done"' in line["said"][1] for line in acks) >= 7  # a meter obeys only what all do
    assert len({line["shown"] for line in compact_story if "shown" in line}) >= 5
    assert compact_story == story("plain", tree(), type_name, tmp_path)


def test_traceback_of_a_board_is_told_in_the_words_of_the_sources(made: Compact) -> None:
    there = next(name for name, ours in made.names.items() if ours == ("winter_node.session.Session.on_connack",))
    text = f'Traceback (most recent call last):\n  File "node", line 1, in {there}\nKeyError: 7'
    assert re.search(r"= winter_node\.session\.Session\.on_connack\nKeyError: 7$", told(text, made.names))


def test_no_word_stands_twice() -> None:
    every = words.METHODS + words.BUILTINS
    assert len(set(every)) == len(every)
