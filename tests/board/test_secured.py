"""Boards of a secured site: what is staged is this node's own, and with it the node joins and obeys signed commands."""

import dataclasses
import json
import threading
import time

import pytest
from winter_node import settings as node_settings
from winter_river import load_facility
from winter_river.address import Certificates
from winter_river.board import loader, stage
from winter_river.board.credentials import Credentials
from winter_river.cli.errors import CommandError
from winter_river.cli.secured import board_credentials
from winter_river.deploy.mosquitto import guarded_by
from winter_river.emulator import VirtualNode
from winter_river.emulator.flash import Flash
from winter_river.protect.provision import Provision
from winter_river.service import broker_mosquitto
from winter_river.service.broker import start_broker
from winter_river.service.client import BusClient
from winter_river.settings import Settings

NODES = load_facility("block-2n-24").nodes
DEVKIT = loader.load("esp32_devkit_v1")
GIVEN = Credentials("a-network", "127.0.0.1", 1883, wifi_password="long enough", user="u", broker_password="p")
NOW_S = int(time.time())


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("WINTER_RIVER_DATA_DIR", str(tmp_path / "data"))  # no run of this machine's is meant
    made = Provision(tmp_path / "secrets")
    made.init(hosts=("192.168.4.1",), now_s=NOW_S)
    return made


def staged(site, node_id, **settings):
    """(settings of node.json as the firmware checks them, the files beside it)."""
    given = board_credentials(GIVEN, node_id, Settings(**settings), site.places.folder)
    tree = stage.files(NODES[node_id], DEVKIT, given, root="winter-river", plain=True)
    found, faults = node_settings.check(json.loads(tree["node.json"]))
    assert faults == []
    return found, {name: data for name, data in tree.items() if name.startswith("certs/")}


def test_a_board_gets_its_own_certificate_and_key_and_joins_where_nodes_do(site):
    found, files = staged(site, "ups_a")
    assert (found["profile"], found["key"].encode()) == ("secured", site.keys("ups_a"))
    assert (found["broker"]["port"], found["broker"]["tls"], found["broker"]["user"]) == (8883, True, "")
    assert set(files) == {found["broker"][role] for role in ("ca", "cert", "key")}
    assert found["wifi"] == {"ssid": "a-network", "password": "long enough"}
    assert staged(site, "ups_b")[1]["certs/key.der"] != files["certs/key.der"]


def test_flashing_again_gives_the_same_files_until_they_end_soon(site):
    first = staged(site, "ups_a")
    assert staged(site, "ups_a") == first
    late = Provision(site.places.folder)
    late.revoke("ups_a", now_s=NOW_S)
    late.node("ups_a", now_s=NOW_S - 61 * 86_400)  # made two months ago: 29 days are left
    old = late.pair("node", "ups_a").cert
    staged(site, "ups_a")
    assert late.pair("node", "ups_a").cert != old


def test_a_board_without_tls_gets_a_password_and_no_certificate(site):
    site.node("ups_a", password=True, now_s=NOW_S)
    found, files = staged(site, "ups_a", mqtt_port=1884)
    assert files == {}
    assert (found["broker"]["port"], found["broker"]["tls"]) == (1884, False)
    assert (found["broker"]["user"], found["broker"]["password"]) == ("ups_a", site.password("ups_a"))


def test_a_broker_called_by_another_name_is_refused_before_the_board_is_written(site):
    given = dataclasses.replace(GIVEN, host="10.1.2.3")
    with pytest.raises(CommandError, match="winter-river provision init --host 10.1.2.3"):
        board_credentials(given, "ups_a", Settings(), site.places.folder)


@pytest.mark.parametrize("password", [False, True], ids=["certificate", "password"])
def test_a_node_with_what_was_staged_joins_and_obeys_signed_commands_only(site, tmp_path, password):
    if broker_mosquitto.find() is None:
        pytest.skip("SKIPPED: profile secured needs mosquitto; install it")
    site.node("ups_a", password=password, now_s=NOW_S)
    pair = site.pair("operator", "operator")
    operator = Certificates(ca=site.authority_cert(), cert=pair.cert, key=pair.key)
    guarded = guarded_by(site.places.broker, tls_min="1.2", nodes_port=0, passwords_port=0, passwords_host="127.0.0.1")
    with start_broker("mosquitto", guarded=guarded, certificates=operator, data_dir=tmp_path) as broker:
        found, files = staged(site, "ups_a", tls_port=broker.nodes_port, mqtt_port=broker.passwords_port)
        node = VirtualNode(found, flash=Flash(files))
        node.start(0)
        began_s = time.monotonic()

        def step():
            assert time.monotonic() - began_s < 120, (node.oled.text(), node.error)
            node.step(int((time.monotonic() - began_s) * 1000))
            time.sleep(0.002)

        while not node.runner.core.connected:
            step()
        answers = []
        for keys, secured in ((site.keys, True), (lambda _: None, False)):
            with BusClient(broker.address, keys=keys, secured=secured, epoch=1) as client:
                answers.append(_asked(client, step))
        assert [(each.result, each.reason) for each in answers] == [("done", ""), ("rejected", "schema")]
        node.stop()


def _asked(client, step):
    """The answer of the node, which is stepped meanwhile."""
    found = []
    thread = threading.Thread(target=lambda: found.append(client.send("ups_a", "identify")))
    thread.start()
    while thread.is_alive():
        step()
    return found[0]
