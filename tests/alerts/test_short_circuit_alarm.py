"""A short circuit asks once: what it did on its way stands under the breaker that cleared it."""

import pytest

from .watch import Watch


@pytest.mark.parametrize(
    "shorted, opens",
    [
        ("mv_lv_transformer_a", ("breaker_tripped", "mv_switchgear_a")),
        ("lv_switchgear_a", ("breaker_tripped", "lv_switchgear_a")),
    ],
)
def test_a_short_is_one_alarm_of_what_opened(shorted, opens):
    watch = Watch()
    watch.advance(5)
    watch.break_(shorted, "short_circuit")
    assert watch.advance(14) == [opens]
    under = {alarm.key for alarm in watch.book.alarms if alarm.root == opens}
    assert ("cooling_poor", "cooling_a") in under


def test_a_short_that_lasts_until_the_grid_opens_names_what_failed_too():
    watch = Watch()
    watch.advance(5)
    watch.break_("hv_mv_transformer_a", "short_circuit")
    assert watch.advance(14) == [("equipment_failed", "hv_mv_transformer_a"), ("utility_lost", "utility_a")]


def test_a_shorted_rack_is_one_alarm_and_it_ends_when_it_is_mended():
    watch = Watch()
    watch.advance(5)
    watch.break_("server_rack_a1", "short_circuit")
    assert watch.advance(40) == [("rack_dark", "server_rack_a1")]
    watch.mend("server_rack_a1")
    watch.sim.command("server_rack_a1", "reset")
    watch.advance(100)
    assert not [alarm for alarm in watch.book.alarms if alarm.active]
