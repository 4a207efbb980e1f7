"""Workers that hang or leak, and clients of former times."""

from __future__ import annotations

import io
import os
import signal
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from mynah_shared.client.client import Client
from mynah_shared.protocol.messages import JobState
from tests.integration import misbehaving
from tests.integration.conftest import RunningDaemon, wait_for, wait_for_state, write_speech
from tests.integration.former_client import REQUEST, FormerClient
from tests.integration.test_service import perform, request

WARM_UP, LINES, GATE_BYTES = 40, 120, 20_000_000
"""A worker that keeps 170 kB of each line trips it."""


@contextmanager
def started(*arguments: str) -> Iterator[RunningDaemon]:
    daemon = RunningDaemon(arguments) if arguments else RunningDaemon()
    try:
        yield daemon
    finally:
        daemon.close()


def resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def growth_bytes(daemon: RunningDaemon, sound: Path) -> int:
    """Memory that daemon and worker have taken over many lines, after the first ones."""
    with daemon.client() as client:
        sha256 = client.upload(sound)
        pids = (daemon.process.pid, wait_for(lambda: client.status().worker_pid, "the worker"))
        for seed in range(WARM_UP):
            perform(client, request(sha256, seed=seed))
        before = sum(map(resident_bytes, pids))
        for seed in range(WARM_UP, WARM_UP + LINES):
            perform(client, request(sha256, seed=seed))
        assert client.status().worker_pid == pids[1]
        return sum(map(resident_bytes, pids)) - before


@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_lines_leave_nothing_in_memory(tmp_path: Path) -> None:
    """Results as large as the gate itself; a worker that leaks is found out."""
    sound = write_speech(tmp_path / "line.flac", 8, rate=8000)
    with started() as daemon:
        grown = growth_bytes(daemon, sound)
        assert grown < GATE_BYTES, f"{grown / 1e6:.0f} MB"
    with started(misbehaving.__file__, "leaky") as daemon:
        grown = growth_bytes(daemon, write_speech(tmp_path / "other.flac", 8, rate=8000, seed=1))
        assert grown > GATE_BYTES, f"the gate lets {grown / 1e6:.0f} MB pass"
        assert grown > 0.8 * LINES * misbehaving.LEAK_BYTES


@pytest.mark.skipif(os.name != "posix", reason="freezes a process by a POSIX signal")
def test_a_worker_that_hangs_is_replaced_and_its_line_made(
    slow_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    with started(misbehaving.__file__, "impatient") as daemon, daemon.client() as client:
        sound = write_speech(tmp_path / "long.flac", 200, rate=8000)
        (job,) = client.submit([request(client.upload(sound), audio_name="long.flac")]).jobs
        while wait_for_state(client, job.job_id, (JobState.running,))[-1].stage != "features":
            pass
        frozen = client.status().worker_pid
        os.kill(frozen, signal.SIGSTOP)
        wait_for_state(client, job.job_id, (JobState.finished,))
        status = client.status()
        assert status.worker_restarts >= 1
        assert status.worker_pid != frozen


@pytest.mark.skipif(os.name != "posix", reason="freezes a process by a POSIX signal")
def test_a_worker_that_reads_nothing_is_replaced_too(tmp_path: Path) -> None:
    """What it is sent may be more than the pipe to it holds."""
    with started(misbehaving.__file__, "impatient") as daemon, daemon.client() as client:
        sha256 = client.upload(write_speech(tmp_path / "line.wav"))
        perform(client, request(sha256))
        frozen = client.status().worker_pid
        os.kill(frozen, signal.SIGSTOP)
        lines = [request(sha256, seed=seed, text="a" * 20_000) for seed in range(1, 7)]
        jobs = [job for line in lines for job in client.submit([line]).jobs]
        wait_for(lambda: client.status().finished == 1 + len(jobs), "all lines")
        assert client.status().worker_pid != frozen


def test_a_client_of_protocol_1_0_is_served(client: Client, daemon: RunningDaemon) -> None:
    sound = np.random.default_rng(0).normal(0, 3000, 32_000).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setparams((1, 2, 16_000, 0, "NONE", ""))
        audio.writeframes(sound.tobytes())
    former = FormerClient(daemon.info)
    try:
        hello = {"protocol": [1, 0], "app": "old", "app_version": "1"}
        name, welcome, _ = former.ask("hello", hello, control=True)
        assert (name, welcome["protocol"][0]) == ("welcome", 1)
        line = {**REQUEST, "audio_sha256": former.upload(file.getvalue()), "audio_name": "a.wav"}
        name, accepted, _ = former.ask("job.submit", {"requests": [line]})
        assert name == "job.accepted"
        (job,) = accepted["jobs"]
        seqs = [0]
        state = job["state"]
        while state not in ("finished", "failed", "cancelled"):
            event = former.next_event()
            seqs.append(event["seq"])
            state = event["state"]
        assert state == "finished"
        assert seqs == sorted(set(seqs))
        name, result, frames = former.ask("job.fetch", {"job_id": job["job_id"]})
        assert (name, len(result["clip"]["channels"])) == ("job.result", 55)
        assert len(frames[0]) == 60 * 55 * 4
        name, states, _ = former.ask("job.cancel", {"job_ids": [job["job_id"]]}, control=True)
        assert states["jobs"][0]["state"] == "finished"
        assert former.ask("status", {}, control=True)[1]["finished"] == 1
    finally:
        former.close()
    assert client.ping().running == 0


def test_a_line_of_a_person_passes_a_batch(
    slow_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the next one although twenty others wait, and clients share what is left."""
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    with started() as daemon, daemon.client() as batch, daemon.client() as person:
        sha256 = batch.upload(write_speech(tmp_path / "line.flac", 40, rate=8000))
        lines = [request(sha256, seed=seed) for seed in range(20)]
        jobs = batch.submit(lines, is_batch=True).jobs
        (job,) = person.submit([request(sha256, seed=99)]).jobs
        wait_for_state(person, job.job_id, (JobState.finished,))
        assert person.status().finished < len(lines)
        person.cancel([job.job_id for job in jobs])
