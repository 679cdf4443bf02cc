"""A visitor on the bus: what `send`, `nodes`, `watch` and `doctor` need of it. Not the engine: it owns nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Self

from winter_wire import schema, topics

from winter_river.address import Address
from winter_river.service.bus import Bus, BusError
from winter_river.service.desk import TIMEOUT_S, Desk, Keys, no_keys
from winter_river.service.issuer import Issuer, Ledger, Source
from winter_river.service.messages import Incoming, Message
from winter_river.site import NO_PARAMS, Ack

CONNECT_S = 5.0
# Chosen: a broker sends what it remembers in one go, and a pause of three looks is its end; of ten, that it remembers
# nothing. Looks, not seconds: a busy machine may take the processor away for longer than the pause itself.
LOOK_S, QUIET_LOOKS, NOTHING_LOOKS = 0.1, 3, 10
LISTEN_S_MAX = 3.0
GLANCE_S = 0.5  # to find the boot of the node a command is for

__all__ = ["BusClient", "BusError"]


class BusClient:
    """A short-lived connection; a context manager. name: who asks, first part of command ids."""

    def __init__(
        self,
        broker: str | Address,
        *,
        name: str = "cli",
        root: str = topics.ROOT,
        everything: bool = False,
        audit: Ledger | None = None,
        trouble: Callable[[str], None] = lambda _text: None,
        keys: Keys = no_keys,
        secured: bool = False,
        epoch: int | None = None,
        address: str = "",
    ) -> None:
        """broker: its address, or a URL. everything: hear the whole tree, as for watching; else statuses and acks only.

        audit, trouble, keys, secured, epoch: of commands, see Issuer and Desk. address: where who asks is, for the audit.
        """
        self._desk = Desk(name, root, keys=keys, secured=secured, epoch=epoch)
        self.issuer = Issuer(self._desk, self, ledger=audit, trouble=trouble)
        self._source = Source(name, address)
        subscriptions = [(topics.everything(root), 0)] if everything else self._desk.subscriptions()
        client_id = f"{name}-{self._desk.token}"
        self._bus = Bus(broker, client_id=client_id, subscriptions=subscriptions)
        self.address = self._bus.address

    def __enter__(self) -> Self:
        self._bus.start()
        try:
            self._bus.wait_connected(CONNECT_S)
        except BusError:
            self._bus.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._bus.stop()

    def remembered(self, *, listen_s: float = 0.0) -> list[Incoming]:
        """What the broker remembers under the root, and what is said within listen_s; ends after a pause when 0."""
        if listen_s:
            return self._listen(listen_s)
        found: list[Incoming] = []
        quiet, enough = 0, NOTHING_LOOKS
        end_s = time.monotonic() + LISTEN_S_MAX
        while quiet < enough and time.monotonic() < end_s:
            heard = self._listen(LOOK_S)
            found += heard
            quiet += 1
            if any(item.retained for item in heard):
                quiet, enough = 0, QUIET_LOOKS
        return found

    def _listen(self, for_s: float) -> list[Incoming]:
        """What is said in that time; whatever has come already is among it, however late we are."""
        until_s = time.monotonic() + for_s
        found = self._take(for_s)
        while (left_s := until_s - time.monotonic()) > 0:
            found += self._take(left_s)
        return found

    def messages(self, *, for_s: float = math.inf) -> Iterator[Incoming]:
        """Every message as it comes, for that long. Raises BusError when the broker goes and does not come back."""
        until_s = time.monotonic() + for_s
        while (left_s := until_s - time.monotonic()) > 0:
            yield from self._take(min(left_s, 1.0))
            if not self._bus.connected:
                self._bus.wait_connected(CONNECT_S)

    def send(
        self,
        node_id: str,
        verb: str,
        params: Mapping[str, object] = NO_PARAMS,
        *,
        by: str = "",
        priority: int = schema.PRIORITY_DEFAULT,
        timeout_s: float = TIMEOUT_S,
    ) -> Ack:
        """Asks a node and waits for its answer; silence ends in failed/expired. Raises ValueError for parameters that
        cannot be written; AuditError: see Issuer."""
        glance_until_s = time.monotonic() + GLANCE_S
        while node_id not in self._desk.sightings and time.monotonic() < glance_until_s:
            self._take(glance_until_s - time.monotonic())
        return self.issuer.send(
            node_id, verb, params, by=by, source=self._source, priority=priority, timeout_s=timeout_s
        )

    # the line of the issuer

    def held(self) -> AbstractContextManager[object]:
        """A visitor has one thread."""
        return nullcontext()

    def now_s(self) -> float:
        """The clock of what comes in."""
        return time.monotonic()

    @property
    def connected(self) -> bool:
        """Whether there is a broker now."""
        return self._bus.connected

    def publish(self, message: Message) -> bool:
        """Nothing waits in a queue for a broker that has gone: False, and the next repeat tries again."""
        if not self.connected:
            return False
        self._bus.publish([message])
        return True

    def wait(self, seconds: float) -> bool:
        """Takes in what comes; see Line."""
        self._take(seconds)
        return True

    def _take(self, timeout_s: float) -> list[Incoming]:
        """Messages that have come within the time, at the first that do; the desk hears them too."""
        self._bus.wait(max(0.0, timeout_s))
        items = [item for item in self._bus.take() if isinstance(item, Incoming)]
        for item in items:
            self._desk.hear(item.topic, item.payload, retained=item.retained, now_s=item.at_s)
        return items
