"""A daemon on another computer: its file, the user's keys, the choice, and what travels to it."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
import zmq.utils.z85
from hypothesis import given
from hypothesis import strategies as st

from mynah_shared.client.background import BackgroundClient, Failed, Finished, Line
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from mynah_shared.client.key_text import key_to_text, text_to_key, z85_bytes
from mynah_shared.client.launcher import EngineCommand, find_or_start_daemon
from mynah_shared.client.remote import (
    RemoteDaemon,
    choose_local,
    choose_remote,
    chosen_remote,
    own_key_text,
    write_remote_file,
)
from mynah_shared.errors import BadInputError, EngineUnavailableError, JobFailedError
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_tone
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.shared.host import Host

KEY = zmq.curve_keypair()[0].decode()
REMOTE = RemoteDaemon("render01", 7730, 7731, KEY)
posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes exist on POSIX only")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[FakeDaemon, Path]]:
    """A daemon that lets this user in, and its connection file."""
    with FakeDaemon(client_key=text_to_key(own_key_text())) as daemon:
        path = tmp_path / "connection.json"
        write_remote_file(path, remote_of(daemon))
        yield daemon, path


def remote_of(daemon: FakeDaemon) -> RemoteDaemon:
    ports = [
        int(endpoint.rpartition(":")[2])
        for endpoint in (daemon.info.endpoint, daemon.info.control_endpoint)
    ]
    return RemoteDaemon("localhost", *ports, daemon.info.server_public_key)


# --- keys as text ---------------------------------------------------------------------------------


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_the_same_after_being_passed_on(raw: bytes) -> None:
    key = zmq.utils.z85.encode(raw).decode()
    text = key_to_text(key)
    assert text.removeprefix("mynah-").isalnum()
    assert len(text) == 61
    assert text_to_key(text) == key
    assert text_to_key(f" {text[:20].upper()}\n {text[20:]}\n") == key
    assert z85_bytes(key) == raw


@given(st.integers(6, 60), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_letter_that_was_changed_is_noticed(at: int, letter: str) -> None:
    text = key_to_text(KEY)
    changed = text[:at] + letter + text[at + 1 :]
    if changed == text or (at == 60 and _same_bits(text[60], letter)):
        return
    with pytest.raises(BadInputError, match="copy it again"):
        text_to_key(changed)


def _same_bits(one: str, other: str) -> bool:
    """Of the last letter only two bits count."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    return alphabet.index(one) >> 3 == alphabet.index(other) >> 3


@pytest.mark.parametrize("text", ["", "mynah-", KEY, key_to_text(KEY)[6:], key_to_text(KEY)[:-1]])
def test_what_is_no_key_is_said(text: str) -> None:
    with pytest.raises(BadInputError, match="no complete Mynah key"):
        text_to_key(text)


# --- files ----------------------------------------------------------------------------------------


def test_the_choice_is_kept_and_taken_back(tmp_path: Path, mynah_home: Path) -> None:
    assert chosen_remote() is None
    choose_local()
    path = tmp_path / "c.json"
    write_remote_file(path, REMOTE)
    assert choose_remote(path) == REMOTE == chosen_remote()
    path.unlink()
    assert chosen_remote() == REMOTE, "the file need not stay where it was"
    assert REMOTE.place == "render01:7730"
    if os.name == "posix":
        assert (mynah_home / "remote.json").stat().st_mode & 0o777 == 0o600
    choose_local()
    assert chosen_remote() is None


@pytest.mark.parametrize(
    "change",
    [
        *({"host": host} for host in ("", "a b", "a/b", "-x", "::1", "x:1", 5, "a" * 300)),
        *({"port": port} for port in (0, 65536, "7730", True, None, 1.5)),
        *({"server_public_key": key} for key in ("", "x", KEY[:-1], "~" * 40, "#" * 40, 7)),
        {"control_port": None},
    ],
)
def test_a_connection_file_with_nonsense_in_it(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({**dataclasses.asdict(REMOTE), **change}))
    with pytest.raises(BadInputError):
        choose_remote(path)
    assert chosen_remote() is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"null", b"[" * 5000])
def test_a_file_that_is_none(tmp_path: Path, content: bytes, mynah_home: Path) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=r"c\.json"):
        choose_remote(path)
    with pytest.raises(BadInputError, match="can't be read"):
        choose_remote(tmp_path)
    mynah_home.chmod(0o700)
    (mynah_home / "remote.json").write_bytes(content)
    (mynah_home / "remote.json").chmod(0o600)
    with pytest.raises(EngineUnavailableError, match="names no daemon"):
        chosen_remote()
    choose_local()


# --- reaching it ----------------------------------------------------------------------------------


def test_nothing_is_started_here_when_another_computer_was_chosen(
    elsewhere: tuple[FakeDaemon, Path], tmp_path: Path
) -> None:
    daemon, path = elsewhere
    choose_remote(path)
    engine = EngineCommand((str(tmp_path / "must-not-start"),))
    info = find_or_start_daemon(engine)
    assert info.is_remote
    assert info.host == "localhost"
    with Client(info, "test", "1") as client:
        assert client.hello().server_id == daemon.info.server_id
    daemon.close()
    with (
        Client(find_or_start_daemon(engine), "test", "1") as client,
        pytest.raises(
            EngineUnavailableError, match=r"^Nothing listens at localhost:\d+: .*go back"
        ),
    ):
        client.hello()
    assert read_connection_file() is None


def test_an_unknown_computer_is_said_at_once() -> None:
    remote = dataclasses.replace(REMOTE, host="no-such-host.invalid")
    with pytest.raises(EngineUnavailableError, match=r"no computer 'no-such-host\.invalid'"):
        remote.connection()


def test_every_failure_has_its_sentence(
    elsewhere: tuple[FakeDaemon, Path], mynah_home: Path
) -> None:
    daemon, path = elsewhere
    remote = choose_remote(path)
    info = remote.connection()

    def refused(info, sentence: str) -> None:  # type: ignore[no-untyped-def]
        with (
            Client(info, "test", "1") as client,
            pytest.raises(EngineUnavailableError, match=sentence),
        ):
            client.hello(timeout_s=1)

    other = dataclasses.replace(info, server_public_key=KEY)
    refused(other, "is not the daemon of the connection file, or that daemon has new keys")
    (mynah_home / "client.key").unlink()
    refused(remote.connection(), "does not accept this computer's key: it was not added there")
    with zmq.Context() as context, context.socket(zmq.ROUTER) as plain:
        plain.linger = 0
        port = plain.bind_to_random_port("tcp://127.0.0.1")
        address = f"tcp://127.0.0.1:{port}"
        plain_info = dataclasses.replace(info, endpoint=address, control_endpoint=address)
        refused(plain_info, "is (no Mynah daemon|not the daemon)")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        silent = dataclasses.replace(info, endpoint=address, control_endpoint=address)
        refused(silent, r"did not answer within 1 s: that computer is off, busy or behind")
    with Client(info, "test", "1") as client:
        client.hello()
        daemon.close()
        with pytest.raises(EngineUnavailableError, match="connection to the daemon on localhost"):
            client.next_event(10)


def test_a_host_hears_the_sentence_and_the_next_line_tries_again(
    elsewhere: tuple[FakeDaemon, Path],
) -> None:
    daemon, path = elsewhere
    choose_remote(path)
    daemon.replies[m.Hello] = lambda _: [
        m.ErrorReply(m.ErrorCode.unsupported, "The daemon does not accept this computer's key.")
    ]
    client = BackgroundClient(find_or_start_daemon, "test", "1")
    line = Line(make_tone(duration_s=0.5), "a.wav", 24.0)

    def ending() -> object:
        while not isinstance(event := client.events.get(timeout=20), Finished | Failed):
            pass
        return event

    try:
        client.generate(line)
        event = ending()
        assert isinstance(event, Failed)
        assert event.message == "The daemon does not accept this computer's key."
        del daemon.replies[m.Hello]
        client.generate(line)
        assert isinstance(ending(), Finished)
    finally:
        client.close()


# --- what travels ---------------------------------------------------------------------------------


def test_files_travel_and_their_places_do_not(tmp_path: Path) -> None:
    """Another computer has other folders: whatever a line is made of goes as bytes."""
    names = ("line.wav", "style.csv", "nod.npz", "take.npz")
    files = {name: tmp_path / name for name in names}
    for name, path in files.items():
        path.write_bytes(name.encode() * 999)
    with FakeDaemon() as daemon:
        host = Host(daemon)
        host.client.generate(
            Line(
                files["line.wav"],
                "line.wav",
                24.0,
                styles=(m.StyleUse("style.csv"),),
                gestures=(m.GestureUse("nod.npz", "", 0.0, 1.0, 0.5),),
                style_clips=(files["style.csv"],),
                gesture_clips=(files["nod.npz"],),
                take=files["take.npz"],
                redo_start_s=0.1,
                redo_end_s=0.4,
            )
        )
        host.until(Finished)
        host.client.close()
        assert sorted(daemon.blobs.values()) == sorted(path.read_bytes() for path in files.values())
        assert str(tmp_path) not in repr(daemon.seen)
        assert tmp_path.name not in repr(daemon.seen)


def test_an_upload_waits_for_its_turn() -> None:
    """A user who sends too much at once is told to wait, and the line is made all the same."""
    with FakeDaemon() as daemon:
        refusals = [m.ErrorReply(m.ErrorCode.busy, "Too many files.", retry=True)]

        def put(message: m.Message) -> list[m.Message]:
            assert isinstance(message, m.BlobPut)
            return [refusals.pop() if refusals else daemon._store(message)]

        daemon.replies[m.BlobPut] = put
        host = Host(daemon)
        host.client.generate(Line(make_tone(duration_s=0.5), "a.wav", 24.0))
        host.until(Finished, timeout_s=20)
        host.client.close()
        daemon.replies[m.BlobPut] = lambda _: [m.ErrorReply(m.ErrorCode.too_large, "No.")]
        with Client(daemon.info, "test", "1") as client, pytest.raises(JobFailedError, match="No"):
            client.upload(b"other")
