"""A broker as a child process of ours: started once, logged to a file, ended with us whatever happens to us."""

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

STOP_S_MAX = 3.0  # chosen: both brokers end within a tenth of this; then they are killed
LOG_TAIL_LINES = 6
LOG_TAIL_BYTES = 4_096

_STARTER = str(Path(__file__).with_name("broker_child.py"))


class Child:
    """A running command. Its own session, so that Ctrl-C in the terminal reaches only us and we end it in order."""

    def __init__(self, command: Sequence[str], *, log: Path) -> None:
        """Start the command with its output in the file log. Raises OSError."""
        self._command, self._log = list(command), log
        self._process: subprocess.Popen[bytes] | None = None
        self._fault: OSError | None = None
        self._restarting = False
        self._begin()
        atexit.register(self.stop)  # where the kernel does not do it (not Linux)

    def _begin(self) -> None:
        started = threading.Event()
        starter = [sys.executable, "-I", "-S", _STARTER, str(os.getpid())]
        # The kernel ends the child when the THREAD that started it ends, so that thread must live as long as the child.
        keeper = threading.Thread(target=self._keep, args=([*starter, *self._command], started), daemon=True)
        keeper.name = "broker-keeper"
        keeper.start()
        started.wait()
        if self._fault is not None:
            raise self._fault

    def _keep(self, command: Sequence[str], started: threading.Event) -> None:
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
        except OSError as error:
            self._fault = error
            return
        finally:
            started.set()
        self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def exit_code(self) -> int | None:
        """The code it ended with (negative: the signal); None while it runs."""
        assert self._process is not None
        return None if self._restarting else self._process.poll()

    def log_tail(self) -> str:
        """The last lines it wrote."""
        with self._log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - LOG_TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def reload(self) -> None:
        """Have it read its files anew (SIGHUP); harmless when it has ended."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def restart(self) -> None:
        """End it and start the same command again. Raises OSError; one that has ended by itself stays so."""
        if self.exit_code() is not None:
            return
        self._restarting = True
        try:
            self._end()
            self._begin()
        finally:
            self._restarting = False

    def stop(self) -> None:
        """End it, gently first; harmless when it has ended."""
        self._end()
        atexit.unregister(self.stop)

    def _end(self) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
