"""A broker of our own for each test that wants one; real time and real sockets are allowed here and nowhere else.

How long something takes is for `make bench` to say: the machine of a test run is shared. A test waits patiently for what
must come, and a limit of its own tells apart what would come much later by another way.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from held_ports import held_port
from winter_river.emulator import Fleet
from winter_river.facility import load_facility
from winter_river.service.broker import start_broker
from winter_river.service.wiring import Service

PATIENCE_S = 60.0  # chosen: a machine that needs longer has stopped


def wait_until(claim, *, timeout_s=PATIENCE_S, what=""):
    """Returns what claim() gives as soon as it is true; fails naming the claim when the time is up."""
    end_s = time.monotonic() + timeout_s
    is_last = False
    while not is_last:
        is_last = time.monotonic() >= end_s  # where we were held for longer than that, a look is owed
        found = claim()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"not within {timeout_s} s: {what or claim}")


@pytest.fixture
def until():
    """wait_until, for tests."""
    return wait_until


class Brokers:
    """Brokers on one port, one after the other: what a restart is to everybody else."""

    def __init__(self, folder):
        self._folder = folder
        self.broker = start_broker("auto", port=held_port(), data_dir=folder)

    @property
    def url(self):
        return self.broker.url

    def stop(self):
        """As a service manager does it."""
        self.broker.stop()

    def kill(self):
        """As a power cut does it."""
        os.kill(self.broker.pid, signal.SIGKILL)
        self.broker.stop()

    def start(self):
        """Again on the same port."""
        self.broker = start_broker(self.broker.kind, port=self.broker.port, data_dir=self._folder)

    def freeze(self):
        os.kill(self.broker.pid, signal.SIGSTOP)

    def thaw(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.broker.pid, signal.SIGCONT)


@pytest.fixture
def brokers(tmp_path):
    """A running broker that can be stopped, killed, frozen and started again."""
    brokers = Brokers(tmp_path)
    yield brokers
    brokers.thaw()
    brokers.stop()


class Live:
    """A running site: broker, service and fleet; `at` waits for a state and gives how long it took."""

    def __init__(self, brokers, facility):
        self.brokers, self.facility = brokers, facility
        self.service = Service(facility, brokers.url, seed=1)
        self.fleet = Fleet(facility, brokers.url, seed=1)
        self.site = self.service.site
        self.service.start()
        self.service.wait_ready(60.0)
        self.fleet.start()
        assert self.service.wait_online(timeout_s=PATIENCE_S), "not all nodes came online"
        self.site.advance(0.5)

    def at(self, node_id, **fields):
        """Waits until the view of a node shows these fields, which it keeps: what passes by is for `came_to`."""
        wait_until(
            lambda: all(self.site.view(node_id)[name] == value for name, value in fields.items()),
            what=f"{node_id} {fields}; it is {self.site.view(node_id)}",
        )

    def came_to(self, node_id, state, *, since=0):
        """Waits until a node has come to a state, after that event; it may have left it again."""
        wait_until(
            lambda: any((each.node_id, each.to) == (node_id, state) for each in self.site.events(since)),
            what=f"{node_id} comes to {state}; it is {self.site.view(node_id)}",
        )

    def close(self):
        self.fleet.stop()
        self.service.stop()
        assert self.service.failure is None, self.service.failure
        assert self.service.report().counters["laws_broken"] == 0, self.service.report().notes


@pytest.fixture
def go_live(brokers):
    """Runs the 24-node site over a real broker, every node online, in a given calibration; no law may break."""
    running = []

    def go(calibration):
        running.append(Live(brokers, load_facility("block-2n-24").with_calibration(calibration)))
        return running[-1]

    yield go
    for live in running:
        live.close()


@pytest.fixture
def live(go_live):
    """The site in quick calibration: the same physics, the delays ten times shorter."""
    return go_live("quick")


class Authority:
    """A CA of its own, made by openssl; issue() gives the paths of a certificate and its key, as PEM."""

    def __init__(self, folder: Path, name: str, openssl: str) -> None:
        self.folder, self.name, self._openssl = folder, name, openssl
        self.cert = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        self._run(
            "req", "-x509", *NEW_KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.cert
        )

    def issue(self, name: str, subject: str, *, days: int = 2) -> tuple[Path, Path]:
        """days: how long it is valid; below zero, it has expired."""
        cert, key = self.folder / f"{self.name}-{name}.pem", self.folder / f"{self.name}-{name}.key"
        request, extra = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extra.write_text(f"subjectAltName={subject}\n")
        self._run("req", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        self._run(
            *("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self._key, "-CAcreateserial"),
            *("-days", str(days), "-extfile", extra, "-out", cert),
        )
        key.chmod(0o600)
        return cert, key

    def der(self, cert: Path) -> bytes:
        out = cert.with_suffix(".der")
        self._run("x509", "-in", cert, "-outform", "DER", "-out", out)
        return out.read_bytes()

    def _run(self, *arguments: str | Path) -> None:
        command = [self._openssl, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr


NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class SecureBroker:
    """A mosquitto that speaks TLS only and wants certificates of its CA. ours: that CA; theirs: another one."""

    def __init__(self, folder: Path, *, openssl: str, mosquitto: str) -> None:
        folder.chmod(0o755)  # mosquitto gives up its rights where it has any
        self.folder, self._mosquitto = folder, mosquitto
        self.ours, self.theirs = Authority(folder, "ours", openssl), Authority(folder, "theirs", openssl)
        self.port = held_port()
        self.certificate = self.ours.issue("broker", "DNS:localhost,IP:127.0.0.1")
        self._process = None

    def start(self, *, host: str = "127.0.0.1") -> None:
        cert, key = self.certificate
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} {host}\nallow_anonymous true\nrequire_certificate true\nuser root\n"
            f"cafile {self.ours.cert}\ncertfile {cert}\nkeyfile {key}\n"
        )
        self._process = subprocess.Popen([self._mosquitto, "-c", str(config)], stderr=subprocess.DEVNULL)
        wait_until(lambda: _listens(host, self.port), what="mosquitto listens")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _listens(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1.0):
        return True
    return False


@pytest.fixture
def secure_broker(tmp_path: Path):
    """A running broker with TLS. Needs the programs openssl and mosquitto."""
    openssl = shutil.which("openssl")
    mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if openssl is None or mosquitto is None:
        pytest.skip("SKIPPED: TLS needs the programs openssl and mosquitto; install both")
    folder = tmp_path / "secure"
    folder.mkdir()
    broker = SecureBroker(folder, openssl=openssl, mosquitto=mosquitto)
    broker.start()
    yield broker
    broker.stop()
