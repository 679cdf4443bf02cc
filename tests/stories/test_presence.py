"""A node that is gone is a component taken out of its slot: what it fed is dead, until it is back."""

from __future__ import annotations

RACKS = ("server_rack_a1", "server_rack_a2", "server_rack_a3", "server_rack_a4")


def test_a_node_taken_out_leaves_dead_what_it_fed_and_put_back_brings_it_back(start) -> None:
    simulation = start()
    simulation.advance(3.3)
    simulation.remove("ups_a")
    assert simulation.presence("ups_a") == "offline"
    assert simulation.view("ups_a")["status"] == "offline"
    simulation.advance(1.0)
    assert [simulation.view(rack)["voltage_in"] for rack in RACKS] == [0] * 4
    assert [simulation.view(rack)["state"] for rack in RACKS] == ["FAULT"] * 4
    assert simulation.view("cooling_a")["state"] == "NORMAL"
    simulation.insert("ups_a")
    assert simulation.presence("ups_a") == "online"
    simulation.advance(30.0)
    assert [simulation.view(rack)["power_kw"] for rack in RACKS] == [96.0] * 4
    assert [simulation.view(rack)["state"] for rack in RACKS] == ["NORMAL"] * 4


def test_a_removed_transformer_starts_the_generator(start) -> None:
    simulation = start()
    simulation.advance(3.0)
    simulation.remove("mv_lv_transformer_a")
    simulation.advance(20.0)
    assert simulation.view("lv_switchgear_a")["state"] == "GENERATOR"
    assert simulation.view("mv_switchgear_a")["state"] == "CLOSED"


def test_a_removed_node_answers_nothing(start) -> None:
    simulation = start()
    simulation.remove("ups_a")
    ack = simulation.command("ups_a", "reset")
    assert (ack.result, ack.reason) == ("failed", "expired")


def test_a_node_put_back_has_forgotten_what_it_was_set_to(start) -> None:
    simulation = start()
    simulation.command("server_rack_a1", "set_load", power_kw=20)
    simulation.advance(1.0)
    assert simulation.view("server_rack_a1")["power_kw"] == 20.0
    boot = simulation.status("server_rack_a1")["boot"]
    simulation.remove("server_rack_a1")
    simulation.advance(1.0)
    simulation.insert("server_rack_a1")
    simulation.advance(5.0)
    assert simulation.status("server_rack_a1")["boot"] != boot
    assert simulation.view("server_rack_a1")["power_kw"] == 96.0


def test_a_frozen_node_is_offline_after_20_s_of_silence_and_comes_back(start) -> None:
    simulation = start()
    simulation.advance(10.0)
    simulation.freeze_node("server_rack_a1")
    # It was heard at 9 s, on its 5 s beat: stale after three missed beats at 24 s, offline at 29 s.
    simulation.advance(13.0)
    assert simulation.presence("server_rack_a1") == "online"
    simulation.advance(3.0)
    assert simulation.presence("server_rack_a1") == "stale"
    assert simulation.view("server_rack_a1")["power_kw"] == 96.0
    simulation.advance(4.0)
    assert simulation.presence("server_rack_a1") == "offline"
    assert simulation.view("server_rack_a1")["power_kw"] == 0
    assert simulation.view("server_rack_a2")["power_kw"] == 96.0
    simulation.thaw_node("server_rack_a1")
    simulation.advance(5.0)
    assert simulation.presence("server_rack_a1") == "online"
    assert simulation.view("server_rack_a1")["power_kw"] == 96.0


def test_a_quiet_site_keeps_every_node_online(start) -> None:
    simulation = start()
    simulation.advance(120.0)
    assert {simulation.presence(node_id) for node_id in simulation.facility.nodes} == {"online"}


def test_a_lost_broker_reaches_nobody_and_harms_nobody(start) -> None:
    simulation = start()
    simulation.advance(5.0)
    simulation.lose_broker()
    ack = simulation.command("server_rack_a1", "open")
    assert (ack.result, ack.reason) == ("failed", "expired")
    simulation.advance(120.0)  # six times what makes one silent node offline
    assert {simulation.presence(node_id) for node_id in simulation.facility.nodes} == {"online"}
    assert simulation.view("server_rack_a1")["power_kw"] == 96.0
    simulation.return_broker()
    simulation.advance(5.0)
    assert {simulation.presence(node_id) for node_id in simulation.facility.nodes} == {"online"}
    assert simulation.command("server_rack_a1", "open").done


def test_a_node_that_goes_while_the_broker_is_lost_is_missed_once_it_is_back(start) -> None:
    simulation = start()
    simulation.lose_broker()
    simulation.freeze_node("server_rack_a1")
    simulation.advance(60.0)
    assert simulation.view("server_rack_a1")["power_kw"] == 96.0
    simulation.return_broker()
    simulation.advance(60.0)  # nodes have 35 s to come back, then 20 s of silence count
    assert simulation.presence("server_rack_a1") == "offline"
    assert simulation.view("server_rack_a1")["power_kw"] == 0


def test_a_snapshot_knows_that_the_broker_is_lost(start) -> None:
    simulation = start()
    simulation.lose_broker()
    saved = simulation.snapshot()
    simulation.return_broker()
    assert simulation.command("ups_a", "identify").done
    assert simulation.snapshot().hash != saved.hash
    simulation.restore(saved)
    assert not simulation.command("ups_a", "identify").done
