"""Which files make up the firmware: ours, and the two drivers it stands on."""

from collections.abc import Iterator
from pathlib import Path

import winter_node
import winter_wire

from winter_river import drivers, paths

DRIVERS = ("umqtt/simple.py", "ssd1306.py")


def sources(drivers_dir: Path | None = None) -> dict[str, Path]:
    """Path on the board to file here, for all but node.json, sorted. Raises DriversError where there are no drivers."""
    firmware = paths.firmware_dir()
    found = {name: firmware / name for name in ("boot.py", "main.py")}
    for package, place in ((winter_node, "winter_node"), (winter_wire, "lib/winter_wire")):
        folder = Path(str(package.__file__)).parent
        found |= {f"{place}/{name}": folder / name for name in _python_files(folder)}
    driver_folder = drivers_dir or drivers.path()
    found |= {f"lib/{name}": driver_folder / name for name in DRIVERS}
    return dict(sorted(found.items()))


def _python_files(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*.py")):
        yield file.relative_to(folder).as_posix()
