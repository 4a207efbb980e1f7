"""Clients that ask for much and read nothing: what they cost the daemon, and the other clients."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq

from mynah_daemon.outflow import MOST_HELD, UNREAD_BYTES
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.protocol import codec
from mynah_shared.protocol import messages as m
from tests.integration import misbehaving
from tests.integration.conftest import RunningDaemon, wait_for, write_speech
from tests.integration.test_service import perform, request
from tests.integration.test_workers import resident_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")

N_ASKED = 60
SLACK_BYTES = 60 << 20
"""For reading a result of the store and packing it, twice over."""


@contextmanager
def silent(info: ConnectionInfo) -> Iterator[zmq.Socket[bytes]]:
    """A socket of a client that takes hardly anything before it is read."""
    context = zmq.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.setsockopt(zmq.RCVHWM, 1)
    dealer.setsockopt(zmq.RCVBUF, 1 << 16)
    dealer.setsockopt(zmq.RECONNECT_IVL, -1)
    dealer.curve_serverkey = info.server_public_key.encode()
    dealer.curve_publickey = info.client_public_key.encode()
    dealer.curve_secretkey = info.client_secret_key.encode()
    dealer.connect(info.endpoint)
    try:
        yield dealer
    finally:
        context.destroy(linger=0)


def ask(dealer: zmq.Socket[bytes], message: m.Message, number: int) -> None:
    frames = codec.encode(message, message_id=number.to_bytes(16, "big"), session_id=bytes(16))
    dealer.send_multipart(frames)


def answered(dealer: zmq.Socket[bytes]) -> tuple[int, m.Message]:
    """The number of the request that the next answer is for, and the answer."""
    assert dealer.poll(20_000), "no answer"
    envelope = codec.decode(dealer.recv_multipart())
    assert envelope.reply_to is not None
    return int.from_bytes(envelope.reply_to, "big"), envelope.message


def large_result(client: Client, folder: Path) -> m.SynthesizeReply:
    """Some 16 MB."""
    sha256 = client.upload(write_speech(folder / "long.flac", 590, rate=8000))
    return perform(client, request(sha256, fps=120.0))


def seconds_to_fetch(client: Client, job_id: str) -> float:
    began_s = time.monotonic()
    client.fetch(job_id)
    return time.monotonic() - began_s


def test_what_a_client_does_not_read_is_bounded_in_bytes(
    daemon: RunningDaemon, client: Client, tmp_path: Path
) -> None:
    large = large_result(client, tmp_path)
    size = large.clip.values.nbytes
    assert size * N_ASKED > 10 * (UNREAD_BYTES + size + SLACK_BYTES), "else nothing is shown"
    small = perform(client, request(client.upload(write_speech(tmp_path / "short.wav"))))
    calm_s = [seconds_to_fetch(client, small.job_id) for _ in range(20)]
    before = resident_bytes(daemon.process.pid)
    with silent(daemon.info) as dealer:
        for number in range(N_ASKED):
            ask(dealer, m.Fetch(large.job_id), number)
        most, took_s = 0, list[float]()
        until_s = time.monotonic() + 3
        while time.monotonic() < until_s:
            took_s.append(seconds_to_fetch(client, small.job_id))
            client.ping()
            most = max(most, resident_bytes(daemon.process.pid) - before)
            time.sleep(0.02)
        print(
            f"{most / 1e6:.0f} MB; {statistics.median(took_s) * 1000:.1f} ms, calm "
            f"{statistics.median(calm_s) * 1000:.1f} ms, worst {max(took_s) * 1000:.0f} ms"
        )
        assert most < UNREAD_BYTES + size + SLACK_BYTES
        assert statistics.median(took_s) < max(0.05, 10 * statistics.median(calm_s))
        # nothing is lost for a client that only was slow
        numbers = []
        for _ in range(N_ASKED):
            number, reply = answered(dealer)
            numbers.append(number)
            assert isinstance(reply, m.SynthesizeReply)
            assert reply.clip.values.nbytes == size
        assert numbers == list(range(N_ASKED))


def test_more_requests_than_may_be_unanswered_are_dropped(
    daemon: RunningDaemon, client: Client, tmp_path: Path
) -> None:
    large = large_result(client, tmp_path)
    with silent(daemon.info) as dealer:
        for number in range(3 * MOST_HELD):
            ask(dealer, m.Fetch(large.job_id), number)
        log = Path(os.environ["MYNAH_HOME"]) / "logs" / "daemon.jsonl"
        wait_for(lambda: "request_dropped" in log.read_text(), "the note")
        assert client.ping().queued == 0


def test_a_client_that_never_reads_is_given_up(tmp_path: Path) -> None:
    daemon = RunningDaemon((misbehaving.__file__, "hasty"))
    try:
        folder = Path(f"/proc/{daemon.process.pid}/fd")
        with daemon.client() as client:
            large = large_result(client, tmp_path)
            n_files = len(list(folder.iterdir()))
            with silent(daemon.info) as dealer:
                for number in range(8):
                    ask(dealer, m.Fetch(large.job_id), number)
                wait_for(lambda: len(list(folder.iterdir())) > n_files, "the connection")
                wait_for(lambda: len(list(folder.iterdir())) == n_files, "the end of it")
            assert client.ping().queued == 0
    finally:
        daemon.close()
