"""Puts into a built wheel what a checkout has beside the package: drivers, firmware and board files, the built page.

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
        _stand_in_for_package()
        from winter_river import drivers, page

        shutil.copytree(drivers.path(progress=print), package / "_drivers", dirs_exist_ok=True)
        try:
            built = page.build(progress=print)
        except page.PageError as error:
            sys.exit(f"setup.py: a wheel carries the page, and it cannot be built here: {error}")
        shutil.copytree(built, package / "web" / "ui" / "dist", dirs_exist_ok=True)


def _stand_in_for_package() -> None:
    """`winter_river` without its `__init__.py`, whose imports a build environment does not have."""
    package = types.ModuleType("winter_river")
    package.__path__ = [str(ROOT / "host" / "winter_river")]
    sys.modules["winter_river"] = package


setup(cmdclass={"build_py": BuildWithDevices})
