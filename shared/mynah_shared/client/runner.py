"""Runs many lines and questions at once over one connection: each is a generator that is resumed
when due."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from ..errors import EngineUnavailableError, JobFailedError, MynahError, ProtocolError
from ..protocol import codec
from ..protocol import messages as m
from . import steps
from .client import REQUEST_TIMEOUT_S, Client, refusal
from .events import Answered, ClientEvent, Finished, Progressed, failure
from .losses import silent

PING_INTERVAL_S = 1.0
PING_TIMEOUT_S = 2.0
FAREWELL_S = 0.2


@dataclass(eq=False)
class Task:
    """One line or question on its way. `attempts` counts the connections on which it was begun.
    Nobody waits at a screen for a line of a batch."""

    ticket: str
    work: steps.Line | steps.LibraryQuestion
    is_batch: bool = False
    attempts: int = 0
    job_id: str = ""
    events: deque[m.JobEvent] = field(default_factory=lambda: deque[m.JobEvent]())
    waits_for: m.Message | steps.Wait = steps.Pause(0.0)  # noqa: RUF009 - Pause is frozen
    due_s: float = 0.0
    is_cancelled: bool = False


class LineRunner:
    """`turn` does what is due and waits for what comes next.

    It raises a `MynahError` if the connection is lost; `tasks` are then the lines still open.
    """

    def __init__(
        self, client: Client, limits: m.Limits, report: Callable[[ClientEvent], None]
    ) -> None:
        self.tasks: list[Task] = []
        self._client = client
        self._limits = limits
        self._report = report
        self._generators: dict[Task, steps.Steps[Finished | Answered]] = {}
        self._pending: dict[bytes, Task] = {}
        self._heard_s = 0.0
        self._pinged_s: float | None = None

    def start(self, task: Task) -> None:
        """Begins a line or question from its first step."""
        task.attempts += 1
        task.job_id, task.waits_for, task.due_s = "", steps.Pause(0.0), 0.0
        task.events.clear()
        self._heard_s = time.monotonic()
        if isinstance(task.work, steps.Line):
            self._generators[task] = _perform(task, task.work, self._limits, self._report)
        else:
            self._generators[task] = _answer(task, task.work, self._limits)
        self.tasks.append(task)

    def cancel(self, ticket: str) -> None:
        """Forgets a line, and its job unless another line waits for the same one."""
        for task in [task for task in self.tasks if task.ticket == ticket]:
            task.is_cancelled = True
            self._forget(task)
            self._cancel_jobs([task.job_id])

    def turn(self) -> None:
        """Resumes what is due, then waits until a message, a wake-up or the next due time."""
        now_s = time.monotonic()
        for task in [task for task in self.tasks if task.due_s <= now_s]:
            self._resume_due(task)
        envelopes = self._client.receive(self._timeout_s())
        for envelope in envelopes:
            self._dispatch(envelope)
        self._check_liveness(has_heard=bool(envelopes))

    def release(self) -> list[Task]:
        """Stops all lines where they are, for another connection to begin them anew."""
        tasks = list(self.tasks)
        for task in tasks:
            self._forget(task)
        return tasks

    def farewell(self) -> None:
        """Cancels all jobs and gives the daemon a moment to hear of it."""
        job_ids = [task.job_id for task in self.release()]
        self._cancel_jobs(job_ids)
        deadline_s = time.monotonic() + FAREWELL_S
        while any(job_ids) and (remaining_s := deadline_s - time.monotonic()) > 0:
            if any(isinstance(e.message, m.JobStates) for e in self._client.receive(remaining_s)):
                return

    # --- steps ----------------------------------------------------------------------------------

    def _resume_due(self, task: Task) -> None:
        if isinstance(task.waits_for, steps.NextEvent) and task.events:
            self._resume(task, task.events.popleft())
        elif isinstance(task.waits_for, steps.Wait):
            self._resume(task, None)
        else:
            raise EngineUnavailableError(
                f"The daemon did not answer within {REQUEST_TIMEOUT_S:g} s; run `mynah status`."
            )

    def _resume(self, task: Task, reply: m.Message | None) -> None:
        generator = self._generators[task]
        try:
            if isinstance(reply, m.ErrorReply):
                step = generator.throw(refusal(reply))
            else:
                step = generator.send(reply)
            self._arrange(task, step)
        except StopIteration as done:
            self._forget(task)
            self._report(done.value)
        except EngineUnavailableError:
            raise  # the connection's end, not the line's
        except MynahError as error:
            self._forget(task)
            self._report(failure(task.ticket, error))

    def _arrange(self, task: Task, step: m.Message | steps.Wait) -> None:
        task.waits_for = step
        now_s = time.monotonic()
        if isinstance(step, steps.Pause):
            task.due_s = now_s + step.seconds
        elif isinstance(step, steps.NextEvent):
            task.due_s = 0.0 if task.events else now_s + step.timeout_s
        else:
            task.due_s = now_s + REQUEST_TIMEOUT_S
            self._pending[self._client.send(step)] = task

    def _forget(self, task: Task) -> None:
        self.tasks.remove(task)
        self._generators.pop(task).close()

    # --- messages -------------------------------------------------------------------------------

    def _dispatch(self, envelope: codec.Envelope) -> None:
        message = envelope.message
        if isinstance(message, m.JobEvent):
            self._deliver(message)
            return
        task = self._pending.pop(envelope.reply_to or b"", None)
        if task is None:
            return  # a pong, or the answer to a cancel
        if not task.is_cancelled:
            self._resume(task, message)
        elif isinstance(message, m.Accepted):  # cancelled before the job's id was known
            self._cancel_jobs([status.job_id for status in message.jobs])

    def _deliver(self, event: m.JobEvent) -> None:
        for task in self.tasks:
            if task.job_id == event.job_id:
                task.events.append(event)
                if isinstance(task.waits_for, steps.NextEvent):
                    task.due_s = 0.0

    def _cancel_jobs(self, job_ids: list[str]) -> None:
        wanted = {task.job_id for task in self.tasks} | {""}
        if unwanted := tuple(sorted(set(job_ids) - wanted)):
            self._client.send(m.Cancel(unwanted))

    # --- liveness -------------------------------------------------------------------------------

    def _timeout_s(self) -> float | None:
        """None without open lines: an idle host costs nothing, a lost connection still wakes it."""
        if not self.tasks:
            return None
        if self._pinged_s is None:
            ping_due_s = self._heard_s + PING_INTERVAL_S
        else:
            ping_due_s = self._pinged_s + PING_TIMEOUT_S
        due_s = min(ping_due_s, *(task.due_s for task in self.tasks))
        return max(0.0, due_s - time.monotonic())

    def _check_liveness(self, *, has_heard: bool) -> None:
        """Any message counts as a sign of life.

        Called after the sockets were read, so a host that stalled this thread loses no daemon.
        """
        now_s = time.monotonic()
        if has_heard or not self.tasks:
            self._heard_s, self._pinged_s = now_s, None
        elif self._pinged_s is None and now_s >= self._heard_s + PING_INTERVAL_S:
            self._client.send(m.Ping())
            self._pinged_s = now_s
        elif self._pinged_s is not None and now_s >= self._pinged_s + PING_TIMEOUT_S:
            if self._client.info.is_remote:
                raise silent(self._client.info, now_s - self._heard_s)
            raise EngineUnavailableError(
                f"The daemon has been silent for {now_s - self._heard_s:.0f} s; "
                "run `mynah status`, and end its process if that stays silent too."
            )


def _answer(task: Task, question: steps.LibraryQuestion, limits: m.Limits) -> steps.Steps[Answered]:
    return Answered(task.ticket, (yield from steps.ask_library(question, limits)))


def _perform(
    task: Task, line: steps.Line, limits: m.Limits, report: Callable[[ClientEvent], None]
) -> steps.Steps[Finished]:
    """All steps of one line: read, upload, submit, follow, fetch."""

    def sending(share: float) -> None:
        report(Progressed(task.ticket, "upload", share))

    sending(0.0)
    request = yield from steps.upload_line(line, limits, sending)
    job = yield from steps.submit(request, is_batch=task.is_batch)
    task.job_id = job.job_id
    report(Progressed(task.ticket, "queued", 0.0))
    state = job.state
    while state is not m.JobState.finished:
        event = yield from steps.next_event(task.job_id)
        if event is None or event.state is m.JobState.cancelled:
            # Events may be lost, and another host may have cancelled an equal line: submitting
            # again asks how the job is, and begins it anew if it was cancelled.
            job = yield from steps.submit(request, is_batch=task.is_batch)
            task.job_id, state = job.job_id, job.state
        elif event.state is m.JobState.failed:
            raise JobFailedError(event.message, code=event.code)
        else:
            state = event.state
            report(Progressed(task.ticket, event.stage, _fraction(event)))
    reply = yield from steps.ask(m.Fetch(task.job_id), m.SynthesizeReply)
    return Finished(task.ticket, reply.clip, _read_meta(reply.meta))


def _fraction(event: m.JobEvent) -> float:
    return min(1.0, max(0.0, event.done / max(1, event.total)))


def _read_meta(text: str) -> dict[str, Any]:
    try:
        meta: object = json.loads(text)
    except ValueError as error:
        raise ProtocolError("The daemon sent a result whose record is no JSON.") from error
    if not isinstance(meta, dict):
        raise ProtocolError("The daemon sent a result whose record is no JSON object.")
    return cast("dict[str, Any]", meta)
