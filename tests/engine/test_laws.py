"""The laws find what is wrong when something is made wrong by hand."""

import pytest
from winter_river.engine import apply, laws, step
from winter_river.engine.equipment import ups

pytestmark = pytest.mark.breaks_laws


def broken_by(told, **options):
    return [text.split(":")[0] for text in laws.check(told.plan, told.world, **options)]


@pytest.fixture
def told(story):
    told = story()
    told.run(1)
    assert broken_by(told) == []
    return told


def bus(told, node_id):
    return told.plan.nodes[told.plan.index[node_id]].bus_out


def test_a_wrong_current_breaks_the_first(told):
    told.world.i[bus(told, "lv_switchgear_a")] *= 1.001
    assert "law 1" in broken_by(told)


def test_a_wrong_voltage_breaks_the_second(told):
    told.world.v[bus(told, "lv_switchgear_a")] *= 1.0001
    assert "law 2" in broken_by(told)


def test_a_missing_loss_breaks_the_fourth(told):
    told.world.upses[0].loss_kw -= 1.0
    found = broken_by(told)
    assert "law 4" in found
    assert "law 5" in found


def test_charging_from_nothing_breaks_the_fifth(told):
    told.world.upses[0].charge_kw = 10.0
    told.world.upses[0].discharge_kw = 10.0
    assert "law 5" in broken_by(told)


@pytest.mark.parametrize(
    ("handle", "name"), [("online", "loss_online_kw"), ("eco", "bypass_loss_kw"), ("bypass", "bypass_loss_kw")]
)
def test_a_ups_that_loses_less_than_its_ratings_say_breaks_the_fifth(story, monkeypatch, handle, name):
    whole = getattr(ups, name)
    monkeypatch.setattr(ups, name, lambda *given: 0.9 * whole(*given))
    told = story()
    apply(told.plan, told.world, "ups_a", {"handle": handle}, present=True)
    step(told.plan, told.world, 30.0)
    assert any(text.startswith("law 5: ups_a loses") for text in laws.check(told.plan, told.world))


def test_a_charger_that_takes_twice_its_rating_breaks_the_fifth(story, monkeypatch):
    whole = ups.charging_kw
    monkeypatch.setattr(ups, "charging_kw", lambda *given, **named: 2.0 * whole(*given, **named))
    told = story()
    apply(told.plan, told.world, "utility_a", {"fault": "outage"}, present=True)
    step(told.plan, told.world, 25.0)  # on the generator, which is spared: 50 kW and not 100
    assert any(text.startswith("law 5: ups_a charges") for text in laws.check(told.plan, told.world))


def test_a_meter_that_forgets_breaks_the_sixth(told):
    told.world.meters[told.plan.index["utility_a"]].kwh -= 0.01
    assert "law 6" in broken_by(told)


def test_a_ghost_voltage_breaks_the_seventh(told):
    told.tell("utility_a", fault="outage")
    told.run(1)
    told.world.v[bus(told, "mv_switchgear_a")] = 1e-12 + 0j
    assert broken_by(told)[0] == "law 7"


def test_a_dead_bus_on_a_live_path_breaks_the_seventh(told):
    told.world.v[bus(told, "mv_switchgear_b")] = 0j
    assert broken_by(told)[0] == "law 7"


def test_closing_too_soon_breaks_the_eighth(told):
    told.world.transfers[0].opened_s = 5.0
    told.world.transfers[0].closed_s = 5.2
    assert "law 8" in broken_by(told)


def test_an_overfull_battery_breaks_the_ninth(told):
    told.world.upses[1].energy_kwh += 1.0
    assert "law 9" in broken_by(told)


def test_a_breaker_past_its_integral_breaks_the_tenth(told):
    told.world.breakers[0].heat = 1.0
    told.world.breakers[0].rate = 0.0
    assert "law 10" in broken_by(told)


def test_a_latch_that_clears_itself_breaks_the_tenth(told):
    told.world.upses[0].shutdown = True
    before = laws.latches(told.plan, told.world)
    told.world.upses[0].shutdown = False
    assert "law 10" in broken_by(told, before=before)


def test_an_effect_before_its_cause_breaks_the_tenth(told):
    told.tell("utility_a", fault="outage")
    events = told.run(1)
    assert broken_by(told, events=events) == []
    assert "law 10" in broken_by(told, events=[events[0]._replace(cause=99)])
    assert "law 10" in broken_by(told, events=events[::-1])
