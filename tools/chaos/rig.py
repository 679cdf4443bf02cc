"""What the faults are done to: real brokers, services, nodes and runs, in a folder of their own, always taken down."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil
from dies_with import dies_with_us
from held_ports import held_port
from winter_river.address import Address
from winter_river.emulator import Fleet
from winter_river.facility import Facility, load_facility
from winter_river.service.broker import Broker, start_broker
from winter_river.service.bus import Bus, BusError
from winter_river.service.messages import Incoming
from winter_river.service.wiring import Service
from winter_wire import codec, topics

FACILITY = "block-2n-24"
NODES_OF = 24
POLL_S = 0.02
START_S_MAX = 90.0  # chosen: with a false clock, on a machine that does much else
STOP_S_MAX = 10.0


class RigError(RuntimeError):
    """The bench itself could not do its work; says what it waited for."""


def wait_until(claim: Callable[[], object], *, timeout_s: float, what: str) -> float:
    """Seconds until claim() was true. Raises RigError when it never was."""
    began_s = time.monotonic()
    while not claim():
        if time.monotonic() - began_s > timeout_s:
            raise RigError(f"not within {timeout_s:g} s: {what}")
        time.sleep(POLL_S)
    return time.monotonic() - began_s


def took_s(claim: Callable[[], object], *, timeout_s: float) -> float:
    """Seconds until claim() was true; infinite when it never was."""
    try:
        return wait_until(claim, timeout_s=timeout_s, what="")
    except RigError:
        return float("inf")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of all is not above; infinite of nothing."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("inf")


class BrokerBox:
    """A broker on one port that can be stopped, killed, frozen and started again."""

    def __init__(self, folder: Path, kind: str = "auto") -> None:
        self._folder = folder
        self.broker: Broker = start_broker(kind, port=held_port(), data_dir=folder)

    @property
    def url(self) -> str:
        return self.broker.url

    @property
    def process(self) -> psutil.Process:
        """The broker itself, not the program that started it."""
        assert self.broker.pid is not None
        first = psutil.Process(self.broker.pid)
        return next(iter(first.children(recursive=True)), first)

    def kill(self) -> None:
        """As a power cut does it."""
        self.process.kill()
        self.broker.stop()

    def start(self) -> None:
        """Again on the same port."""
        self.broker = start_broker(self.broker.kind, port=self.broker.port, data_dir=self._folder)

    def freeze(self) -> None:
        self.process.suspend()

    def thaw(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.resume()

    def close(self) -> None:
        self.thaw()
        self.broker.stop()


class Spy(Bus):
    """A client that hears the whole tree; what it heard stays in `heard`, decoded, oldest first."""

    def __init__(
        self, broker: str | Address, *, name: str = "spy", everything: bool = True, wait_s: float = 10.0
    ) -> None:
        """everything: hear the whole tree, or nothing. wait_s: how long entering waits to be let in."""
        heard = [(topics.everything(), 1)] if everything else []
        super().__init__(broker, client_id=name, subscriptions=heard, inbox_max=1_000_000)
        self._wait_s = wait_s
        self.items: list[Incoming] = []

    def collect(self) -> list[Incoming]:
        """Everything so far."""
        while found := self.take(100_000):
            self.items += [item for item in found if isinstance(item, Incoming)]
        return self.items

    def heard(self, node_id: str, leaf: str, *, retained: bool = False) -> list[dict[str, object]]:
        """The messages of one topic that keep the contract."""
        topic = topics.topic(node_id, leaf)
        rows = [item for item in self.collect() if item.topic == topic and (retained or not item.retained)]
        found = [codec.decode(leaf, item.payload)[0] for item in rows]
        return [row for row in found if row is not None]

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_connected(self._wait_s)
        except BusError:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


@dataclass(slots=True)
class Run:
    """`winter-river run` in a process of its own, as a user or a service manager starts it."""

    process: subprocess.Popen[str]
    log: Path
    folder: Path  # its data

    @property
    def text(self) -> str:
        """What it has written so far, to both outputs."""
        return self.log.read_text(errors="replace")

    def line(self, begin: str) -> str:
        """The rest of its first line that begins so; raises RigError while there is none."""
        for line in self.text.splitlines():
            if line.startswith(begin):
                return line[len(begin) :].strip()
        raise RigError(f"the run wrote no line {begin!r}:\n{self.text}")

    def wait_started(self) -> None:
        """Returns once it has said what it runs."""

        def said() -> bool:
            if self.process.poll() is not None:
                raise RigError(f"the run ended with {self.process.returncode}:\n{self.text}")
            return "\ntry  " in self.text

        wait_until(said, timeout_s=START_S_MAX, what=f"the run starts\n{self.text}")

    @property
    def resident_mb(self) -> float:
        return float(psutil.Process(self.process.pid).memory_info().rss) / 2**20

    def family(self) -> list[psutil.Process]:
        """Its process and all below it."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def terminate(self) -> tuple[float, int | None]:
        """SIGTERM; seconds until it was gone, and its exit code (None: it had to be killed)."""
        began_s = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return float("inf"), None
        return time.monotonic() - began_s, self.process.returncode

    def kill(self) -> None:
        """SIGKILL, as the kernel does it when memory is short."""
        self.process.kill()
        self.process.wait()


class Live:
    """A site in this process: service and emulated nodes on a broker."""

    def __init__(self, facility: Facility, service_url: str, fleet_url: str, *, seed: int) -> None:
        """fleet_url: where its nodes connect to; "" for no nodes here."""
        self.facility = facility
        self.service = Service(facility, service_url, seed=1)
        ids: list[str] | None = None if fleet_url else []
        self.fleet = Fleet(facility, fleet_url or service_url, seed=seed, screens=False, node_ids=ids)
        self.site = self.service.site

    def __enter__(self) -> Self:
        self.service.start()
        self.service.wait_ready(START_S_MAX)
        self.fleet.start()
        if self.fleet.nodes and not self.service.wait_online(timeout_s=START_S_MAX):
            raise RigError("not all nodes came online")
        return self

    def __exit__(self, *exception: object) -> None:
        self.fleet.stop()
        self.service.stop()

    def connected(self) -> int:
        """How many nodes have a session now."""
        return sum(node.runner is not None and node.runner.core.connected for node in self.fleet.nodes.values())

    def counters(self) -> dict[str, float]:
        return dict(self.service.report().counters)

    def faults(self) -> list[str]:
        """What no fault may lead to: a dead engine, a dead fleet, a crashed node, a broken law."""
        found = [repr(each) for each in (self.service.failure, self.fleet.failure) if each is not None]
        found += [f"{name} crashed: {node.error}" for name, node in self.fleet.nodes.items() if node.crashes]
        broken = self.counters()["laws_broken"]
        return found + ([f"{broken:.0f} laws broken"] if broken else [])


class Rig:
    """One fault's surroundings. seed: where its randomness starts; full: at full size, or as a quick check."""

    def __init__(self, folder: Path, *, seed: int, full: bool) -> None:
        self.folder, self.seed, self.full = folder, seed, full
        self.rng = random.Random(seed)
        self._open = ExitStack()
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def pick(self, full: int, quick: int) -> int:
        """A size: of the full bench, or of the quick check."""
        return full if self.full else quick

    def new_folder(self, name: str) -> Path:
        """An empty folder."""
        self._count += 1
        path = self.folder / f"{name}-{self._count}"
        path.mkdir(parents=True)
        return path

    def broker(self, kind: str = "auto") -> BrokerBox:
        """A running broker. kind: as `winter-river run --broker-kind` has it."""
        box = BrokerBox(self.new_folder("broker"), kind)
        self._open.callback(box.close)
        return box

    def live(
        self, broker: BrokerBox, *, facility: Facility | None = None, fleet_url: str = "", fleet: bool = True
    ) -> Live:
        """A running site, every node online. fleet_url: where its nodes connect to, by default the broker."""
        there = (fleet_url or broker.url) if fleet else ""
        return self._open.enter_context(self.site(broker, facility=facility, fleet_url=there))

    def site(
        self, broker: BrokerBox, *, facility: Facility | None = None, fleet_url: str = "", service_url: str = ""
    ) -> Live:
        """The same, to be started and ended with `with`; fleet_url "": no nodes; service_url: see fleet_url."""
        return Live(facility or load_facility(FACILITY), service_url or broker.url, fleet_url, seed=self.seed)

    @contextmanager
    def nodes(self, broker: BrokerBox, count: int) -> Iterator[None]:
        """Real firmware, much of it, in a process of its own: its work must not slow the service that is measured."""
        command = [sys.executable, "-m", "chaos.fleet", broker.url, str(count), str(self.seed)]
        tools = str(Path(__file__).parents[1])
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | {"PYTHONPATH": tools}) as process:
            try:
                yield
            finally:
                process.kill()

    def spy(self, broker: BrokerBox, name: str = "spy") -> Spy:
        """A connected spy."""
        return self._open.enter_context(Spy(broker.url, name=name))

    def client(self, address: Address, name: str, *, everything: bool = False, wait_s: float = 10.0) -> Spy:
        """A connected client. Raises BusError where it is not let in."""
        return self._open.enter_context(Spy(address, name=name, everything=everything, wait_s=wait_s))

    def run(
        self,
        *arguments: str,
        data: Path | None = None,
        environment: dict[str, str] | None = None,
        file_bytes_max: int = 0,
    ) -> Run:
        """A run of the program, not waited for. data: its data folder. file_bytes_max: no file of it may grow larger."""
        home = self.new_folder("run")
        log = home / "output.txt"
        folders = {"DATA": data or home / "data", "LOG": home / "log", "CONFIG": home / "config"}
        ours = {f"WINTER_RIVER_{name}_DIR": str(path) for name, path in folders.items()}
        with log.open("w") as output:
            process = subprocess.Popen(
                dies_with_us(sys.executable, "-m", "winter_river", "run", *arguments, "--no-ui", "--no-open"),
                cwd=home, env=os.environ | ours | (environment or {}), stdout=output, stderr=output, text=True,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        if file_bytes_max:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))
        run = Run(process, log, folders["DATA"])
        self._open.callback(_end, run)
        return run

    @contextmanager
    def work(self, act: Callable[[], None]) -> Iterator[None]:
        """While this lasts, act is done again and again in a thread."""
        stop = threading.Event()

        def go() -> None:
            while not stop.is_set():
                act()

        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(STOP_S_MAX)


def _end(run: Run) -> None:
    if run.process.poll() is None:
        run.process.send_signal(signal.SIGCONT)
        run.terminate()
