"""One daemon, real sockets, a real worker: submit, follow, cancel, fetch."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pytest

from mynah_shared.client.client import Client
from mynah_shared.errors import JobFailedError, VersionMismatchError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.protocol.messages import (
    Amounts,
    BlobPut,
    BlobState,
    Fetch,
    Hello,
    JobState,
    Ping,
    Pong,
    StyleUse,
    SynthesizeReply,
    SynthesizeRequest,
    Welcome,
)
from tests.integration.conftest import (
    LINES_AT_ONCE,
    RunningDaemon,
    syllables,
    wait_for,
    wait_for_state,
    write_speech,
)

ENDED = (JobState.finished, JobState.failed, JobState.cancelled)


def request(sha256: str, **changes: object) -> SynthesizeRequest:
    values = {"audio_sha256": sha256, "audio_name": "line.wav", "fps": 30.0, **changes}
    return SynthesizeRequest(**values)  # type: ignore[arg-type]


def perform(client: Client, line: SynthesizeRequest) -> SynthesizeReply:
    (job,) = client.submit([line]).jobs
    if job.state is not JobState.finished:
        events = wait_for_state(client, job.job_id, ENDED)
        assert events[-1].state is JobState.finished, events[-1]
    return client.fetch(job.job_id)


@pytest.fixture
def speech(tmp_path: Path, client: Client) -> str:
    return client.upload(write_speech(tmp_path / "line.wav"))


@pytest.fixture
def slow_daemon(slow_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Request before `client`: the daemon then needs seconds for a long line."""
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))


@pytest.fixture
def long_line(slow_daemon: None, tmp_path: Path, client: Client) -> SynthesizeRequest:
    sha256 = client.upload(write_speech(tmp_path / "long.flac", 590, rate=8000))
    return request(sha256, audio_name="long.flac")


def test_hello_tells_what_is_served(client: Client) -> None:
    welcome = client.request(Hello((1, 0), "test", "1"), Welcome)
    assert [model.name for model in welcome.models] == ["regression", "diffusion", "loudness"]
    assert welcome.default_model == "regression"
    assert welcome.models[0].channels == ARKIT_CHANNELS
    assert len(welcome.models[0].sha256) == 64
    assert welcome.styles[0] == "neutral"


def test_another_major_version_is_refused(client: Client) -> None:
    with pytest.raises(VersionMismatchError, match=r"protocol 99\.0, the daemon 1\.\d"):
        client.request(Hello((99, 0), "test", "1"), Welcome)


def test_a_line_from_upload_to_result(client: Client, speech: str) -> None:
    (job,) = client.submit([request(speech, fps=24000 / 1001)]).jobs
    events = wait_for_state(client, job.job_id, ENDED)
    assert events[-1].state is JobState.finished
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    assert events[-1].done == events[-1].total
    reply = client.fetch(job.job_id)
    assert reply.job_id == job.job_id
    assert reply.clip.n_frames == round(2 * 24000 / 1001)
    assert reply.clip.channels == ARKIT_CHANNELS
    meta = json.loads(reply.meta)
    assert meta["audio_sha256"] == speech
    assert meta["model"] == "regression"
    assert set(meta["seconds"]) == {"decode", "features", "motion", "finish"}
    assert (meta["job_id"], meta["attempts"]) == (job.job_id, 1)
    assert meta["waited_s"] >= 0
    assert all(len(meta[name]) == 64 for name in ("audio_sha256", "model_sha256"))
    assert {"mynah", "code_sha256", "protocol", "numpy", "onnxruntime"} <= set(meta["versions"])
    assert meta["heard"]["phones"][0][0] == 0
    assert meta["heard"]["phones"][-1][1] == pytest.approx(meta["audio_s"], abs=1e-3)


def test_equal_requests_are_one_job_and_one_result(client: Client, speech: str) -> None:
    first = perform(client, request(speech, seed=7))
    (again,) = client.submit([request(speech, seed=7, audio_name="renamed.wav")]).jobs
    assert (again.job_id, again.state) == (first.job_id, JobState.finished)
    other = perform(client, request(speech, seed=8))
    assert other.job_id != first.job_id
    assert client.status().finished == 2


def test_a_second_client_gets_the_same_curves(
    daemon: RunningDaemon, client: Client, speech: str
) -> None:
    mine = perform(client, request(speech))
    with daemon.client() as other:
        theirs = perform(other, request(speech))
    assert mine.clip.values.tobytes() == theirs.clip.values.tobytes()


def test_silence_and_zero_amounts(tmp_path: Path, client: Client) -> None:
    quiet = client.upload(write_speech(tmp_path / "a.wav", 1.0))
    still = perform(client, request(quiet, amounts=Amounts(0, 0, 0, 0, 0)))
    assert not still.clip.values.any()


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"model": "gpt"}, "unknown_model", "available: regression, diffusion, loudness"),
        (
            {"styles": (StyleUse("no such"),)},
            "unknown_style",
            "no style and no tag 'no such'; available: neutral",
        ),
        (
            {"styles": (StyleUse("neutral", 1.0, "ears"),)},
            "bad_value",
            "no style region 'ears'; available: lips, eyes, brows, head",
        ),
        (
            {"styles": (StyleUse("neutral", 0.0), StyleUse("neutral", 0.0, "head"))},
            "bad_value",
            "weights of the styles add up to 0",
        ),
        ({"styles": (StyleUse("neutral", start_s=-1.0),)}, "bad_value", "start of .* is -1"),
        ({"style_strength": 3.0}, "bad_value", "style strength is 3"),
        (
            {"model": "regression", "styles": (StyleUse("no such"),)},
            "bad_value",
            "'regression' has a manner of its own only",
        ),
        ({"representation": "flame"}, "bad_value", "There is no map between ARKit and FLAME yet"),
        ({"representation": "bvh"}, "bad_value", "'bvh' is not available; use arkit"),
        ({"fps": 0.0}, "bad_value", "rate .* is 0; it must be between 1 and 240"),
        ({"fps": 1000.0}, "bad_value", "rate .* is 1000; it must be between 1 and 240"),
        ({"seed": -1}, "bad_value", "seed is -1"),
        ({"amounts": Amounts(lips=2.5)}, "bad_value", "amount of lips is 2.5"),
        ({"start_s": 3.0, "end_s": 2.0}, "bad_value", "part from 3 s to 2 s is empty"),
        ({"end_s": 601.0}, "bad_value", "longer than 600 s"),
        ({"text": "a" * 20_001}, "bad_value", "text has 20001 characters"),
        ({"audio_sha256": "0" * 64}, "not_found", "doesn't have the file 'line.wav'"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    client: Client, speech: str, changes: dict[str, object], code: str, sentence: str
) -> None:
    with pytest.raises(JobFailedError, match=sentence) as refusal:
        client.submit([request(speech), request(speech, **changes)])
    assert refusal.value.code == code
    assert client.ping().queued == 0, "all or none: the good request must not run either"


def test_bad_audio_fails_with_a_sentence_and_without_paths(
    daemon: RunningDaemon, client: Client, mynah_home: Path
) -> None:
    sha256 = client.upload(b"This is no sound." * 100)
    (job,) = client.submit([request(sha256, audio_name="/home/me/secret/take.wav")]).jobs
    event = wait_for_state(client, job.job_id, ENDED)[-1]
    assert event.state is JobState.failed
    assert event.code == "bad_audio"
    assert event.message.startswith("'take.wav' is not a sound or video file")
    assert "/" not in event.message
    assert str(mynah_home) not in event.message


def test_an_upload_resumes_and_a_damaged_one_is_refused(client: Client) -> None:
    import hashlib

    data = bytes(range(256)) * 2000
    sha256 = hashlib.sha256(data).hexdigest()
    first = client.request(BlobPut(sha256, len(data), 0, data[:200_000]), BlobState)
    assert (first.offset, first.complete) == (200_000, False)
    hole = client.request(BlobPut(sha256, len(data), 300_000, data[300_000:]), BlobState)
    assert hole.offset == 200_000
    assert client.upload(data) == sha256
    assert client.request(BlobPut(sha256, len(data), 0, data[:9]), BlobState).complete
    wrong = "1" * 64
    with pytest.raises(JobFailedError, match="damaged on its way"):
        client.request(BlobPut(wrong, 5, 0, b"hello"), BlobState)
    with pytest.raises(JobFailedError, match="64 lower-case"):
        client.request(BlobPut("../../etc/passwd", 5, 0, b"hello"), BlobState)
    with pytest.raises(JobFailedError, match="at most 1074 MB"):
        client.request(BlobPut(wrong, 2 << 30, 0, b"hello"), BlobState)
    with pytest.raises(JobFailedError, match="chunk has 300000 bytes"):
        client.request(BlobPut(wrong, 1 << 20, 0, bytes(300_000)), BlobState)


def test_a_result_that_is_not_there(client: Client) -> None:
    with pytest.raises(JobFailedError, match="submit the line again") as refusal:
        client.request(Fetch("f" * 64), SynthesizeReply)
    assert refusal.value.code == "not_found"


def test_cancel_takes_effect_within_200_ms(
    long_line: SynthesizeRequest, client: Client, speech: str
) -> None:
    (job,) = client.submit([long_line]).jobs
    while wait_for_state(client, job.job_id, (JobState.running,))[-1].stage != "features":
        pass
    started = time.monotonic()
    (state,) = client.cancel([job.job_id]).jobs
    event = wait_for_state(client, job.job_id, ENDED)[-1]
    assert time.monotonic() - started < 0.2
    assert state.state is event.state is JobState.cancelled
    # The worker is free again after its step, not after the 590 s line, and it is the same one.
    worker = client.status().worker_pid
    started = time.monotonic()
    perform(client, request(speech, seed=99))
    assert time.monotonic() - started < 2.0
    assert client.status().worker_pid == worker


def test_a_cancelled_line_can_be_submitted_again(
    long_line: SynthesizeRequest, client: Client
) -> None:
    (job,) = client.submit([long_line]).jobs
    wait_for_state(client, job.job_id, (JobState.running,))
    client.cancel([job.job_id, job.job_id, "f" * 64])
    (again,) = client.submit([long_line]).jobs
    assert again.job_id == job.job_id
    assert again.state in (JobState.queued, JobState.running)
    client.cancel([job.job_id])


def test_a_queued_line_can_be_cancelled(long_line: SynthesizeRequest, client: Client) -> None:
    lines = [dataclasses.replace(long_line, seed=seed) for seed in range(LINES_AT_ONCE + 1)]
    *working, waiting = client.submit(lines).jobs
    wait_for(lambda: client.ping() == Pong(queued=1, running=LINES_AT_ONCE), "work")
    assert client.cancel([waiting.job_id]).jobs[0].state is JobState.cancelled
    assert client.ping().queued == 0
    for job in working:
        assert client.cancel([job.job_id]).jobs[0].state is JobState.cancelled


def test_ping_answers_while_a_line_runs(long_line: SynthesizeRequest, client: Client) -> None:
    (job,) = client.submit([long_line]).jobs
    wait_for_state(client, job.job_id, (JobState.running,))
    times: list[float] = []
    while len(times) < 40:
        started = time.monotonic()
        assert client.ping().running == 1, "the line ended too soon to measure"
        times.append(time.monotonic() - started)
        time.sleep(0.02)
    client.cancel([job.job_id])
    assert np.median(times) < 0.05


def test_progress_is_told_at_most_five_times_a_second(
    long_line: SynthesizeRequest, client: Client
) -> None:
    client.submit([long_line])
    times: list[float] = []
    state, total = JobState.queued, 0
    while state != JobState.finished:
        event = client.next_event(timeout_s=30.0)
        assert event is not None, "the daemon fell silent"
        state, total = event.state, event.total
        times.append(time.monotonic())
    # two more: becoming running and finished is told at once
    assert len(times) <= 5 * (times[-1] - times[0]) + 3
    assert total > 2 * len(times), "the job has a step every few milliseconds"


def test_control_requests_are_not_answered_on_the_main_socket(daemon: RunningDaemon) -> None:
    import dataclasses

    swapped = dataclasses.replace(
        daemon.info,
        endpoint=daemon.info.control_endpoint,
        control_endpoint=daemon.info.endpoint,
    )
    with Client(swapped, "test", "1") as client, pytest.raises(JobFailedError) as refusal:
        client.request(Ping(), Welcome)
    assert refusal.value.code == "unsupported"


def test_a_shutdown_message_ends_everything(daemon: RunningDaemon, mynah_home: Path) -> None:
    with daemon.client() as client:
        worker = wait_for(lambda: client.status().worker_pid, "the worker")
        client.upload(syllables(1).tobytes())
        client.shutdown()
    assert daemon.process.wait(10) == 0
    assert not (mynah_home / "daemon.json").exists()
    assert not (mynah_home / "blobs").exists()
    wait_for(lambda: not Path(f"/proc/{worker}").exists(), "the end of the worker")
