"""Static transfer: never onto a fault."""

from winter_river.engine.equipment import static_switch as switch


def test_it_leaves_a_dead_source_for_a_good_one():
    assert switch.sts_target(1, 1, False, True, False, False) == 2
    assert switch.sts_target(2, 1, True, False, False, False) == 1


def test_it_stays_where_both_are_dead():
    assert switch.sts_target(1, 1, False, False, False, False) == 1


def test_it_never_takes_a_fault_to_the_other_source():
    assert switch.sts_target(1, 1, False, True, True, False) == 1
    assert switch.sts_target(2, 1, True, False, True, True) == 2


def test_it_goes_back_to_the_preferred_source_only_when_told_that_it_is_stable():
    assert switch.sts_target(2, 1, True, True, False, False) == 2
    assert switch.sts_target(2, 1, True, True, False, True) == 1
