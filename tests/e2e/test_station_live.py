"""The instructor's station over a real broker and the emulated fleet: nodes and screens follow, and no tick waits."""

import contextlib
import os
import re
import subprocess
import sys
import threading
import time

import psutil
import pytest
from dies_with import dies_with_us
from held_ports import held_port
from winter_river.emulator.redraw import redraw
from winter_river.service.client import BusClient
from winter_river.station import Change
from winter_river.station.replay import Player, load_recording
from winter_wire import codec, topics

PROGRAM = (sys.executable, "-m", "winter_river")
AHEAD_S = 7200.0  # as far as a what-if may run: seconds of work on any machine


def test_going_back_takes_every_emulated_node_and_its_screen_along(live, until):
    station, fleet = live.service.station, live.fleet
    live.site.advance(2.0)
    before = {node_id: live.site.view(node_id)["state"] for node_id in live.facility.nodes}
    then_s = station.clock().t_s
    live.site.advance(0.5)
    station.freeze()  # or the generator ends what is to be seen on the screen
    assert live.site.send("utility_a", "set_fault", {"state": True}).done
    assert live.site.send("server_rack_b1", "set_load", {"power_kw": 130.0}).done
    live.at("ups_a", state="ON_BATTERY")
    until(lambda: any("[ON_BATTERY]" in line for line in fleet.node("ups_a").oled.text()), what="the screen of ups_a")
    station.go_to(then_s)
    timeline = station.clock().timeline
    until(lambda: {node.runner.core.timeline for node in fleet.nodes.values()} == {timeline}, what="all nodes follow")
    assert {node_id: live.site.view(node_id)["state"] for node_id in live.facility.nodes} == before
    assert fleet.node("utility_a").runner.core.device.fault_text() == ""
    assert fleet.node("server_rack_b1").runner.core.device.fields()["load_set_kw"] == 96
    until(lambda: any("[NORMAL]" in line for line in fleet.node("ups_a").oled.text()), what="the screen of ups_a")


def test_acts_while_frozen_settle_and_time_stands_still(live):
    station = live.service.station
    station.freeze()
    frozen_s = station.clock().t_s
    assert live.site.send("utility_a", "set_fault", {"state": True}).done
    live.at("ups_a", state="ON_BATTERY")
    assert live.site.view("ups_a")["soc_pct"] == 100.0
    assert station.clock().t_s == frozen_s
    station.step(60.0)
    assert live.site.view("generator_a")["state"] == "RUNNING"
    assert station.clock().t_s == pytest.approx(frozen_s + 60.0, abs=1e-9)


def test_no_tick_waits_for_what_if_snapshots_or_trends(live):
    station = live.service.station
    live.site.advance(2.0)
    fields = [(node_id, "current") for node_id in live.facility.nodes]
    change = Change("generator_a", "set_fault", {"state": True})
    asking = threading.Thread(target=station.what_if, args=([change],), kwargs={"ahead_s": AHEAD_S, "fields": fields})
    asking.start()
    ticks, asked = set(), 0
    while asking.is_alive():
        asked += 1
        if asked < 20:
            station.take_snapshot(f"n{asked}")
        station.trend([("ups_a", "soc_pct")], from_s=0.0)
        tick = live.service.report().counters["tick"]
        if asking.is_alive():  # or it is told of after it has waited
            ticks.add(tick)
        time.sleep(0.2)
    assert len(ticks) >= 2, f"{asked} looks while a what-if was worked out saw {ticks}"


def test_a_redrawn_screen_is_what_the_glass_shows(live, until):
    live.site.advance(2.0)
    for node_id in ("ups_a", "generator_a", "server_rack_a1"):
        node = live.fleet.node(node_id)

        def same(node=node, node_id=node_id):
            own = node.runner.core.device.fields()
            rssi = node.runner.core.vitals["wifi_rssi"]
            frame = redraw(node_id, node.runner.core.type, view=node.runner.core.view, own=own, rssi=rssi)
            glass = node.oled.pixels
            return all(glass[y][x] == frame[y // 8 * 128 + x] >> y % 8 & 1 for y in range(64) for x in range(128))

        until(same, what=f"the screen of {node_id} as redrawn")


def test_every_screen_tells_in_its_corner_that_time_is_frozen_or_fast(live, until):
    """The same pixels on the glass and on a screen drawn again; nothing there while time goes with the clock."""
    station, nodes = live.service.station, live.fleet.nodes.values()

    def corner(text):
        def seen():
            rows = [(node, node.oled.text()[0].rstrip()) for node in nodes]
            return all(line.endswith(text) if text else line in node.node_id for node, line in rows) and all(
                node.oled.frame()
                == redraw(
                    node.node_id,
                    node.runner.core.type,
                    view=live.site.view(node.node_id),
                    own=node.runner.core.device.fields(),
                    rssi=node.runner.core.vitals["wifi_rssi"],
                )
                for node, _ in rows
                if node.node_id in ("ups_a", "mv_switchgear_b")
            )

        until(seen, what=f"{text!r} in the corners of {[node.oled.text()[0] for node in nodes]}")

    live.site.advance(1.0)
    station.freeze()
    corner(" FROZEN")
    station.set_speed(10.0)
    station.run()
    corner(" 10x")
    station.set_speed(0.1)
    corner(" 0.1x")
    station.set_speed(1.0)
    until(lambda: [line for node in nodes if (line := node.oled.text()[0].rstrip()).endswith(("x", "FROZEN"))] == [])


def test_a_killed_run_loses_less_than_a_second_and_its_clock_obeys_the_command_line(tmp_path, until):
    folders = {f"WINTER_RIVER_{name}_DIR": str(tmp_path / name.lower()) for name in ("DATA", "LOG")}
    environment = os.environ | folders | {"XDG_CONFIG_HOME": str(tmp_path)}

    def call(*arguments):
        return subprocess.run(
            (*PROGRAM, *arguments), capture_output=True, text=True, timeout=60, env=environment, check=False
        )

    port = held_port()
    command = dies_with_us(*PROGRAM, "run", "seed-8", "--no-ui", "--no-page", "--mqtt-port", str(port))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as run:
        try:
            url = next(line.split()[1] for line in run.stdout if line.startswith("broker"))
            until(lambda: call("clock").returncode == 0, what="the clock answers")
            assert "frozen" in call("clock", "freeze").stdout
            stepped = call("clock", "step", "30")
            assert stepped.returncode == 0, stepped.stderr
            assert re.search(r" state=[0-9a-f]{16}$", call("clock", "snapshot", "lunch").stdout.strip())
            assert call("clock", "restore", "nix").returncode == 1
            assert call("clock", "speed", "2000").returncode == 2
            assert call("send", "util_a", "set_fault", "state=true").returncode == 0
            assert call("clock", "run").returncode == 0
            time.sleep(2.0)
            with BusClient(url) as visitor:
                told_s = max(_engine_times(visitor.remembered(listen_s=1.5)))
        finally:
            helpers = psutil.Process(run.pid).children(recursive=True)
            run.kill()
            for helper in helpers:  # its broker
                with contextlib.suppress(psutil.NoSuchProcess):
                    helper.kill()
    (file,) = (tmp_path / "data" / "recordings").glob("*.rec")
    recording = load_recording(file)
    assert recording.end_s >= told_s - 1.05  # at worst all but the last tick
    player = Player(recording)
    player.advance(1e9)
    assert player.differences == []
    assert player.view("util_a")["state"] == "OUTAGE"
    once, again = call("replay", str(file), "--hash"), call("replay", str(file), "--hash")
    assert once.returncode == 0, once.stderr
    assert once.stdout == again.stdout == player.hash() + "\n"
    shown = call("replay", str(file), "--to", "20s", "--screen", "ups_a")
    assert shown.returncode == 0
    assert "█" in shown.stdout


def _engine_times(items):
    statuses = [
        codec.decode("status", item.payload)[0] for item in items if item.topic.endswith(f"/{topics.ENGINE}/status")
    ]
    return [status["t_s"] for status in statuses if status and "t_s" in status]
