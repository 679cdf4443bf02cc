"""A held port is nobody else's, refuses while no server is there, and takes one server after the other."""

import socket

import pytest
from held_ports import held_port


def test_nobody_who_asks_for_any_port_is_given_one_that_is_held():
    held = {held_port() for _ in range(20)}
    assert len(held) == 20
    for _ in range(2_000):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            assert other.getsockname()[1] not in held


def test_servers_come_and_go_on_it_and_in_between_it_refuses():
    port = held_port()
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
