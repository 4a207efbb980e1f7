"""Several workers of one daemon, as real processes: who makes what, and who dies of it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mynah_daemon import supervisor
from mynah_daemon.batch.daemon_engine import DaemonEngine
from mynah_daemon.config import BUNDLED
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from mynah_shared.protocol.messages import JobState, JobStatus, SynthesizeRequest, WorkerStatus
from tests.integration import misbehaving
from tests.integration.conftest import (
    RunningDaemon,
    run_mynah,
    wait_for,
    wait_for_state,
    write_speech,
)
from tests.integration.test_service import ENDED, request
from tests.integration.test_survival import is_alive

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes by POSIX signals")

TWO = ("--device", "cpu", "--device", "cpu")
N_LINES = 9


@contextmanager
def serving(*arguments: str) -> Iterator[Client]:
    """A client of a daemon with these arguments of Python's."""
    daemon = RunningDaemon(arguments)
    try:
        with daemon.client() as client:
            client.hello()
            yield client
    finally:
        daemon.close()


def two_workers() -> Sequence[str]:
    return ("-m", "mynah_daemon", "daemon", *TWO)


def workers_of(client: Client) -> tuple[WorkerStatus, ...]:
    return client.status().workers


def when_ready(client: Client) -> list[int]:
    """The process ids, once both have their models."""
    wait_for(lambda: len(log_of("worker_ready")) >= 2, "both workers")
    return [worker.pid for worker in workers_of(client)]


def log_of(event: str) -> list[dict[str, object]]:
    path = Path(os.environ["MYNAH_HOME"]) / "logs" / "daemon.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("}")]
    return [found for found in events if found["ev"] == event]


def wait_for_all(client: Client, jobs: Sequence[JobStatus]) -> dict[str, JobState]:
    """How each has ended."""
    ended: dict[str, JobState] = {}

    def look() -> bool:
        event = client.next_event(timeout_s=0.5)
        if event is not None and event.state in ENDED:
            print(event.message)  # seen if the test fails
            ended[event.job_id] = event.state
        return len(ended) == len({job.job_id for job in jobs})

    wait_for(look, "the end of all lines", 90)
    return ended


def made_by() -> dict[str, object]:
    """The worker that began each job last, by the job's first letters."""
    return {str(event["job"]): event["worker"] for event in log_of("job_started")}


def lines_of(sha256: str, n_lines: int = N_LINES, **changes: object) -> list[SynthesizeRequest]:
    return [request(sha256, seed=seed, **changes) for seed in range(n_lines)]


@pytest.fixture
def slow(slow_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))


# --- who makes what -------------------------------------------------------------------------------


@pytest.mark.slow
def test_both_work_and_make_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines in another order come to other workers, and are the same. With the real weights:
    bytes don't depend on who shares a batch."""
    monkeypatch.delenv("MYNAH_WEIGHTS")
    sound = write_speech(tmp_path / "line.flac", 5, rate=16000)
    made: list[dict[str, object]] = []
    results: list[dict[int, str]] = []
    for turn in (1, -1):
        home = tmp_path / f"home {turn}"
        home.mkdir(mode=0o700)
        monkeypatch.setenv("MYNAH_HOME", str(home))
        with serving(*two_workers()) as client:
            when_ready(client)
            lines = lines_of(client.upload(sound), model="mynah")[::turn]
            jobs = client.submit(lines).jobs
            wait_for(lambda: all(w.running for w in workers_of(client)), "work for both")
            assert set(wait_for_all(client, jobs).values()) == {JobState.finished}
            clips = [client.fetch(job.job_id).clip.values.tobytes() for job in jobs]
            results.append(
                {
                    line.seed: hashlib.sha256(clip).hexdigest()
                    for line, clip in zip(lines, clips, strict=True)
                }
            )
            made.append(made_by())
            assert {w.windows for w in workers_of(client)} == {32}
            assert set(Counter(made[-1].values())) == {0, 1}
    assert made[0].keys() == made[1].keys()
    assert made[0] != made[1], "each line was made by the same worker again: nothing was compared"
    assert results[0] == results[1]


def test_two_lines_go_to_two_workers(slow: None, tmp_path: Path) -> None:
    """One would take both, but the other is idle."""
    with serving(*two_workers()) as client:
        when_ready(client)
        lines = lines_of(client.upload(write_speech(tmp_path / "a.flac", 60, rate=8000)), 2)
        jobs = client.submit(lines).jobs
        wait_for(lambda: [w.running for w in workers_of(client)] == [1, 1], "one line for each")
        client.cancel([job.job_id for job in jobs])
        wait_for(lambda: [w.running for w in workers_of(client)] == [0, 0], "the end of both")
        assert client.status().worker_restarts == 0


def test_a_line_of_a_person_passes_a_batch_in_both(slow: None, tmp_path: Path) -> None:
    with serving(*two_workers()) as batch, batch_mate() as person:
        when_ready(batch)
        sha256 = batch.upload(write_speech(tmp_path / "line.flac", 40, rate=8000))
        jobs = batch.submit(lines_of(sha256, 20), is_batch=True).jobs
        (job,) = person.submit([request(sha256, seed=99)]).jobs
        wait_for_state(person, job.job_id, (JobState.finished,))
        assert person.status().finished < len(jobs)
        person.cancel([job.job_id for job in jobs])


@contextmanager
def batch_mate() -> Iterator[Client]:
    """Another client of the daemon that runs."""
    info = read_connection_file()
    assert info is not None
    with Client(info, "test", "1") as client:
        yield client


# --- who dies of it -------------------------------------------------------------------------------


def test_the_death_of_one_worker_is_none_of_the_others_business(slow: None, tmp_path: Path) -> None:
    with serving(*two_workers()) as client:
        pids = when_ready(client)
        sha256 = client.upload(write_speech(tmp_path / "line.flac", 60, rate=8000))
        jobs = client.submit(lines_of(sha256), is_batch=True).jobs
        wait_for(lambda: all(w.running for w in workers_of(client)), "work for both")
        os.kill(pids[0], signal.SIGKILL)
        assert set(wait_for_all(client, jobs).values()) == {JobState.finished}
        first, second = workers_of(client)
        assert (first.restarts, second.restarts, second.pid) == (1, 0, pids[1])
        assert first.pid not in (0, pids[0])
        attempts = Counter(str(event["job"]) for event in log_of("job_started"))
        lines_lost = sum(n > 1 for n in attempts.values())
        assert 1 <= lines_lost <= 2, "only what the dead one had in hand is begun again"
        assert {event["worker"] for event in log_of("worker_died")} == {0}


def test_a_worker_that_hangs_keeps_the_other_from_nothing(slow: None, tmp_path: Path) -> None:
    with serving(misbehaving.__file__, "impatient", *TWO) as client:
        pids = when_ready(client)
        sha256 = client.upload(write_speech(tmp_path / "line.flac", 40, rate=8000))
        jobs = client.submit(lines_of(sha256)).jobs
        wait_for(lambda: all(w.running for w in workers_of(client)), "work for both")
        os.kill(pids[1], signal.SIGSTOP)
        assert set(wait_for_all(client, jobs).values()) == {JobState.finished}
        assert [event["worker"] for event in log_of("worker_killed")] == [1]
        assert workers_of(client)[0].pid == pids[0]
        assert not is_alive(pids[1])


def test_of_a_poisoned_line_only_that_line_fails(tmp_path: Path) -> None:
    """Whichever workers it takes down, and whoever was there with it."""
    with serving(misbehaving.__file__, "poisoned", *TWO) as client:
        when_ready(client)
        sha256 = client.upload(write_speech(tmp_path / "line.flac", 4, rate=8000))
        lines = lines_of(sha256, 16)
        lines.insert(3, request(sha256, seed=99, audio_name="poison.wav"))
        jobs = client.submit(lines, is_batch=True).jobs
        ended = wait_for_all(client, jobs)
        assert ended.pop(jobs[3].job_id) is JobState.failed
        assert set(ended.values()) == {JobState.finished}
        begun = Counter(str(event["job"]) for event in log_of("job_started"))
        assert begun[jobs[3].job_id[:12]] <= 3, "once in company, twice alone"
        assert len(log_of("worker_died")) == begun[jobs[3].job_id[:12]]


def test_frozen_workers_of_a_killed_daemon_are_ended_by_the_next(mynah_home: Path) -> None:
    daemon = RunningDaemon(two_workers())
    with daemon.client() as client:
        pids = when_ready(client)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    daemon.process.kill()
    daemon.process.wait(10)
    assert all(is_alive(pid) for pid in pids)
    with serving(*two_workers()) as client:
        wait_for(lambda: not any(map(is_alive, pids)), "the end of the former workers")
        assert not {w.pid for w in workers_of(client)} & set(pids)
    assert {event["pid"] for event in log_of("leftover_worker_killed")} == set(pids)
    daemon.process.communicate(timeout=10)  # its pipe is closed now that they are gone


def test_a_worker_that_was_frozen_as_it_began_is_ended_and_another_daemon_s_is_not(
    mynah_home: Path, tmp_path: Path
) -> None:
    """A daemon can be killed before it knows more of a worker than that it has begun."""

    def frozen(home: Path) -> subprocess.Popen[bytes]:
        words = [str(BUNDLED), str(home / "blobs"), str(tmp_path / "trace"), "cpu", "1", "1"]
        worker = subprocess.Popen([*supervisor.WORKER, *words], stdin=subprocess.DEVNULL)
        os.kill(worker.pid, signal.SIGSTOP)
        return worker

    left, another_s = frozen(mynah_home), frozen(tmp_path)
    try:
        with serving(*two_workers()):
            assert left.wait(10) == -signal.SIGKILL
            assert another_s.poll() is None
    finally:
        another_s.kill()
        another_s.wait(10)


# --- naming devices -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--device", "gpu"], "There is no device 'gpu'; say cpu, or a graphics card such as"),
        (["--device", "cuda:1", "--device", "cuda:1"], "The device cuda:1 is named twice;"),
        (["--device", "cpu", "--detach"], "--detach starts a daemon for this computer alone;"),
    ],
)
def test_devices_that_are_named_wrongly_are_a_sentence(options: list[str], sentence: str) -> None:
    refused = run_mynah("daemon", *options)
    assert refused.returncode == 2
    assert refused.stderr.startswith(sentence)
    assert len(refused.stderr.strip().splitlines()) == 1


def test_a_batch_keeps_all_workers_busy() -> None:
    for options, n_lines in ((TWO, 24), (TWO[:2], 12)):
        daemon = RunningDaemon(("-m", "mynah_daemon", "daemon", *options))
        engine = DaemonEngine(lambda info=daemon.info: info, "test")
        try:
            assert len(engine.models()) == 3
            assert engine.in_flight == n_lines
        finally:
            engine.close()
            daemon.close()


# --- devices that can't be used -------------------------------------------------------------------


def test_a_device_that_can_not_be_used_is_told_and_the_other_goes_on(tmp_path: Path) -> None:
    with serving("-m", "mynah_daemon", "daemon", "--device", "cuda:7", "--device", "cpu") as client:
        sha256 = client.upload(write_speech(tmp_path / "line.wav"))
        jobs = client.submit(lines_of(sha256, 3)).jobs
        assert set(wait_for_all(client, jobs).values()) == {JobState.finished}
        wait_for(lambda: workers_of(client)[0].failure, "the sentence")
        told = run_mynah("status").stdout
        assert "Worker on cuda:7: The device cuda:7 can't be used: the installed" in told
        assert "Worker on cpu: process " in told
        doctor = run_mynah("doctor").stdout
        assert "warn  daemon: process " in doctor
        assert "The device cuda:7 can't be used" in doctor
        assert "ok    crashes: none" in doctor, "a missing card is no crash"
        assert client.status().worker_restarts == 0


def test_without_any_usable_device_lines_fail_with_the_sentence(tmp_path: Path) -> None:
    with serving("-m", "mynah_daemon", "daemon", "--device", "cuda:7") as client:
        sha256 = client.upload(write_speech(tmp_path / "line.wav"))
        for seed in range(2):  # while it is being tried, and when it is known
            (job,) = client.submit([request(sha256, seed=seed)]).jobs
            event = wait_for_state(client, job.job_id, ENDED)[-1]
            assert (event.state, event.code) == (JobState.failed, "internal")
            assert event.message.startswith("The device cuda:7 can't be used: ")


def test_for_a_card_that_was_found_but_does_not_work_the_processor_stands_in(
    tmp_path: Path,
) -> None:
    with serving(misbehaving.__file__, "carded") as client:
        sha256 = client.upload(write_speech(tmp_path / "line.wav"))
        jobs = client.submit(lines_of(sha256, 3)).jobs
        assert set(wait_for_all(client, jobs).values()) == {JobState.finished}
        card, cpu = workers_of(client)
        assert (card.device, card.pid, cpu.device, cpu.failure) == ("cuda:0", 0, "cpu", "")
        assert card.failure
        assert len(log_of("processor_stands_in")) == 1


# --- little memory --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc")
def test_a_worker_with_little_memory_makes_smaller_batches_and_all_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under `ulimit -v`; the same bytes as one that has plenty."""
    monkeypatch.delenv("MYNAH_WEIGHTS")  # the real model: tiny ones need no memory
    sound = write_speech(tmp_path / "line.flac", 5, rate=16000)
    results: list[list[bytes]] = []
    windows: list[int] = []
    for spare_mb in (500, 4000):
        home = tmp_path / str(spare_mb)
        home.mkdir(mode=0o700)
        monkeypatch.setenv("MYNAH_HOME", str(home))
        monkeypatch.setenv("SPARE_BYTES", str(spare_mb << 20))
        with serving(misbehaving.__file__, "tight", "--device", "cpu") as client:
            lines = lines_of(client.upload(sound), 4, model="mynah")
            jobs = client.submit(lines).jobs
            assert set(wait_for_all(client, jobs).values()) == {JobState.finished}
            results.append([client.fetch(job.job_id).clip.values.tobytes() for job in jobs])
            (worker,) = workers_of(client)
            windows.append(worker.windows)
            assert worker.restarts == 0
            assert f"at most {worker.windows} windows at a time" in run_mynah("status").stdout
    assert 1 <= windows[0] < windows[1] == 32
    assert results[0] == results[1]
