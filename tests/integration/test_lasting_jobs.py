"""What was accepted is made and what was made stays, whoever is killed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mynah_shared.client.client import Client
from mynah_shared.errors import JobFailedError
from mynah_shared.protocol.messages import Fetch, JobState, JobStatus, SynthesizeRequest
from tests.integration.conftest import (
    LINES_AT_ONCE,
    RunningDaemon,
    wait_for,
    wait_for_state,
    write_speech,
)
from tests.integration.test_service import request

resource = pytest.importorskip("resource", reason="this system limits no sizes of files")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes by POSIX signals")

ENDED = (JobState.finished, JobState.failed, JobState.cancelled)


@pytest.fixture
def slow_daemon(slow_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))


@contextlib.contextmanager
def started() -> Iterator[RunningDaemon]:
    """A daemon that may be killed meanwhile."""
    running = RunningDaemon()
    try:
        yield running
    finally:
        running.close()


def upload_lines(
    client: Client, folder: Path, count: int, seconds: float
) -> list[SynthesizeRequest]:
    lines: list[SynthesizeRequest] = []
    for seed in range(count):
        audio = write_speech(folder / f"{seed}.flac", seconds, rate=8000, seed=seed)
        lines.append(request(client.upload(audio), audio_name=audio.name))
    return lines


def wait_until_done(client: Client) -> None:
    wait_for(lambda: sum_open(client) == 0, "the end of all jobs", 60)


def sum_open(client: Client) -> int:
    status = client.status()
    return status.queued + status.running


def test_a_killed_daemons_jobs_are_made_by_the_next_one_for_nobody_in_particular(
    slow_daemon: None, tmp_path: Path
) -> None:
    with started() as first, first.client() as client:
        lines = upload_lines(client, tmp_path, 6, 20)
        jobs = client.submit(lines).jobs
        wait_for(lambda: client.status().finished >= 2, "two lines")
        done = next(j for j in client.submit(lines).jobs if j.state is JobState.finished)
        values = client.fetch(done.job_id).clip.values
        first.process.kill()
        first.process.wait(5)
    with started() as second, second.client() as client:
        wait_until_done(client)
        assert client.status().finished <= len(lines) - 2
        again = client.submit(lines).jobs  # without any upload
        assert again == tuple(JobStatus(job.job_id, JobState.finished) for job in jobs)
        assert np.array_equal(client.fetch(done.job_id).clip.values, values)
        for job in jobs:
            assert client.fetch(job.job_id).clip.n_frames == 600
        assert client.status().finished <= len(lines) - 2  # the store answered


def test_a_stopped_daemon_leaves_what_waits_and_deletes_the_other_sounds(
    slow_daemon: None, tmp_path: Path, mynah_home: Path
) -> None:
    with started() as first, first.client() as client:
        done, *lines = upload_lines(client, tmp_path, 3, 200)
        (job,) = client.submit([done]).jobs
        wait_for_state(client, job.job_id, (JobState.finished,))
        client.submit(lines)
    left = {path.name for path in (mynah_home / "blobs").iterdir()}
    assert left <= {line.audio_sha256 for line in lines}
    assert left
    with started() as second, second.client() as client:
        wait_until_done(client)
        assert {job.state for job in client.submit([done, *lines]).jobs} == {JobState.finished}
    assert not (mynah_home / "blobs").exists()


def test_a_killed_host_loses_nothing(
    slow_daemon: None, daemon: RunningDaemon, tmp_path: Path
) -> None:
    """Its lines go on; the host that comes after it finds them made."""
    audio = write_speech(tmp_path / "line.flac", 60, rate=8000)
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from mynah_shared.client.background import BackgroundClient\n"
        "from mynah_shared.client.connection_file import read_connection_file\n"
        "from mynah_shared.client.steps import Line\n"
        "client = BackgroundClient(read_connection_file, 'host', '1')\n"
        "client.generate(Line(Path(sys.argv[1]), 'line.flac', 30.0))\n"
        "time.sleep(60)\n"
    )
    host = subprocess.Popen([sys.executable, "-c", code, audio])
    with daemon.client() as client:
        wait_for(lambda: client.ping().running, "the job")
        host.kill()
        host.wait(5)
        wait_until_done(client)
        assert client.status().finished == 1
        (job,) = client.submit([request(client.upload(audio), audio_name="line.flac")]).jobs
        assert job.state is JobState.finished


def test_a_cancelled_job_stays_cancelled_when_its_daemon_is_killed(
    slow_daemon: None, tmp_path: Path
) -> None:
    with started() as first, first.client() as client:
        lines = upload_lines(client, tmp_path, 3, 30)
        jobs = client.submit(lines).jobs
        client.cancel([jobs[2].job_id])
        first.process.kill()
        first.process.wait(5)
    with started() as second, second.client() as client:
        wait_until_done(client)
        states = client.cancel([job.job_id for job in jobs]).jobs
        assert [job.state for job in states] == [
            JobState.finished,
            JobState.finished,
            JobState.cancelled,
        ]
        with pytest.raises(JobFailedError, match="upload"):  # its file went with it
            client.submit([lines[2]])


# --- cancelling, at every moment ------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    ["queued", "step start", "mid-step", "after last step", "after done", "twice", "unknown"],
)
def test_a_cancel_at_any_moment_ends_the_job_once_and_the_next_one_works(
    slow_daemon: None, client: Client, tmp_path: Path, moment: str
) -> None:
    seconds = 300 if moment == "mid-step" else 60  # events come five times a second
    line, other = upload_lines(client, tmp_path, 2, seconds)
    blocking = [replace(other, seed=i) for i in range(LINES_AT_ONCE if moment == "queued" else 0)]
    before = client.submit(blocking).jobs
    (job,) = client.submit([line]).jobs
    wanted = JobState.cancelled
    if moment == "step start":
        wait_for_state(client, job.job_id, (JobState.running,))
    elif moment == "mid-step":
        while wait_for_state(client, job.job_id, (JobState.running,))[-1].stage != "features":
            pass
    elif moment == "after last step":
        wait_for(lambda: near_its_end(client, job.job_id), "the last step")
        wanted = client.cancel([job.job_id]).jobs[0].state  # the result may have been first
        assert wanted in (JobState.cancelled, JobState.finished)
    elif moment == "after done":
        wait_for_state(client, job.job_id, ENDED)
        wanted = JobState.finished
    ids = ["0" * 64] if moment == "unknown" else [job.job_id] * (2 if moment == "twice" else 1)
    states = [status.state for status in client.cancel(ids).jobs]
    assert states == [wanted] * len(ids)
    assert [status.state for status in client.cancel(ids).jobs] == states  # it never changes
    if moment == "unknown":
        wait_for_state(client, job.job_id, (JobState.finished,))
    elif wanted is JobState.cancelled:
        with pytest.raises(JobFailedError, match="submit the line again"):
            client.fetch(job.job_id)
    if before:
        wait_for_state(client, before[0].job_id, (JobState.finished,))
        client.cancel([status.job_id for status in before])
    (again,) = client.submit([line]).jobs
    if again.state is not JobState.finished:
        wait_for_state(client, job.job_id, (JobState.finished,))
    assert client.fetch(job.job_id).clip.n_frames == 30 * seconds
    status = client.status()
    assert (status.queued, status.running, status.worker_restarts) == (0, 0, 0)


def near_its_end(client: Client, job_id: str) -> bool:
    event = client.next_event(timeout_s=1.0)
    return event is not None and (event.done >= event.total - 1 or event.state in ENDED)


# --- a disk that is full --------------------------------------------------------------------------


@pytest.fixture
def cramped_daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningDaemon]:
    """No file of it may grow beyond 300 kB; the log is smaller, and so are sounds."""
    started = subprocess.Popen

    def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))

        return started(*arguments, preexec_fn=limit, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", start)
    running = RunningDaemon()
    monkeypatch.undo()
    yield running
    running.close()


def test_a_result_that_finds_no_room_is_a_sentence_and_the_next_one_works(
    cramped_daemon: RunningDaemon, tmp_path: Path, mynah_home: Path
) -> None:
    with cramped_daemon.client() as client:
        client.hello()
        audio = write_speech(tmp_path / "long.flac", 30, rate=8000)
        long = request(client.upload(audio), audio_name="long.flac", fps=120.0)
        (job,) = client.submit([long]).jobs
        event = wait_for_state(client, job.job_id, ENDED)[-1]
        assert event.state is JobState.failed
        assert event.message.startswith("The result can't be kept (")
        assert "free some space" in event.message
        short = request(client.upload(write_speech(tmp_path / "short.wav")))
        (job,) = client.submit([short]).jobs
        assert wait_for_state(client, job.job_id, ENDED)[-1].state is JobState.finished
        assert client.fetch(job.job_id).clip.n_frames == 60
        assert not list((mynah_home / "jobs" / "results").glob("*.part"))


def test_a_job_that_finds_no_room_is_refused_in_a_sentence(
    cramped_daemon: RunningDaemon, tmp_path: Path
) -> None:
    with cramped_daemon.client() as client:
        client.hello()
        sha256 = client.upload(write_speech(tmp_path / "short.wav"))
        lines = [request(sha256, seed=seed, text="word " * 2000) for seed in range(100)]
        with pytest.raises(JobFailedError, match=r"can't be kept .*free some space"):
            submit_each(client, lines)
        assert client.ping().queued < len(lines)  # it lives and answers


def submit_each(client: Client, lines: list[SynthesizeRequest]) -> None:
    for line in lines:
        client.submit([line])


# --- clients that misbehave -----------------------------------------------------------------------


def test_a_client_that_does_not_read_costs_the_daemon_no_memory(
    client: Client, daemon: RunningDaemon, tmp_path: Path
) -> None:
    """It asks for a large result sixty times and reads none; others are served."""
    sha256 = client.upload(write_speech(tmp_path / "long.flac", 120, rate=8000))
    (job,) = client.submit([request(sha256, fps=120.0)]).jobs
    wait_for_state(client, job.job_id, (JobState.finished,))
    n_bytes = client.fetch(job.job_id).clip.values.nbytes
    assert n_bytes > 3_000_000
    before = resident_bytes(daemon.process.pid)
    with daemon.client() as deaf:
        deaf.hello()
        for _ in range(60):  # a client that sends more without reading is refused by its socket
            deaf.send(Fetch(job.job_id))
        for _ in range(20):
            assert client.fetch(job.job_id).clip.n_frames == 14_400
        grown = resident_bytes(daemon.process.pid) - before
    assert grown < 64 * 1.5 * n_bytes + 100_000_000, f"{grown / 1e6:.0f} MB"


def resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")
