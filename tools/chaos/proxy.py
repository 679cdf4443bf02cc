"""A TCP proxy for MQTT that does to a link what the field does to it, from a seed.

It delays packets, cuts connections with a reset, lets only so many bytes a second through, freezes (both ends stay
connected and hear nothing), sends QoS 1 messages twice as the protocol allows, and spoils bytes. Order within a
connection is kept: TCP keeps it. `conditions` may be changed while it runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Self

from chaos.packets import Framer, as_duplicate, is_publish, qos

READ_BYTES = 16_384
WAITING_MAX = 64  # packets of one direction on their way; a sender ahead of that is made to wait, as by a full window
FROZEN_LOOK_S = 0.02
START_S_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """A link's state; the defaults do nothing. Chances are per packet."""

    delay_s: tuple[float, float] = (0.0, 0.0)
    reset_chance: float = 0.0
    bytes_per_s: float = 0.0  # of each direction of each connection; 0: no limit
    duplicate_chance: float = 0.0  # of QoS 1 messages
    spoil_chance: float = 0.0
    frozen: bool = False


@dataclass(slots=True)
class Done:
    """What was done, for the table: a fault that never struck shows nothing."""

    connections: int = 0
    packets: int = 0
    resets: int = 0
    duplicated: int = 0
    spoiled: int = 0


@dataclass(eq=False)
class _Pipe:
    """Both streams of one connection."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def cut(self) -> None:
        """A reset to both ends."""
        for writer in (self.client, self.server):
            link = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()


class ChaosProxy:
    """A proxy on a free loopback port, in a thread of its own. A context manager."""

    def __init__(self, host: str, port: int, *, seed: int) -> None:
        """host, port: where connections are passed on to."""
        self.conditions = Conditions()
        self.done = Done()
        self.port = 0
        self._target, self._seed = (host, port), seed
        self._pipes: set[_Pipe] = set()
        self._accepting: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._up, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="chaos proxy", daemon=True)

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"mqtt://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._up.wait(START_S_MAX):
            raise RuntimeError("the chaos proxy did not start")
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_S_MAX)

    def cut_all(self) -> None:
        """Resets every connection there is."""
        self._loop.call_soon_threadsafe(self._cut_all)

    def _cut_all(self) -> None:
        for pipe in list(self._pipes):
            pipe.cut()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=2048)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        await self._stop.wait()
        server.close()
        self._cut_all()
        await asyncio.gather(*self._accepting, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._join(reader, writer))
        self._accepting.add(task)
        task.add_done_callback(self._accepting.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self.done.connections += 1
        number = self.done.connections
        pipe = _Pipe(writer, far_writer)
        self._pipes.add(pipe)
        for link in (writer, far_writer):
            link.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for way, (source, target) in enumerate(((reader, far_writer), (far_reader, writer))):
            queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITING_MAX)
            rng = random.Random(f"{self._seed} {number} {way}")
            pipe.tasks.append(asyncio.create_task(self._take(source, queue, rng, pipe)))
            pipe.tasks.append(asyncio.create_task(self._give(target, queue)))
        try:
            await asyncio.wait(pipe.tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pipe.cut()
            await asyncio.gather(*pipe.tasks, return_exceptions=True)
            self._pipes.discard(pipe)

    async def _take(
        self, source: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes]], rng: random.Random, pipe: _Pipe
    ) -> None:
        """Reads packets and decides about each."""
        framer = Framer()
        due_s = 0.0
        while True:
            while self.conditions.frozen:
                await asyncio.sleep(FROZEN_LOOK_S)
            data = await source.read(READ_BYTES)
            if not data:
                # What was read is given on before this side's end is.
                await queue.put((0.0, b""))
                await asyncio.Event().wait()
            for packet in framer.feed(data):
                now = self.conditions
                self.done.packets += 1
                if rng.random() < now.reset_chance:
                    self.done.resets += 1
                    pipe.cut()
                    return
                if rng.random() < now.spoil_chance:
                    self.done.spoiled += 1
                    packet = _spoil(packet, rng)
                due_s = max(due_s, self._loop.time() + rng.uniform(*now.delay_s))
                await queue.put((due_s, packet))
                if is_publish(packet) and qos(packet) == 1 and rng.random() < now.duplicate_chance:
                    self.done.duplicated += 1
                    await queue.put((due_s + rng.uniform(*now.delay_s), as_duplicate(packet)))

    async def _give(self, target: asyncio.StreamWriter, queue: asyncio.Queue[tuple[float, bytes]]) -> None:
        """Writes packets when their time has come."""
        while True:
            due_s, packet = await queue.get()
            if not packet:
                return
            await asyncio.sleep(max(0.0, due_s - self._loop.time()))
            while self.conditions.frozen:
                await asyncio.sleep(FROZEN_LOOK_S)
            if self.conditions.bytes_per_s:
                await asyncio.sleep(len(packet) / self.conditions.bytes_per_s)
            target.write(packet)
            await target.drain()


def _spoil(packet: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, lost or added."""
    spoiled = bytearray(packet)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(spoiled)) if spoiled else 0
        act = rng.randrange(3)
        if act == 0 and spoiled:
            spoiled[place] = rng.randrange(256)
        elif act == 1 and spoiled:
            del spoiled[place]
        else:
            spoiled.insert(place, rng.randrange(256))
    return bytes(spoiled) or b"\0"
