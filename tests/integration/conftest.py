"""Real daemons in processes of their own, with tiny weights, each in a private state folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import soundfile

from mynah_daemon.devices import CPU, n_cores, share_out
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import ConnectionInfo, read_connection_file
from mynah_shared.protocol.messages import JobEvent, JobState
from tests.inference_daemon.tiny_models import write_bundle

DEADLINE_S = 30.0
LINES_AT_ONCE = share_out([CPU], n_cores())[0].lines
"""What the only worker of this machine's daemon has in hand at most."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Nothing here may hang, whatever breaks."""
    for item in items:
        if Path(__file__).parent in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(120))


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("weights"), transfer_context=2)


@pytest.fixture(scope="session")
def slow_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder that needs some 50 ms for each 8 s of speech."""
    return write_bundle(tmp_path_factory.mktemp("slow"), layers=60)


@pytest.fixture(autouse=True)
def packages_on_path(
    repository: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Child processes find the packages and the tiny weights; afterwards no daemon is left."""
    folders = [str(repository / "shared"), str(repository / "inference_daemon")]
    if os.environ.get("PYTHONPATH"):
        folders.append(os.environ["PYTHONPATH"])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))
    monkeypatch.setenv("MYNAH_WEIGHTS", str(tiny_weights))
    yield
    run_mynah("stop")


def run_mynah(*arguments: object, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "mynah_daemon", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str, deadline_s: float = DEADLINE_S) -> T:
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come within {deadline_s} s")


class RunningDaemon:
    """A daemon started by hand, so that a test has its process; `arguments` are Python's."""

    def __init__(self, arguments: Sequence[str] = ("-m", "mynah_daemon", "daemon")) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.info: ConnectionInfo = wait_for(self._find, "the connection file")

    def _find(self) -> ConnectionInfo | None:
        info = read_connection_file()
        return info if info and info.pid == self.process.pid else None

    def client(self) -> Client:
        return Client(self.info, "test", "1")

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=20)


@pytest.fixture
def daemon() -> Iterator[RunningDaemon]:
    running = RunningDaemon()
    yield running
    running.close()


@pytest.fixture
def client(daemon: RunningDaemon) -> Iterator[Client]:
    with daemon.client() as client:
        client.hello()
        yield client


def syllables(seconds: float, rate: int = 16000, seed: int = 0) -> np.ndarray:
    """Noise that comes and goes four times a second: as loud and quiet as speech."""
    n = round(seconds * rate)
    t = np.arange(n) / rate
    loud = np.maximum(0, np.sin(2 * np.pi * 4 * t))
    return (0.2 * loud * np.random.default_rng(seed).normal(0, 1, n)).astype(np.float32)


def write_speech(path: Path, seconds: float = 2.0, rate: int = 16000, seed: int = 0) -> Path:
    soundfile.write(path, syllables(seconds, rate, seed), rate)
    return path


def wait_for_state(client: Client, job_id: str, states: Sequence[JobState]) -> list[JobEvent]:
    """The job's events up to the first in one of the states."""
    events: list[JobEvent] = []
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        event = client.next_event(timeout_s=1.0)
        if event and event.job_id == job_id:
            events.append(event)
            if event.state in states:
                return events
    raise AssertionError(f"the job never became {states}: {events}")
