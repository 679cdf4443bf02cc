"""Runs the real esptool in a process of its own: its progress as figures, its failures as cause and cure."""

import re
import shlex
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from winter_river.board.chips import CHIPS
from winter_river.board.errors import BoardError
from winter_river.board.serial_ports import holder

WRITE_BAUD = 460_800  # chosen: what the usual USB bridges manage; ESPTOOL_FLAGS="--baud 115200" for those that do not
TAIL_LINES = 12
_PERCENT = re.compile(r"(0x[0-9a-f]+).*?([0-9.]+)\s?%")
_LINE_END = re.compile(rb"[\r\n]")
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_FLASH_MB = re.compile(r"Detected flash size:\s*(\d+)(KB|MB)")
_CHIP = re.compile(r"Connected to (ESP[\w-]+)")

Progress = Callable[[int, float], None]


class _WrongChipError(BoardError):
    """The chip is not the one that the board file names, as far as esptool can tell."""


# What esptool or the operating system says -> (cause, cure); {port}, {chip} and {found} are filled in. The first fits.
_FAULTS: Sequence[tuple[str, str, str]] = (
    (
        r"This chip is (?P<found>[\w-]+), not",
        "the chip on {port} is an {found}, the board file says {chip}",
        "name the board that is connected, BOARD=...; see `make boards`",
    ),
    (
        r"MD5 of file does not match|Verification failed|Verify failed|digest mismatch",
        "the flash does not hold what was written to it (its MD5 differs)",
        "run it again; when it stays so, try a shorter cable, a lower ESPTOOL_FLAGS='--baud 115200', another board",
    ),
    (
        r"(?i)permission denied|access is denied",
        "you may not use {port}",
        "sudo usermod -aG dialout $USER, then log out and in again",
    ),
    (
        r"(?i)resource busy|exclusively lock|multiple access on port",
        "{port} is in use by {holder}",
        "end that program (a serial monitor?), then try again",
    ),
    (
        r"(?i)failed to start stub|stub flasher|enter RAM download mode",
        "the chip on {port} does not run esptool's helper program",
        "try again with ESPTOOL_FLAGS=--no-stub (the virtual board needs it)",
    ),
    (
        r"(?i)input/output error|device (disconnected|reports readiness|not configured)|lost connection|"  # Linux, macOS
        + r"(write|read) failed|could not open|no such file|doesn't exist|disappeared|write timeout",
        "the board was unplugged, or lost its supply, while it was written to",
        "plug it in again and run the same command: it starts from the beginning, nothing is broken for good",
    ),
    (
        r"(?i)failed to connect|no serial data|invalid head of packet|timed out waiting|wrong boot mode|packet content",
        "the chip on {port} does not answer",
        "hold the BOOT button, run the command, let go when it starts to write; is the cable one that carries data?",
    ),
    (
        r"(?i)not an? \S+ image|unexpected chip id",
        "the image is for another chip",
        "leave IMAGE out, or name one for an {chip}",
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """The chip on a port: its name as esptool says it, and the size of its flash."""

    chip: str
    flash_bytes: int


@dataclass(frozen=True)
class Esptool:
    """esptool for one port. flags: what the user adds, before the command (`--no-stub`, `--baud 115200`)."""

    port: str
    chip: str
    flags: str = ""

    def probe(self) -> Found:
        """Which chip it is and how large its flash. Raises BoardError."""
        text = self._run(["flash-id"], after="no-reset")
        size, chip = _FLASH_MB.search(text), _CHIP.search(text)
        if size is None:
            raise BoardError(f"the size of the flash on {self.port} is unknown", "is its flash chip all right?")
        unit = 1 << 20 if size[2] == "MB" else 1 << 10
        return Found(chip[1] if chip else CHIPS[self.chip].title, int(size[1]) * unit)

    def write(self, parts: Sequence[tuple[int, Path]], *, progress: Progress) -> None:
        """Writes files at their offsets; esptool compares each with the flash (MD5) and restarts the chip.

        progress: told which part, counting from 0, and how much of it is written, 0 to 1. Raises BoardError.
        """
        arguments = ["write-flash", "--compress"]
        for offset, file in parts:
            arguments += [f"0x{offset:x}", str(file)]
        starts = [offset for offset, _ in parts]

        def told(line: str) -> None:
            found = _PERCENT.search(line)
            if found and line.startswith("Writing at"):
                address = int(found[1], 16)
                index = max((i for i, start in enumerate(starts) if start <= address), default=0)
                progress(index, min(float(found[2]) / 100, 1.0))

        self._run(arguments, after="hard-reset", told=told)

    def _run(self, arguments: Sequence[str], *, after: str, told: Callable[[str], None] | None = None) -> str:
        """esptool's output. Raises BoardError with cause and cure when it fails.

        A wrong chip is believed at the second look; before it is known, nothing is written. An ESP32 refuses the question
        which chip it is eight times (a comment in esptool's loader.py). Where a slow USB bridge gives one of these late,
        esptool 5.6 takes it for a refusal to read a register, which only a locked ESP32-S2 gives, and says so.
        """
        try:
            return self._run_once(arguments, after=after, told=told)
        except _WrongChipError:
            return self._run_once(arguments, after=after, told=told)

    def _run_once(self, arguments: Sequence[str], *, after: str, told: Callable[[str], None] | None) -> str:
        command = [sys.executable, "-m", "esptool", "--chip", self.chip, "--port", self.port]
        command += ["--baud", str(WRITE_BAUD), "--after", after, *shlex.split(self.flags), *arguments]
        tail: deque[str] = deque(maxlen=400)
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        ) as child:
            try:
                assert child.stdout is not None
                pending = b""
                while part := child.stdout.read(4096):
                    *lines, pending = _LINE_END.split(pending + part)
                    for raw in lines:
                        line = _TERMINAL_CODES.sub("", raw.decode("utf-8", "replace")).strip()
                        if line:
                            tail.append(line)
                            if told is not None:
                                told(line)
            except BaseException:
                child.terminate()
                raise
            code = child.wait()
        text = "\n".join([*tail, pending.decode("utf-8", "replace")])
        if code:
            raise self._fault(text)
        return text

    def _fault(self, text: str) -> BoardError:
        if "No module named esptool" in text:
            return BoardError("esptool is not installed", "pip install 'winter-river[board]'")
        for pattern, cause, cure in _FAULTS:
            if found := re.search(pattern, text):
                words = {"port": self.port, "chip": CHIPS[self.chip].title, "holder": holder(self.port) or "a program"}
                words |= found.groupdict()
                kind = _WrongChipError if "found" in words else BoardError
                return kind(cause.format(**words), cure.format(**words))
        tail = "\n".join(f"  {line}" for line in text.splitlines()[-TAIL_LINES:])
        return BoardError(f"esptool failed:\n{tail}")
