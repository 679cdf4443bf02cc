"""The host's bus over TLS against a real mosquitto that wants certificates: who gets in, and what the others are told."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from winter_river.address import parse_url, read_certificates
from winter_river.board.credentials import read as read_credentials
from winter_river.board.joining import Watch, address_of
from winter_river.emulator import Fleet
from winter_river.emulator.vm import VmFleet
from winter_river.facility import load_facility
from winter_river.service import bus as bus_module
from winter_river.service.broker import BrokerError, start_broker
from winter_river.service.bus import Bus, BusError
from winter_river.service.messages import Incoming, Message

WAIT_S = 60.0
QUICK_S = 30.0  # what waits inside TLS would be seen with the next ping, because something else comes


def certificates(*, ca, client=None, days=2):
    """What a client trusts and shows: the CA `ca`, and a certificate issued by `client`."""
    cert, key = client.issue("host", "DNS:host", days=days) if client is not None else ("", "")
    return read_certificates(ca=str(ca.cert), cert=str(cert), key=str(key))


def connected(address):
    """A bus that has connected."""
    bus = Bus(address, client_id="host", subscriptions=[("test/#", 1)])
    bus.start()
    try:
        bus.wait_connected(WAIT_S)
    except BusError:
        bus.stop()
        raise
    return bus


def refused(address, cause):
    """The error of a bus that is refused for this cause. It tries again and again, and each try has its own."""
    bus = Bus(address, client_id="host", subscriptions=[("test/#", 1)])
    bus.start()
    try:
        end_s = time.monotonic() + WAIT_S
        while True:
            with pytest.raises(BusError) as caught:
                bus.wait_connected(0.1)
            if re.search(cause, str(caught.value)):
                return caught.value
            assert time.monotonic() < end_s, f"{cause!r} is not why: {caught.value}"
    finally:
        bus.stop()


def at(broker, secure, *, host="127.0.0.1"):
    return parse_url(f"mqtts://{host}:{broker.port}", secure)


def test_messages_pass_both_ways_none_lost_and_none_waiting(secure_broker, monkeypatch):
    monkeypatch.setattr(bus_module, "KEEPALIVE_S", 120)  # so not within QUICK_S
    ours = secure_broker.ours
    bus = connected(at(secure_broker, certificates(ca=ours, client=ours), host="localhost"))
    try:
        # More than one TLS record can hold (16 KiB), so that some wait where no selector sees them.
        sent = [bytes([number % 256]) * 700 for number in range(500)]
        bus.publish(Message("test/a", data, 1, False) for data in sent)
        got, until_s = [], time.monotonic() + WAIT_S
        while len(got) < len(sent) and time.monotonic() < until_s:
            bus.wait(0.5)
            got += [item.payload for item in bus.take() if isinstance(item, Incoming)]
        assert got == sent
        began_s = time.monotonic()
        bus.publish([Message("test/b", b"quick", 1, False)])
        while not any(isinstance(item, Incoming) for item in bus.take()):
            bus.wait(0.5)
            assert time.monotonic() < began_s + WAIT_S
        assert time.monotonic() < began_s + QUICK_S
    finally:
        bus.stop()


def test_broker_of_an_authority_that_is_not_ours_is_refused(secure_broker):
    secure = certificates(ca=secure_broker.theirs, client=secure_broker.ours)
    assert "broker_ca" in refused(at(secure_broker, secure), "of an authority we do not trust").cure


def test_without_an_authority_of_its_own_it_trusts_those_of_this_machine_alone(secure_broker):
    refused(parse_url(f"mqtts://127.0.0.1:{secure_broker.port}"), "of an authority we do not trust")


def test_broker_with_an_expired_certificate_is_refused(secure_broker):
    ours = secure_broker.ours
    secure_broker.certificate = ours.issue("broker", "IP:127.0.0.1", days=-1)
    secure_broker.stop()
    secure_broker.start()
    error = refused(at(secure_broker, certificates(ca=ours, client=ours)), "its certificate has expired")
    assert "renew it on the broker" in error.cure


def test_broker_under_another_name_is_refused(secure_broker):
    ours = secure_broker.ours
    secure_broker.stop()
    secure_broker.start(host="127.0.0.2")
    secure = certificates(ca=ours, client=ours)
    refused(at(secure_broker, secure, host="127.0.0.2"), r"its certificate is not for 127\.0\.0\.2")


@pytest.mark.parametrize(
    ("client", "days", "cause", "cure"),
    [
        (None, 2, "it wants a certificate of ours", "set broker_cert and broker_key"),
        ("theirs", 2, "it does not accept our certificate", "signed by the authority that this broker trusts"),
        ("ours", -1, "our certificate has expired", "renew it"),
    ],
    ids=["no certificate", "of another authority", "expired"],
)
def test_broker_that_does_not_want_us_says_why(secure_broker, client, days, cause, cure):
    issuer = getattr(secure_broker, client) if client else None
    secure = certificates(ca=secure_broker.ours, client=issuer, days=days)
    error = refused(at(secure_broker, secure), cause)
    assert cause in error.cause
    assert cure in error.cure
    with pytest.raises(BrokerError, match=cause):  # what `winter-river run` asks first
        start_broker(f"mqtts://127.0.0.1:{secure_broker.port}", certificates=secure, data_dir=Path("/nowhere"))


def test_address_without_tls_of_a_broker_with_it_is_told(secure_broker):
    refused(parse_url(f"mqtt://127.0.0.1:{secure_broker.port}"), "mqtts://")


def test_address_with_tls_of_a_broker_without_it_is_told(brokers):
    refused(parse_url(brokers.url.replace("mqtt://", "mqtts://")), "does not speak TLS on this port")


@pytest.mark.parametrize("form", ["pem", "der"])
def test_flash_sees_a_node_join_a_site_with_tls(secure_broker, tmp_path, form):
    """With nothing but what the boards have: the certificates that credentials.toml names."""
    ours = secure_broker.ours
    cert, key = ours.issue("boards", "DNS:boards")
    files = {"ca": ours.cert.read_bytes(), "cert": cert.read_bytes(), "key": key.read_bytes()}
    if form == "der":
        files["ca"], files["cert"] = ours.der(ours.cert), ours.der(cert)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
    place = tmp_path / "credentials.toml"
    place.write_text(
        f'[wifi]\nssid = "net"\n[broker]\nhost = "127.0.0.1"\nport = {secure_broker.port}\n'
        'ca = "ca"\ncert = "cert"\nkey = "key"\n'
    )
    place.chmod(0o600)
    address = address_of(read_credentials(place))
    site = load_facility("seed-8")
    watching = Watch(address, "util_a", root="winter-river", name="flash")
    with watching as watch, Fleet(site, address, node_ids=["util_a"]):
        joined = watch.wait(60.0)
    assert joined is not None
    with pytest.raises(ValueError, match="have no TLS"):
        VmFleet(site, address)


def test_site_runs_over_tls_and_its_secrets_are_shown_nowhere(secure_broker, tmp_path, until):
    cert, key = secure_broker.ours.issue("host", "DNS:host")
    home = tmp_path / "home"
    home.mkdir()
    (home / "winter-river.toml").write_text(
        f'facility = "seed-8"\nbroker = "mqtts://127.0.0.1:{secure_broker.port}"\n'
        f'broker_ca = "{secure_broker.ours.cert}"\nbroker_cert = "{cert}"\nbroker_key = "{key}"\n'
    )
    folders = {f"WINTER_RIVER_{name}_DIR": str(home / name.lower()) for name in ("DATA", "LOG")}
    environment = os.environ | folders | {"XDG_CONFIG_HOME": str(home)}

    def call(*arguments, timeout_s=60):
        return subprocess.run(
            [sys.executable, "-m", "winter_river", *arguments],
            cwd=home, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip

    run = subprocess.Popen(
        [sys.executable, "-m", "winter_river", "run", "--no-ui"],
        cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for line in run.stdout:
            if line.startswith("try "):
                break
        # It has begun when most nodes are there; a busy machine brings the others later.
        until(lambda: call("nodes", "--json").stdout.count('"online"') >= 8, what="all nodes are online")
        sent = call("send", "util_a", "set_fault", "state=true")
        assert (sent.returncode, "done" in sent.stdout) == (0, True), sent.stdout + sent.stderr
        listed = call("nodes", "--json")
        (home / "winter-river.toml").unlink()
        again = call("nodes")  # by the note that the run has left
        assert again.returncode == 0, again.stderr
    finally:
        run.terminate()
        out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    secret = key.read_text().splitlines()[1]
    everything = out + err + sent.stdout + listed.stdout + again.stdout
    everything += "".join(file.read_text(errors="replace") for file in home.rglob("*") if file.is_file())
    assert secret not in everything


def test_vms_are_refused_on_a_broker_with_tls(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "winter_river", "run", "seed-8", "--nodes", "vm", "--broker", "mqtts://127.0.0.1:1"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "MicroPython VMs have no TLS" in done.stderr
    assert "--nodes emulated" in done.stderr
