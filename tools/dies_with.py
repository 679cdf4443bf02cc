"""A command whose process dies with ours, however ours ends: what a killed test started must not run on.

Run as a script it becomes that command (`python -I -S dies_with.py PARENT_PID COMMAND ...`), with the same process id. A
fork hook here would do the same, but is not safe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def dies_with_us(*command: str) -> list[str]:
    """The command to give to Popen, in the thread that outlives the process: the kernel takes the end of that thread for
    ours."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(parent_pid: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # it died before the line above took hold
            sys.exit("the parent process is gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
