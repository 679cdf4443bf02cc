"""The node's MQTT over TLS against a real mosquitto, with certificates made for the test by openssl."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from winter_river.emulator import VirtualNode
from winter_river.emulator.flash import Flash

OPENSSL, MOSQUITTO = shutil.which("openssl"), shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
pytestmark = pytest.mark.skipif(
    not (OPENSSL and MOSQUITTO), reason="SKIPPED: TLS needs the programs openssl and mosquitto; install both"
)


def openssl(*arguments: str) -> None:
    done = subprocess.run([OPENSSL, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


class Authority:
    """A CA of its own; issue() gives the paths of a certificate and its key, as PEM."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.cert = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", str(self._key), "-out", str(self.cert))  # fmt: skip

    def issue(self, name: str, subject: str) -> tuple[Path, Path]:
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, extra = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extra.write_text(f"subjectAltName={subject}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", str(key), "-out", str(request))  # fmt: skip
        openssl("x509", "-req", "-in", str(request), "-CA", str(self.cert), "-CAkey", str(self._key),
                "-CAcreateserial", "-days", "2", "-extfile", str(extra), "-out", str(cert))  # fmt: skip
        return cert, key


def der(cert: Path) -> bytes:
    """What a board of MicroPython 1.27 reads for sure."""
    out = cert.with_suffix(".der")
    openssl("x509", "-in", str(cert), "-outform", "DER", "-out", str(out))
    return out.read_bytes()


class Bus:
    """A mosquitto that speaks TLS only and wants certificates of its CA."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.ours, self.theirs = Authority(folder, "ours"), Authority(folder, "theirs")
        cert, key = self.ours.issue("broker", "DNS:localhost,IP:127.0.0.1")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\nuser root\n"
            f"cafile {self.ours.cert}\ncertfile {cert}\nkeyfile {key}\n"
        )
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL)

    def node(self, *, ca: Authority, client: Authority | None, host: str = "127.0.0.1") -> VirtualNode:
        """A node that trusts one CA and has a certificate of another, or none."""
        broker: dict[str, object] = {"host": host, "port": self.port, "tls": True, "ca": "ca.der"}
        files = {"ca.der": der(ca.cert)}
        if client is not None:
            cert, key = client.issue("ups_a", "DNS:ups_a")
            files |= {"cert.pem": cert.read_bytes(), "key.pem": key.read_bytes()}
            broker |= {"cert": "cert.pem", "key": "key.pem"}
        return VirtualNode({"id": "ups_a", "type": "ups", "broker": broker}, flash=Flash(files))


@pytest.fixture
def bus(tmp_path: Path):
    made = Bus(tmp_path)
    yield made
    made.process.kill()
    made.process.wait()


def run(node: VirtualNode, done, timeout_s: float = 15.0) -> None:
    """Runs a node in real time until done() holds; fails with its last screen and console."""
    began_s = time.monotonic()
    while not done():
        now_s = time.monotonic()
        if now_s - began_s > timeout_s:
            pytest.fail(f"{node.oled.text()} {list(node.board.console)} {node.error}")
        node.step(int((now_s - began_s) * 1000))
        time.sleep(0.005)


def test_node_joins_a_broker_of_its_ca_with_its_own_certificate(bus: Bus) -> None:
    node = bus.node(ca=bus.ours, client=bus.ours)
    node.start(0)
    run(node, lambda: node.runner.core.connected and node.runner.session.unanswered() == 0)
    assert node.crashes == 0
    node.stop()


def test_broker_of_another_ca_is_refused_and_the_screen_says_so(bus: Bus) -> None:
    node = bus.node(ca=bus.theirs, client=bus.ours)
    node.start(0)
    run(node, lambda: node.oled.text() and node.oled.text()[-1] == "BAD CERTIFICATE")
    assert not node.runner.core.connected
    node.kill()


def test_broker_under_another_name_is_refused(bus: Bus) -> None:
    node = bus.node(ca=bus.ours, client=bus.ours, host="127.0.0.2")
    bus.process.kill()
    bus.process.wait()
    config = bus.folder / "mosquitto.conf"
    config.write_text(config.read_text().replace(f"{bus.port} 127.0.0.1", f"{bus.port} 127.0.0.2"))
    bus.process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL)
    node.start(0)
    run(node, lambda: node.oled.text() and node.oled.text()[-1] == "BAD CERTIFICATE")
    node.kill()


@pytest.mark.parametrize("stranger", [False, True], ids=["no certificate", "certificate of another CA"])
def test_node_that_the_broker_does_not_want_says_so(bus: Bus, stranger: bool) -> None:
    node = bus.node(ca=bus.ours, client=bus.theirs if stranger else None)
    node.start(0)
    run(node, lambda: node.oled.text() and node.oled.text()[-1] == "TLS REFUSED")
    assert not node.runner.core.connected
    node.kill()


def test_missing_certificate_file_is_told(bus: Bus) -> None:
    node = bus.node(ca=bus.ours, client=bus.ours)
    node.board.flash.remove("cert.pem")
    node.start(0)
    run(node, lambda: node.oled.text() and node.oled.text()[-1] == "CERT MISSING")
    node.kill()
