"""The one connection to the daemon, the lines under way, and the timer that looks after both.

Everything here runs on Maya's main thread. The sockets belong to the client's own thread, which
never sees a node: it is handed bytes and numbers, and hands back frozen events.
"""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import maya.api.OpenMaya as om
from maya import cmds

from . import qt
from .baking.line import BakeReport
from .delivery import key_line
from .drafts import Draft, draft_of, key_draft, make_room, paces, take_back
from .library import (
    STAGE_WORDS,
    Answered,
    BackgroundClient,
    Cancelled,
    ClientEvent,
    Connected,
    ConnectionInfo,
    Failed,
    Finished,
    LibraryQuestion,
    Line,
    ModelInfo,
    MotionClip,
    MynahError,
    Pieces,
    Progressed,
    StyleList,
)
from .order import Order
from .progress import Progress, progress_here
from .setup.chosen import chosen_connection

TICK_MS = 50
TURN_S = 0.008
"""For so long at most a tick takes what came; a line that is keyed may take longer."""
PAUSE_S = 0.01
CLOSE_TIMEOUT_S = 1.0
CANCELLED = "Cancelled; nothing was changed."
SCENE_CLOSED = "The scene was closed while the line was made, so it was given up."

Connect = Callable[[], ConnectionInfo]
Reply = Callable[[Answered | Failed], None]
Ending = Callable[[Finished | Failed | Cancelled], None]


@dataclass(frozen=True)
class Job:
    """A line under way. `sent` is what the client calls it, once all that it needs is read from
    the scene: `line`. First that is its draft, while it is `drafting` one; `draft` is on show until
    the line is made."""

    order: Order
    ticket: str
    is_batch: bool = False
    shows_draft: bool = False
    sent: str = ""
    line: Line | None = None
    stage: str = "connecting"
    fraction: float = 0.0
    drafting: Line | None = None
    draft: Draft | None = None

    @property
    def words(self) -> str:
        """What is being done for it."""
        stage = STAGE_WORDS.get(self.stage, self.stage)
        stage = stage[:1].lower() + stage[1:]
        if self.drafting is not None:
            return f"draft: {stage}"
        return stage if self.draft is None else f"{stage} (draft on show)"


@dataclass(frozen=True)
class Errand:
    """What the engine makes beside the lines, to be keyed nowhere; `end` hears how it ended."""

    title: str
    end: Ending
    stage: str = "connecting"
    fraction: float = 0.0

    @property
    def words(self) -> str:
        """How far it is, for people."""
        return f"{self.title}: {STAGE_WORDS.get(self.stage, self.stage)}"


@dataclass(frozen=True)
class Outcome:
    """How a line ended: with a report, or with a sentence that says why not. `clip` is what the
    engine made."""

    order: Order
    report: BakeReport | None
    message: str
    is_error: bool
    clip: MotionClip | None = None


class Session:
    """Any number of lines under way, and of errands beside them; `outcomes` are those of the lines
    since nothing was under way before. `models` are the engine's, as it last told. `n_left` counts
    how often a daemon was left: the next may be another one."""

    def __init__(
        self, connect: Connect = chosen_connection, progress: Progress | None = None
    ) -> None:
        self.jobs: dict[str, Job] = {}
        self.errands: dict[str, Errand] = {}
        self.outcomes: list[Outcome] = []
        self.models: tuple[ModelInfo, ...] = ()
        self.n_left = 0
        self.after_line: list[Callable[[Outcome], None]] = []
        self.after_draft: list[Callable[[Draft], None]] = []
        self.after_library: list[Callable[[StyleList], None]] = []
        self._connect = connect
        self._progress = progress
        self._client: BackgroundClient | None = None
        self._timer: Any = None
        self._callbacks: list[int] = []
        self._questions: dict[str, Reply] = {}
        self._readings: dict[str, Pieces[Line]] = {}
        self._work: list[Pieces[None]] = []

    @property
    def is_busy(self) -> bool:
        """Whether a line is under way."""
        return bool(self.jobs)

    def start(self, order: Order, *, is_batch: bool = False, shows_draft: bool = False) -> str:
        """Begin a line and return its ticket at once; one of a batch lets others pass. With
        `shows_draft` somebody looks at the scene: if the line takes long, a draft is there first.
        With windows a timer sees to the rest; without, `run_until_done` does."""
        if not self.jobs:
            self.outcomes = []
        self._reach()
        ticket = uuid.uuid4().hex
        job = self.jobs[ticket] = Job(order, ticket, is_batch, shows_draft)
        if order.is_read:
            self._send(job, order.line)
        else:
            self.jobs[ticket] = replace(job, stage="reading")
            self._readings[ticket] = order.read()
        return ticket

    def ask(self, question: LibraryQuestion, then: Reply) -> None:
        """Ask the engine about its styles; `then` is called with the answer, from the timer."""
        self._questions[self._reach().ask(question)] = then

    def send(self, line: Line, title: str, end: Ending) -> str:
        """Have the engine make something that is keyed nowhere; returns its ticket at once."""
        ticket = self._reach().generate(line)
        self.errands[ticket] = Errand(title, end)
        return ticket

    def run(self, work: Pieces[None]) -> None:
        """Do work in pieces beside everything else. It deals with its errors itself."""
        self._reach()
        self._work.append(work)

    def withdraw(self, ticket: str) -> None:
        """Give up an errand; nothing happens if it has ended meanwhile."""
        errand = self.errands.pop(ticket, None)
        if errand is not None:
            if self._client is not None:
                self._client.cancel(ticket)
            self._rest()
            errand.end(Cancelled(ticket))

    def cancel(self, message: str = CANCELLED) -> None:
        """Give up all lines under way; what is in the scene stays as it is."""
        for job in list(self.jobs.values()):
            self._give_up(job, message)
        self._rest()

    def cancel_line(self, ticket: str) -> None:
        """Give up one line; the others go on. Nothing happens if it has ended meanwhile."""
        job = self.jobs.get(ticket)
        if job is not None:
            self._give_up(job, CANCELLED)
            self._rest()

    def tick(self) -> None:
        """What the timer does: take what came, show progress, hear Esc."""
        end_s = time.perf_counter() + TURN_S
        while self.pump() and time.perf_counter() < end_s:
            pass
        self._hear_escape()
        self._rest()

    def pump(self) -> bool:
        """Take one thing that the daemon has sent, or read a piece of what a line needs; False if
        there is neither. Never waits."""
        if self._client is None:
            return False
        try:
            event = self._client.events.get_nowait()
        except queue.Empty:
            return self._read_on() or self._work_on()
        self._handle(event)
        return True

    def run_until_done(self) -> None:
        """Pump until no line is under way: for Maya without windows, and for commands that are told
        to wait. Esc cancels."""
        self.run_until(lambda: not self.is_busy)

    def run_until(self, is_done: Callable[[], bool]) -> None:
        """Pump until it is done: as `run_until_done`, for errands and questions."""
        try:
            while not is_done():
                if not self.pump():
                    time.sleep(PAUSE_S)
                self._hear_escape()
        except BaseException:  # an interrupt leaves nothing under way
            self._cancel_all()
            raise
        self._rest()

    def close(self) -> None:
        """Cancel, leave the daemon, stop the timer and listen to no scene; the next line connects
        anew."""
        self._cancel_all()
        self.models = ()
        self.n_left += 1
        self._questions = {}
        self._work = []
        self._rest()
        for callback in self._callbacks:
            om.MMessage.removeCallback(callback)
        self._callbacks = []
        if self._client is not None:
            self._client.close(CLOSE_TIMEOUT_S)
            self._client = None

    def _cancel_all(self) -> None:
        self.cancel()
        for ticket in list(self.errands):
            self.withdraw(ticket)

    def _hear_escape(self) -> None:
        if (self.is_busy or self.errands) and self._shown().is_cancelled():
            self._cancel_all()

    def _give_up(self, job: Job, message: str) -> None:
        if self._client is not None and job.sent:
            self._client.cancel(job.sent)
        self._end(job, None, message, is_error=False)

    def _send(self, job: Job, line: Line) -> None:
        """Have the line made, all of which is read: as a draft first, if that is worth it."""
        drafting = draft_of(job.order, line) if job.shows_draft else None
        sent = self._reach().generate(drafting or line, is_batch=job.is_batch)
        job = replace(job, sent=sent, line=line, drafting=drafting)
        self.jobs[job.ticket] = replace(job, stage="connecting", fraction=0.0)

    def _read_on(self) -> bool:
        """One piece of the first line that is being read; when all is there, it is sent."""
        ticket = next(iter(self._readings), "")
        if not ticket:
            return False
        job = self.jobs[ticket]
        try:
            share = next(self._readings[ticket])
        except StopIteration as done:
            del self._readings[ticket]
            self._send(job, done.value)
        except MynahError as error:
            self._end(job, None, str(error), is_error=True)
        except Exception as error:  # as for what is keyed: nobody must wait for this line
            self._end(job, None, f"The rig could not be read: {error}", is_error=True)
            raise
        else:
            self.jobs[ticket] = replace(job, fraction=share)
            self._show()
        return True

    def _work_on(self) -> bool:
        """One piece of the work that was begun first."""
        if not self._work:
            return False
        work, is_over = self._work[0], True
        try:
            is_over = next(work, None) is None
        finally:  # also of work that failed
            if is_over and work in self._work:
                self._work.remove(work)
        return True

    # --- what comes -----------------------------------------------------------------------------

    def _handle(self, event: ClientEvent) -> None:
        if isinstance(event, Connected):
            self.models = event.models
        ticket = getattr(event, "ticket", "")
        if isinstance(event, Answered | Failed) and ticket in self._questions:
            self._questions.pop(ticket)(event)
            if isinstance(event, Answered) and isinstance(event.reply, StyleList):
                for listener in list(self.after_library):
                    listener(event.reply)
            return
        if ticket in self.errands:
            self._follow(ticket, event)
            return
        job = next((job for job in self.jobs.values() if job.sent == ticket), None)
        if job is None or not ticket:
            return  # about the connection, or about a line that was cancelled
        if isinstance(event, Progressed):
            self.jobs[job.ticket] = replace(job, stage=event.stage, fraction=event.fraction)
            self._show()
        elif isinstance(event, Failed):
            self._end(job, None, event.message, is_error=True)
        elif isinstance(event, Cancelled):
            self._end(job, None, CANCELLED, is_error=False)
        elif isinstance(event, Finished):
            self._finish(job, event)

    def _finish(self, job: Job, event: Finished) -> None:
        """The engine has made the line, or its draft."""
        assert job.line is not None
        paces.note(job.drafting or job.line, event.meta)
        if job.drafting is None:
            self._bake(job, event)
            return
        sent = self._reach().generate(job.line)
        job = replace(job, sent=sent, stage="queued", fraction=0.0, drafting=None)
        self.jobs[job.ticket] = job
        try:
            draft = key_draft(job.order, event.clip, event.meta)
        except MynahError:
            return  # the line itself will meet the same, and say so
        self.jobs[job.ticket] = replace(job, draft=draft)
        for listener in list(self.after_draft):
            listener(draft)

    def _follow(self, ticket: str, event: ClientEvent) -> None:
        if isinstance(event, Progressed):
            errand = replace(self.errands[ticket], stage=event.stage, fraction=event.fraction)
            self.errands[ticket] = errand
            if not self.is_busy:  # else the bar tells of the lines
                self._shown().show(f"Mynah: {errand.words}", errand.fraction)
        elif isinstance(event, Finished | Failed | Cancelled):
            self.errands.pop(ticket).end(event)

    def _bake(self, job: Job, event: Finished) -> None:
        order = job.order
        told = [str(sentence) for sentence in event.meta.get("warnings", ())]
        try:
            if job.draft is not None:
                make_room(job.draft)
            report = key_line(order, event.clip, event.meta)
        except MynahError as error:
            self._end(job, None, str(error), is_error=True)
        except Exception as error:
            # a bug or what Maya refused, and Maya prints it; but nobody must wait for this line
            self._end(job, None, f"The line could not be keyed: {error}", is_error=True)
            raise
        else:
            of_draft = job.draft.remarks if job.draft is not None else ()
            remarks = dict.fromkeys((*order.remarks, *told, *of_draft, *report.remarks))
            report = replace(report, remarks=tuple(remarks))
            self._end(job, report, report.sentence, is_error=False, clip=event.clip)

    def _end(
        self,
        job: Job,
        report: BakeReport | None,
        message: str,
        *,
        is_error: bool,
        clip: MotionClip | None = None,
    ) -> None:
        del self.jobs[job.ticket]
        self._readings.pop(job.ticket, None)
        if report is None and job.draft is not None and (kept := take_back(job.draft)):
            message = f"{'Cancelled.' if message == CANCELLED else message} {kept}"
        outcome = Outcome(job.order, report, message, is_error, clip)
        self.outcomes.append(outcome)
        for listener in list(self.after_line):
            listener(outcome)

    # --- what is shown --------------------------------------------------------------------------

    def _shown(self) -> Progress:
        if self._progress is None:
            self._progress = progress_here()
        return self._progress

    def _show(self) -> None:
        self._shown().show(*self.standing())

    def standing(self) -> tuple[str, float]:
        """What is under way in words, and its fraction, 0 to 1; only while something is."""
        done = len(self.outcomes)
        n_lines = done + len(self.jobs)
        share = (done + sum(job.fraction for job in self.jobs.values())) / n_lines
        job = max(self.jobs.values(), key=lambda job: job.stage != "queued")
        counted = f" ({done + 1} of {n_lines})" if n_lines > 1 else ""
        return f"Mynah: {job.order.name}{counted}, {job.words}", share

    def _rest(self) -> None:
        if self.is_busy or self.errands:
            return
        if self._progress is not None:
            self._progress.end()
        if self._timer is not None and not (self._questions or self._work):
            self._timer.stop()
            self._timer = None

    def _reach(self) -> BackgroundClient:
        """The client, and the timer that looks after it."""
        if self._client is None:
            version = str(cmds.about(version=True))
            self._client = BackgroundClient(self._connect, "Maya", version)
            self._watch_scene()
        if self._timer is None and not cmds.about(batch=True):
            self._timer = qt.start_timer(self.tick, TICK_MS)
        return self._client

    def _watch_scene(self) -> None:
        if not self._callbacks:
            scene = om.MSceneMessage
            for message in (scene.kBeforeNew, scene.kBeforeOpen, scene.kMayaExiting):
                callback = scene.addCallback(message, lambda *_: self._leave_scene())
                self._callbacks.append(callback)

    def _leave_scene(self) -> None:
        """Drafts go with the scene."""
        for ticket, job in self.jobs.items():
            self.jobs[ticket] = replace(job, draft=None)
        self.cancel(SCENE_CLOSED)


session = Session()
