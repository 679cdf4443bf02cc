"""The service's own bus as its issuer uses it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from winter_river.service.loop import Loop
from winter_river.service.messages import Message


class LoopLine:
    """The service's own bus, for its issuer."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def held(self) -> AbstractContextManager[object]:
        """Desk, bus and coordinator are ours alone."""
        return self._loop.lock

    def now_s(self) -> float:
        """The loop's clock."""
        return self._loop.clock()

    @property
    def connected(self) -> bool:
        """Whether there is a broker now."""
        return self._loop.bus.connected

    def publish(self, message: Message) -> bool:
        """False, at once, while there is no broker."""
        if not self.connected:
            return False
        self._loop.bus.publish([message])
        return True

    def wait(self, seconds: float) -> bool:
        """Until the next step or answer; False when the engine has stopped."""
        self._loop.stepped.wait(seconds)
        return self._loop.running
