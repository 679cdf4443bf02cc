"""A guarded broker, real mosquitto: who is let in, what each may say and hear, and how that changes without a pause."""

import dataclasses
import queue
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import suppress
from types import SimpleNamespace

import paho.mqtt.client as mqtt
import pytest
from winter_river.address import Certificates
from winter_river.deploy.mosquitto import guarded_by
from winter_river.protect.provision import Provision
from winter_river.service import broker_mosquitto, mqtt_probe
from winter_river.service.broker import BrokerError, start_broker

HOST = "127.0.0.1"
WAIT_S_MAX = 20.0
DAY_S = 86_400


def now_s():
    return int(time.time())


class Client:
    """A paho client over TLS, or with a password; `heard` has (topic, payload) in the order they came."""

    def __init__(self, port, *, ca, pair=None, user=None, password=None, client_id="", websocket=False, will=None):
        self.heard, self.ended, self._said = [], False, queue.Queue()
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, transport="websockets" if websocket else "tcp"
        )
        if user is None:
            context = ssl.create_default_context(cafile=ca)
            if pair is not None:
                context.load_cert_chain(pair)
            self.paho.tls_set_context(context)
        else:
            self.paho.username_pw_set(user, password)
        if will is not None:
            self.paho.will_set(*will)
        self.paho.reconnect_delay_set(600, 600)  # who is dropped stays away
        self.paho.on_connect = lambda client, data, flags, reason, properties: self._said.put(reason)
        self.paho.on_subscribe = lambda client, data, mid, codes, properties: self._said.put(mid)
        self.paho.on_message = lambda client, data, message: self.heard.append((message.topic, message.payload))
        self.paho.on_disconnect = lambda *_: setattr(self, "ended", True)
        self.paho.connect(HOST, port)
        self.paho.loop_start()
        reason = self._said.get(timeout=WAIT_S_MAX)
        assert not reason.is_failure, reason

    def subscribe(self, topic):
        self.paho.subscribe(topic, 1)
        self._said.get(timeout=WAIT_S_MAX)

    def say(self, topic, payload=b"{}", *, retain=False):
        self.paho.publish(topic, payload, 1, retain).wait_for_publish(WAIT_S_MAX)

    def drop(self):
        """Hang up without a word: the last will follows."""
        with suppress(OSError):
            self.paho.socket().shutdown(socket.SHUT_RDWR)
        self.paho.loop_stop()

    def leave(self):
        self.paho.disconnect()
        self.paho.loop_stop()


@pytest.fixture
def secured(tmp_path):
    """A provisioned site of two nodes with certificates and one with a password, and its broker; `go` makes clients."""
    if broker_mosquitto.find() is None:
        pytest.skip("SKIPPED: profile secured needs mosquitto; install it")
    site = Provision(tmp_path / "a folder with spaces" / "secrets")
    site.init(now_s=now_s())
    for node_id in ("ups_a", "ups_b"):
        site.node(node_id, now_s=now_s())
    site.node("small", password=True, now_s=now_s())
    site.person("viewer", "screen", now_s=now_s())
    places, clients, running = site.places, [], []

    def certificates(role, name):
        pair = site.pair(role, name)
        return Certificates(ca=site.authority_cert(), cert=pair.cert, key=pair.key)

    def begin(tls_min="1.2", *, websocket_port=None):
        guarded = guarded_by(places.broker, tls_min=tls_min, nodes_port=0, passwords_port=0, passwords_host=HOST)
        broker = start_broker(
            "mosquitto",
            websocket_port=websocket_port,
            guarded=guarded,
            certificates=certificates("service", "service"),
            data_dir=tmp_path,
        )
        running.append(broker)
        return broker

    def go(role, name, **options):
        where = options.pop("broker", broker)
        port = options.pop("port", where.nodes_port if role == "node" else where.port)
        if options.get("password"):
            clients.append(Client(broker.passwords_port, ca=None, user=name, **options))
        else:
            pair = options.pop("pair", places.pair(role, name))
            clients.append(Client(port, ca=places.trusted("site"), pair=pair, **options))
        return clients[-1]

    def probe(port, given=None):
        """Why a client with these certificates is not let in; "" where it is."""
        try:
            mqtt_probe.probe(HOST, port, certificates=given)
        except mqtt_probe.ProbeError as error:
            return str(error)
        return ""

    broker = begin()
    yield SimpleNamespace(
        site=site, broker=broker, begin=begin, go=go, probe=probe, certificates=certificates, folder=tmp_path
    )
    for client in clients:
        client.leave()
    for each in running:
        each.stop()


def test_a_node_says_nothing_but_its_own_status_ack_and_event(secured, until):
    service, node = secured.go("service", "service"), secured.go("node", "ups_a")
    service.subscribe("#")
    for topic in (
        *(f"winter-river/ups_b/{leaf}" for leaf in ("status", "ack", "event", "command", "view")),
        *("winter-river/ups_a/command", "winter-river/ups_a/view", "winter-river/engine/status", "elsewhere"),
        *(f"winter-river/{virtual}/command" for virtual in ("engine", "weather", "facility")),
    ):
        node.say(topic, b"forged")
    for leaf in ("status", "ack", "event"):
        node.say(f"winter-river/ups_a/{leaf}", b"own")
    until(lambda: len(service.heard) >= 3, what=service.heard)
    assert service.heard == [(f"winter-river/ups_a/{leaf}", b"own") for leaf in ("status", "ack", "event")]


def test_a_node_hears_nothing_but_its_own_command_and_view(secured, until):
    service, node = secured.go("service", "service"), secured.go("node", "ups_a")
    service.say("winter-river/ups_b/view", b"remembered", retain=True)
    for topic in ("#", "winter-river/#", "winter-river/ups_b/command", "$SYS/#", "winter-river/ups_a/+"):
        node.subscribe(topic)
    for leaf in ("command", "view"):
        service.say(f"winter-river/ups_b/{leaf}", b"another's")
    secured.go("node", "ups_b").say("winter-river/ups_b/status", b"another's")
    for leaf in ("command", "view"):
        service.say(f"winter-river/ups_a/{leaf}", b"own")
    until(lambda: len({topic for topic, _ in node.heard}) >= 2, what=node.heard)
    assert set(node.heard) == {(f"winter-river/ups_a/{leaf}", b"own") for leaf in ("command", "view")}


def test_a_last_will_in_anothers_name_is_never_spoken(secured, until):
    service = secured.go("service", "service")
    service.subscribe("#")
    secured.go("node", "ups_a", will=("winter-river/ups_b/status", b"forged", 1, True)).drop()
    secured.go("node", "ups_b", will=("winter-river/ups_b/status", b"own", 1, True)).drop()
    until(lambda: service.heard, what="the last will")
    assert [payload for _, payload in service.heard] == [b"own"]


def test_a_node_that_takes_anothers_client_id_does_not_end_its_session(secured, until):
    service, other = secured.go("service", "service"), secured.go("node", "ups_b", client_id="ups_b")
    service.subscribe("#")
    secured.go("node", "ups_a", client_id="ups_b").say("winter-river/ups_a/status", b"here")
    other.say("winter-river/ups_b/status", b"still here")
    until(lambda: len(service.heard) >= 2)
    assert not other.ended


def test_an_operator_commands_and_a_viewer_only_looks(secured, until):
    service, operator, viewer = (
        secured.go(*who) for who in (("service",) * 2, ("operator",) * 2, ("viewer", "screen"))
    )
    service.subscribe("winter-river/#")
    viewer.subscribe("winter-river/#")
    viewer.say("winter-river/ups_a/command", b"of a viewer")
    viewer.say("winter-river/engine/command", b"of a viewer")
    for topic in ("winter-river/ups_a/status", "winter-river/ups_a/view", "winter-river/engine/status"):
        operator.say(topic, b"forged")
        viewer.say(topic, b"forged")
    operator.say("winter-river/ups_a/command", b"of an operator")
    until(lambda: service.heard and viewer.heard)
    assert service.heard == viewer.heard == [("winter-river/ups_a/command", b"of an operator")]


def test_the_service_speaks_for_engine_facility_and_weather_and_for_no_node(secured, until):
    service, operator = secured.go("service", "service"), secured.go("operator", "operator")
    operator.subscribe("winter-river/#")
    service.say("winter-river/ups_a/status", b"forged")
    for topic in ("engine/status", "engine/event", "facility/status", "weather/ack", "ups_a/view", "ups_a/command"):
        service.say(f"winter-river/{topic}", b"own")
    until(lambda: len(operator.heard) >= 6, what=operator.heard)
    assert [payload for _, payload in operator.heard] == [b"own"] * 6


def test_who_has_no_certificate_of_this_site_or_one_that_no_longer_holds_is_refused(secured):
    site, broker = secured.site, secured.broker
    other = Provision(secured.folder / "other" / "secrets")
    other.init(now_s=now_s())
    other.node("ups_a", now_s=now_s())
    foreign = other.pair("node", "ups_a")
    ca = site.authority_cert()
    site.node("late", now_s=now_s() - 91 * DAY_S)
    good = secured.certificates("node", "ups_a")
    assert secured.probe(broker.nodes_port, good) == ""
    assert "certificate" in secured.probe(broker.nodes_port, Certificates(ca=ca))
    assert "accept our certificate" in secured.probe(broker.nodes_port, Certificates(ca, foreign.cert, foreign.key))
    assert "expired" in secured.probe(broker.nodes_port, secured.certificates("node", "late"))
    assert "accept our certificate" in secured.probe(broker.port, good)  # a node where people connect
    assert "accept our certificate" in secured.probe(broker.nodes_port, secured.certificates("service", "service"))
    assert secured.probe(broker.nodes_port) != ""  # without TLS
    assert "user name and password" in secured.probe(broker.passwords_port)  # anonymous
    assert "authority" in secured.probe(broker.nodes_port, dataclasses.replace(good, ca=other.authority_cert()))


def test_a_revoked_certificate_is_refused_after_a_reload_and_everybody_else_stays(secured, until):
    site, broker = secured.site, secured.broker
    site.node("ups_c", now_s=now_s())
    broker.reload()  # it has not heard of the third node yet; that one is lost with its certificate
    lost = secured.certificates("node", "ups_c")
    session, bystander = secured.go("node", "ups_b"), secured.go("node", "ups_a")
    service = secured.go("service", "service")
    service.subscribe("winter-river/#")
    for node_id in ("ups_b", "ups_c"):
        site.revoke(node_id, now_s=now_s())
    broker.reload()
    until(lambda: "accept our certificate" in secured.probe(broker.nodes_port, lost), what="the revocation")
    # A session that was open has lost its rights at once; its connection lasts until somebody takes its name over.
    session.say("winter-river/ups_b/status", b"revoked")
    bystander.say("winter-river/ups_a/status", b"still here")
    until(lambda: service.heard)
    assert service.heard == [("winter-river/ups_a/status", b"still here")]
    assert not session.ended
    pair = site.stand_in("ups_b", now_s=now_s())
    assert secured.probe(broker.nodes_port, Certificates(site.authority_cert(), pair.cert, pair.key)) == ""
    until(lambda: session.ended, what="the revoked node is cut off")
    assert not service.ended and not bystander.ended


def test_rotation_has_no_pause_old_and_new_both_hold_until_the_old_is_revoked(secured, until):
    site, broker = secured.site, secured.broker
    old = secured.certificates("node", "ups_a")
    service = secured.go("service", "service")
    doors = (broker.port, broker.nodes_port)
    before = [_served(secured, port) for port in doors]
    assert len(set(before)) == 1
    site.rotate("ups_a", now_s=now_s())
    site.rotate("broker", now_s=now_s())
    broker.reload()
    for port in doors:
        until(lambda port=port: _served(secured, port) != before[0], what=f"the broker's new certificate at {port}")
    new = secured.certificates("node", "ups_a")
    assert (old.cert != new.cert) and secured.probe(broker.nodes_port, old) == secured.probe(
        broker.nodes_port, new
    ) == ""
    site.revoke("ups_a", old=True, now_s=now_s())
    broker.reload()
    until(lambda: secured.probe(broker.nodes_port, old) != "", what="the old one's end")
    assert secured.probe(broker.nodes_port, new) == ""
    assert not service.ended


def test_a_node_with_a_password_has_the_rights_of_a_node(secured, until):
    service = secured.go("service", "service")
    service.subscribe("winter-river/#")
    node = secured.go("node", "small", password=secured.site.password("small"))
    node.say("winter-river/ups_a/status", b"forged")
    node.say("winter-river/small/status", b"own")
    until(lambda: service.heard)
    assert service.heard == [("winter-river/small/status", b"own")]
    with pytest.raises(AssertionError, match="Not authorized"):
        secured.go("node", "small", password="guessed")


def test_a_dashboard_with_a_certificate_follows_over_websocket_and_none_without(secured, until):
    broker = secured.begin(websocket_port=0)
    port = broker.websocket_port
    screen = secured.go("viewer", "screen", port=port, websocket=True)
    screen.subscribe("winter-river/+/status")
    screen.say("winter-river/ups_a/command", b"of a viewer")
    node = secured.go("node", "ups_a", broker=broker)
    node.subscribe("winter-river/ups_a/command")
    node.say("winter-river/ups_a/status", b"own")
    until(lambda: screen.heard)
    assert screen.heard == [("winter-river/ups_a/status", b"own")] and node.heard == []
    for pair in (None, secured.site.places.pair("node", "ups_a")):
        with pytest.raises((OSError, queue.Empty)):
            secured.go("viewer", "screen", port=port, websocket=True, pair=pair)


def test_with_a_websocket_port_a_change_is_taken_up_by_a_restart_and_it_lives_on(secured, until):
    broker = secured.begin(websocket_port=0)
    for _ in range(3):  # mosquitto 2.0.11 that is told to reload ends at the second
        before = _served(secured, broker.port)
        secured.site.rotate("broker", now_s=now_s())
        broker.reload()
        assert broker.fault() == ""

        def taken_up(before=before):
            with suppress(OSError):
                return before not in [_served(secured, port) for port in (broker.port, broker.websocket_port)]

        until(taken_up, what="the broker's new certificate")
        screen = secured.go("viewer", "screen", port=broker.websocket_port, websocket=True)
        screen.subscribe("winter-river/+/status")
        assert broker.fault() == ""


@pytest.mark.parametrize(
    ("tls_min", "version", "spoken"),
    [("1.2", "1.3", True), ("1.2", "1.2", True), ("1.2", "1.1", False), ("1.3", "1.3", True), ("1.3", "1.2", False)],
)
def test_tls_is_as_new_as_wanted(secured, tls_min, version, spoken):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed here")
    broker = secured.begin(tls_min)
    places = secured.site.places
    pair = places.pair("service", "service")
    command = [openssl, "s_client", "-connect", f"{HOST}:{broker.port}", f"-tls{version.replace('.', '_')}"]
    command += ["-CAfile", places.trusted("site"), "-cert", pair, "-key", pair]
    command += ["-cipher", "DEFAULT@SECLEVEL=0"] if version != "1.3" else []
    ended = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=False)
    # Where nothing is agreed on openssl prints `New, (NONE), Cipher is (NONE)`.
    assert (f"New, TLSv{version}, Cipher is " in ended.stdout) == spoken, ended.stdout


def test_two_that_both_can_speak_tls_1_3(secured):
    with _connected(secured, secured.broker.port) as stream:
        assert stream.version() == "TLSv1.3"


def test_the_embedded_broker_is_refused_with_the_cure(secured):
    guarded = guarded_by(
        secured.site.places.broker, tls_min="1.2", nodes_port=0, passwords_port=None, passwords_host=HOST
    )
    with pytest.raises(BrokerError, match="sudo apt install mosquitto"):
        start_broker("embedded", guarded=guarded, data_dir=secured.folder)


def _connected(secured, port):
    who = ("node", "ups_a") if port == secured.broker.nodes_port else ("service", "service")
    context = secured.certificates(*who).context()
    return context.wrap_socket(socket.create_connection((HOST, port), timeout=60), server_hostname=HOST)


def _served(secured, port):
    """The serial number of the certificate that the broker shows."""
    with _connected(secured, port) as stream:
        return stream.getpeercert()["serialNumber"]
