"""The one connection to the daemon, the line under way, and the timer that looks after both.

Everything here runs on Blender's main thread. The sockets belong to the client's own thread, which
never sees a Blender object: it is handed bytes and numbers, and hands back frozen events.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import bpy

from .baking.line import BakeReport
from .capture import Capture, store
from .delivery import key_line
from .drafts import Draft, key_draft, paces, take_back
from .file_work import WAITING
from .fingerprint import made_of
from .library import (
    Answered,
    BackgroundClient,
    BadInputError,
    Cancelled,
    ClientEvent,
    Connected,
    ConnectionInfo,
    Failed,
    Finished,
    LibraryQuestion,
    Line,
    ModelInfo,
    MynahError,
    Progressed,
)
from .order import Order
from .pieces import LAST, Pieces

TICK_S = 0.05
TURN_S = 0.008
"""For so long at most a tick works on what can be done in pieces."""
BUSY_TICK_S = 0.01
"""Then the next tick comes sooner."""
CLOSE_TIMEOUT_S = 1.0
CANCELLED = "Cancelled; nothing was changed."

Connect = Callable[[], ConnectionInfo]
Answer = Callable[[Answered | Failed], None]


@dataclass(frozen=True)
class Job:
    """A line or a capture under way. `stage` and `fraction` are its progress; there is no `line`
    and no ticket until all that it needs is read from the scene. `drafting` is the line as a draft
    while the engine makes that first; `draft` is on show until the line is made."""

    order: Order | Capture
    began_s: float
    line: Line | None = None
    ticket: str = ""
    stage: str = "reading"
    fraction: float = 0.0
    drafting: Line | None = None
    draft: Draft | None = None


@dataclass(frozen=True)
class Outcome:
    """How the last line ended: with a report, or with a sentence that says why not. Everything else
    ends with a sentence and `remarks` on it."""

    report: BakeReport | None
    message: str
    is_error: bool
    seconds: float
    remarks: tuple[str, ...] = ()
    is_of_batch: bool = False


class Batch(Protocol):
    """Several lines under way, as `dialogue.batch` makes them."""

    activity: str
    is_undone: bool
    """Set when there was an undo or a redo."""

    def turn(self) -> bool:
        """Do one piece of work; False if there is nothing to do but wait."""
        ...

    def handle(self, event: ClientEvent) -> None:
        """Hear of what the engine has sent."""
        ...

    def cancel(self, message: str, *, has_step: bool) -> None:
        """Give up what is under way; what is made stays, as one step of the undo history."""
        ...


class Session:
    """At most one line, capture or batch at a time; the last outcome stays for the panel to show.
    Questions about the engine's styles go beside it. `models` are the engine's, as it last told;
    `revision` counts changes to the lines of the list. `shows_drafts`: of a line that takes long, a
    draft is on show until it is there; without a window nobody would see it."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.batch: Batch | None = None
        self.outcome: Outcome | None = None
        self.models: tuple[ModelInfo, ...] | None = None
        self.revision = 0
        self.shows_drafts = not bpy.app.background
        self._client: BackgroundClient | None = None
        self._reading: Pieces[Line] | None = None
        self._completing: Pieces[None] | None = None
        self._errands: list[Pieces[None]] = []
        self._answers: dict[str, Answer] = {}
        self.after_bake: list[Callable[[], None]] = []

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self.job or self.batch or self._errands or self._answers)

    @property
    def activity(self) -> str:
        """What is under way and keeps other lines from being made; empty if nothing is."""
        if self.job is not None:
            return self.job.order.activity
        return self.batch.activity if self.batch is not None else ""

    def start(self, order: Order | Capture, connect: Connect) -> None:
        """Begin and return at once: what is needed is read in pieces, then it is sent.

        `connect` runs in the client's thread, at the first line and after the daemon was lost.
        """
        self._check_free()
        self._connect(connect)
        self.outcome = None
        self._reading = order.read()
        self.job = Job(order, time.monotonic())
        _start_timer()

    def start_batch(self, batch: Batch, connect: Connect) -> None:
        """Begin and return at once; the batch has its lines made by `submit`."""
        self._check_free()
        self._connect(connect)
        self.outcome = None
        self.batch = batch
        _start_timer()

    def submit(self, line: Line) -> str:
        """Have a line of the batch made; returns the ticket of its events."""
        assert self._client is not None
        return self._client.generate(line, is_batch=True)

    def withdraw(self, ticket: str) -> None:
        """The batch no longer wants a line."""
        if self._client is not None:
            self._client.cancel(ticket)

    def end_batch(
        self, message: str, seconds: float, remarks: tuple[str, ...] = (), *, is_error: bool = False
    ) -> None:
        """The batch has nothing more to do."""
        self.batch = None
        self.outcome = Outcome(None, message, is_error, seconds, remarks, is_of_batch=True)

    def ask(self, question: LibraryQuestion, then: Answer, connect: Connect) -> None:
        """Ask about the engine's styles and return at once; `then` is called with the answer."""
        self._answers[self._connect(connect).ask(question)] = then
        _start_timer()

    def run(self, errand: Pieces[None]) -> None:
        """Do work in pieces beside everything else. It deals with its errors itself."""
        self._errands.append(errand)
        _start_timer()

    def tell(self, message: str, *, is_error: bool = False) -> None:
        """Show a sentence where the outcome of a line is shown."""
        self.outcome = Outcome(None, message, is_error, 0.0)

    def cancel(self, message: str = CANCELLED) -> None:
        """Give up what is under way; what is on the character stays as it is."""
        if self.batch is not None:
            self.batch.cancel(message, has_step=False)
        if self.job is None or self._client is None:
            return
        self._client.cancel(self.job.ticket)
        if self._completing is not None:
            self._completing.close()  # takes its draft along
        self._end(None, message)

    def pump(self) -> bool:
        """Take what the daemon has sent and do a little of what can be done in pieces; tells if
        there is more to do. Never waits."""
        end_s = time.perf_counter() + TURN_S
        while self._turn():
            if time.perf_counter() > end_s:
                return True
        return False

    def run_until_done(self) -> None:
        """Pump without a timer, for Blender without a window, where timers never run."""
        while self.is_busy:
            if not self._turn():
                time.sleep(TICK_S / 5)

    def close(self) -> None:
        """Cancel, leave the daemon, stop the timer; the next line connects anew."""
        self.cancel()
        self._errands.clear()
        self._answers.clear()
        self.models = None
        if bpy.app.timers.is_registered(_tick):
            bpy.app.timers.unregister(_tick)
        if self._client is not None:
            self._client.close(CLOSE_TIMEOUT_S)
            self._client = None

    def _check_free(self) -> None:
        if self.activity:
            raise BadInputError(f"{self.activity} already; wait for it or cancel it.")

    def _connect(self, connect: Connect) -> BackgroundClient:
        if self._client is None:
            self._client = BackgroundClient(connect, "Blender", bpy.app.version_string)
        return self._client

    def _turn(self) -> bool:
        """One event of the daemon's, or else one piece of work; False if there is neither."""
        if self._client is not None:
            try:
                event = self._client.events.get_nowait()
            except queue.Empty:
                pass
            else:
                self._handle(event)
                return True
        if self._reading is not None:
            return self._read_on(self._reading)
        if self._completing is not None:
            return next(self._completing, None) not in (LAST, WAITING)
        if self.batch is not None and self.batch.turn():
            return True
        if self._errands:
            errand = self._errands[0]
            share = next(errand, None)
            if share is None and errand in self._errands:
                self._errands.remove(errand)
            return share != WAITING
        return False

    def _read_on(self, reading: Pieces[Line]) -> bool:
        """One piece of what the line needs, or the line itself if all is read; False if there is
        nothing to do but wait."""
        assert self.job is not None
        assert self._client is not None
        try:
            share = next(reading)
            self.job = replace(self.job, fraction=max(0.0, share))
            return share != WAITING
        except StopIteration as done:
            self._reading = None
            line: Line = done.value
            drafting = paces.draft_of(line) if self.shows_drafts else None
            ticket = self._client.generate(drafting or line)
            self.job = replace(self.job, line=line, drafting=drafting, ticket=ticket)
            self.job = replace(self.job, stage="connecting", fraction=0.0)
        except MynahError as error:
            self._end(None, str(error), is_error=True)
        except Exception as error:  # as in `_complete`
            self._end(None, f"The rig could not be read: {error}", is_error=True)
            raise
        return True

    def _handle(self, event: ClientEvent) -> None:
        ticket = getattr(event, "ticket", "")
        if isinstance(event, Connected):
            self.models = event.models
        if self.batch is not None:
            self.batch.handle(event)
        if isinstance(event, (Answered, Failed)) and ticket in self._answers:
            self._answers.pop(ticket)(event)
            return
        if self.job is None or not ticket or ticket != self.job.ticket:
            return  # about the connection, or about a line that was cancelled
        if isinstance(event, Progressed):
            self.job = replace(self.job, stage=event.stage, fraction=event.fraction)
        elif isinstance(event, Failed):
            self._end(None, event.message, is_error=True)
        elif isinstance(event, Cancelled):
            self._end(None, CANCELLED)
        elif isinstance(event, Finished):
            self._finish(event)

    def _finish(self, event: Finished) -> None:
        """The engine has made the line, or its draft."""
        assert self.job is not None
        assert self.job.line is not None
        assert self._client is not None
        order, line, drafting = self.job.order, self.job.line, self.job.drafting
        if self._completing is not None:
            self._completing.close()  # of a draft that nobody needs any more
        paces.note(drafting or line, event.meta)
        if drafting is not None and isinstance(order, Order):
            ticket = self._client.generate(line)
            self.job = replace(self.job, drafting=None, ticket=ticket, stage="queued", fraction=0.0)
            self._completing = self._show_draft(order, drafting, event)
            return
        self._completing = self._complete(order, line, event)
        self.job = replace(self.job, stage="keys")

    def _show_draft(self, order: Order, line: Line, event: Finished) -> Pieces[None]:
        """Key the draft. There is no step of the undo history: the line itself will be one."""
        try:
            made = yield from made_of(order, line, self.models)
            draft = yield from key_draft(order, event.clip, event.meta, made)
        except MynahError:
            return  # the line itself will meet the same, and say so
        finally:
            self._completing = None
        if self.job is not None:
            self.job = replace(self.job, draft=draft)

    def _complete(self, order: Order | Capture, line: Line, event: Finished) -> Pieces[None]:
        """Key the line, or store what was captured."""
        warnings = tuple(str(sentence) for sentence in event.meta.get("warnings", ()))
        report, message = None, ""
        try:
            if isinstance(order, Capture):
                message = store(order, event.clip, warnings)
            else:
                made = yield from made_of(order, line, self.models)
                yield 0.0
                report = yield from key_line(order, event.clip, event.meta, made)
                report = replace(report, remarks=warnings + report.remarks)
        except MynahError as error:
            self._end(None, str(error), is_error=True)
            return
        except Exception as error:
            # a bug, and Blender prints it; but the panel must not wait for this for ever
            self._end(None, f"{order.step} could not be finished: {error}", is_error=True)
            raise
        push_undo(order.step)
        self._end(report, message, remarks=() if report else warnings)
        if report:
            for listener in self.after_bake:
                listener()

    def _end(
        self,
        report: BakeReport | None,
        message: str,
        *,
        is_error: bool = False,
        remarks: tuple[str, ...] = (),
    ) -> None:
        assert self.job is not None
        self._reading = self._completing = None
        if report is None and self.job.draft is not None:
            take_back(self.job.draft)
        seconds = time.monotonic() - self.job.began_s
        self.outcome = Outcome(report, message, is_error, seconds, remarks)
        self.job = None


session = Session()


def push_undo(step: str) -> None:
    """Make a step of the undo history of what was done. Blender notes the whole file for it, in one
    call. A program of the command line has no history."""
    if bpy.ops.ed.undo_push.poll():
        bpy.ops.ed.undo_push(message=step)


def _start_timer() -> None:
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=TICK_S)


def _tick() -> float | None:
    """The timer: pump, and redraw where progress is shown. Ends when nothing is under way."""
    if bpy.app.is_job_running("RENDER"):
        return TICK_S  # its thread reads the animation; the line can wait
    before = _shown()
    has_more = session.pump()
    if before != _shown():
        _redraw_panels()
    if not session.is_busy:
        return None
    return BUSY_TICK_S if has_more or session.batch is not None else TICK_S


def _shown() -> tuple[object, ...]:
    return session.job, session.outcome, session.is_busy, session.revision


def _redraw_panels() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions if area.type == "VIEW_3D" else ():
                if region.type == "UI":  # the rest of the area may be a heavy scene
                    region.tag_redraw()
