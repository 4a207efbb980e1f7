"""Killed workers, killed daemons, stale files, two daemons at once: nothing is lost but time."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from mynah_daemon.crash_reports import list_reports, trace_path
from mynah_shared.client.background import BackgroundClient, Failed, Finished, Line
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import (
    ConnectionInfo,
    read_connection_file,
    write_connection_file,
)
from mynah_shared.client.launcher import EngineCommand, find_or_start_daemon
from mynah_shared.protocol.messages import JobState, SynthesizeRequest
from tests.integration.conftest import (
    LINES_AT_ONCE,
    RunningDaemon,
    run_mynah,
    wait_for,
    wait_for_state,
    write_speech,
)
from tests.integration.test_service import request

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes by POSIX signals")

ENDED = (JobState.finished, JobState.failed, JobState.cancelled)
ENGINE = EngineCommand.from_python(sys.executable)


def is_alive(pid: int) -> bool:
    """A zombie counts as dead: nobody here waits for grandchildren."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def slow_daemon(slow_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))


@pytest.fixture
def line(slow_daemon: None, tmp_path: Path, client: Client) -> SynthesizeRequest:
    """Some seconds of work."""
    sha256 = client.upload(write_speech(tmp_path / "long.flac", 300, rate=8000))
    return request(sha256, audio_name="long.flac")


def kill_worker_at_work(client: Client, job_id: str) -> int:
    """Kills it while it runs the job; its process id."""
    while wait_for_state(client, job_id, (JobState.running,))[-1].stage != "features":
        pass
    worker = client.status().worker_pid
    os.kill(worker, signal.SIGKILL)
    return worker


def test_a_killed_worker_costs_time_only(
    line: SynthesizeRequest, client: Client, mynah_home: Path
) -> None:
    (job,) = client.submit([line]).jobs
    killed = kill_worker_at_work(client, job.job_id)
    events = wait_for_state(client, job.job_id, ENDED)
    assert events[-1].state is JobState.finished
    assert client.fetch(job.job_id).clip.n_frames == 9000
    status = client.status()
    assert (status.worker_restarts, status.finished) == (1, 1)
    (report,) = list_reports(mynah_home / "logs")
    with zipfile.ZipFile(report) as content:
        crash = json.loads(content.read("crash.json"))
    assert (crash["cause"], crash["jobs"]) == ("SIGKILL", [job.job_id])
    assert status.worker_pid != killed


def test_a_line_that_kills_two_workers_fails_and_the_next_one_works(
    line: SynthesizeRequest, client: Client, tmp_path: Path
) -> None:
    (job,) = client.submit([line]).jobs
    kill_worker_at_work(client, job.job_id)
    kill_worker_at_work(client, job.job_id)
    event = wait_for_state(client, job.job_id, (*ENDED,))[-1]
    assert event.state is JobState.failed
    assert event.code == "worker_crash"
    assert event.message.startswith("The engine crashed twice on 'long.flac'")
    short = request(client.upload(write_speech(tmp_path / "short.wav")))
    (job,) = client.submit([short]).jobs
    assert wait_for_state(client, job.job_id, ENDED)[-1].state is JobState.finished


def test_lines_in_company_of_a_deadly_one_are_done(line: SynthesizeRequest, client: Client) -> None:
    deadly, *others = (replace(line, seed=seed) for seed in range(3))
    jobs = client.submit([deadly, *others]).jobs
    wait_for(lambda: client.ping().running == min(3, LINES_AT_ONCE), "the three at work")
    for _ in range(3):  # once in company, twice alone
        kill_worker_at_work(client, jobs[0].job_id)
    assert wait_for_state(client, jobs[0].job_id, ENDED)[-1].code == "worker_crash"
    wait_for(lambda: client.status().finished == 2, "the others")
    assert client.status().worker_restarts == 3


def test_an_idle_worker_that_dies_is_replaced(client: Client, mynah_home: Path) -> None:
    worker = wait_for(lambda: client.status().worker_pid, "the worker")
    trace = trace_path(mynah_home / "logs", 0)
    wait_for(trace.exists, "a place for the trace")
    os.kill(worker, signal.SIGSEGV)
    wait_for(lambda: client.status().worker_pid not in (0, worker), "another worker")
    (report,) = list_reports(mynah_home / "logs")
    with zipfile.ZipFile(report) as content:
        assert json.loads(content.read("crash.json"))["cause"] == "SIGSEGV"
        assert b"Segmentation fault" in content.read("trace.txt")


def test_the_worker_does_not_outlive_a_killed_daemon(
    daemon: RunningDaemon, line: SynthesizeRequest, client: Client
) -> None:
    (job,) = client.submit([line]).jobs
    wait_for_state(client, job.job_id, (JobState.running,))
    worker = client.status().worker_pid
    assert is_alive(worker)
    daemon.process.kill()
    daemon.process.wait(5)
    wait_for(lambda: not is_alive(worker), "the end of the worker", 5)


def test_a_killed_daemon_is_restarted_and_the_line_done(slow_daemon: None, tmp_path: Path) -> None:
    audio = write_speech(tmp_path / "long.flac", 200, rate=8000)
    client = BackgroundClient(lambda: find_or_start_daemon(ENGINE), "test", "1")
    try:
        client.generate(Line(audio, audio.name, 30.0))
        first = wait_for(read_connection_file, "the daemon")
        with Client(first, "test", "1") as other:
            wait_for(lambda: other.ping().running, "the job")
        os.kill(first.pid, signal.SIGKILL)
        while not isinstance(event := client.events.get(timeout=60), Finished):
            assert not isinstance(event, Failed), event
        assert event.clip.n_frames == 6000
        second = read_connection_file()
        assert second is not None
        assert second.pid != first.pid
    finally:
        client.close()


def test_sigterm_ends_daemon_worker_and_file(daemon: RunningDaemon, mynah_home: Path) -> None:
    with daemon.client() as client:
        worker = wait_for(lambda: client.status().worker_pid, "the worker")
    daemon.process.terminate()
    output, _ = daemon.process.communicate(timeout=10)
    assert daemon.process.returncode == 0
    assert "Traceback" not in output
    assert not (mynah_home / "daemon.json").exists()
    wait_for(lambda: not is_alive(worker), "the end of the worker", 5)


def test_ctrl_c_ends_the_daemon_quietly(daemon: RunningDaemon) -> None:
    daemon.process.send_signal(signal.SIGINT)
    output, _ = daemon.process.communicate(timeout=10)
    assert daemon.process.returncode == 0
    assert "Traceback" not in output


def test_of_many_daemons_started_at_once_one_stays() -> None:
    command = [sys.executable, "-m", "mynah_daemon", "daemon"]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(4)
    ]
    wait_for(lambda: sum(p.poll() is not None for p in processes) == 3, "the end of three")
    info = wait_for(read_connection_file, "the connection file")
    (winner,) = (p for p in processes if p.poll() is None)
    assert info.pid == winner.pid
    for loser in (p for p in processes if p is not winner):
        output, _ = loser.communicate()
        assert loser.returncode == 0
        assert output.startswith("A Mynah daemon is running already")
    assert run_mynah("status").stdout.startswith(f"Mynah daemon 0.1.0 (process {winner.pid})")
    winner.terminate()
    winner.communicate(timeout=10)


def test_hosts_that_start_at_once_share_one_daemon() -> None:
    found: list[ConnectionInfo] = []
    threads = [
        threading.Thread(target=lambda: found.append(find_or_start_daemon(ENGINE)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({info.server_id for info in found}) == 1


def test_a_stale_connection_file_is_replaced(daemon: RunningDaemon, tmp_path: Path) -> None:
    stale = daemon.info
    daemon.process.kill()
    daemon.process.wait(5)
    assert read_connection_file() == stale
    assert run_mynah("status").returncode == 1
    assert "stale" in run_mynah("doctor").stdout
    write_connection_file(stale)
    audio = write_speech(tmp_path / "a.wav")
    result = run_mynah("generate", audio, "-o", tmp_path / "a.csv")
    assert result.returncode == 0, result.stderr
    fresh = read_connection_file()
    assert fresh is not None
    assert fresh.server_id != stale.server_id


def test_a_loose_connection_file_is_refused(
    daemon: RunningDaemon, tmp_path: Path, mynah_home: Path
) -> None:
    (mynah_home / "daemon.json").chmod(0o644)
    audio = write_speech(tmp_path / "a.wav")
    result = run_mynah("generate", audio, "-o", tmp_path / "a.csv")
    assert result.returncode == 2
    assert result.stderr.strip().splitlines()[-1].startswith(str(mynah_home / "daemon.json"))
    assert "is open to other users (mode 0644)" in result.stderr
    assert not (tmp_path / "a.csv").exists()
    daemon.process.terminate()
    output, _ = daemon.process.communicate(timeout=10)
    assert daemon.process.returncode == 0, output


def test_an_idle_daemon_ends_by_itself(tmp_path: Path) -> None:
    program = (
        "import dataclasses\n"
        "from mynah_daemon.config import config_from_environment\n"
        "from mynah_daemon.daemon import Daemon\n"
        "Daemon(dataclasses.replace(config_from_environment(), idle_exit_s=1.0)).run()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    info = wait_for(read_connection_file, "the connection file")
    port = int(info.control_endpoint.rsplit(":", 1)[1])
    with Client(info, "test", "1") as client:
        client.hello()
        for junk in (b"", b"junk", bytes(500)):  # comes and goes without being counted
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall(junk)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2.5)  # a client that says nothing still keeps it
    assert process.wait(10) == 0
    assert read_connection_file() is None
