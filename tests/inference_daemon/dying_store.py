"""Runs one piece of work again and again, killed at another named point each time.

`python dying_store.py FOLDER`: each case gets a folder of its own, named after its point and how
often that was reached, with the store, the uploads, and `said.txt`: what was promised until then.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from mynah_daemon.blobs import BlobStore
from mynah_daemon.config import LIMITS
from mynah_daemon.jobs import Job, JobTable
from mynah_daemon.store import points
from mynah_daemon.store.job_store import CacheLimits, JobStore
from mynah_shared.protocol.messages import ErrorCode
from tests.inference_daemon.store_results import key_of, request_of, result_of

ROOM = 6000
"""Bytes of results that are kept: a few."""


def open_all(folder: Path) -> tuple[JobStore, JobTable, BlobStore]:
    store = JobStore(folder / "jobs", CacheLimits(ROOM, days=30))
    table = JobTable(store, 100, lambda _event: None)
    return store, table, BlobStore(folder / "blobs", LIMITS, 1 << 20, table.uses_blob)


def work(folder: Path, say: Callable[[str], None]) -> None:
    """All that can happen to jobs, with two daemons one after the other. `say` is what a client
    was told."""
    store, table, blobs = open_all(folder)
    for name in "abcdefg":
        _submit(table, blobs, name, say)
    taken = {name: _take(table) for name in "abc"}
    _finish(table, taken["a"], "a", say)
    table.requeue(taken["b"], is_strike=True)
    table.fail(taken["c"], ErrorCode.bad_audio, "no sound")
    say("failed c")
    table.cancel([key_of("d"), key_of("e")])
    say("cancelled d")
    say("cancelled e")
    _submit(table, blobs, "d", say)
    table.result(key_of("a"))
    _take(table)  # b runs when the daemon is killed
    store.close()

    store, table, blobs = open_all(folder)
    for name in "bfgd":
        _finish(table, _take(table), name, say)
    for name in "hij":  # there is not room for all
        _submit(table, blobs, name, say)
        _finish(table, _take(table), name, say)
    blobs.close()
    store.close()


def _submit(table: JobTable, blobs: BlobStore, name: str, say: Callable[[str], None]) -> None:
    data = f"audio {name}".encode()
    request = request_of(name)
    assert request.audio_sha256 == hashlib.sha256(data).hexdigest()
    assert blobs.put(request.audio_sha256, len(data), 0, data).complete
    table.submit([(key_of(name), request)])
    say(f"accepted {name}")


def _take(table: JobTable) -> Job:
    job = table.take()
    assert job is not None
    return job


def _finish(table: JobTable, job: Job, name: str, say: Callable[[str], None]) -> None:
    assert job.job_id == key_of(name)
    table.finish(job, job.lease, result_of(name))
    say(f"finished {name}")


def run_case(folder: Path, point: str, time: int) -> bool:
    """In a process of its own; whether it was killed."""
    folder.mkdir()
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or status == 0, f"{folder.name} failed"
        return os.WIFSIGNALED(status)
    reached: Counter[str] = Counter()

    def reach(name: str) -> None:
        assert name in points.POINTS
        reached[name] += 1
        if (name, reached[name]) == (point, time):
            os.kill(os.getpid(), signal.SIGKILL)

    points.reach = reach
    said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    code = 1
    try:
        work(folder, lambda text: os.write(said, f"{text}\n".encode()) and None)
        code = 0
    finally:
        os._exit(code)


def main(folder: Path) -> None:
    for point in points.POINTS:
        time = 1
        while run_case(folder / f"{point}.{time}", point, time):
            time += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
