"""One thing breaks: what hangs on it goes, what does not stays."""

from __future__ import annotations

import pytest

RACKS = ("server_rack_a1", "server_rack_a2", "server_rack_a3", "server_rack_a4")


def test_a_healthy_site_runs_with_the_figures_worked_by_hand(start) -> None:
    """465.06 kW = 384 kW of racks + 48 kW of cooling + 33.06 kW of losses on each side; PUE 1.21."""
    simulation = start()
    simulation.advance(10.0)
    for side in "ab":
        assert simulation.view(f"utility_{side}")["power_kw"] == pytest.approx(465.06, abs=0.05)
        assert simulation.view(f"lv_switchgear_{side}")["current"] == pytest.approx(555, abs=1)
        assert simulation.view(f"lv_switchgear_{side}")["voltage_out"] == pytest.approx(473.6, abs=0.3)
        assert simulation.view(f"ups_{side}")["load_pct"] == pytest.approx(78.8, abs=0.2)
        assert simulation.view(f"server_rack_{side}1")["current"] == pytest.approx(118.4, abs=0.2)
    assert simulation.balance()["pue"] == pytest.approx(1.21, abs=0.005)
    assert simulation.balance()["it_kw"] == pytest.approx(768, abs=0.01)


@pytest.mark.parametrize("node_id", ["mv_lv_transformer_a", "hv_mv_transformer_a"])
def test_a_faulted_transformer_gives_0_v_and_the_generator_takes_over(start, node_id: str) -> None:
    simulation = start()
    simulation.advance(3.0)
    assert simulation.command(node_id, "set_fault", state=True).applied == "fault=fault"
    assert simulation.view(node_id)["state"] == "FAULT"
    assert simulation.view(node_id)["voltage_out"] == 0
    assert simulation.view(node_id)["current"] == 0
    assert simulation.view("ups_a")["state"] == "ON_BATTERY"
    simulation.advance(20.0)
    assert simulation.view(node_id)["voltage_out"] == 0
    assert simulation.view("lv_switchgear_a")["state"] == "GENERATOR"
    assert [simulation.view(rack)["power_kw"] for rack in RACKS] == [96.0] * 4


def test_a_faulted_rack_takes_only_itself(start) -> None:
    simulation = start()
    simulation.advance(3.0)
    before = {node_id: simulation.view(node_id)["state"] for node_id in simulation.facility.nodes}
    simulation.command("server_rack_a1", "set_fault", state=True)
    simulation.advance(10.0)
    after = {node_id: simulation.view(node_id)["state"] for node_id in simulation.facility.nodes}
    assert after == before | {"server_rack_a1": "FAULT"}
    assert simulation.view("server_rack_a1")["power_kw"] == 0
    assert simulation.view("server_rack_a2")["power_kw"] == 96.0
    assert simulation.view("lv_switchgear_a")["current"] == pytest.approx(430, abs=1)
    assert simulation.view("utility_a")["power_kw"] == pytest.approx(363, abs=0.6)
    assert simulation.view("utility_b")["power_kw"] == pytest.approx(465.06, abs=0.05)


def test_a_fault_stays_until_it_is_cleared(start) -> None:
    simulation = start()
    simulation.command("server_rack_a1", "set_fault", state=True)
    simulation.advance(60.0)
    assert simulation.view("server_rack_a1")["state"] == "FAULT"
    simulation.command("server_rack_a1", "set_fault", state=False)
    simulation.advance(5.0)
    assert simulation.view("server_rack_a1")["state"] == "NORMAL"


def test_one_rack_at_double_load_trips_its_own_breaker_alone_after_266_s(start) -> None:
    """192 kW at pf 0.98 and about 473 V: 239 A, 1.387 times the pickup: 3 x 80 / (1.387^2 - 1) s = 260 s or so."""
    simulation = start()
    simulation.advance(10.0)
    simulation.command("server_rack_a3", "set_load", power_kw=192)
    simulation.advance(300.0)
    (trip,) = [event for event in simulation.events() if event.event == "trip"]
    assert trip.node_id == "server_rack_a3"
    assert trip.t_s - 10.0 == pytest.approx(266, abs=3)
    assert simulation.view("server_rack_a3")["tripped"] is True
    assert [simulation.view(rack)["power_kw"] for rack in RACKS] == [96.0, 96.0, 0, 96.0]


def test_a_load_above_the_rating_is_refused_by_the_node(start) -> None:
    simulation = start()
    ack = simulation.command("server_rack_a3", "set_load", power_kw=201)
    assert (ack.result, ack.reason) == ("rejected", "schema")
    assert simulation.view("server_rack_a3")["power_kw"] == 96.0
