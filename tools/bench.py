"""`make bench`: how fast and how small, each figure beside its bar. Exit 1 when a bar is missed.

    python tools/bench.py [NAME ...]        engine flow pandapower availability site command audit page replay ingest store vm memory; all by default

Figures move with the machine and its neighbours: read them as orders of size, and ratios within one run.
"""

import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bench_alarms
import bench_availability
import bench_engine
import bench_flow
import bench_replay
import bench_store
import compare_pandapower
import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion
from winter_river import load_facility, paths
from winter_river.emulator import Fleet
from winter_river.emulator.vm import VmFleet, package
from winter_river.service import ports
from winter_river.service.broker import Broker, start_broker
from winter_river.service.wiring import Service
from winter_river.web.plant import Plant
from winter_river.web.server import LOOPBACK, PageServer
from winter_wire import codec, schema, topics

Row = tuple[str, float, str, float, bool]  # what, figure, unit, bar, whether the bar is a floor

SITE_S = 20.0
COMMANDS = 300
INGEST_PER_S = 10_000
POUR_PER_S = 240  # ten times the telemetry of 24 nodes that each speak once a second
INGEST_S = 5.0
PAGES, CLICKS, PAGES_REST_S = 30, 200, 10.0


def bench_site() -> Iterator[Row]:
    """`winter-river run` as a user starts it: broker, service and 24 nodes, at rest at 1 Hz."""
    command = [sys.executable, "-m", "winter_river", "run", "--no-ui", "--mqtt-port", "0", "--for", f"{SITE_S + 15:g}s"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            time.sleep(8)
            whole = psutil.Process(process.pid)
            before_s, start_s = _cpu_s(whole), time.monotonic()
            time.sleep(SITE_S)
            share = 100 * (_cpu_s(whole) - before_s) / (time.monotonic() - start_s)
            memory_mb = sum(part.memory_full_info().pss for part in _family(whole)) / 1e6
        finally:
            process.terminate()
            process.wait(10)
    yield "site of 24 nodes, processor", share, "% of a core", 15.0, False
    yield "site of 24 nodes, memory in all", memory_mb, "MB", 150.0, False


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _cpu_s(process: psutil.Process) -> float:
    return float(sum(part.cpu_times().user + part.cpu_times().system for part in _family(process)))


def bench_command() -> Iterator[Row]:
    """From publishing a command to the node's status that shows its effect, as a bare client sees it."""
    facility = load_facility("block-2n-24")
    with _broker() as broker, Service(facility, broker.url) as service, Fleet(facility, broker.url):
        service.wait_ready()
        service.wait_online()
        client, heard = _client(broker), threading.Event()
        wanted: list[float] = [0.0]

        def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
            status, _ = codec.decode("status", message.payload)
            if status and status.get("load_set_kw") == wanted[0]:
                heard.set()

        client.on_message = on_message
        client.subscribe(topics.topic("server_rack_a1", topics.STATUS))
        time.sleep(0.5)
        took_ms = []
        for number in range(COMMANDS):
            wanted[0] = 90.0 + number % 10
            heard.clear()
            payload = codec.encode("command", {"command": "set_load", "params": {"power_kw": wanted[0]}})
            start_s = time.perf_counter()
            client.publish(topics.topic("server_rack_a1", topics.COMMAND), payload, qos=1)
            if not heard.wait(5):
                raise RuntimeError("a command had no effect within 5 s")
            took_ms.append((time.perf_counter() - start_s) * 1000)
            time.sleep(0.12)  # a node tells at most ten statuses a second: measure the way, not the limit
        client.loop_stop()
    took_ms.sort()
    yield f"command to status over {broker.kind}, median", statistics.median(took_ms), "ms", 250.0, False
    yield f"command to status over {broker.kind}, p99", took_ms[int(len(took_ms) * 0.99)], "ms", 250.0, False


def bench_audit() -> Iterator[Row]:
    """A command by the service, every change of its state fsynced in the audit: to the status that shows its effect, and
    to its answer; also while another door asks nodes that do not answer, and beside ten times the telemetry."""
    facility = load_facility("block-2n-24")
    paths.data_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.data_dir()) as folder, _broker() as broker:  # where a run's audit is
        audit = Path(folder)
        with Service(facility, broker.url, audit=audit) as service, Fleet(facility, broker.url) as fleet:
            service.wait_ready()
            service.wait_online()
            client, heard = _client(broker), threading.Event()
            wanted: list[float] = [0.0]

            def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
                status, _ = codec.decode("status", message.payload)
                if status and status.get("load_set_kw") == wanted[0]:
                    heard.set()

            client.on_message = on_message
            client.subscribe(topics.topic("server_rack_a1", topics.STATUS))
            time.sleep(0.5)
            yield from _audited(service, wanted, heard, note="")
            for node_id in ("server_rack_b1", "server_rack_b2", "server_rack_b3"):
                fleet.freeze(node_id)
            stop = threading.Event()
            dead = threading.Thread(target=_ask_dead, args=(service, stop))
            dead.start()
            yield from _audited(service, wanted, heard, note=", dead nodes asked meanwhile")
            stop.set()
            dead.join()
            pour = [sys.executable, str(Path(__file__).parent / "pour_statuses.py"), broker.url, str(POUR_PER_S), "600"]
            with subprocess.Popen(pour, stdout=subprocess.DEVNULL) as telemetry:
                yield from _audited(service, wanted, heard, note=f", {POUR_PER_S} statuses a second meanwhile")
                telemetry.terminate()
            client.loop_stop()


def _audited(service: Service, wanted: list[float], heard: threading.Event, *, note: str) -> Iterator[Row]:
    shown_ms, answered_ms = [], []
    for number in range(COMMANDS):
        wanted[0] = 90.0 + number % 10
        heard.clear()
        start_s = time.perf_counter()
        service.site.send("server_rack_a1", "set_load", {"power_kw": wanted[0]}, by="bench")
        answered_ms.append((time.perf_counter() - start_s) * 1000)
        if not heard.wait(5):
            raise RuntimeError("a command had no effect within 5 s")
        shown_ms.append((time.perf_counter() - start_s) * 1000)
        time.sleep(0.12)
    for name, took_ms, bar in (("status", shown_ms, 250.0), ("answer", answered_ms, 1000.0)):
        took_ms.sort()
        yield f"audited command to {name}{note}, median", statistics.median(took_ms), "ms", bar, False
        yield f"audited command to {name}{note}, p95", took_ms[int(len(took_ms) * 0.95)], "ms", bar, False
        yield f"audited command to {name}{note}, p99", took_ms[int(len(took_ms) * 0.99)], "ms", bar, False


def _ask_dead(service: Service, stop: threading.Event) -> None:
    while not stop.is_set():
        for node_id in ("server_rack_b1", "server_rack_b2", "server_rack_b3"):
            service.site.send(node_id, "identify", by="bench", timeout_s=0.5)


def bench_page() -> Iterator[Row]:
    """Thirty open pages: from a click to each page's stream, and what they cost the service and its tick."""
    facility = load_facility("block-2n-24")
    with _broker() as broker, Service(facility, broker.url) as service, Fleet(facility, broker.url) as fleet:
        service.wait_ready()
        service.wait_online()
        plant = Plant(service.site, service.station, service.report, fleet)
        with PageServer(plant, port=ports.find_free(LOOPBACK)) as server:
            time.sleep(3)
            alone = _share(PAGES_REST_S)
            skipped = service.report().counters["skipped"]
            watch = [sys.executable, str(Path(__file__).parent / "watch_pages.py")]
            watch += [server.url, str(PAGES), str(CLICKS), str(PAGES_REST_S + 1)]
            with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as pages:
                assert pages.stdout is not None
                time.sleep(1)
                watched = _share(PAGES_REST_S)
                pages.stdout.readline()
                told = json.loads(pages.stdout.readline())
            jumped = service.report().counters["skipped"] - skipped
            dropped = server.desk.stream.dropped
    last_ms = sorted(told["last_ms"])
    yield f"click to the last of {PAGES} pages, median", statistics.median(last_ms), "ms", 250.0, False
    yield f"click to the last of {PAGES} pages, p99", last_ms[int(len(last_ms) * 0.99)], "ms", 250.0, False
    yield f"{PAGES} pages at rest, more processor", watched - alone, "% of a core", 10.0, False
    yield "engine ticks jumped meanwhile", jumped, "ticks", 0, False
    yield "pages dropped meanwhile", dropped, "pages", 0, False


def _share(seconds: float) -> float:
    """Per cent of a core that this process takes in the time to come."""
    before_s, start_s = time.process_time(), time.monotonic()
    time.sleep(seconds)
    return 100 * (time.process_time() - before_s) / (time.monotonic() - start_s)


def bench_ingest() -> Iterator[Row]:
    """Statuses poured in by another process at 10,000 a second: what the service took in, and what it lost."""
    facility = load_facility("block-2n-24")
    with _broker() as broker, Service(facility, broker.url) as service:
        service.wait_ready()
        pour = [sys.executable, str(Path(__file__).parent / "pour_statuses.py")]
        report = subprocess.run(
            [*pour, broker.url, str(INGEST_PER_S), str(INGEST_S)], check=True, capture_output=True, text=True
        )
        sent, rate = report.stdout.split()
        end_s = time.monotonic() + 5
        while service.report().counters["received"] < int(sent) and time.monotonic() < end_s:
            time.sleep(0.1)
        counters = service.report().counters
    yield "statuses poured in", float(rate), "a second", INGEST_PER_S * 0.98, True
    yield "of them lost on the way", int(sent) - min(int(sent), counters["received"]), "messages", 0, False
    yield "dropped by a full queue", counters["dropped"], "messages", 0, False
    yield "engine ticks jumped meanwhile", counters["skipped"], "ticks", 0, False


def bench_vm() -> Iterator[Row]:
    """24 nodes in MicroPython VMs: how long until their loops run, and what they cost at rest."""
    facility = load_facility("block-2n-24")
    with _broker() as broker, Service(facility, broker.url) as service, VmFleet(facility, broker.url) as fleet:
        start_s = time.monotonic()
        service.wait_ready()
        if not fleet.wait_running(60.0) or not service.wait_online(timeout_s=30.0):
            raise RuntimeError(f"not all VMs came online: {fleet.failure}")
        online_s = time.monotonic() - start_s
        process = psutil.Process(fleet.pid)
        before_s, start_s = _cpu_s(process), time.monotonic()
        time.sleep(SITE_S)
        share = 100 * (_cpu_s(process) - before_s) / (time.monotonic() - start_s)
        memory_mb = process.memory_full_info().uss / 1e6
    yield "24 nodes in VMs, until all are online", online_s, "s", 15.0, False
    yield "24 nodes in VMs, processor at rest", share, "% of a core", 30.0, False
    yield "24 nodes in VMs, memory of their process", memory_mb, "MB", 400.0, False


def bench_memory() -> Iterator[Row]:
    """What a node keeps in the memory of its board, by type, after 2,000 publishes and 400 pictures."""
    spec = importlib.util.spec_from_file_location(
        "vm_memory", Path(__file__).resolve().parent.parent / "tests/vm/memory.py"
    )
    assert spec is not None and spec.loader is not None
    memory = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(memory)
    for type_name in sorted(schema.TYPES):
        found = memory.run_type(package.find(), type_name, publishes=2000, frames=400)
        yield f"memory of a {type_name}, alive", found.alive[-1] / 1024, "KiB", 60.0, False
        yield f"memory of a {type_name}, growth under work", found.alive[-1] - found.alive[1], "bytes", 256, False


class _broker:
    """A private broker for one bench."""

    def __enter__(self) -> Broker:
        self._folder = tempfile.TemporaryDirectory()
        self._broker = start_broker("auto", data_dir=Path(self._folder.name))
        return self._broker

    def __exit__(self, *exception: object) -> None:
        self._broker.stop()
        self._folder.cleanup()


def _client(broker: Broker) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    return client


BENCHES: dict[str, Callable[[], Iterator[Row]]] = {
    "engine": bench_engine.rows,
    "flow": bench_flow.rows,
    "pandapower": compare_pandapower.rows,
    "availability": bench_availability.rows,
    "site": bench_site,
    "command": bench_command,
    "audit": bench_audit,
    "page": bench_page,
    "replay": bench_replay.rows,
    "alarms": bench_alarms.rows,
    "ingest": bench_ingest,
    "store": bench_store.rows,
    "vm": bench_vm,
    "memory": bench_memory,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no bench {unknown[0]}; there are {', '.join(BENCHES)}")
        return 2
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}")
    missed = 0
    for name in names or list(BENCHES):
        for what, figure, unit, bar, floor in BENCHES[name]():
            good = figure >= bar if floor else figure <= bar
            missed += not good
            word = "at least" if floor else "at most"
            print(f"{what:42} {figure:10.3f} {unit:12} {word} {bar:g}{'' if good else '   MISSED'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
