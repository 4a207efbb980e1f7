"""Hosts, daemons and workers are killed at random while lines are made: each line has one result.

MYNAH_SOAK_S makes it last longer than the seconds that fit into the suite, MYNAH_SOAK_SEED repeats
a run.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mynah_daemon.store.job_store import CacheLimits, JobStore
from mynah_shared.client.connection_file import read_connection_file
from tests.integration import chaos_host
from tests.integration.conftest import run_mynah, wait_for, write_speech

SOAK_S = float(os.environ.get("MYNAH_SOAK_S", "12"))
SEED = int(os.environ.get("MYNAH_SOAK_SEED", str(random.randrange(10_000))))
LINES_PER_S = 5
DEADLINE_S = 120.0

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
    pytest.mark.slow,
    pytest.mark.timeout(SOAK_S * 4 + 2 * DEADLINE_S),
]


def processes_of(home: Path) -> dict[int, str]:
    """The living processes with this state folder, and their command lines."""
    found: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"MYNAH_HOME={home}".encode() not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if command:  # a dead one has none
                found[int(folder.name)] = command
    return found


def workers_of(home: Path) -> list[int]:
    return [pid for pid, command in processes_of(home).items() if "mynah_daemon.worker" in command]


class Chaos:
    """Kills whatever it finds."""

    def __init__(self, home: Path, rng: random.Random) -> None:
        self._home, self._rng = home, rng
        self.killed: Counter[str] = Counter()

    def strike(self, host: subprocess.Popen[bytes]) -> None:
        """One of the ways to die."""
        way = self._rng.choice(["host", "worker", "worker", "daemon", "daemon", "frozen"])
        if way == "host":
            host.kill()
            host.wait(10)
        if way == "frozen":  # it doesn't notice the end of its daemon
            self._kill(workers_of(self._home), signal.SIGSTOP)
        if way == "worker":  # one of them: the others know nothing of it
            workers = workers_of(self._home)
            self._kill(self._rng.sample(workers, min(1, len(workers))), signal.SIGKILL)
        if way in ("daemon", "frozen"):
            info = read_connection_file()
            self._kill([info.pid] if info else [], signal.SIGKILL)
        self.killed[way] += 1

    def _kill(self, pids: list[int], how: signal.Signals) -> None:
        for pid in pids:
            if pid in processes_of(self._home):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)


@contextlib.contextmanager
def host_process(arguments: list[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The host in the list, begun again whenever the test puts another there."""
    running = [subprocess.Popen(arguments)]
    try:
        yield running
    finally:
        running[0].kill()
        running[0].wait(10)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_each_line_has_one_result_whoever_is_killed(
    n_workers: int,
    tmp_path: Path,
    mynah_home: Path,
    slow_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    print(f"MYNAH_SOAK_SEED={SEED}")
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    rng = random.Random(SEED)
    sounds = [write_speech(tmp_path / f"{i}.flac", 60, rate=8000, seed=i) for i in range(3)]
    lines = [
        (f"{i:05d}", str(rng.choice(sounds)), round(i * 0.125 % 30, 3))
        for i in range(round(SOAK_S * LINES_PER_S))
    ]
    (tmp_path / "lines.json").write_text(json.dumps(lines))
    notes = tmp_path / "notes.txt"
    command = [sys.executable, chaos_host.__file__, str(tmp_path / "lines.json"), str(notes)]
    command += [str(n_workers)]
    chaos = Chaos(mynah_home, rng)
    with host_process(command) as running:
        until_s = time.monotonic() + SOAK_S
        while time.monotonic() < until_s:
            time.sleep(rng.uniform(0.1, 1.5))
            chaos.strike(running[0])
            if running[0].poll() not in (None, 0):
                running[0] = subprocess.Popen(command)
        if running[0].poll() is None:
            running[0].wait(DEADLINE_S + SOAK_S * 3)
        assert running[0].returncode == 0
    made = results_noted(notes, {name for name, _, _ in lines})
    run_mynah("stop")
    wait_for(lambda: not workers_of(mynah_home), "the end of all workers")
    check_store(mynah_home, {(sound, start_s) for _, sound, start_s in lines}, chaos)
    check_against_calm_run(command, lines, made, tmp_path, monkeypatch)


def results_noted(notes: Path, names: set[str]) -> dict[str, str]:
    """The one result of each line, however often it was asked for."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for note in notes.read_text().splitlines():
        if not note.startswith("!"):
            name, sha256 = note.split()
            found[name].add(sha256)
    assert all(len(results) == 1 for results in found.values()), found
    return {name: results.pop() for name, results in found.items()}


def check_store(home: Path, wanted: set[tuple[str, float]], chaos: Chaos) -> None:
    """A result per different line, each finished once, nothing open and nothing left over."""
    log = (home / "logs" / "daemon.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in log if line.endswith("}")]
    ended = Counter(e["job"] for e in events if e["ev"] == "job_ended" and e["state"] == "finished")
    assert max(ended.values()) == 1, "a job was finished twice"
    store = JobStore(home / "jobs", CacheLimits(1 << 30, 30))
    try:
        assert store.open_jobs() == []
        files = list((home / "jobs" / "results").rglob("*.*"))
        assert len(files) == len(wanted)
        assert all(store.result(path.stem) is not None for path in files)
    finally:
        store.close()
    begun = sum(e["ev"] == "job_started" for e in events)
    print(f"{len(wanted)} results, begun {begun} times, killed: {dict(chaos.killed)}")
    assert sum(chaos.killed.values()) > 0


def check_against_calm_run(
    command: list[str],
    lines: list[tuple[str, str, float]],
    made: dict[str, str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A daemon that nobody disturbs, and that knows nothing of the former, makes the same."""
    home = folder / "calm"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("MYNAH_HOME", str(home))
    notes = folder / "calm.txt"
    few = lines[:: max(1, len(lines) // 20)]
    (folder / "few.json").write_text(json.dumps(few))
    subprocess.run(
        [*command[:2], str(folder / "few.json"), str(notes), command[-1]],
        timeout=DEADLINE_S,
        check=True,
    )
    calm = results_noted(notes, {name for name, _, _ in few})
    assert calm == {name: made[name] for name in calm}
    run_mynah("stop")
