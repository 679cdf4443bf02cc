"""Runs the real mpremote in a process of its own; its failures as cause and cure."""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from winter_river.board.errors import BoardError
from winter_river.board.serial_ports import holder

ANSWER_S_MAX = 120.0  # chosen: a whole deploy at 115,200 baud takes a quarter of it
TAIL_LINES = 8

_FAULTS: Sequence[tuple[str, str, str]] = (
    (
        r"(?i)device disconnected|input/output error|no such file or directory: '/dev|write failed",
        "the board on {port} was unplugged",
        "plug it in again and run the same command: it goes on where it stopped",
    ),
    (
        r"could not enter raw repl|timeout waiting|TransportError: timeout",
        "the board on {port} does not answer as MicroPython does",
        "flash it first (`make flash`); if it was flashed, press its reset button and try again",
    ),
    (
        r"(?i)permission denied",
        "you may not use {port}",
        "sudo usermod -aG dialout $USER, then log out and in again",
    ),
    (
        r"(?i)in use by another program|resource busy|multiple access",
        "{port} is in use by {holder}",
        "end that program (a serial monitor?), then try again",
    ),
    (r"ENOSPC|OSError: 28", "the board's file system is full", "flash it anew: `make flash`"),
)


@dataclass(frozen=True)
class Mpremote:
    """mpremote for one port."""

    port: str

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "mpremote", "connect", self.port, *arguments]

    def run(self, *arguments: str) -> str:
        """What it prints. Raises BoardError with cause and cure when it fails."""
        try:
            done = subprocess.run(
                self.command(*arguments),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=ANSWER_S_MAX,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BoardError(
                f"the board on {self.port} stopped answering", "press its reset button and try again"
            ) from None
        if done.returncode:
            raise self._fault(done.stdout + done.stderr)
        return done.stdout

    def attach(self, *arguments: str) -> int:
        """Runs it on this terminal until the user ends it; its exit code."""
        return subprocess.run(self.command(*arguments), check=False).returncode

    def _fault(self, text: str) -> BoardError:
        if "No module named mpremote" in text:
            return BoardError("mpremote is not installed", "pip install 'winter-river[board]'")
        if not Path(self.port).exists():  # mpremote says the same of a port in use
            text = f"device disconnected\n{text}"
        for pattern, cause, cure in _FAULTS:
            if re.search(pattern, text):
                words = {"port": self.port, "holder": holder(self.port) or "a program"}
                return BoardError(cause.format(**words), cure.format(**words))
        tail = "\n".join(f"  {line}" for line in text.splitlines()[-TAIL_LINES:])
        return BoardError(f"mpremote failed:\n{tail}")
