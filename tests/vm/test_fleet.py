"""A fleet of nodes in MicroPython VMs behaves as boards on a table do."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from winter_river.emulator.vm import VmFleet
from winter_river.facility import load_facility

KEEPS_RUNNING = """
import sys, time
from winter_river.emulator.vm import VmFleet
from winter_river.facility import load_facility
fleet = VmFleet(load_facility("seed-8"), sys.argv[1], node_ids=["util_a"])
fleet.start()
print(fleet.pid, flush=True)
time.sleep(60)
"""


def test_nodes_show_themselves(eight, until):
    stage, fleet = eight
    for node_id, node in fleet.nodes.items():
        until(
            lambda node_id=node_id, node=node: node.oled.text()[0].startswith(node_id), what=f"{node_id} on its screen"
        )
        assert node.oled.unknown == 0
        assert 0 < stage.visitor.statuses(node_id)[0]["heap_free"] < 160 * 1024


def test_command_is_done_and_the_status_shows_it(eight, until):
    visitor = eight[0].visitor
    answer = visitor.ask_and_wait("util_a", "set_fault", {"state": True, "kind": "sag", "severity": 0.25})
    assert (answer["result"], answer["applied"]) == ("done", "fault=sag=0.25")
    until(lambda: visitor.statuses("util_a")[-1]["fault"] == "sag=0.25")


def test_power_cut_leaves_the_last_will_and_power_brings_another_boot(eight, until):
    stage, fleet = eight
    first = stage.visitor.statuses("trf_a")[-1]["boot"]
    boots = fleet.node("trf_a").boots  # a machine that stood still for long had its watchdog begin it again
    fleet.kill("trf_a")
    until(lambda: not stage.is_online("trf_a"), timeout_s=12.0)  # by silence it would be 15 s at the earliest
    until(lambda: not fleet.node("trf_a").powered)
    assert not any(map(any, fleet.node("trf_a").oled.pixels))
    fleet.power_on("trf_a")
    until(lambda: stage.is_online("trf_a"))
    said = stage.visitor.statuses("trf_a")[-1]
    assert said["boot"] != first
    assert said["reset_cause"] == "power"
    until(lambda: fleet.node("trf_a").boots == boots + 1)


def test_restart_command_resets_the_machine_and_flash_outlives_it(eight, until):
    stage, fleet = eight
    fleet.ask("gen_a", "with open('kept.txt', 'w') as file: file.write('still here')")
    assert stage.visitor.ask_and_wait("gen_a", "restart")["result"] == "done"
    until(lambda: stage.visitor.statuses("gen_a")[-1].get("reset_cause") == "reset")
    assert fleet.ask("gen_a", "open('kept.txt').read()") == "still here"


def test_frozen_node_is_silent_without_a_last_will_until_it_thaws(eight, until):
    stage, fleet = eight
    fleet.freeze("sw_a")
    fleet.ask("sw_a", "0")  # one that stands still answers this, too: from now on it takes no step
    stage.visitor.ask_and_wait("srv_a", "identify")  # what it said before has arrived
    number = stage.visitor.ask("sw_a", "identify")
    before = len(stage.visitor.statuses("sw_a"))
    time.sleep(1.0)
    assert number not in stage.visitor.acks("sw_a")
    assert len(stage.visitor.statuses("sw_a")) == before
    fleet.thaw("sw_a")
    until(lambda: number in stage.visitor.acks("sw_a"))


def test_short_press_turns_the_page_and_long_press_moves_the_handle(eight, until):
    stage, fleet = eight
    screen = fleet.node("dist_a").oled
    first = screen.text()
    fleet.press("dist_a")
    until(lambda: any("127.0.0.1" in line for line in screen.text()), what=f"the network page after {first}")
    fleet.press("dist_a", long=True)
    until(lambda: stage.visitor.statuses("dist_a")[-1].get("handle") == "open")
    assert stage.visitor.statuses("dist_a")[-1]["mode"] == "local"


def test_node_that_hangs_is_restarted_by_its_watchdog(eight, until):
    stage, fleet = eight
    fleet.ask("ups_a", "__import__('machine').WDT(timeout=500)")
    with pytest.raises(TimeoutError):
        fleet.ask("ups_a", "while True: pass", timeout_s=0.2)
    until(lambda: fleet.node("ups_a").watchdog_resets >= 1)
    until(lambda: stage.visitor.statuses("ups_a")[-1].get("reset_cause") == "watchdog")


def test_stop_says_goodbye_for_every_node_and_ends_the_process(stage, until):
    fleet = stage.fleet("util_a", "ups_a")
    process = psutil.Process(fleet.pid)
    fleet.stop()
    assert not process.is_running()
    until(lambda: not any(stage.is_online(node_id) for node_id in fleet.nodes))
    assert fleet.failure is None


def test_process_that_dies_is_told(stage, until):
    fleet = stage.fleet("util_a", online=False)
    os.kill(fleet.pid, signal.SIGKILL)
    assert "has ended" in str(until(lambda: fleet.failure))


def test_vms_end_when_whoever_started_them_is_killed(broker, vm_command, until):
    command = [sys.executable, "-c", KEEPS_RUNNING, broker.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_unknown_node_is_named():
    with pytest.raises(ValueError, match="seed-8 has no node ups_z"):
        VmFleet(load_facility("seed-8"), "mqtt://127.0.0.1:1", node_ids=["ups_z"])
