"""The signals that stop a run."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """A signal asked us to stop.

    No KeyboardInterrupt: Python ends a process by SIGINT where one went through text that was being executed, as the
    import of a dataclass is, even if it was caught.
    """


def stopping() -> tuple[signal.Signals, ...]:
    """The signals that mean stop: Ctrl-C, a service manager's, and a closed terminal's unless `nohup` shut it out.

    A shell lets what it starts with & ignore Ctrl-C; whoever sends that one signal on purpose still means it.
    """
    kept_out = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM) if kept_out else (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """While this lasts, a signal to stop raises Stopped, and everything is taken down in order.

    Gives an event that is set, too: the exception is lost where it meets what Python lets nobody interrupt (a
    destructor, a callback of the garbage collector), and a run that has not stopped yet looks at it.
    """
    asked = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        raise Stopped

    before = {number: signal.signal(number, stop) for number in stopping()}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def on_signals(act: Callable[[], None]) -> Iterator[None]:
    """While this lasts, Ctrl-C and the signals to stop only do that."""
    before = {number: signal.signal(number, lambda *_: act()) for number in stopping()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
