"""The fault field: read and written alike, refused with its reason, and it always fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from winter_wire import faults, schema

UTILITY = (("outage", None), ("sag", 0.3), ("swell", 0.15), ("fault", None))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("outage", [("outage", None, 0, 0)]),
        ("sag", [("sag", 0.3, 0, 0)]),
        ("sag=0.50", [("sag", 0.5, 0, 0)]),
        ("sag=0.50~20@5", [("sag", 0.5, 20, 5)]),
        ("sag~20", [("sag", 0.3, 20, 0)]),
        ("outage@60,swell=0.10~2.5", [("outage", None, 0, 60), ("swell", 0.1, 2.5, 0)]),
    ],
)
def test_the_text_is_read(text, found):
    assert faults.read(UTILITY, text) == (found, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sog", "'sog' is none of outage sag swell fault"),
        ("sag=1.5", "severity of sag is '1.5'; from 0 to 1"),
        ("sag~-1", "ramp_s of sag is '-1'; from 0 to 86400"),
        ("sag@x", "delay_s of sag is 'x'; from 0 to 86400"),
        ("sag@nan", "delay_s of sag is 'nan'; from 0 to 86400"),
        ("outage=0.5", "outage has no severity"),
        ("outage~5", "outage has no severity"),
        ("sag,sag=0.2", "sag stands twice"),
        ("sag,", "'' is none of outage sag swell fault"),
    ],
)
def test_a_text_that_means_nothing_says_why(text, why):
    assert faults.read(UTILITY, text) == (None, why)


@given(
    severity=some.integers(0, 100),
    ramp_s=some.integers(0, faults.SECONDS_MAX),
    delay_s=some.integers(0, faults.SECONDS_MAX),
)
def test_what_is_written_is_read_back(severity, ramp_s, delay_s):
    text = faults.part("sag", severity / 100, ramp_s, delay_s)
    assert faults.read(UTILITY, text) == ([("sag", severity / 100, ramp_s, delay_s)], "")


@given(some.text(alphabet="sag=~@,.0129-outefl", max_size=40))
def test_garbage_is_refused_and_never_raises(text):
    found, why = faults.read(UTILITY, text)
    assert (found is None) == (why != "")


@pytest.mark.parametrize("name", schema.TYPES)
def test_every_malfunction_of_a_type_at_once_fits_the_field(name):
    parts = [
        faults.part(kind, severity, faults.SECONDS_MAX - 0.5 if severity is not None else 0, faults.SECONDS_MAX - 0.5)
        for kind, severity in schema.TYPES[name][schema.MALFUNCTIONS]
    ]
    assert len(",".join(parts)) <= schema.ROWS["fault"][4]
