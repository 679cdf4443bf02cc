"""The ten lines that a user starts from, as they stand in the README."""


def test_ups_a_carries_the_racks_until_the_generator_takes_over(simulation):
    simulation.command("utility_a", "set_fault", state=True, kind="outage")
    simulation.advance(5.0)
    assert simulation.view("ups_a")["state"] == "ON_BATTERY"
    assert simulation.view("server_rack_a1")["power_kw"] > 90.0  # the racks notice nothing
    simulation.advance(25.0)
    assert simulation.view("generator_a")["state"] == "RUNNING"
    assert simulation.view("lv_switchgear_a")["state"] == "GENERATOR"
    assert simulation.view("ups_a")["state"] == "CHARGING"
    assert simulation.view("server_rack_b1")["state"] == "NORMAL"
