"""The ratings of one type with defaults of another's own."""

import pytest
from winter_river.engine.equipment.server import SERVER
from winter_river.engine.equipment.table import with_defaults


def test_a_default_of_ones_own_has_a_source_of_its_own_and_the_rest_stays():
    changed = with_defaults(SERVER.ratings, "chosen: a car park of ten", load_kw=110, power_factor=0.99)
    assert [row.name for row in changed] == [row.name for row in SERVER.ratings]
    apart = [
        (new.name, new.default, new.source) for new, old in zip(changed, SERVER.ratings, strict=True) if new != old
    ]
    assert apart == [
        ("load_kw", 110, "chosen: a car park of ten"),
        ("power_factor", 0.99, "chosen: a car park of ten"),
    ]


@pytest.mark.parametrize(
    ("defaults", "why"),
    [
        ({"fans": 3.0}, "fans is no rating here; there are load_kw, load_kw_max"),
        ({"power_factor": 1.2}, "power_factor is 1.2; from 0.5 to 1"),
    ],
    ids=["unknown", "out of range"],
)
def test_a_default_that_cannot_be_is_refused(defaults, why):
    with pytest.raises(ValueError, match=why):
        with_defaults(SERVER.ratings, "chosen: for a test", **defaults)
