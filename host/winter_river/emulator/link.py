"""A bad radio, seeded and in simulated time: messages get lost, late, doubled and out of order."""

import heapq
import random
from typing import Any

QUEUE_MAX = 10_000  # chosen: a minute of a large site's traffic; more means that nobody takes messages out


class Link:
    """One direction between a sender and a receiver. The same seed and the same sends give the same arrivals.

    sent, lost, duplicated, reordered, overflowed: counts. Messages may be anything; the link does not look inside.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        loss: float = 0.0,
        delay_ms: tuple[int, int] = (0, 0),
        duplicate: float = 0.0,
        reorder: float = 0.0,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        """loss, duplicate, reorder: chances, 0 to 1. delay_ms: least and most; without reorder none overtakes another.

        Raises ValueError for a chance outside 0 to 1 or a delay that is not two rising numbers from 0.
        """
        for name, chance in (("loss", loss), ("duplicate", duplicate), ("reorder", reorder)):
            if not 0 <= chance <= 1:
                raise ValueError(f"{name} is {chance}; a chance from 0 to 1")
        if not 0 <= delay_ms[0] <= delay_ms[1]:
            raise ValueError(f"delay_ms is {delay_ms}; least and most, from 0 up")
        self._random = random.Random(seed)
        self._loss, self._duplicate, self._reorder = loss, duplicate, reorder
        self._delay_ms, self._queue_max = delay_ms, queue_max
        self._queue: list[tuple[int, int, Any]] = []
        self._last_ms = self._queued = 0
        self.sent = self.lost = self.duplicated = self.reordered = self.overflowed = 0

    def send(self, message: Any, *, now_ms: int) -> None:
        """Put a message on its way, or lose it. What finds the queue full is dropped and counted."""
        self.sent += 1
        if self._random.random() < self._loss:
            self.lost += 1
            return
        copies = 2 if self._random.random() < self._duplicate else 1
        self.duplicated += copies - 1
        for _ in range(copies):
            self._queue_one(message, now_ms)

    def receive(self, now_ms: int) -> list[Any]:
        """The messages that have arrived by now, in the order of their arrival."""
        arrived = []
        while self._queue and self._queue[0][0] <= now_ms:
            arrived.append(heapq.heappop(self._queue)[2])
        return arrived

    def due_ms(self) -> int | None:
        """When the next message arrives; None while the link is empty."""
        return self._queue[0][0] if self._queue else None

    def cut(self) -> None:
        """Lose everything that is on its way, as a connection does that breaks."""
        self.lost += len(self._queue)
        self._queue.clear()

    def _queue_one(self, message: Any, now_ms: int) -> None:
        at_ms = now_ms + self._random.randint(*self._delay_ms)
        if self._random.random() < self._reorder:
            self.reordered += 1  # held back by one more full delay: what is sent meanwhile may overtake it
            at_ms += max(1, self._delay_ms[1])
        else:
            at_ms = max(at_ms, self._last_ms)
            self._last_ms = at_ms
        if len(self._queue) >= self._queue_max:
            self.overflowed += 1
            return
        self._queued += 1  # breaks ties: messages of one millisecond arrive in the order they were queued
        heapq.heappush(self._queue, (at_ms, self._queued, message))
