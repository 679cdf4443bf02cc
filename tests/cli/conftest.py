"""Runs the program as a user does, in a folder and a home of its own."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from winter_river.cli import main


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as current folder, with settings, data and cache of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATA", "LOG"):
        monkeypatch.setenv(f"WINTER_RIVER_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def winter_river(capsys: pytest.CaptureFixture[str]) -> Callable[[Sequence[str]], Ended]:
    """The program: takes its arguments as one text or a list, gives exit code and output."""

    def run(arguments: str | Sequence[str]) -> Ended:
        code = main(arguments.split() if isinstance(arguments, str) else arguments)
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run
