"""A daemon that is sent thousands of messages that are nearly right answers or drops each, and goes
on working. MYNAH_FUZZ sets how many (default 2000) and MYNAH_FUZZ_SEED from which seed on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import zmq

from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.protocol import codec
from mynah_shared.protocol import messages as m
from tests.integration.conftest import RunningDaemon, write_speech
from tests.integration.mutants import mutants
from tests.integration.test_service import perform, request

N = int(os.environ.get("MYNAH_FUZZ", "2000"))
SEED = int(os.environ.get("MYNAH_FUZZ_SEED", "1"))
MOST_GROWTH_BYTES = 20 << 20
BETWEEN = 24
"""So many go unanswered at once: the daemon drops what a client leaves unread beyond 64."""


def dealer(
    context: zmq.Context[zmq.Socket[bytes]], info: ConnectionInfo, endpoint: str
) -> zmq.Socket[bytes]:
    sock = context.socket(zmq.DEALER)
    sock.linger = 0
    sock.curve_serverkey = info.server_public_key.encode()
    sock.curve_publickey = info.client_public_key.encode()
    sock.curve_secretkey = info.client_secret_key.encode()
    sock.connect(endpoint)
    return sock


def replies_until(sock: zmq.Socket[bytes], barrier: bytes) -> list[m.Message]:
    """What comes before the answer to the barrier, all of it in good order."""
    found: list[m.Message] = []
    while True:
        assert sock.poll(20_000), "the daemon answers no more"
        envelope = codec.decode(sock.recv_multipart())
        if envelope.reply_to == barrier:
            return found
        found.append(envelope.message)


def memory_of(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.timeout(max(120, N // 10))
def test_no_message_ends_the_daemon(
    daemon: RunningDaemon, mynah_home: Path, tmp_path: Path
) -> None:
    measured = sys.platform == "linux"
    with daemon.client() as client:
        speech = client.upload(write_speech(tmp_path / "line.wav"))
        perform(client, request(speech))
    refused, n_sent = 0, 0
    info = daemon.info
    with (
        zmq.Context() as context,
        dealer(context, info, info.endpoint) as main,
        dealer(context, info, info.control_endpoint) as control,
    ):
        before = 0
        for i, (name, frames) in enumerate(mutants(SEED, N)):
            for sock in (main, control):
                sock.send_multipart(frames)
            n_sent += 1
            if i % BETWEEN == BETWEEN - 1:
                for sock in (main, control):
                    barrier = os.urandom(16)
                    asked = codec.encode(m.Ping(), message_id=barrier, session_id=bytes(16))
                    sock.send_multipart(asked)
                    for reply in replies_until(sock, barrier):
                        if isinstance(reply, m.ErrorReply):
                            refused += 1
                            assert reply.code is not m.ErrorCode.internal, (name, reply.message)
            if measured and i == N // 4:
                before = memory_of(daemon.process.pid)
        if measured:
            assert memory_of(daemon.process.pid) - before < MOST_GROWTH_BYTES
    assert refused > n_sent // 10, "hardly any was refused: the mutants do not reach the handlers"
    assert "handler_failed" not in (mynah_home / "logs" / "daemon.jsonl").read_text()
    with daemon.client() as client:
        reply = perform(client, request(client.upload(tmp_path / "line.wav"), seed=3))
        assert reply.clip.n_frames == 60


def test_the_mutants_are_many_and_the_same_again() -> None:
    first, again, other = (list(mutants(seed, 400)) for seed in (5, 5, 6))
    assert first == again
    assert first != other
    accepted = 0
    for _, frames in first:
        try:
            codec.decode(frames)
        except codec.RefusedMessageError:
            continue
        accepted += 1
    assert 20 < accepted < 300, "some must pass the codec, for the handlers to see"
