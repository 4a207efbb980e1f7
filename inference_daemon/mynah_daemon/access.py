"""What a user of another computer may do, and how much of it.

The user of the daemon's own computer may do everything, within the daemon's general limits. Of the
others nobody reads or ends another's jobs, changes or deletes styles, or ends the daemon. What is
shared: files and results are computed and kept once, whoever sends or asks for them, but a result
goes only to those who have submitted its job, and a job ends only if nobody else wants it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from mynah_shared.errors import JobFailedError
from mynah_shared.protocol import messages as m

from .visitors import LOCAL

USER_JOBS: Final = 1000
"""Open jobs of a user, half of the daemon's queue: the others find a place in it."""
USER_UPLOADS: Final = 64
USER_UPLOAD_BYTES: Final = 4 << 30
"""Of all the files that a user has begun to send."""
LIBRARY_STYLES: Final = 2000
_ABANDONED_S: Final = 120.0
"""A file of which nothing came for so long makes room for others of its user."""
_MOST_KNOWN: Final = 20_000
_PER_SECOND, _BURST = 50.0, 400.0
_COSTLY: Final = (
    *(m.Hello, m.StatusRequest, m.ListStyles, m.FetchStylePicture, m.AddStyle, m.Submit),
)
"""Messages that read folders or draw. Uploads, results, cancels and pings are not counted: they
cost no more than they carry, and ROUTER takes turns between connections."""
_OPEN: Final = (m.JobState.queued, m.JobState.running)
_Handle = Callable[[m.Message], m.Message]


@dataclass
class _User:
    """What is known of one user. `uploads` are the lengths of unfinished files, and when something
    of them came last."""

    open_jobs: set[str] = field(default_factory=lambda: set[str]())
    uploads: dict[str, tuple[int, float]] = field(
        default_factory=lambda: dict[str, tuple[int, float]]()
    )
    tokens: float = _BURST
    told_s: float = 0.0


class Access:
    """Stands before the handlers of both sockets; safe from both of their threads. `abandon` makes
    the daemon forget an unfinished file."""

    def __init__(self, abandon: Callable[[str], None], count_styles: Callable[[], int]) -> None:
        self._abandon, self._count_styles = abandon, count_styles
        self._lock = threading.RLock()
        self._users: defaultdict[str, _User] = defaultdict(_User)
        self._submitters: OrderedDict[str, set[str]] = OrderedDict()

    def answer(self, user: str | None, message: m.Message, handle: _Handle) -> m.Message:
        """The reply of `handle`, if the user may have it.

        `user` is None if the key is accepted no more. Raises `JobFailedError` with the sentence.
        """
        if user is None:
            raise JobFailedError(
                "The daemon does not accept this computer's key any more; ask who looks after it.",
                code=m.ErrorCode.unsupported,
            )
        if user != LOCAL:
            self._check(user, message)
        if isinstance(message, m.Submit):
            return self._submit(user, message, handle)
        if isinstance(message, m.Cancel):
            return self._cancel(user, message, handle)
        if user == LOCAL:
            return handle(message)
        if isinstance(message, m.BlobPut):
            return self._put(user, message, handle)
        if isinstance(message, m.Fetch) and not self.has_submitted(user, message.job_id):
            raise JobFailedError(  # as if there were none
                "The daemon has no result for this job; submit the line again.",
                code=m.ErrorCode.not_found,
                retry=True,
            )
        reply = handle(message)
        if isinstance(reply, m.Welcome):
            return replace(reply, limits=replace(reply.limits, queued_jobs=USER_JOBS))
        return reply

    def has_submitted(self, user: str | None, job_id: str) -> bool:
        """Whether the user may hear of the job."""
        with self._lock:
            return user is not None and user in self._submitters.get(job_id, ())

    def ended(self, job_id: str) -> None:
        """The job has finished, failed or was cancelled."""
        with self._lock:
            for user in self._users.values():
                user.open_jobs.discard(job_id)

    # --- what one user may ask ------------------------------------------------------------------

    def _check(self, user: str, message: m.Message) -> None:
        if isinstance(message, m.Shutdown):
            raise _refuse("The daemon can be ended on its own computer only.")
        if isinstance(message, m.RemoveStyle) or (
            isinstance(message, m.AddStyle) and message.replace
        ):
            raise _refuse(
                f"The style '{message.name}' belongs to the daemon's computer and all who use it; "
                "ask who looks after the daemon to change it, or add one of another name."
            )
        if isinstance(message, m.AddStyle) and self._count_styles() >= LIBRARY_STYLES:
            raise _refuse("The library of styles is full; ask who looks after the daemon.")
        if isinstance(message, _COSTLY):
            self._charge(user)

    def _charge(self, name: str) -> None:
        with self._lock:
            user, now_s = self._users[name], time.monotonic()
            user.tokens = min(_BURST, user.tokens + (now_s - user.told_s) * _PER_SECOND)
            user.told_s = now_s
            if user.tokens < 1:
                raise _busy("These are more requests than the daemon answers at once.")
            user.tokens -= 1

    # --- jobs -----------------------------------------------------------------------------------

    def _submit(self, name: str, message: m.Submit, handle: _Handle) -> m.Message:
        with self._lock:
            n_open = len(self._users[name].open_jobs)
        if name != LOCAL and n_open + len(message.requests) > USER_JOBS:
            raise _busy(f"{n_open} lines of yours are waiting already; at most {USER_JOBS} may.")
        reply = handle(message)
        if isinstance(reply, m.Accepted):
            with self._lock:
                for job in reply.jobs:
                    self._note(name, job)
        return reply

    def _note(self, name: str, job: m.JobStatus) -> None:
        self._submitters.setdefault(job.job_id, set()).add(name)
        self._submitters.move_to_end(job.job_id)
        if job.state in _OPEN:
            self._users[name].open_jobs.add(job.job_id)
        while len(self._submitters) > _MOST_KNOWN:
            self._submitters.popitem(last=False)

    def _cancel(self, name: str, message: m.Cancel, handle: _Handle) -> m.Message:
        """Passes on what nobody else wants; the rest the user has only left."""
        with self._lock:
            passed = [job_id for job_id in message.job_ids if self._leave(name, job_id)]
        reply = handle(m.Cancel(tuple(passed)))
        if not isinstance(reply, m.JobStates):
            return reply
        states = {job.job_id: job for job in reply.jobs}
        left = m.JobState.cancelled
        return m.JobStates(
            tuple(states.get(key, m.JobStatus(key, left)) for key in message.job_ids)
        )

    def _leave(self, name: str, job_id: str) -> bool:
        """Whether the cancel of this user ends the job."""
        others = [user for other, user in self._users.items() if other != name]
        if any(job_id in user.open_jobs for user in others):
            self._users[name].open_jobs.discard(job_id)
            self._submitters.get(job_id, set()).discard(name)
            return False
        return name == LOCAL or self.has_submitted(name, job_id)

    # --- files ----------------------------------------------------------------------------------

    def _put(self, name: str, message: m.BlobPut, handle: _Handle) -> m.Message:
        with self._lock:
            uploads, now_s = self._users[name].uploads, time.monotonic()
            if message.sha256 not in uploads:
                self._make_room(name, now_s, message.n_bytes)
            uploads[message.sha256] = message.n_bytes, now_s
        is_open = False
        try:
            reply = handle(message)
            is_open = isinstance(reply, m.BlobState) and reply.offset > 0 and not reply.complete
            return reply
        finally:
            if not is_open:
                with self._lock:
                    uploads.pop(message.sha256, None)

    def _make_room(self, name: str, now_s: float, n_bytes: int) -> None:
        """Raises `JobFailedError` (busy) if the user is sending as much as a user may."""
        uploads = self._users[name].uploads
        old = [key for key, (_, told_s) in uploads.items() if now_s - told_s > _ABANDONED_S]
        for sha256 in old:
            del uploads[sha256]
            if not any(sha256 in user.uploads for user in self._users.values()):
                self._abandon(sha256)
        if (
            len(uploads) >= USER_UPLOADS
            or n_bytes + sum(length for length, _ in uploads.values()) > USER_UPLOAD_BYTES
        ):
            raise _busy("You are sending as many files as one user may at once.")


def _refuse(sentence: str) -> JobFailedError:
    return JobFailedError(sentence, code=m.ErrorCode.unsupported)


def _busy(sentence: str) -> JobFailedError:
    return JobFailedError(f"{sentence} Try again in a moment.", code=m.ErrorCode.busy, retry=True)
