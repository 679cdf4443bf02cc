"""Puts into a built wheel what a checkout has beside the package: drivers, firmware entry files and board files.

Everything else about the package is in pyproject.toml.
"""

import shutil
import sys
import types
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
FIRMWARE_FILES = ("boot.py", "main.py", "node.example.json")


class BuildWithDevices(build_py):
    """build_py that also carries what `winter_river.paths` and `winter_river.drivers` look for in a package."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # a checkout has its own folders, and fetches the drivers into the user's cache
            return
        package = Path(self.build_lib) / "winter_river"
        firmware = package / "_firmware"
        firmware.mkdir(parents=True, exist_ok=True)
        for name in FIRMWARE_FILES:
            shutil.copyfile(ROOT / "firmware" / name, firmware / name)
        shutil.copytree(ROOT / "boards", package / "_boards", dirs_exist_ok=True)
        shutil.copytree(_drivers_module().path(progress=print), package / "_drivers", dirs_exist_ok=True)


def _drivers_module() -> types.ModuleType:
    """winter_river.drivers without `winter_river/__init__.py`, whose imports a build environment does not have."""
    package = types.ModuleType("winter_river")
    package.__path__ = [str(ROOT / "host" / "winter_river")]
    sys.modules["winter_river"] = package
    from winter_river import drivers

    return drivers


setup(cmdclass={"build_py": BuildWithDevices})
