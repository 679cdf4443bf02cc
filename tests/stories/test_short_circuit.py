"""Somebody shorts a device: the nearest breaker in front of it opens, and the site says why."""

from __future__ import annotations

from winter_river.ui.why import known_of, why_lines


def said(simulation, *words):
    return [(e.node_id, e.event, e.from_, e.to) for e in simulation.events() if e.event in words]


def test_a_shorted_rack_trips_alone_and_trips_again_until_it_is_mended(start) -> None:
    simulation = start()
    simulation.advance(3.0)
    assert simulation.command("server_rack_a1", "set_fault", state=True, kind="short_circuit").applied
    assert simulation.view("ups_a")["load_pct"] == 200.0  # the inverter at its limit
    assert simulation.view("server_rack_a2")["state"] == "DEGRADED"
    simulation.advance(5.0)
    assert simulation.view("server_rack_a1")["tripped"] is True
    assert [simulation.view(f"server_rack_a{k}")["power_kw"] for k in (1, 2, 3, 4)] == [0, 96, 96, 96]
    assert simulation.view("ups_a")["state"] == "NORMAL"
    simulation.command("server_rack_a1", "reset")
    simulation.advance(1.0)
    trip = ("server_rack_a1", "trip", "cord_1", "instantaneous")
    assert said(simulation, "trip") == [trip, trip]
    simulation.command("server_rack_a1", "set_fault", state=False)
    simulation.command("server_rack_a1", "reset")
    simulation.advance(1.0)
    assert simulation.view("server_rack_a1")["state"] == "NORMAL"


def test_a_shorted_transformer_is_tripped_upstream_and_why_says_so(start) -> None:
    simulation = start()
    simulation.advance(3.0)
    simulation.command("mv_lv_transformer_a", "set_fault", state=True, kind="short_circuit")
    simulation.advance(15.0)
    assert said(simulation, "trip") == [("mv_switchgear_a", "trip", "main", "inverse_time")]
    assert simulation.view("lv_switchgear_a")["state"] == "GENERATOR"
    (source, _, where, amps) = said(simulation, "short_circuit")[0]
    assert (source, where) == ("utility_a", "mv_lv_transformer_a") and amps.endswith(" A")
    lines = why_lines(known_of(simulation, "mv_switchgear_a"))
    assert "trips on main -> inverse_time" in "\n".join(lines)
    assert "mv_lv_transformer_a" in lines[-1] and "short_circuit" in lines[-1]


def test_the_grid_opens_what_nobody_in_the_site_can_and_its_reset_is_a_command(start) -> None:
    simulation = start()
    simulation.command("hv_mv_transformer_a", "set_fault", state=True, kind="short_circuit")
    simulation.advance(5.0)
    assert said(simulation, "trip") == [("utility_a", "trip", "main", "backup")]
    assert simulation.view("utility_a")["state"] == "OUTAGE"
    simulation.command("hv_mv_transformer_a", "set_fault", state=False)
    assert simulation.command("utility_a", "reset").result == "done"
    simulation.advance(2.0)
    assert simulation.view("utility_a")["state"] == "GRID_OK"
