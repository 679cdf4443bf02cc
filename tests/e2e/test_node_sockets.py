"""The node's sockets over real TCP: MicroPython's stream semantics, and what Wi-Fi does to them."""

import contextlib
import errno
import socket
import time

import pytest
from winter_river.emulator.sockets import Sockets


class Air:
    """Wi-Fi for the tests to switch."""

    def __init__(self):
        self.up = True

    def __call__(self):
        return self.up


@pytest.fixture
def air():
    return Air()


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


@pytest.fixture
def pair(air, listener):
    """(the node's socket, the other end of its connection)."""
    board = Sockets(air)
    ours = board.socket(board.AF_INET, board.SOCK_STREAM)
    ours.settimeout(60)
    ours.connect(board.getaddrinfo("127.0.0.1", listener.getsockname()[1])[0][-1])
    theirs, _ = listener.accept()
    theirs.settimeout(60)
    yield ours, theirs
    ours.abort()
    theirs.close()


def arrived(ours, count, until):
    """Waits until so many bytes lie ready, without reading them by the door under test."""

    def ready():
        with contextlib.suppress(BlockingIOError):
            return len(ours._socket.recv(count, socket.MSG_PEEK)) >= count

    until(ready)


def test_nothing_to_read_is_none_and_the_end_is_empty(pair, until):
    ours, theirs = pair
    ours.setblocking(False)
    buffer = bytearray(4)
    assert (ours.read(4), ours.readinto(buffer)) == (None, None)
    theirs.sendall(b"ab")
    arrived(ours, 2, until)
    assert ours.readinto(buffer) == 2
    assert buffer == b"ab\0\0"
    theirs.close()
    until(lambda: ours.read(1) == b"")
    assert (ours.read(1), ours.readinto(buffer)) == (b"", 0)


def test_reading_without_blocking_gives_what_is_there(pair, until):
    ours, theirs = pair
    ours.setblocking(False)
    theirs.sendall(b"abcdef")
    arrived(ours, 6, until)
    assert ours.read(2) == b"ab"
    assert ours.buffered() == 4  # the system will not tell of these again
    assert ours.readinto(memoryview(bytearray(8))[2:5]) == 3
    assert ours.read(10) == b"f"
    assert ours.read(10) is None


def test_blocking_read_waits_for_all_it_was_asked_for(pair):
    ours, theirs = pair
    ours.setblocking(True)
    theirs.sendall(b"abc")
    theirs.sendall(b"def")
    assert ours.read(6) == b"abcdef"
    theirs.sendall(b"rest")
    theirs.close()
    assert ours.read() == b"rest"


def test_silence_ends_with_a_timeout(pair):
    ours, _ = pair
    ours.settimeout(0.1)
    begin_s = time.monotonic()
    with pytest.raises(OSError) as late:
        ours.read(1)
    assert late.value.args[0] == errno.ETIMEDOUT
    assert time.monotonic() - begin_s >= 0.1


def test_write_tells_how_much_was_taken_and_none_when_full(pair):
    ours, theirs = pair
    ours.setblocking(False)
    assert ours.write(b"hello", 4) == 4
    assert theirs.recv(10) == b"hell"
    block, taken = bytes(1 << 20), 1
    while taken:
        taken = ours.write(block)
    assert taken is None
    assert ours.write(b"") == 0


def test_short_writes_can_be_provoked(pair):
    ours, theirs = pair
    ours._sockets.write_bytes_max = 3
    assert ours.send(b"abcdef") == 3
    assert ours.write(b"abcdef") == 6  # a stream write goes on until it would have to wait
    assert theirs.recv(100)


def test_refused_connection_is_an_os_error(air):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        ours = Sockets(air).socket()
        with pytest.raises(OSError) as refused:
            ours.connect(("127.0.0.1", holder.getsockname()[1]))
    assert refused.value.args[0] == errno.ECONNREFUSED
    ours.close()


def test_abort_is_a_reset_at_the_other_end(pair):
    ours, theirs = pair
    ours.abort()
    with pytest.raises(ConnectionResetError):
        theirs.recv(1)
    assert not ours._sockets.opened


def test_closed_socket_refuses_work(pair):
    ours, _ = pair
    ours.close()
    for act in (lambda: ours.read(1), lambda: ours.write(b"x"), lambda: ours.connect(("127.0.0.1", 1))):
        with pytest.raises(OSError) as refused:
            act()
        assert refused.value.args[0] == errno.EBADF


def test_without_wifi_nothing_passes_and_nothing_breaks(air, pair, until):
    ours, theirs = pair
    ours.setblocking(False)
    air.up = False
    theirs.sendall(b"waiting")
    arrived(ours, 7, until)
    assert (ours.read(7), ours.write(b"lost"), ours.buffered()) == (None, None, 0)
    air.up = True
    assert ours.read(7) == b"waiting"
    assert ours.write(b"back") == 4
    assert theirs.recv(10) == b"back"


def test_blocking_call_without_wifi_ends_at_once(air, pair):
    ours, _ = pair
    ours.setblocking(True)
    air.up = False
    with pytest.raises(OSError) as late:
        ours.read(1)
    assert late.value.args[0] == errno.ETIMEDOUT
