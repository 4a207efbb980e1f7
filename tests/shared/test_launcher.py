"""Finding and starting a daemon, with real processes."""

from __future__ import annotations

import dataclasses
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mynah_shared.client import launcher
from mynah_shared.client.background import (
    BackgroundClient,
    Connected,
    Failed,
    Finished,
    Line,
    Progressed,
)
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import (
    ConnectionInfo,
    read_connection_file,
    write_connection_file,
)
from mynah_shared.client.launcher import (
    EngineCommand,
    find_engine,
    find_or_start_daemon,
    register_engine,
)
from mynah_shared.errors import EngineUnavailableError, VersionMismatchError
from mynah_shared.testing.clips import make_tone

pytestmark = pytest.mark.timeout(120)
SCRIPT = Path(__file__).with_name("stand_in_daemon.py")
posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and file modes")


def engine(mode: str = "normal") -> EngineCommand:
    return EngineCommand((sys.executable, str(SCRIPT), mode))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "state"
    monkeypatch.setenv("MYNAH_HOME", str(folder))
    monkeypatch.delenv("MYNAH_ENGINE", raising=False)
    yield folder
    for pid in started(folder):
        kill(pid)


def started(folder: Path) -> list[int]:
    return [int(path.name.partition("-")[2]) for path in folder.glob("started-*")]


def kill(pid: int) -> None:
    """Ends a daemon that this test started, and waits for its end."""
    try:
        os.kill(pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        for _ in range(200):  # an orphan's entry may stay until the system collects it
            os.kill(pid, 0)
            time.sleep(0.01)
    except OSError:
        return


def ping(info: ConnectionInfo) -> None:
    with Client(info, "test", "1") as client:
        client.ping()


def test_a_daemon_is_started_once_and_then_found(home: Path):
    first = find_or_start_daemon(engine())
    ping(first)
    assert find_or_start_daemon(engine()) == first
    assert started(home) == [first.pid]


@posix_only
def test_the_daemon_is_detached_and_its_log_is_private(home: Path):
    info = find_or_start_daemon(engine())
    assert os.getsid(info.pid) == info.pid
    assert stat.S_IMODE((home / "daemon.log").stat().st_mode) == 0o600


def test_the_daemon_outlives_the_host_that_started_it():
    code = (
        "import sys\n"
        "from mynah_shared.client.launcher import EngineCommand, find_or_start_daemon\n"
        "find_or_start_daemon(EngineCommand(tuple(sys.argv[1:])))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *engine().arguments],
        env=environment,
        check=True,
        timeout=60,
    )
    info = read_connection_file()
    assert info is not None
    ping(info)


def test_hosts_that_start_at_once_share_one_daemon(home: Path):
    found: list[ConnectionInfo] = []
    threads = [
        threading.Thread(target=lambda: found.append(find_or_start_daemon(engine("slow"))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    assert len(set(found)) == 1
    assert started(home) == [found[0].pid]
    for _ in range(1000):  # the hosts don't wait for the ends of the daemons that are too many
        if (n_ended := (home / "daemon.log").read_text().count("another daemon runs")) == 3:
            break
        time.sleep(0.01)
    assert n_ended == 3


def test_a_dead_daemons_file_is_replaced():
    dead = find_or_start_daemon(engine())
    kill(dead.pid)
    assert read_connection_file() == dead
    begin = time.monotonic()
    alive = find_or_start_daemon(engine())
    assert alive.server_id != dead.server_id
    assert time.monotonic() - begin < 10
    ping(alive)


@posix_only
def test_a_frozen_daemon_is_named_and_found_again_once_it_answers(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(Client.hello, "__defaults__", (0.3,))
    info = find_or_start_daemon(engine())
    os.kill(info.pid, signal.SIGSTOP)
    with pytest.raises(EngineUnavailableError, match=rf"process {info.pid}\) does not answer"):
        find_or_start_daemon(engine(), deadline_s=2)
    timer = threading.Timer(1.5, os.kill, (info.pid, signal.SIGCONT))
    timer.start()
    assert find_or_start_daemon(engine()) == info
    timer.join()


@posix_only
def test_an_open_connection_file_is_refused_and_nothing_is_started(home: Path):
    info = find_or_start_daemon(engine())
    kill(info.pid)
    (home / "daemon.json").chmod(0o644)
    with pytest.raises(EngineUnavailableError, match="run: chmod 600"):
        find_or_start_daemon(engine())
    assert started(home) == [info.pid]


def test_a_daemon_of_another_version_is_reported_not_replaced(home: Path):
    with pytest.raises(VersionMismatchError, match=r"1\.\d.*0\.9"):
        find_or_start_daemon(engine("old"))
    with pytest.raises(VersionMismatchError, match=r"1\.\d.*0\.9"):
        find_or_start_daemon(engine("normal"))
    assert len(started(home)) == 1


def test_an_engine_that_fails_says_why_without_waiting():
    begin = time.monotonic()
    message = r"ended at its start with code 1: RuntimeError: the weights are damaged$"
    with pytest.raises(EngineUnavailableError, match=message):
        find_or_start_daemon(engine("crash"))
    assert time.monotonic() - begin < 10


def test_an_engine_that_is_not_there(tmp_path: Path):
    with pytest.raises(EngineUnavailableError, match=r"none can't be started \(No such file"):
        find_or_start_daemon(EngineCommand((str(tmp_path / "none"),)))


def test_an_engine_that_is_never_ready(home: Path):
    with pytest.raises(EngineUnavailableError, match=r"not ready after 0\.2 s; its log"):
        find_or_start_daemon(engine("slow"), deadline_s=0.2)
    while not started(home):  # so that the fixture ends it
        time.sleep(0.05)


@posix_only
def test_the_hosts_python_variables_do_not_reach_another_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With PYTHONHOME set to nonsense, no Python would start."""
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    other.chmod(0o700)
    monkeypatch.setenv("PYTHONHOME", "/nonsense")
    ping(find_or_start_daemon(EngineCommand((str(other), str(SCRIPT), "normal"))))


def test_a_relative_python_path_still_leads_to_the_engine(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A checkout is often run so, and the daemon works in the state folder."""
    module = tmp_path / "checkout" / "probe.py"
    module.parent.mkdir()
    module.write_text("raise SystemExit('found ' + __name__)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "checkout")
    with pytest.raises(EngineUnavailableError, match="code 1: found __main__"):
        find_or_start_daemon(EngineCommand((sys.executable, "-m", "probe")))


def test_a_large_log_is_begun_anew(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(launcher, "MAX_LOG_BYTES", 100)
    home.mkdir(mode=0o700)
    (home / "daemon.log").write_text("x" * 200)
    find_or_start_daemon(engine())
    assert "x" not in (home / "daemon.log").read_text()


# --- where the engine is ------------------------------------------------------------------------


def test_the_engine_is_looked_for_in_order(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(EngineUnavailableError, match="install the wheel mynah_daemon"):
        find_engine()

    program = programs / ("mynah.exe" if os.name == "nt" else "mynah")
    program.touch(0o700)
    assert find_engine() == EngineCommand((str(program),))

    home.mkdir(mode=0o700)
    register_engine()
    assert find_engine() == EngineCommand((sys.executable, "-m", "mynah_daemon"))

    set_up = tmp_path / "set_up_python"
    set_up.touch(0o700)
    ours = EngineCommand((str(set_up), "start.py"))
    assert find_engine(ours) == ours
    with pytest.raises(EngineUnavailableError, match="The engine's set-up names"):
        find_engine(EngineCommand((str(tmp_path / "gone"),)))

    other = tmp_path / "python"
    other.touch(0o700)
    monkeypatch.setenv("MYNAH_ENGINE", str(other))
    assert find_engine(ours) == EngineCommand((str(other), "-m", "mynah_daemon"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"python": 3}', "\udcff"])
def test_an_engine_file_without_a_python_is_named(home: Path, content: str):
    home.mkdir(mode=0o700)
    (home / "engine.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(EngineUnavailableError, match=r"engine\.json must hold"):
        find_engine()


def test_an_engine_that_is_named_but_missing(home: Path, monkeypatch: pytest.MonkeyPatch):
    home.mkdir(mode=0o700)
    (home / "engine.json").write_text('{"python": "/none/python"}')
    with pytest.raises(EngineUnavailableError, match=r"engine\.json names '/none/python'"):
        find_engine()
    monkeypatch.setenv("MYNAH_ENGINE", "/none/python3")
    with pytest.raises(EngineUnavailableError, match="MYNAH_ENGINE names '/none/python3'"):
        find_engine()


# --- with the host's client ---------------------------------------------------------------------


def test_a_daemon_killed_during_a_line_is_started_again_and_the_line_is_finished(home: Path):
    client = BackgroundClient(lambda: find_or_start_daemon(engine()), "test", "1")
    client.generate(Line(make_tone(), "line.wav", 24.0))
    events = []
    while not (events and isinstance(events[-1], Progressed) and events[-1].fraction > 0):
        events.append(client.events.get(timeout=20))
    (pid,) = started(home)
    kill(pid)
    while not isinstance(events[-1], (Finished, Failed)):
        events.append(client.events.get(timeout=20))
    client.close(5)
    assert isinstance(events[-1], Finished)
    servers = [event.server_id for event in events if isinstance(event, Connected)]
    assert len(set(servers)) == 2


@pytest.mark.parametrize("last_event", ["Connected", "Progressed", "Finished"])
def test_a_host_that_quits_without_closing_its_client_is_not_held_up(last_event: str):
    code = (
        "import sys\n"
        "from mynah_shared.client.background import BackgroundClient, Line\n"
        "from mynah_shared.client.launcher import EngineCommand, find_or_start_daemon\n"
        "from mynah_shared.testing.clips import make_tone\n"
        "engine = EngineCommand(tuple(sys.argv[2:]))\n"
        "client = BackgroundClient(lambda: find_or_start_daemon(engine), 'test', '1')\n"
        "client.generate(Line(make_tone(), 'line.wav', 24.0))\n"
        "while type(client.events.get(timeout=20)).__name__ != sys.argv[1]:\n"
        "    pass\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    host = subprocess.run(
        [sys.executable, "-c", code, last_event, *engine().arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert host.stderr == ""


def test_a_file_left_by_a_computer_that_lost_power():
    """Its process id may belong to anyone now: only an answer counts."""
    info = find_or_start_daemon(engine())
    kill(info.pid)
    write_connection_file(dataclasses.replace(info, pid=os.getpid()))
    assert find_or_start_daemon(engine()).server_id != info.server_id
