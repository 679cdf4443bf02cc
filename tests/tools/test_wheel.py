"""A built wheel carries all it needs on a machine without a network and without this checkout."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from winter_river import drivers


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    """The names inside a wheel built from a copy of this checkout's package files."""
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path_factory.mktemp("copy")
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "LICENSE"):
        shutil.copy(root / name, folder / name)
    (folder / "README.md").write_text("# Winter River\n")
    for name in ("host", "firmware", "boards"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    drivers.path()
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        "out",
        ".",
    ]
    subprocess.run(command, cwd=folder, check=True)
    (wheel,) = (folder / "out").glob("winter_river-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "winter_river/_drivers/umqtt/simple.py",
        "winter_river/_drivers/ssd1306.py",
        "winter_river/_firmware/boot.py",
        "winter_river/_firmware/main.py",
        "winter_river/_firmware/node.example.json",
        "winter_river/facility/library/block-2n-24.yaml",
        "winter_river/facility/library/seed-8.yaml",
        "winter_river/service/embedded_broker/package-lock.json",
        "winter_river/service/embedded_broker/server.mjs",
        "winter_river/py.typed",
        "winter_river/web/ui/dist/app.css",
        "winter_river/web/ui/dist/app.js",
        "winter_river/web/ui/dist/guide.html",
        "winter_river/web/ui/dist/index.html",
        "winter_river/web/ui/dist/licences.txt",
        "winter_river/web/ui/dist/plant.png",
        "winter_node/core.py",
        "winter_wire/schema.py",
    ],
)
def test_wheel_carries(name, wheel_names):
    assert name in wheel_names


def test_wheel_carries_every_module_of_the_checkout(wheel_names, checkout):
    for root, package in (("host", "winter_river"), ("firmware", "winter_node"), ("firmware/lib", "winter_wire")):
        for file in (checkout / root / package).rglob("*.py"):
            assert file.relative_to(checkout / root).as_posix() in wheel_names


def test_wheel_carries_nothing_but_its_three_packages(wheel_names):
    tops = {name.split("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"winter_river", "winter_node", "winter_wire"}
