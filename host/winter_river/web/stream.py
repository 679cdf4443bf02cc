"""The live stream: whole state first, then what changes, as server-sent events shared by all clients.

A message is written once, as bytes, and every client's queue holds the same object; who asked for some nodes only
shares the narrowed message with those who asked for the same (SUBSETS_MAX of them at a time). Who reads too slowly is dropped
and counted, and comes back by itself: a browser reconnects with Last-Event-ID, and gets what it missed while that is
still held, else the whole state. An id is `RUN-NUMBER`, so that nobody goes on with what another run sent. All of it runs in the server's one event loop; `post` alone is called from others.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from winter_river.web.subset import Subset

RING_MAX = 1_200  # chosen: two minutes of a busy site
RING_BYTES_MAX = 8_000_000
QUEUE_MAX = 100  # chosen: ten seconds of a busy site; a page that has not read for so long starts anew
CLIENTS_MAX = 200
RETRY_MS = 1_000
SUBSETS_MAX = 20  # chosen: each costs a message of its own; pages have none, so these are a class's own programs
SEQ_DIGITS_MAX = 15  # chosen: more than any run sends, and exact wherever it is read
BEAT_S = 10.0  # chosen: a page that hears nothing for two beats says that the stream is broken


class Written(NamedTuple):
    """One message of the stream. seq: its number, 0 for one that is not resumed from."""

    seq: int
    data: bytes


def write(event: str, data: object, *, run: str = "", seq: int = 0) -> Written:
    """A message as bytes. data: anything JSON; NaN is a fault of ours. run: the stream's, where it may be resumed from."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    head = f"id: {run}-{seq}\n" if seq else ""
    return Written(seq, f"{head}event: {event}\ndata: {text}\n\n".encode())


def read(message: Written) -> tuple[str, Any]:
    """The event and the data of a message that was written."""
    lines = message.data.decode().split("\n")
    fields = dict(line.split(": ", 1) for line in lines if line)
    return fields["event"], json.loads(fields["data"])


class Client:
    """One reader. `gone` once it was dropped. link_id: of the link it came by. subset: of the nodes, None for all."""

    def __init__(self, begin: list[bytes], link_id: str = "", subset: Subset | None = None) -> None:
        self.link_id, self.subset = link_id, subset
        self._room = QUEUE_MAX + len(begin)  # what it begins with does not make it slow
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(self._room + 1)  # and the end
        self.gone = asyncio.Event()
        for data in begin:
            self.queue.put_nowait(data)

    def put(self, data: bytes) -> bool:
        """Whether there was room."""
        if self.queue.qsize() >= self._room:
            self.gone.set()
            return False
        self.queue.put_nowait(data)
        return True


class Stream:
    """All readers, and the last messages. Belongs to one event loop.

    dropped: readers that were too slow. sent: messages written. run: what its ids begin with, new for each run.
    """

    def __init__(self, run: str = "") -> None:
        self.run = run or secrets.token_hex(4)
        self.clients: set[Client] = set()
        self.dropped = self.sent = 0
        self._ring: deque[Written] = deque()
        self._ring_bytes = 0

    def post(self, message: Written) -> None:
        """Gives every reader one message."""
        self.sent += 1
        if message.seq:
            self._ring.append(message)
            self._ring_bytes += len(message.data)
            while len(self._ring) > RING_MAX or self._ring_bytes > RING_BYTES_MAX:
                self._ring_bytes -= len(self._ring.popleft().data)
        written: dict[Subset | None, bytes | None] = {None: message.data}
        for client in list(self.clients):
            if client.subset not in written:
                written[client.subset] = self._narrowed(message, client.subset)
            data = written[client.subset]
            if data is not None and not client.put(data):
                self.clients.discard(client)
                self.dropped += 1

    def join(
        self, last_id: str, whole: Callable[[], bytes], *, link_id: str = "", subset: Subset | None = None
    ) -> Client | None:
        """A new reader, or None where there are too many, or too many subsets. last_id: of the last message it has,
        "" for none. whole: the whole state, for that subset."""
        subsets = {client.subset for client in self.clients} - {None}
        if len(self.clients) >= CLIENTS_MAX or (len(subsets) >= SUBSETS_MAX and subset not in (None, *subsets)):
            return None
        seq = self._seq_of(last_id, subset)
        missed = None if seq is None else self._since(seq)
        begin = [whole()] if missed is None else [self._narrowed(message, subset) for message in missed]
        client = Client([data for data in begin if data is not None], link_id, subset)
        self.clients.add(client)
        return client

    def run_of(self, subset: Subset | None) -> str:
        """What ids begin with: nobody goes on with what was narrowed to other nodes."""
        return self.run if subset is None else f"{self.run}.{subset.digest}"

    def _narrowed(self, message: Written, subset: Subset | None) -> bytes | None:
        """A message as it concerns some nodes; None where it does not."""
        if subset is None:
            return message.data
        event, data = read(message)
        found = subset.narrowed(event, data)
        return None if found is None else write(event, found, run=self.run_of(subset), seq=message.seq).data

    def leave(self, client: Client) -> None:
        self.clients.discard(client)

    def turn_out(self, link_id: str) -> None:
        """Cuts off whoever came by a link."""
        for client in [client for client in self.clients if client.link_id == link_id]:
            client.gone.set()
            self.clients.discard(client)

    def _seq_of(self, last_id: str, subset: Subset | None) -> int | None:
        """The number in an id of this run and these nodes; None for anything else."""
        run, _, text = last_id.partition("-")
        is_number = text.isascii() and text.isdigit() and len(text) <= SEQ_DIGITS_MAX
        return int(text) if run == self.run_of(subset) and is_number else None

    def _since(self, seq: int) -> list[Written] | None:
        """What came after a message; None where that is not held any more, or was never sent."""
        numbers = [message.seq for message in self._ring]
        if not numbers or not numbers[0] - 1 <= seq <= numbers[-1] or numbers[-1] - seq > QUEUE_MAX:
            return None
        return [message for message in self._ring if message.seq > seq]

    async def read(self, client: Client) -> AsyncIterator[bytes]:
        """The bytes for one reader, with a beat where nothing happens; ends when it is dropped."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        while not client.gone.is_set():
            try:
                data = await asyncio.wait_for(client.queue.get(), BEAT_S)
            except TimeoutError:
                data = b": beat\n\n"
            if data is None:
                return
            yield data

    def close(self) -> None:
        """Lets every reader go: the service stops."""
        for client in list(self.clients):
            client.queue.put_nowait(None)
        self.clients.clear()


def merged(state: dict[str, Any], role: dict[str, Any], run: str) -> bytes:
    """The whole state as its first message, with what depends on who reads it."""
    return write("state", state | role, run=run, seq=int(state["seq"])).data
