"""Closing one connection, and never another that has its descriptor by now."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from mynah_daemon.connections import Connections

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def connect(listener: socket.socket) -> Pair:
    """The daemon's end and the client's."""
    client = socket.create_connection(listener.getsockname())
    client.settimeout(0.2)
    return listener.accept()[0], client


def is_open(client: socket.socket) -> bool:
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True


def test_only_what_is_unwelcome_is_closed(listener: socket.socket) -> None:
    (anna_here, anna), (ben_here, ben) = connect(listener), connect(listener)
    connections = Connections()
    with anna_here, ben_here, anna, ben:
        connections.note(b"1", "anna", anna_here.fileno())
        connections.note(b"2", "ben", ben_here.fileno())
        connections.close_unless(lambda _: True)
        assert (is_open(anna), is_open(ben)) == (True, True)
        connections.close_unless(lambda key: key == "ben")
        assert (is_open(anna), is_open(ben)) == (False, True)
        ben_here.sendall(b"x")
        assert ben.recv(1) == b"x"
        asked: list[str] = []
        connections.close_unless(lambda key: bool(asked.append(key)) or True)
        assert asked == ["ben"]


def test_a_descriptor_that_leads_elsewhere_by_now_is_left_alone(listener: socket.socket) -> None:
    here, client = connect(listener)
    connections = Connections()
    connections.note(b"1", "anna", here.fileno())
    number = here.fileno()
    here.close()
    client.close()
    other_here, other = connect(listener)
    with other_here, other:
        if other_here.fileno() != number and other.fileno() != number:
            pytest.skip("the system gave out other numbers")
        connections.close_unless(lambda _: False)
        assert is_open(other)
        other_here.sendall(b"x")
        assert other.recv(1) == b"x"


def test_what_is_no_connection_any_more_is_forgotten(listener: socket.socket) -> None:
    here, client = connect(listener)
    connections = Connections()
    connections.note(b"1", "anna", here.fileno())
    here.close()
    client.close()
    connections.close_unless(lambda _: pytest.fail("it is gone"))
    connections.note(b"2", "anna", 10_000)  # never was one
    connections.close_unless(lambda _: pytest.fail("it never was"))
