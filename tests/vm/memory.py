"""The memory of one type of node at work in the VM, its files as they are deployed: for the test and `make bench`."""

import json
import tempfile
from pathlib import Path
from typing import Any

from winter_river.board import stage
from winter_river.board.compact import compact
from winter_river.emulator.vm import package
from winter_river.emulator.vm.cases import run_cases

HERE = Path(__file__).parent
HEAP_BYTES = 96 * 1024  # of the node; a cautious share of what an ESP32 without PSRAM has beside its Wi-Fi
OURS_BYTES = 24 * 1024  # what the fake board, the case file and this VM take of the heap
# One at a time, so that this VM can free what compiling left behind; a board does that whenever it has to.
_IMPORTS = (
    *(
        "fake_board",
        "memory_mark",
        "winter_wire.schema",
        "winter_wire.codec",
        "winter_node.commands",
        "winter_node.core",
    ),
    *(
        "winter_node.session",
        "winter_node.screen",
        "winter_node.runner",
        "winter_node.hal.mqtt",
        "winter_node.hal.wifi",
    ),
    *("winter_node.hal.oled", "ssd1306", "winter_node.settings", "winter_node.settings_store"),
)


def run_type(command: package.VmCommand, type_name: str, *, publishes: int, frames: int) -> list[dict[str, Any]]:
    """What was alive, bytes, after the start and after each quarter of the work. Raises AssertionError."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as firmware:
        job = {"type": type_name, "publishes": publishes, "frames": frames}
        (Path(folder) / "job.json").write_text(json.dumps(job))
        tree = {name: source.read_bytes() for name, source in stage.sources().items()}
        stage.write(compact(tree, ours=("winter_node", "lib/winter_wire")), Path(firmware))
        run = run_cases(
            command,
            HERE / "cases_memory.py",
            mounts=[
                (Path(folder), "/data"),
                *((HERE / name, f"/lib/{name}") for name in ("fake_board.py", "memory_mark.py")),
                (HERE / "fake_usocket.py", "/lib/usocket.py"),
            ],
            preload=_IMPORTS,
            firmware=Path(firmware),
            heap_bytes=HEAP_BYTES + OURS_BYTES,
            heap_capped=True,
        )
    run.check()
    return [json.loads(line) for line in run.lines if line.startswith("{")]
