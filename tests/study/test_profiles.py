"""Studies of availability leave the hours out, and say so."""

from winter_river.facility import load_facility
from winter_river.study.assumptions import Assumptions
from winter_river.study.availability import steady


def test_a_year_of_a_campus_has_no_hours_in_it():
    devices = steady(load_facility("campus-bess").devices())
    told = {device.id: device.profile for device in devices if device.profile is not None}
    assert {name: profile.values for name, profile in told.items()} == {"array": (1.0,)}
    assert any("No profile is followed" in sentence for sentence in Assumptions().sentences())
