"""What a service manager hears, over a real datagram socket."""

import os
import socket

import pytest
from winter_river.service.supervision import FEED_S_MIN, Supervisor


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A socket as systemd opens it: (address for NOTIFY_SOCKET, the socket)."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@winter-river-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        listening.setblocking(False)
        yield name, listening


def heard(listening):
    found = []
    while True:
        try:
            found.append(listening.recv(4096).decode())
        except BlockingIOError:
            return found


def test_ready_alive_and_stopping_are_told_in_the_words_of_sd_notify(manager):
    name, listening = manager
    supervisor = Supervisor({"NOTIFY_SOCKET": name})
    supervisor.ready("seed-8, 8 nodes")
    supervisor.alive()
    supervisor.stopping()
    assert heard(listening) == ["READY=1\nSTATUS=seed-8, 8 nodes", "WATCHDOG=1", "STOPPING=1"]


def test_watchdog_is_fed_once_a_second_and_never_before_all_is_up(manager):
    name, listening = manager
    now_s = [100.0]
    supervisor = Supervisor({"NOTIFY_SOCKET": name}, clock=lambda: now_s[0])
    supervisor.alive()
    supervisor.ready("up")
    for _ in range(60):  # three seconds of an engine that passes 20 times a second
        supervisor.alive()
        now_s[0] += FEED_S_MIN / 20
    assert heard(listening)[1:] == ["WATCHDOG=1"] * 3


def test_without_a_manager_nothing_is_sent_and_nothing_fails():
    supervisor = Supervisor({})
    supervisor.ready("up")
    supervisor.alive()
    assert not supervisor.asked


def test_manager_that_is_gone_or_does_not_listen_costs_nothing(tmp_path):
    gone = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    gone.ready("up")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "deaf"))
        deaf = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "deaf")})
        for _ in range(10_000):  # far more than a socket holds; a send that waited would hang here
            deaf.stopping()
