"""One boot of the MicroPython VM as a child process: frames to it and from it (see vm/board.mjs)."""

import base64
import json
import os
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from winter_river.emulator.vm import package
from winter_river.emulator.vm.package import VmCommand

VM_DIR = Path(__file__).with_name("vm")
_HEAD = struct.Struct("<cI")
READ_BYTES = 1 << 16
LINE_LENGTH_MAX = 200
COMPLAINT_LINES = 10


@dataclass(frozen=True)
class BootRequest:
    """What a boot starts from. raw: the REPL was in raw mode before a soft reset, so that main.py does not run."""

    files: Mapping[str, bytes]
    raw: bool = False
    reset_cause: int = 1
    unique_id: str = "025752000001"
    i2c: tuple[int, ...] = (0x3C,)
    flash_bytes: int = 2 << 20

    def payload(self) -> bytes:
        files = [[name, base64.b64encode(data).decode()] for name, data in sorted(self.files.items())]
        return json.dumps(
            {
                "files": files,
                "raw": self.raw,
                "reset_cause": self.reset_cause,
                "unique_id": self.unique_id,
                "i2c": list(self.i2c),
                "flash_bytes": self.flash_bytes,
            }
        ).encode()


@dataclass
class VmProcess:
    """A running VM. fileno() becomes readable when frames() has something."""

    command: VmCommand
    request: BootRequest
    _pending: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed in stop)
        arguments = [str(self.command.module), str(VM_DIR / "board_start.upy"), str(package.VM_DIR / "modules")]
        self._child = subprocess.Popen(
            [self.command.node, str(VM_DIR / "board.mjs"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            bufsize=0,
        )
        assert self._child.stdin is not None and self._child.stdout is not None
        self._stdin, self._stdout = self._child.stdin, self._child.stdout
        os.set_blocking(self._stdout.fileno(), False)
        self.send(b"B", self.request.payload())

    def fileno(self) -> int:
        return self._stdout.fileno()

    def send(self, kind: bytes, payload: bytes) -> None:
        """One frame to the VM; to one that has just ended it is lost, as bytes to a board in reset are."""
        data = _HEAD.pack(kind, len(payload)) + payload
        try:
            while data:
                data = data[self._stdin.write(data) or 0 :]
        except BrokenPipeError:
            return

    def frames(self) -> Iterator[tuple[bytes, bytes]]:
        """(kind, payload) of what has come; kind b"" once the process has ended."""
        ended = False
        while True:
            part = self._stdout.read(READ_BYTES)
            if part is None:
                break
            if not part:
                ended = True
                break
            self._pending += part
        while len(self._pending) >= _HEAD.size:
            kind, size = _HEAD.unpack_from(self._pending)
            if len(self._pending) < _HEAD.size + size:
                break
            payload = bytes(self._pending[_HEAD.size : _HEAD.size + size])
            del self._pending[: _HEAD.size + size]
            yield kind, payload
        if ended:
            yield b"", b""

    def complaint(self) -> str:
        """The last lines that Node itself wrote, without the source text it likes to show."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").splitlines()
        return "\n".join([line for line in lines if line.strip() and len(line) < LINE_LENGTH_MAX][-COMPLAINT_LINES:])

    def stop(self) -> None:
        """Ends the process in the middle of what it does, as a reset does; harmless a second time."""
        self._stdin.close()
        self._child.kill()
        self._child.wait()
        self._stdout.close()
        self._complaints.close()


def files_of(payload: bytes) -> dict[str, bytes]:
    """The files in a frame of kind F."""
    return {name: base64.b64decode(content) for name, content in json.loads(payload)}
