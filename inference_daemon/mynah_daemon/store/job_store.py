"""The jobs and results that outlive a daemon: what was accepted is begun, what was reported is
there.

A job's row and its result file change in an order that lets any moment be the last: a result is
written, synced and named before the row says finished, and deleted before the row is forgotten. A
finished row without its file counts for nothing, so the worst that can be lost is work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mynah_shared.errors import ProtocolError
from mynah_shared.protocol import codec
from mynah_shared.protocol.messages import (
    ErrorCode,
    JobState,
    Submit,
    SynthesizeReply,
    SynthesizeRequest,
)

from ..log import log_event
from . import points
from .database import open_database
from .errors import StoreError, cannot_keep
from .local_disk import require_local_disk
from .result_files import ResultFiles
from .syncing import sync_way

_MOST_ENDED: Final = 10_000
"""Failed and cancelled jobs that are remembered."""
_ROOM: Final = 0.9
"""What is left of a full cache's limit, so that not each result has to make room."""
_DAY_S: Final = 86_400.0
_NO_ID: Final = bytes(codec.ID_BYTES)


@dataclass(frozen=True)
class CacheLimits:
    """What is kept of finished results; the least recently used go first."""

    n_bytes: int
    days: float


@dataclass(frozen=True)
class NewJob:
    """A job to be begun. `client` is the session that submitted it."""

    key: str
    request: SynthesizeRequest
    client: bytes = b""
    is_batch: bool = False


@dataclass(frozen=True)
class OpenJob:
    """A job that a former daemon left; it waits again."""

    new: NewJob
    attempts: int
    strikes: int


class JobStore:
    """Everything under `folder`. Its methods may be called from any thread, but changes to one job
    must be made one after the other. Methods raise `StoreError` if the disk refuses."""

    def __init__(
        self, folder: Path, limits: CacheLimits, now_s: Callable[[], float] = time.time
    ) -> None:
        self._limits, self._now_s = limits, now_s
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            require_local_disk(folder)
            self._files = ResultFiles(folder / "results")
        except OSError as err:
            raise cannot_keep("The list of jobs", err) from err
        self._database = open_database(folder / "jobs.db")
        if not self._database.read("SELECT 1 FROM job LIMIT 1"):
            sync_way(folder)
            self._adopt_results()
        self._reconcile()
        self._forget_ended()
        ((place,),) = self._database.read("SELECT coalesce(max(place), 0) FROM job")
        self._place: int = place
        ((n_bytes, count),) = self._database.read(
            "SELECT coalesce(sum(n_bytes), 0), count(*) FROM job WHERE state = 'finished'"
        )
        self._result_bytes: int = n_bytes
        log_event("store_opened", results=count, result_bytes=n_bytes)
        self._make_room()

    def close(self) -> None:
        self._database.close()

    # --- what is there --------------------------------------------------------------------------

    def open_jobs(self) -> list[OpenJob]:
        """What waits, in the order in which it was submitted. Call at the start."""
        rows = self._database.read(
            "SELECT key, request, client, is_batch, attempts, strikes FROM job "
            "WHERE state IN ('queued', 'running') ORDER BY place"
        )
        jobs: list[OpenJob] = []
        for key, request, client, is_batch, attempts, strikes in rows:
            decoded = _decode(request)
            if decoded is None:
                text = "The line was submitted to another version of Mynah; submit it again."
                self.end([key], JobState.failed, ErrorCode.internal, text)
            else:
                new = NewJob(key, decoded, client, bool(is_batch))
                jobs.append(OpenJob(new, attempts, strikes))
        return jobs

    def ended(self, key: str) -> JobState | None:
        """How the job has ended; None if it is open or unknown, or its result is gone."""
        rows = self._database.read("SELECT state FROM job WHERE key = ?", (key,))
        state = JobState(rows[0][0]) if rows else None
        if state in (JobState.queued, JobState.running):
            return None
        return state if state is not JobState.finished or self._files.has(key) else None

    def result(self, key: str) -> SynthesizeReply | None:
        """A finished job's result, which counts as used now; None if there is none."""
        if self.ended(key) is not JobState.finished:
            return None
        reply = self._files.read(key)
        points.reach("result read")
        if reply is None:
            log_event("result_damaged", job=key[:12])
            self._files.delete(key)
            return None
        with self._database.write(durable=False) as connection:
            connection.execute("UPDATE job SET used_s = ? WHERE key = ?", (self._now_s(), key))
        return reply

    # --- what happens to jobs -------------------------------------------------------------------

    def begin(self, jobs: Sequence[NewJob]) -> None:
        """Keeps the jobs as queued, all or none; what was known of equal ones is replaced."""
        rows = [
            (job.key, self._place + 1 + i, "queued", job.client, job.is_batch, _encode(job.request))
            for i, job in enumerate(jobs)
        ]
        points.reach("begin")
        with self._database.write(durable=True) as connection:
            for row in rows:
                (old,) = connection.execute(
                    "SELECT coalesce(sum(n_bytes), 0) FROM job WHERE key = ?", row[:1]
                ).fetchone()
                connection.execute(
                    "INSERT OR REPLACE INTO job (key, place, state, client, is_batch, request, "
                    "used_s) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*row, self._now_s()),
                )
                self._result_bytes -= old
        self._place += len(rows)
        points.reach("begun")

    def take(self, key: str, lease: bytes) -> None:
        """The job runs under this lease; only its holder can finish it."""
        points.reach("take")
        with self._database.write(durable=False) as connection:
            connection.execute(
                "UPDATE job SET state = 'running', lease = ?, attempts = attempts + 1 "
                "WHERE key = ? AND state = 'queued'",
                (lease, key),
            )
        points.reach("taken")

    def requeue(self, key: str, strikes: int) -> None:
        """Its worker was lost: it waits again, in its old place."""
        points.reach("requeue")
        with self._database.write(durable=False) as connection:
            connection.execute(
                "UPDATE job SET state = 'queued', lease = x'', strikes = ? "
                "WHERE key = ? AND state = 'running'",
                (strikes, key),
            )
        points.reach("requeued")

    def end(
        self, keys: Sequence[str], state: JobState, code: ErrorCode | None = None, text: str = ""
    ) -> None:
        """Open jobs are cancelled or failed."""
        if not keys:
            return
        said = (state.value, code.value if code else "", text, self._now_s())
        points.reach("end")
        with self._database.write(durable=True) as connection:
            connection.executemany(
                "UPDATE job SET state = ?, code = ?, message = ?, request = x'', lease = x'', "
                "used_s = ? WHERE key = ? AND state IN ('queued', 'running')",
                [(*said, key) for key in keys],
            )
        points.reach("ended")
        self._ended_since_trim += len(keys)
        if self._ended_since_trim >= _MOST_ENDED // 10:
            self._forget_ended()

    def finish(self, key: str, lease: bytes, reply: SynthesizeReply) -> bool:
        """Keeps the result; False, and nothing kept, if the job isn't run under this lease now."""
        try:
            part = self._files.write(reply, lease)
            if not self._is_leased(key, lease):
                part.unlink()
                return False
            n_bytes = self._files.publish(part, key)
        except OSError as err:
            raise cannot_keep("The result", err) from err
        try:
            with self._database.write(durable=True) as connection:
                connection.execute(
                    "UPDATE job SET state = 'finished', request = x'', lease = x'', n_bytes = ?, "
                    "used_s = ? WHERE key = ? AND state = 'running' AND lease = ?",
                    (n_bytes, self._now_s(), key, lease),
                )
        except StoreError:
            self._files.delete(key)
            raise
        points.reach("finished")
        self._result_bytes += n_bytes
        self._make_room()
        return True

    # --- inside ---------------------------------------------------------------------------------

    def _is_leased(self, key: str, lease: bytes) -> bool:
        return bool(
            self._database.read(
                "SELECT 1 FROM job WHERE key = ? AND state = 'running' AND lease = ?", (key, lease)
            )
        )

    def _adopt_results(self) -> None:
        """Fills an empty database with the results that lie there: the former one was lost."""
        rows = [(found.key, found.n_bytes, found.used_s) for found in self._files.scan()]
        with self._database.write(durable=True) as connection:
            connection.executemany(
                "INSERT INTO job (key, place, state, client, is_batch, request, n_bytes, used_s) "
                "VALUES (?, 0, 'finished', x'', 0, x'', ?, ?)",
                rows,
            )

    def _reconcile(self) -> None:
        """What ran when the daemon died is finished if its result was complete, else waits."""
        points.reach("reconcile")
        running = self._database.read("SELECT key FROM job WHERE state = 'running'")
        for (key,) in running:
            is_there = self._files.read(key) is not None
            if not is_there:
                self._files.delete(key)
            with self._database.write(durable=True) as connection:
                connection.execute(
                    "UPDATE job SET state = ?, lease = x'', n_bytes = ?, used_s = ? WHERE key = ?",
                    (
                        "finished" if is_there else "queued",
                        self._files.size(key) if is_there else 0,
                        self._now_s(),
                        key,
                    ),
                )
        points.reach("reconciled")

    def _forget_ended(self) -> None:
        """Forgets the oldest failed and cancelled jobs beyond the limit."""
        self._ended_since_trim = 0
        with self._database.write(durable=False) as connection:
            connection.execute(
                "DELETE FROM job WHERE state IN ('failed', 'cancelled') AND place <= "
                "(SELECT place FROM job WHERE state IN ('failed', 'cancelled') "
                "ORDER BY place DESC LIMIT 1 OFFSET ?)",
                (_MOST_ENDED,),
            )

    def _make_room(self) -> None:
        """Deletes results beyond the limits, but never the newest."""
        oldest_s = self._now_s() - self._limits.days * _DAY_S
        is_full = self._result_bytes > self._limits.n_bytes
        goal = self._limits.n_bytes * (_ROOM if is_full else 1.0)
        doomed: list[tuple[str]] = []
        freed = 0
        if is_full or self._has_older(oldest_s):
            rows = self._database.read(
                "SELECT key, n_bytes, used_s FROM job WHERE state = 'finished' ORDER BY used_s"
            )
            for key, n_bytes, used_s in rows[:-1]:
                if self._result_bytes - freed <= goal and used_s >= oldest_s:
                    break
                doomed.append((key,))
                freed += n_bytes
        if not doomed:
            return
        for (key,) in doomed:
            self._files.delete(key)
        points.reach("results deleted")
        with self._database.write(durable=False) as connection:
            connection.executemany("DELETE FROM job WHERE key = ?", doomed)
        points.reach("results forgotten")
        self._result_bytes -= freed

    def _has_older(self, oldest_s: float) -> bool:
        return bool(
            self._database.read(
                "SELECT 1 FROM job WHERE state = 'finished' AND used_s < ? LIMIT 1", (oldest_s,)
            )
        )


def _encode(request: SynthesizeRequest) -> bytes:
    """As it came over the wire, so that other versions of Mynah can read it."""
    frames = codec.encode(Submit((request,)), message_id=_NO_ID, session_id=_NO_ID)
    return frames[1]


def _decode(data: bytes) -> SynthesizeRequest | None:
    try:
        message = codec.decode([codec.MAGIC, data]).message
    except ProtocolError:
        return None
    return message.requests[0] if isinstance(message, Submit) and message.requests else None
