"""The memory of one type of node at work in the VM, its files as they are deployed: for the test and `make bench`.

What counts as the node's: all that goes when the node goes, and the names that it has MicroPython keep for good. What a board
has in C is not the node's: our stand-ins for its modules, and the words that these define, which its image has in flash.
"""

import ast
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from winter_river.board import stage
from winter_river.compact import compact, sources
from winter_river.emulator.vm import package
from winter_river.emulator.vm.cases import run_cases

HERE = Path(__file__).parent
HEAP_BYTES = 96 * 1024  # of the node; a cautious share of what an ESP32 without PSRAM has beside its Wi-Fi
OTHERS_BYTES = 15 * 1024  # at most what stand-ins, the case file and this VM hold beside it; measured again in each run
# Sizes of the store of names in a 32-bit MicroPython, py/qstr.c: a pool holds twice the one before it.
_FIRST_POOL, _POOL_HEAD_BYTES, _ENTRY_BYTES, _BLOCK_BYTES, _CHUNK_BYTES = 20, 16, 7, 16, 128
_COMPACT = ("winter_node", "winter_node.settings", "winter_node.settings_store", "winter_node.starting")
_PLAIN = (
    *("winter_wire.schema", "winter_wire.codec", "winter_node.commands", "winter_node.core", "winter_node.session"),
    *(
        "winter_node.screen",
        "winter_node.runner",
        "winter_node.hal.mqtt",
        "winter_node.hal.wifi",
        "winter_node.hal.oled",
    ),
    *("ssd1306", "winter_node.settings", "winter_node.settings_store"),
)


@dataclass(frozen=True)
class Memory:
    """Bytes. alive: after the start and after each quarter of the work. others: what is not the node's.

    code: functions, tables and classes; state: what they made; names: the store of names, of which there are name_count.
    """

    alive: tuple[int, ...]
    names: int
    name_count: int
    others: int
    publishes: int
    frames: int


def run_type(
    command: package.VmCommand,
    type_name: str,
    *,
    publishes: int,
    frames: int,
    plain: bool = False,
    heap_bytes: int = HEAP_BYTES,
) -> Memory:
    """What a node of one type holds. plain: from its sources, compiled in the VM. Raises AssertionError."""
    tree = {name: source.read_bytes() for name, source in sources().items()}
    files = tree if plain else dict(compact(tree).files)
    job = {"type": type_name, "publishes": publishes, "frames": frames, "modules": _PLAIN if plain else _COMPACT}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as firmware:
        (Path(folder) / "job.json").write_text(json.dumps(job))
        stage.write(files, Path(firmware))
        run = run_cases(
            command,
            HERE / "cases_memory.py",
            mounts=[
                (Path(folder), "/data"),
                (HERE / "fake_board.py", "/lib/fake_board.py"),
                (HERE / "fake_usocket.py", "/lib/usocket.py"),
            ],
            preload=("fake_board",),
            firmware=Path(firmware),
            heap_bytes=heap_bytes + OTHERS_BYTES,
            heap_capped=True,
        )
    run.check()
    rows = [json.loads(line) for line in run.lines if line.startswith("{")]
    before, after = _kept_names(run.lines)
    loaded = set().union(*(_names_of(data) for path, data in files.items() if _is_loaded(path, type_name)))
    own = ((after - before) | (before & loaded)) - _words_of_stand_ins()
    names = _store_bytes(own)
    gone = rows[-1]["alive"]
    return Memory(
        alive=tuple(row["alive"] - gone + names for row in rows[1:-1]),
        names=names,
        name_count=len(own),
        others=gone - _store_bytes(own),
        publishes=rows[-2]["publishes"],
        frames=rows[-2]["frames"],
    )


def _kept_names(lines: tuple[str, ...]) -> tuple[set[str], set[str]]:
    """The names that MicroPython held when qstr_info() was asked first, and last."""
    found: list[set[str]] = []
    for line in (line.rstrip("\r") for line in lines):
        if line.startswith("qstr pool"):
            found.append(set())
        elif line.startswith("Q(") and line.endswith(")"):
            found[-1].add(line[2:-1])
    return found[0], found[-1]


def _is_loaded(path: str, type_name: str) -> bool:
    return path.endswith(".mpy") and ("/rows_" not in path or path.endswith(f"/rows_{type_name}.mpy"))


def _names_of(data: bytes) -> set[str]:
    """The names in a compiled file: py/persistentcode.c, version 6."""
    at = 4

    def number() -> int:
        nonlocal at
        value = 0
        while True:
            byte = data[at]
            at += 1
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    count, _ = number(), number()
    names = set()
    for _ in range(count):
        size = number()
        if not size & 1:  # else it is one that every MicroPython has
            names.add(data[at : at + (size >> 1)].decode())
            at += (size >> 1) + 1
    return names


def _words_of_stand_ins() -> set[str]:
    """The words that the VM's stand-ins for a board's C modules define."""
    words = set()
    for file in (package.VM_DIR / "modules").glob("[a-z]*.upy"):
        words.add(file.stem)
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                words.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and re.fullmatch("[A-Z_0-9]+", node.id):
                words.add(node.id)
    return words


def _store_bytes(names: set[str]) -> int:
    """What a store of these names takes: its pools, and its texts in chunks."""
    left, pool, taken = len(names), _FIRST_POOL, 0
    while left > 0:
        taken += -(-(_POOL_HEAD_BYTES + pool * _ENTRY_BYTES) // _BLOCK_BYTES) * _BLOCK_BYTES
        left, pool = left - pool, pool * 2
    text = sum(len(name.encode()) + 1 for name in names)
    return taken + -(-text // _CHUNK_BYTES) * _CHUNK_BYTES
