"""Waits on the bus until a node has come back with a new boot."""

import time
from typing import NamedTuple, Self

from winter_wire import codec, topics

from winter_river.address import Address, Certificates
from winter_river.board.credentials import Credentials
from winter_river.board.errors import BoardError
from winter_river.service.bus import Bus, BusError
from winter_river.service.messages import Incoming

CONNECT_S_MAX = 5.0
REMEMBERED_S = 0.5  # chosen: what the broker remembers arrives within milliseconds of the subscription
LISTEN_S = 0.5
JOIN_S_MAX = 60.0  # chosen: boot 2 s, Wi-Fi 20 s and its second try, the staggered start


class Joined(NamedTuple):
    """A node that is back: its boot id, and how long it took since it was restarted."""

    boot: int
    after_s: float


class Watch:
    """Hears one node's statuses. Entered before the board is touched, so that an old boot is never taken for a new one."""

    def __init__(self, address: Address, node_id: str, *, root: str, name: str) -> None:
        """name: our client id. Raises BoardError for certificates that cannot be used."""
        self._node_id = node_id
        self._topic = topics.topic(node_id, topics.STATUS, root)
        self._boots: set[int] = set()
        try:
            self._bus = Bus(address, client_id=name, subscriptions=[(self._topic, 0)])
        except ValueError as error:
            raise BoardError(str(error), "correct [broker] in credentials.toml, or pass --no-wait") from None

    def __enter__(self) -> Self:
        self._bus.start()
        try:
            self._bus.wait_connected(CONNECT_S_MAX)
        except BusError as error:
            self._bus.stop()
            raise BoardError(
                f"{error.cause}, so nobody could see {self._node_id} join",
                error.cure
                or "start the site (`make run LAN=1`), correct [broker] in credentials.toml, or pass --no-wait",
            ) from None
        self._hear(REMEMBERED_S)
        return self

    def __exit__(self, *exception: object) -> None:
        self._bus.stop()

    def forget(self) -> None:
        """What has been heard until now is old: the board is restarted now."""
        self._hear(0.0)

    def wait(self, timeout_s: float = JOIN_S_MAX) -> Joined | None:
        """The node's first status with a boot that was not heard before; None when it does not come in time."""
        began_s = time.monotonic()
        while (left_s := began_s + timeout_s - time.monotonic()) > 0:
            self._bus.wait(min(left_s, LISTEN_S))
            for status in self._statuses():
                boot = status.get("boot", 0)
                if isinstance(boot, int) and boot not in self._boots:
                    return Joined(boot, time.monotonic() - began_s)
        return None

    def _hear(self, duration_s: float) -> None:
        until_s = time.monotonic() + duration_s
        while True:
            for status in self._statuses():
                boot = status.get("boot", 0)
                self._boots |= {boot} if isinstance(boot, int) else set()
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            self._bus.wait(left_s)

    def _statuses(self) -> list[dict[str, object]]:
        """Statuses of the node that have come, without those that say it is gone."""
        found = []
        for item in self._bus.take():
            if isinstance(item, Incoming) and item.topic == self._topic:
                message, _ = codec.decode(topics.STATUS, item.payload)
                if message and message.get("status") != "offline":
                    found.append(message)
        return found


def address_of(credentials: Credentials, ours: Certificates | None = None) -> Address:
    """Where the boards' broker is, for our own bus. ours: this machine's certificates; None shows it the boards'."""
    secure = None
    if credentials.certificates:
        contents = {role: data for role, (_, data) in credentials.certificates.items()}
        secure = ours or Certificates(**contents)
    return Address(credentials.host, credentials.port, credentials.user or None, credentials.broker_password, secure)
