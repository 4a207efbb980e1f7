"""The blocking client against a daemon with real CURVE sockets."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import zmq

from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.errors import (
    BadInputError,
    EngineUnavailableError,
    JobFailedError,
    ProtocolError,
    VersionMismatchError,
)
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_clip, make_tone
from mynah_shared.testing.fake_daemon import LIMITS, FakeDaemon

pytestmark = pytest.mark.timeout(60)


def request_for(sha256: str, **fields: object) -> m.SynthesizeRequest:
    return dataclasses.replace(m.SynthesizeRequest(sha256, "line.wav", 30.0), **fields)


def wait_until_finished(client: Client, job_id: str) -> list[m.JobEvent]:
    events: list[m.JobEvent] = []
    while not events or events[-1].state is m.JobState.running:
        event = client.next_event(10)
        assert event is not None
        assert event.job_id == job_id
        events.append(event)
    return events


def test_a_line_from_upload_to_result():
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        welcome = client.hello()
        assert welcome.server_id == daemon.info.server_id
        tone = make_tone()
        sha256 = client.upload(tone)
        assert sha256 == hashlib.sha256(tone).hexdigest()
        assert daemon.blobs[sha256] == tone
        (job,) = client.submit([request_for(sha256, seed=7)]).jobs
        events = wait_until_finished(client, job.job_id)
        assert [event.done for event in events] == [1, 2, 3, 4]
        assert events[-1].state is m.JobState.finished
        reply = client.fetch(job.job_id)
        np.testing.assert_array_equal(reply.clip.values, make_clip(fps=30.0).values)
        meta = json.loads(reply.meta)
        assert (meta["audio_sha256"], meta["seed"]) == (sha256, 7)


def test_an_upload_goes_in_chunks_and_only_once(tmp_path: Path):
    path = tmp_path / "long.wav"
    path.write_bytes(os.urandom(3 * LIMITS.chunk_bytes + 17))
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        sha256 = client.upload(path)
        assert daemon.blobs[sha256] == path.read_bytes()
        assert daemon.count(m.BlobPut) == 4
        client.upload(path.read_bytes())
        assert daemon.count(m.BlobPut) == 4


def test_an_upload_resumes_where_it_was_cut():
    data = os.urandom(2 * LIMITS.chunk_bytes)
    sha256 = hashlib.sha256(data).hexdigest()
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        daemon.blobs[sha256] = data[: LIMITS.chunk_bytes]
        client.upload(data)
        assert daemon.blobs[sha256] == data
        assert daemon.count(m.BlobPut) == 1


def test_an_upload_that_never_gets_ahead_ends_in_an_error():
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        daemon.replies[m.BlobPut] = lambda put: [m.BlobState(put.sha256, 0, False)]
        with pytest.raises(JobFailedError, match="does not get ahead"):
            client.upload(make_tone())


def test_a_file_that_shrinks_during_its_upload_ends_in_an_error(tmp_path: Path):
    path = tmp_path / "line.wav"
    path.write_bytes(os.urandom(2 * LIMITS.chunk_bytes))
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:

        def shrink(message: m.Message) -> list[m.Message]:
            path.write_bytes(b"x")
            return list(daemon._answer(message))

        daemon.replies[m.BlobPut] = shrink
        with pytest.raises(JobFailedError, match="do not change the file"):
            client.upload(path)


def test_control_requests_have_their_replies():
    with FakeDaemon(step_s=5) as daemon, Client(daemon.info, "test", "1") as client:
        (job,) = client.submit([request_for("0" * 64)]).jobs
        assert client.ping().running == 1
        assert client.status().pid == daemon.info.pid
        states = client.cancel([job.job_id, "unknown"]).jobs
        assert [state.job_id for state in states] == [job.job_id, "unknown"]
        assert {state.state for state in states} == {m.JobState.cancelled}
        client.shutdown()
        assert daemon.stopped.wait(5)


def test_no_event_comes_in_time():
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        begin = time.monotonic()
        assert client.next_event(0.1) is None
        assert 0.05 < time.monotonic() - begin < 5


def test_a_refusal_carries_the_daemons_sentence_and_code():
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        with pytest.raises(JobFailedError, match="no finished job 'x'") as caught:
            client.fetch("x")
        assert caught.value.code == "not_found"
        daemon.replies[m.Submit] = lambda _: [m.ErrorReply(m.ErrorCode.busy, "Full.", retry=True)]
        with pytest.raises(JobFailedError) as caught:
            client.submit([request_for("0" * 64)])
        assert (caught.value.code, caught.value.retry) == ("busy", True)


def test_a_reply_of_the_wrong_type_is_refused():
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        daemon.replies[m.Ping] = lambda _: [m.ShuttingDown()]
        with pytest.raises(ProtocolError, match="answered Ping with ShuttingDown"):
            client.ping()


def test_an_unanswered_request_names_the_process():
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        daemon.replies[m.Ping] = lambda _: []
        with pytest.raises(EngineUnavailableError, match=rf"process {os.getpid()}\) did not"):
            client.ping(timeout_s=0.2)


@pytest.mark.parametrize("protocol", [(2, 0), (0, 9)])
def test_another_major_version_is_refused_with_both_named(protocol: tuple[int, int]):
    with (
        FakeDaemon(protocol=protocol) as daemon,
        Client(daemon.info, "test", "1") as client,
        pytest.raises(VersionMismatchError, match=rf"1\.3.*{protocol[0]}\.{protocol[1]}"),
    ):
        client.hello()


def test_a_daemon_that_welcomes_another_major_is_refused_too():
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        welcome = client.hello()
        daemon.replies[m.Hello] = lambda _: [dataclasses.replace(welcome, protocol=(2, 0))]
        with pytest.raises(VersionMismatchError, match="update Mynah in the host"):
            client.hello()
        daemon.replies[m.Hello] = lambda _: [dataclasses.replace(welcome, protocol=(0, 1))]
        with pytest.raises(VersionMismatchError, match="update the engine"):
            client.hello()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "none.wav", "does not exist; choose another"),
        (lambda folder: folder, "is a folder; choose a file in it"),
        (lambda folder: _empty(folder / "empty.wav"), r"empty\.wav' is empty"),
        (lambda folder: folder / "nul\0.wav", "can't be read"),
        (lambda folder: _fifo(folder / "pipe.wav"), "is a device, not a file"),
        (lambda folder: _unreadable(folder / "loop.wav"), r"loop\.wav' can't be read \("),
    ],
)
def test_a_file_that_cannot_be_read_has_its_sentence(tmp_path: Path, make, message: str):
    path = make(tmp_path)
    with FakeDaemon() as daemon, Client(daemon.info, "test", "1") as client:
        with pytest.raises(BadInputError, match=message):
            client.upload(path)
        assert daemon.count(m.BlobStat) == 0


def _empty(path: Path) -> Path:
    path.touch()
    return path


def _unreadable(path: Path) -> Path:
    """A link to itself: unlike a file mode it stops an administrator as well."""
    path.symlink_to(path)
    return path


def _fifo(path: Path) -> Path:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(path)
    return path


def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(tmp_path: Path):
    limits = dataclasses.replace(LIMITS, audio_bytes=1_000_000)
    path = tmp_path / "large.wav"
    path.write_bytes(bytes(1_200_000))
    with FakeDaemon(limits=limits) as daemon, Client(daemon.info, "test", "1") as client:
        for audio in (path, path.read_bytes()):
            with pytest.raises(JobFailedError, match=r"large\.wav' has 1\.2 MB, at most 1\.0"):
                client.upload(audio, "large.wav")
        assert daemon.count(m.BlobStat) == 0


# --- who may connect ------------------------------------------------------------------------------


def refused_within_a_second(info: ConnectionInfo, message: str) -> None:
    """Also if the connection is lost before the first word, which then finds no way out."""
    for pause_s in (0.0, 0.3):
        with Client(info, "test", "1") as client:
            time.sleep(pause_s)
            begin = time.monotonic()
            with pytest.raises(EngineUnavailableError, match=message):
                client.hello()
            assert time.monotonic() - begin < 1


def test_wrong_keys_give_a_sentence_at_once():
    public, secret = (key.decode() for key in zmq.curve_keypair())
    with FakeDaemon() as daemon:
        info = dataclasses.replace(daemon.info, server_public_key=public)
        refused_within_a_second(info, "what listens there has other keys")
        info = dataclasses.replace(daemon.info, client_public_key=public, client_secret_key=secret)
        refused_within_a_second(info, "does not accept our keys")
        assert daemon.seen == []


def test_nobody_or_somebody_else_at_the_endpoint():
    with FakeDaemon() as daemon:
        info = daemon.info
    refused_within_a_second(info, "nothing listens there")
    with zmq.Context() as context, context.socket(zmq.ROUTER) as plain:
        plain.linger = 0
        port = plain.bind_to_random_port("tcp://127.0.0.1")
        info = dataclasses.replace(info, endpoint=f"tcp://127.0.0.1:{port}")
        info = dataclasses.replace(info, control_endpoint=info.endpoint)
        refused_within_a_second(info, "what listens there has (no|other) keys")


def test_a_listener_that_says_nothing():
    with FakeDaemon() as daemon, socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        info = dataclasses.replace(daemon.info, endpoint=endpoint, control_endpoint=endpoint)
        with (
            Client(info, "test", "1") as client,
            pytest.raises(EngineUnavailableError, match=r"did not answer within 0\.3 s"),
        ):
            client.hello(timeout_s=0.3)


@pytest.mark.parametrize(
    "change", [{"endpoint": "nonsense"}, {"client_secret_key": "short"}, {"endpoint": "tcp://:x"}]
)
def test_a_connection_file_with_nonsense_in_it(change: dict[str, str]):
    with FakeDaemon() as daemon:
        info = dataclasses.replace(daemon.info, **change)
        with pytest.raises(EngineUnavailableError, match="delete the file"):
            Client(info, "test", "1")


def test_the_death_of_the_daemon_is_noticed_at_once():
    daemon = FakeDaemon()
    daemon.start()
    with Client(daemon.info, "test", "1") as client:
        client.hello()
        daemon.close()
        begin = time.monotonic()
        with pytest.raises(EngineUnavailableError, match="closed the connection"):
            client.next_event(10)
        assert time.monotonic() - begin < 1


def test_without_pyzmq_there_is_one_sentence(tmp_path: Path):
    """In a process of its own, where importing zmq fails as it does without the package."""
    (tmp_path / "zmq.py").write_text("raise ImportError('no pyzmq here')")
    code = (
        "from mynah_shared.client.background import BackgroundClient\n"
        "from mynah_shared.client.connection_file import ConnectionInfo\n"
        "info = ConnectionInfo('tcp://127.0.0.1:1', 'tcp://127.0.0.1:1', '', '', '', 1, '', '')\n"
        "client = BackgroundClient(lambda: info, 'test', '1')\n"
        "print(client.events.get(timeout=10).message)\n"
        "client.close()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    output = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert output.stdout.startswith("Mynah needs the package pyzmq")
    assert output.stdout.count("\n") == 1
    assert output.stderr == ""


def test_without_curve_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    with FakeDaemon() as daemon:
        monkeypatch.setattr(zmq, "has", lambda _: False)
        with pytest.raises(EngineUnavailableError, match="without CURVE encryption"):
            Client(daemon.info, "test", "1")
