"""The store on its own: its files, its limits, and what it does with a damaged or foreign one."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mynah_daemon.store import local_disk
from mynah_daemon.store.errors import StoreError
from mynah_daemon.store.job_store import CacheLimits, JobStore, NewJob
from mynah_daemon.store.local_disk import require_local_disk
from mynah_shared.protocol.messages import ErrorCode, JobState
from tests.inference_daemon.store_results import is_right, key_of, request_of, result_of

LEASE = bytes(16)
DAY_S = 86_400.0


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


class Opened:
    """Stores in one folder, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder / "jobs", Clock()
        self._store: JobStore | None = None

    def store(self, n_bytes: int = 1 << 20, days: float = 30.0) -> JobStore:
        self.close()
        self._store = JobStore(self.folder, CacheLimits(n_bytes, days), self.clock)
        return self._store

    def close(self) -> None:
        if self._store:
            self._store.close()

    def path(self, name: str) -> Path:
        return self.folder / "results" / key_of(name)[:2] / f"{key_of(name)}.npz"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    made = Opened(tmp_path)
    yield made
    made.close()


def finish(store: JobStore, *names: str, n_frames: int = 10) -> None:
    for name in names:
        store.begin([NewJob(key_of(name), request_of(name))])
        store.take(key_of(name), LEASE)
        assert store.finish(key_of(name), LEASE, result_of(name, n_frames))


def finished(store: JobStore, names: str) -> str:
    return "".join(name for name in names if store.ended(key_of(name)) is JobState.finished)


def test_a_request_is_kept_as_it_is_and_forgotten_when_it_has_ended(opened: Opened) -> None:
    store = opened.store()
    store.begin([NewJob(key_of("a"), request_of("a"), b"client", is_batch=True)])
    (left,) = opened.store().open_jobs()
    assert left.new == NewJob(key_of("a"), request_of("a"), b"client", is_batch=True)
    opened.store().end([key_of("a")], JobState.failed, ErrorCode.bad_audio, "no sound")
    opened.close()
    assert opened.store().open_jobs() == []


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_only_its_owner_may_look_inside(opened: Opened) -> None:
    before = os.umask(0)
    try:
        finish(opened.store(), "a")
    finally:
        os.umask(before)
    paths = [opened.folder, *opened.folder.rglob("*")]
    assert len(paths) >= 5
    for path in paths:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_the_least_recently_used_results_make_room(opened: Opened) -> None:
    store = opened.store()
    finish(store, "a")
    n_bytes = opened.path("a").stat().st_size
    store = opened.store(round(4.5 * n_bytes))
    for name in "bcd":
        opened.clock.now_s += 1
        finish(store, name)
    opened.clock.now_s += 1
    assert store.result(key_of("a"))  # used again, so it outlives b
    opened.clock.now_s += 1
    finish(store, "e")
    assert finished(store, "abcde") == "acde"
    assert not opened.path("b").exists()
    finish(store, "f", n_frames=10_000)  # the newest stays, however large
    assert finished(store, "abcdef") == "f"
    assert finished(opened.store(round(4.5 * n_bytes)), "abcdef") == "f"


def test_results_that_nobody_wanted_for_long_are_deleted(opened: Opened) -> None:
    store = opened.store(days=30)
    finish(store, "a", "b")
    opened.clock.now_s += 29 * DAY_S
    assert store.result(key_of("a"))
    opened.clock.now_s += 2 * DAY_S
    finish(store, "c")
    assert finished(store, "abc") == "ac"
    opened.clock.now_s += 29 * DAY_S
    assert finished(opened.store(), "abc") == "c"


@pytest.mark.parametrize("damage", ["zeros", "text", "newer", "emptied", "root page"])
def test_a_database_that_is_no_use_is_set_aside_and_results_are_kept(
    opened: Opened, damage: str
) -> None:
    finish(opened.store(), "a", "b")
    opened.store().begin([NewJob(key_of("c"), request_of("c"))])
    opened.close()
    path = opened.folder / "jobs.db"
    data = bytearray(path.read_bytes())
    if damage == "newer":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "text":
        path.write_bytes(b"not a database" * 1000)
    else:
        first = 100 if damage == "root page" else 4096
        data[first : first + 8000] = bytes(8000)
        path.write_bytes(data)
    opened.path("b").write_bytes(b"damaged too")
    store = opened.store()
    reply = store.result(key_of("a"))
    assert reply is not None
    assert is_right(reply, "a")
    assert store.result(key_of("b")) is None
    assert store.open_jobs() == []  # the clients submit them again
    finish(store, "b", "c")
    assert finished(opened.store(), "abc") == "abc"
    if damage != "emptied":
        assert (opened.folder / "jobs.unusable.db").exists()


def test_a_deleted_database_is_filled_from_the_results(opened: Opened) -> None:
    finish(opened.store(), "a", "b")
    opened.close()
    for path in opened.folder.glob("jobs.db*"):
        path.unlink()
    (opened.folder / "results" / "notes.txt").write_text("of another program")
    assert finished(opened.store(), "ab") == "ab"


def test_a_second_process_is_refused_in_a_sentence(opened: Opened, repository: Path) -> None:
    opened.store()
    code = (
        "import sys; from pathlib import Path\n"
        "from mynah_daemon.store.errors import StoreError\n"
        "from mynah_daemon.store.job_store import CacheLimits, JobStore\n"
        "try: JobStore(Path(sys.argv[1]), CacheLimits(1, 1))\n"
        "except StoreError as err: print(err)\n"
    )
    folders = [str(repository / "shared"), str(repository / "inference_daemon")]
    said = subprocess.run(
        [sys.executable, "-c", code, opened.folder],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert said.startswith("Another process uses '")
    assert "set MYNAH_HOME" in said


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's list of mounts")
@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("36 35 98:0 / / rw - ext4 /dev/sda rw", ""),
        ("36 35 0:50 / / rw shared:1 - nfs4 server:/home rw", "nfs4"),
        ("1 0 8:1 / / rw - ext4 d rw\n2 1 0:9 / {folder} rw master:2 - cifs //s/x rw", "cifs"),
        ("1 0 0:9 / / rw - nfs s:/ rw\n2 1 8:1 / {folder} rw - xfs /dev/sdb rw", ""),
        ("1 0 8:1 / / rw - ext4 d rw\n2 1 0:9 / {folder}/other rw - nfs s:/ rw", ""),
    ],
)
def test_a_network_drive_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: str, kind: str
) -> None:
    folder = tmp_path / "my jobs"
    folder.mkdir()
    listed = tmp_path / "mountinfo"
    listed.write_text(mounts.format(folder=str(folder).replace(" ", "\\040")) + "\n")
    monkeypatch.setattr(local_disk, "_MOUNTS", listed)
    if not kind:
        require_local_disk(folder)
        return
    with pytest.raises(StoreError, match=rf"network drive \({kind}\).*set MYNAH_HOME"):
        JobStore(folder / "jobs", CacheLimits(1, 1))


def test_an_sqlite_without_strict_tables_will_do(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RHEL 9 has one. A store of either kind is opened by both."""
    from mynah_daemon.store import database

    (script,) = database._MIGRATIONS
    monkeypatch.setattr(database, "_MIGRATIONS", (script.replace("STRICT", ""),))
    finish(opened.store(), "a")
    monkeypatch.undo()
    assert finished(opened.store(), "a") == "a"
