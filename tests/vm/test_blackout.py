"""24 nodes in MicroPython VMs and the service, over a real mosquitto, play the blackout story in one run."""

import pytest
from winter_river.emulator.vm import VmFleet
from winter_river.facility import load_facility
from winter_river.service.broker import start_broker
from winter_river.service.wiring import Service

RACKS_A = [f"server_rack_a{number}" for number in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def site(tmp_path_factory, vm_command):
    """The 24-node site in quick calibration, every node in a VM of its own and online."""
    facility = load_facility("block-2n-24").with_calibration("quick")
    with (
        start_broker("auto", data_dir=tmp_path_factory.mktemp("site")) as broker,
        Service(facility, broker.url, seed=1) as service,
        VmFleet(facility, broker.url, seed=1) as fleet,
    ):
        service.wait_ready(60.0)
        assert fleet.wait_running(90.0), fleet.failure
        assert service.wait_online(timeout_s=90.0)
        yield service, fleet
        assert service.failure is None
        assert service.report().counters["laws_broken"] == 0, service.report().notes
        assert [node.error for node in fleet.nodes.values() if node.crashes] == []


def test_blackout_is_played_by_24_nodes_in_vms(site, until):
    service, fleet = site

    def at(node_id, state):
        until(
            lambda: service.site.view(node_id)["state"] == state,
            what=f"{node_id} {state}; it is {service.site.view(node_id)['state']}",
        )

    def came_to(node_id, state):
        until(lambda: any((each.node_id, each.to) == (node_id, state) for each in service.site.events()), what=state)

    def shows(node_id, state):
        until(
            lambda: any(f"[{state}]" in line for line in fleet.node(node_id).oled.text()),
            what=f"[{state}] on the screen of {node_id}: {fleet.node(node_id).oled.text()}",
        )

    service.site.advance(1.0)
    assert service.site.send("utility_a", "set_fault", {"state": True, "kind": "outage"}).done
    shows("utility_a", "OUTAGE")
    at("generator_a", "RUNNING")
    at("lv_switchgear_a", "GENERATOR")
    shows("lv_switchgear_a", "GENERATOR")
    came_to("ups_a", "CHARGING")
    assert [service.site.view(rack)["state"] for rack in RACKS_A] == ["NORMAL"] * 4
    words = [(event.node_id, event.to) for event in service.site.events() if event.event == "state"]
    story = [
        ("utility_a", "OUTAGE"),
        ("ups_a", "ON_BATTERY"),
        ("generator_a", "STARTING"),
        ("generator_a", "RUNNING"),
        ("lv_switchgear_a", "GENERATOR"),
        ("ups_a", "CHARGING"),
    ]
    assert [word for word in words if word in story] == story
    assert service.site.view("utility_b")["state"] == "GRID_OK"

    assert service.site.send("utility_a", "set_fault", {"state": False}).done
    at("lv_switchgear_a", "CLOSED")
    shows("lv_switchgear_a", "CLOSED")
    came_to("generator_a", "COOLDOWN")


def test_screens_of_vms_tell_that_time_is_frozen_or_fast_and_then_nothing(site, until):
    service, fleet = site

    def corners(text):
        until(
            lambda: all(node.oled.text()[0].rstrip().endswith(text) for node in fleet.nodes.values()),
            what=f"{text} in every corner: {[node.oled.text()[0] for node in fleet.nodes.values()]}",
        )

    service.station.freeze()
    corners(" FROZEN")
    service.station.set_speed(10.0)
    service.station.run()
    corners(" 10x")
    service.station.set_speed(1.0)
    corners(("_a", "_b", *"0123456789"))


def test_commands_reach_every_node_and_are_done(site):
    service, _ = site
    assert [service.site.send(node_id, "identify").result for node_id in service.site.facility.nodes] == ["done"] * 24
