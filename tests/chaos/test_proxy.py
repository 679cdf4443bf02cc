"""The chaos proxy does what it says, and nothing else: over real sockets, with bytes that are told apart."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from chaos import packets
from chaos.packets import Framer
from chaos.proxy import ChaosProxy, Conditions

MESSAGES = [packets.publish("t/a", b"%03d" % number, quality=1, pid=number + 1) for number in range(100)]
STREAM = b"".join(MESSAGES)


class Echo:
    """A server that gives back what it is given."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._echo, args=(self.server.accept()[0],), daemon=True).start()

    @staticmethod
    def _echo(link):
        with contextlib.suppress(OSError), link:
            while data := link.recv(4096):
                link.sendall(data)


@pytest.fixture
def through():
    """Sends bytes through a proxy under some conditions; gives (what came back, seconds, what was done)."""
    echo = Echo()

    def go(data, wanted, *, seed=1, silence_s=60.0, **conditions):
        with contextlib.ExitStack() as closing:
            proxy = closing.enter_context(ChaosProxy("127.0.0.1", echo.port, seed=seed))
            proxy.conditions = Conditions(**conditions)
            began_s, got = time.monotonic(), b""
            link = closing.enter_context(socket.create_connection(("127.0.0.1", proxy.port), timeout=silence_s))
            with contextlib.suppress(OSError):
                link.sendall(data)
                while len(got) < wanted and (more := link.recv(65536)):
                    got += more
            return got, time.monotonic() - began_s, proxy.done

    yield go
    echo.server.close()


def test_without_conditions_every_byte_passes(through):
    got, _, done = through(STREAM, len(STREAM))
    assert got == STREAM
    assert (done.resets, done.duplicated, done.spoiled) == (0, 0, 0)


def test_bytes_that_are_no_mqtt_pass_too(through):
    noise = b"\xff\xff\xff\xff\xff and more"
    assert through(noise, len(noise))[0] == noise


def test_delay_holds_back_and_keeps_the_order(through):
    got, took_s, _ = through(STREAM, len(STREAM), delay_s=(0.1, 0.2))
    assert got == STREAM
    assert took_s >= 0.2  # there and back


def test_narrow_link_lets_so_many_bytes_a_second_through(through):
    got, took_s, _ = through(STREAM, len(STREAM), bytes_per_s=5000)
    assert got == STREAM
    assert took_s >= len(STREAM) / 5000


def test_qos_1_messages_come_twice_with_the_flag_that_says_so(through):
    got, _, done = through(MESSAGES[0], 4 * len(MESSAGES[0]), duplicate_chance=1.0)
    again = bytes([MESSAGES[0][0] | packets.DUP]) + MESSAGES[0][1:]
    assert Framer().feed(got) == [MESSAGES[0], again, again, again]  # each way doubles
    assert done.duplicated == 3


def test_qos_0_messages_are_never_doubled(through):
    once = packets.publish("t/a", b"x")
    assert through(once, len(once), duplicate_chance=1.0)[0] == once


def test_cut_is_a_reset(through):
    got, _, done = through(STREAM, len(STREAM), reset_chance=0.05)
    assert len(got) < len(STREAM)
    assert done.resets == 1


def test_same_seed_does_the_same(through):
    with ThreadPoolExecutor() as pool:  # each ends when nothing more has come for a while
        spoiled = list(
            pool.map(lambda seed: through(STREAM, 10**9, seed=seed, silence_s=6.0, spoil_chance=0.3)[0], (5, 5, 6))
        )
    assert spoiled[0] == spoiled[1] != spoiled[2]


def test_frozen_link_stays_open_and_silent_until_it_thaws():
    echo = Echo()
    with ChaosProxy("127.0.0.1", echo.port, seed=1) as proxy:
        proxy.conditions = Conditions(frozen=True)
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.5) as link:
            link.sendall(STREAM)
            with pytest.raises(TimeoutError):
                link.recv(1)
            proxy.conditions = Conditions()
            link.settimeout(60.0)
            assert link.recv(1) == STREAM[:1]
    echo.server.close()


def test_framer_gives_whole_packets_out_of_any_crumbs():
    for size in (1, 2, 3, 7, 1000):
        framer, found = Framer(), []
        for start in range(0, len(STREAM), size):
            found += framer.feed(STREAM[start : start + size])
        assert found == MESSAGES
