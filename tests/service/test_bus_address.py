"""Addresses of brokers, and the clock that stands still while the process is stopped."""

import pytest
from winter_river.address import parse_url
from winter_river.service.loop import PausedClock


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://127.0.0.1:1883", ("127.0.0.1", 1883, None, None, False)),
        ("mqtt://broker.local", ("broker.local", 1883, None, None, False)),
        ("broker.local:1884", ("broker.local", 1884, None, None, False)),
        ("mqtt://me:p%40ss@host:1", ("host", 1, "me", "p@ss", False)),
        ("mqtt://[::1]:1885/", ("::1", 1885, None, None, False)),
        ("mqtts://broker.local", ("broker.local", 8883, None, None, True)),
        ("mqtts://host:8884", ("host", 8884, None, None, True)),
    ],
)
def test_broker_address_is_read(url, address):
    found = parse_url(url)
    assert (found.host, found.port, found.user, found.password, found.certificates is not None) == address


@pytest.mark.parametrize("url", ["mqtt://[::1]:1885", "mqtts://host:8884"])
def test_broker_address_is_written_as_it_is_read(url):
    assert str(parse_url(url)) == url


def test_password_is_not_shown():
    address = parse_url("mqtt://me:secret@host:1")
    assert "secret" not in f"{address} {address!r}"


@pytest.mark.parametrize(
    "url", ["http://host:1883", "mqtt://", "mqtt://host:0", "mqtt://host:port", "mqtt://host:1/x", "mqtts://host?x"]
)
def test_bad_broker_address_is_named_in_the_error(url):
    with pytest.raises(ValueError, match="broker is"):
        parse_url(url)


def test_bad_broker_address_is_told_without_its_password():
    with pytest.raises(ValueError) as caught:
        parse_url("http://me:secret@host")
    assert "secret" not in str(caught.value)


def test_clock_leaves_out_a_wait_that_took_far_too_long():
    times_s = iter([100.0, 3701.0, 3701.0])
    clock = PausedClock(lambda: next(times_s))
    began_s = clock()
    clock.waited(asked_s=1.0, began_s=began_s)
    # Asked for 1 s, an hour went by: it goes on at 101 s.
    assert clock() == 101.0
    assert clock.paused_s == 3600.0


def test_clock_keeps_ordinary_lateness():
    times_s = iter([100.0, 104.0, 104.0])
    clock = PausedClock(lambda: next(times_s))
    began_s = clock()
    clock.waited(asked_s=1.0, began_s=began_s)
    assert clock() == 104.0
