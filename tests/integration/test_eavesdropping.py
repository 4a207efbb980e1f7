"""What goes over the wire: nothing that somebody who records it could read, and nothing that
somebody without a key sends gets through."""

from __future__ import annotations

import dataclasses
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import zmq

from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.protocol import codec
from mynah_shared.protocol.messages import StyleUse, Submit
from tests.integration.conftest import RunningDaemon, wait_for, write_speech
from tests.integration.test_security import junk
from tests.integration.test_service import perform, request

WHISPER = "the murderer is the gardener"


class Eavesdropper:
    """Stands between a client and a daemon's socket, passes everything on and keeps a copy."""

    def __init__(self, endpoint: str) -> None:
        self.heard = bytearray()
        host, _, port = endpoint.rpartition("/")[2].rpartition(":")
        self._target = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._ends:
            with suppress(OSError):  # gone already
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for end in self._ends:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                thread = threading.Thread(target=self._pass_on, args=(source, sink), daemon=True)
                thread.start()
                self._threads.append(thread)

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                self.heard += piece
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:  # one end is gone
            return


@contextmanager
def tapped(info: ConnectionInfo) -> Iterator[tuple[ConnectionInfo, Callable[[], bytes]]]:
    taps = [Eavesdropper(info.endpoint), Eavesdropper(info.control_endpoint)]
    try:
        yield (
            dataclasses.replace(info, endpoint=taps[0].endpoint, control_endpoint=taps[1].endpoint),
            lambda: b"".join(bytes(tap.heard) for tap in taps),
        )
    finally:
        for tap in taps:
            tap.close()


def found(heard: bytes, secrets: dict[str, bytes]) -> list[str]:
    return [name for name, secret in secrets.items() if secret in heard]


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, bytes]:
    """What an eavesdropper would like to find."""
    audio = write_speech(tmp_path / "line.wav").read_bytes()
    return {
        "the magic": codec.MAGIC,
        "a message's name": b"job.submit",
        "what is spoken": WHISPER.encode(),
        "the recording's name": b"scene_42_gardener.wav",
        "the recording": audio[2000:2064],
        "the result's channels": b"mouthSmileLeft",
    }


def test_who_records_the_wire_reads_nothing(
    daemon: RunningDaemon, tmp_path: Path, secrets: dict[str, bytes]
) -> None:
    with tapped(daemon.info) as (info, heard):
        with Client(info, "test", "1") as client:
            client.hello()
            sha256 = client.upload(tmp_path / "line.wav")
            line = request(sha256, audio_name="scene_42_gardener.wav", text=WHISPER)
            reply = perform(client, line)
            assert "mouthSmileLeft" in reply.clip.channels
            client.status()
        recorded = heard()
    assert len(recorded) > (tmp_path / "line.wav").stat().st_size, "the tap was not in between"
    assert b"CURVE" in recorded
    secrets |= {
        "the recording's hash": sha256.encode(),
        "the client's public key": info.client_public_key.encode(),
        "the client's secret key": info.client_secret_key.encode(),
        "the daemon's id": info.server_id.encode(),
        "the result": reply.clip.values.tobytes()[4000:4064],
    }
    assert found(recorded, secrets) == []


def test_the_same_search_finds_everything_on_a_plain_socket(
    tmp_path: Path, secrets: dict[str, bytes]
) -> None:
    """Else the test above could not fail."""
    line = request(
        "3f" * 32, audio_name="scene_42_gardener.wav", text=WHISPER,
        styles=(StyleUse("mouthSmileLeft"),),
    )  # fmt: skip
    frames = codec.encode(Submit((line,)), message_id=bytes(16), session_id=bytes(16))
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.linger = 0
        port = router.bind_to_random_port("tcp://127.0.0.1")
        tap = Eavesdropper(f"tcp://127.0.0.1:{port}")
        with context.socket(zmq.DEALER) as sock:
            sock.linger = 0
            sock.connect(tap.endpoint)
            sock.send_multipart([*frames, (tmp_path / "line.wav").read_bytes()])
            assert router.poll(10_000)
            router.recv_multipart()
        tap.close()
    assert sorted(found(bytes(tap.heard), secrets)) == sorted(secrets)


def test_junk_reaches_no_handler_and_holds_up_nobody(
    daemon: RunningDaemon, mynah_home: Path
) -> None:
    """Half-open connections, junk, half greetings, a recorded conversation played again."""
    rng = random.Random(8)
    with tapped(daemon.info) as (info, heard), Client(info, "test", "1") as client:
        client.hello()
        client.ping()
        recording = heard()
    log = mynah_home / "logs" / "daemon.jsonl"
    before = log.read_text()
    assert "message_refused" not in before
    idle: list[socket.socket] = []
    ports = [
        int(endpoint.rpartition(":")[2])
        for endpoint in (daemon.info.endpoint, daemon.info.control_endpoint)
    ]
    for i in range(200):
        connection = socket.create_connection(("127.0.0.1", ports[i % 2]))
        idle.append(connection)
        if i % 4 == 0:
            continue  # says nothing at all
        start = rng.randrange(len(recording))
        connection.sendall(rng.choice([junk(rng), recording, recording[start:], recording[:start]]))
    with daemon.client() as client:
        began_s = time.monotonic()
        client.hello(timeout_s=10)
        for _ in range(50):
            client.ping()
        assert time.monotonic() - began_s < 10
        for connection in idle:
            connection.close()
        assert client.ping().queued == 0
    assert daemon.process.poll() is None
    added = log.read_text()[len(before) :]
    assert "message_refused" not in added, "junk was taken for a message"
    assert "handler_failed" not in added
    assert "connection_accepted" not in added
    assert wait_for(lambda: is_at_rest(daemon.process.pid), "the end of the junk's connections")


def is_at_rest(pid: int) -> bool:
    """Whether the daemon has closed the connections: few files are open, where that can be told."""
    folder = Path(f"/proc/{pid}/fd")
    return not folder.is_dir() or len(list(folder.iterdir())) < 80
