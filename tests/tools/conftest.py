"""A small checkout to run the checkers on."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout() -> Path:
    """The checkout these tests are part of."""
    return CHECKOUT


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Makes a checkout of the given files: `tree({"host/winter_river/clock.py": "import time"})`."""

    def make(files: dict[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text))
        return tmp_path

    return make
