"""The node's MQTT over TLS against a real mosquitto, with certificates made for the test by openssl."""

import time

import pytest
from winter_river.emulator import VirtualNode
from winter_river.emulator.flash import Flash


class Nodes:
    """Nodes for a broker that speaks TLS only and wants certificates of its CA."""

    def __init__(self, broker) -> None:
        self.broker = broker
        self.ours, self.theirs = broker.ours, broker.theirs

    def node(self, *, ca, client, host: str = "127.0.0.1") -> VirtualNode:
        """A node that trusts one CA and has a certificate of another, or none."""
        broker: dict[str, object] = {"host": host, "port": self.broker.port, "tls": True, "ca": "ca.der"}
        files = {"ca.der": ca.der(ca.cert)}  # what a board of MicroPython 1.27 reads for sure
        if client is not None:
            cert, key = client.issue("ups_a", "DNS:ups_a")
            files |= {"cert.pem": cert.read_bytes(), "key.pem": key.read_bytes()}
            broker |= {"cert": "cert.pem", "key": "key.pem"}
        return VirtualNode({"id": "ups_a", "type": "ups", "broker": broker}, flash=Flash(files))


@pytest.fixture
def bus(secure_broker) -> Nodes:
    return Nodes(secure_broker)


def run(node: VirtualNode, done, timeout_s: float = 60.0) -> None:
    """Runs a node in real time until done() holds; fails with its last screen and console."""
    began_s = time.monotonic()
    while not done():
        now_s = time.monotonic()
        if now_s - began_s > timeout_s:
            pytest.fail(f"{node.oled.text()} {list(node.board.console)} {node.error}")
        node.step(int((now_s - began_s) * 1000))
        time.sleep(0.005)


def test_node_joins_a_broker_of_its_ca_with_its_own_certificate(bus: Nodes) -> None:
    node = bus.node(ca=bus.ours, client=bus.ours)
    node.start(0)
    run(node, lambda: node.runner.core.connected and node.runner.session.unanswered() == 0)
    assert node.crashes == 0
    node.stop()


def test_broker_of_another_ca_is_refused_and_the_screen_says_so(bus: Nodes) -> None:
    node = bus.node(ca=bus.theirs, client=bus.ours)
    node.start(0)
    run(node, lambda: node.oled.text() and node.oled.text()[-1] == "BAD CERTIFICATE")
    assert not node.runner.core.connected
    node.kill()


def test_broker_under_another_name_is_refused(bus: Nodes) -> None:
    node = bus.node(ca=bus.ours, client=bus.ours, host="127.0.0.2")
    bus.broker.stop()
    bus.broker.start(host="127.0.0.2")
    node.start(0)
    run(node, lambda: node.oled.text() and node.oled.text()[-1] == "BAD CERTIFICATE")
    node.kill()


@pytest.mark.parametrize("stranger", [False, True], ids=["no certificate", "certificate of another CA"])
def test_node_that_the_broker_does_not_want_says_so(bus: Nodes, stranger: bool) -> None:
    node = bus.node(ca=bus.ours, client=bus.theirs if stranger else None)
    node.start(0)
    run(node, lambda: node.oled.text() and node.oled.text()[-1] == "TLS REFUSED")
    assert not node.runner.core.connected
    node.kill()


def test_missing_certificate_file_is_told(bus: Nodes) -> None:
    node = bus.node(ca=bus.ours, client=bus.ours)
    node.board.flash.remove("cert.pem")
    node.start(0)
    run(node, lambda: node.oled.text() and node.oled.text()[-1] == "CERT MISSING")
    node.kill()
