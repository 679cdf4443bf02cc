"""The Node.js process of a VM fleet: frames to it and from it (see fleet.mjs)."""

import json
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress

from winter_river.emulator.vm.package import VM_DIR, VmCommand

_HEAD = struct.Struct("<cHI")
COMPLAINT_BYTES_MAX = 2000


class FleetProcess:
    """A running process. It ends when told to, and when this process ends, however it ends: its stdin closes then."""

    def __init__(self, command: VmCommand) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed in wait)
        self._child = subprocess.Popen(
            [command.node, "--optimize-for-size", str(VM_DIR / "fleet.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,  # Ctrl-C in the terminal reaches only us, and we end it in order
        )
        assert self._child.stdin is not None and self._child.stdout is not None
        self._stdin, self._stdout = self._child.stdin, self._child.stdout
        self._sending = threading.Lock()
        self._said = ""

    @property
    def pid(self) -> int:
        return self._child.pid

    def send(self, kind: bytes, board: int = 0, fields: object = None) -> None:
        """One frame, its payload as JSON; lost on a process that has ended, which frames() tells."""
        payload = b"" if fields is None else json.dumps(fields).encode()
        with self._sending:
            try:
                self._stdin.write(_HEAD.pack(kind, board, len(payload)) + payload)
                self._stdin.flush()
            except (BrokenPipeError, ValueError):
                return

    def frames(self) -> Iterator[tuple[bytes, int, bytes]]:
        """(kind, board, payload) of all that comes, until the process ends."""
        while len(head := self._stdout.read(_HEAD.size)) == _HEAD.size:
            kind, board, size = _HEAD.unpack(head)
            payload = self._stdout.read(size)
            if len(payload) < size:
                return
            yield kind, board, payload

    def wait(self, timeout_s: float) -> str:
        """Ends it at the latest after that long; what it complained of, "" where it ended well.

        Harmless a second time. Nobody may read frames() any more.
        """
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if not self._complaints.closed:
            with self._sending, suppress(BrokenPipeError):
                self._stdin.close()
            self._stdout.close()
            self._complaints.seek(0)
            self._said = self._complaints.read()[-COMPLAINT_BYTES_MAX:].decode(errors="replace").strip()
            self._complaints.close()
        return "" if self._child.returncode == 0 else self._said or f"it ended with {self._child.returncode}"
