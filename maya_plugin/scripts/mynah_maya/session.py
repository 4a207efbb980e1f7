"""The one connection to the daemon, the lines under way, and the timer that looks after both.

Everything here runs on Maya's main thread. The sockets belong to the client's own thread, which
never sees a node: it is handed bytes and numbers, and hands back frozen events.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import maya.api.OpenMaya as om
from maya import cmds

from . import qt
from .baking.line import BakeReport, bake_line
from .baking.record import Tag
from .library import (
    Answered,
    BackgroundClient,
    Cancelled,
    ClientEvent,
    Connected,
    ConnectionInfo,
    Failed,
    Finished,
    LibraryQuestion,
    ModelInfo,
    MotionClip,
    MynahError,
    Progressed,
    find_or_start_daemon,
)
from .order import Order
from .progress import Progress, progress_here

TICK_MS = 50
TURN_S = 0.008
"""For so long at most a tick takes what came; a line that is keyed may take longer."""
PAUSE_S = 0.01
CLOSE_TIMEOUT_S = 1.0
CANCELLED = "Cancelled; nothing was changed."
SCENE_CLOSED = "The scene was closed while the line was made, so it was given up."

Connect = Callable[[], ConnectionInfo]
Reply = Callable[[Answered | Failed], None]


@dataclass(frozen=True)
class Job:
    """A line under way."""

    order: Order
    ticket: str
    stage: str = "connecting"
    fraction: float = 0.0


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
    """Any number of lines under way; `outcomes` are those of the lines since nothing was under way
    before. `models` are the engine's, as it last told."""

    def __init__(
        self, connect: Connect = find_or_start_daemon, progress: Progress | None = None
    ) -> None:
        self.jobs: dict[str, Job] = {}
        self.outcomes: list[Outcome] = []
        self.models: tuple[ModelInfo, ...] = ()
        self.after_line: list[Callable[[Outcome], None]] = []
        self._connect = connect
        self._progress = progress
        self._client: BackgroundClient | None = None
        self._timer: Any = None
        self._callbacks: list[int] = []
        self._questions: dict[str, Reply] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a line is under way."""
        return bool(self.jobs)

    def start(self, order: Order) -> str:
        """Begin a line and return its ticket at once. With windows a timer sees to the rest;
        without, `run_until_done` does."""
        if not self.jobs:
            self.outcomes = []
        ticket = self._reach().generate(order.line)
        self.jobs[ticket] = Job(order, ticket)
        return ticket

    def ask(self, question: LibraryQuestion, then: Reply) -> None:
        """Ask the engine about its styles; `then` is called with the answer, from the timer."""
        self._questions[self._reach().ask(question)] = then

    def cancel(self, message: str = CANCELLED) -> None:
        """Give up all that is under way; what is in the scene stays as it is."""
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
        if self.is_busy and self._shown().is_cancelled():
            self.cancel()
        self._rest()

    def pump(self) -> bool:
        """Take one thing that the daemon has sent; False if there is none. Never waits."""
        if self._client is None:
            return False
        try:
            event = self._client.events.get_nowait()
        except queue.Empty:
            return False
        self._handle(event)
        return True

    def run_until_done(self) -> None:
        """Pump until nothing is under way: for Maya without windows, and for commands that are told
        to wait. Esc cancels."""
        try:
            while self.is_busy:
                if not self.pump():
                    time.sleep(PAUSE_S)
                if self.is_busy and self._shown().is_cancelled():
                    self.cancel()
        except BaseException:  # an interrupt leaves nothing under way
            self.cancel()
            raise
        self._rest()

    def close(self) -> None:
        """Cancel, leave the daemon, stop the timer and listen to no scene; the next line connects
        anew."""
        self.cancel()
        self.models = ()
        self._questions = {}
        self._rest()
        for callback in self._callbacks:
            om.MMessage.removeCallback(callback)
        self._callbacks = []
        if self._client is not None:
            self._client.close(CLOSE_TIMEOUT_S)
            self._client = None

    def _give_up(self, job: Job, message: str) -> None:
        if self._client is not None:
            self._client.cancel(job.ticket)
        self._end(job, None, message, is_error=False)

    # --- what comes -----------------------------------------------------------------------------

    def _handle(self, event: ClientEvent) -> None:
        if isinstance(event, Connected):
            self.models = event.models
        ticket = getattr(event, "ticket", "")
        if isinstance(event, Answered | Failed) and ticket in self._questions:
            self._questions.pop(ticket)(event)
            return
        job = self.jobs.get(ticket)
        if job is None:
            return  # about the connection, or about a line that was cancelled
        if isinstance(event, Progressed):
            self.jobs[job.ticket] = replace(job, stage=event.stage, fraction=event.fraction)
            self._show()
        elif isinstance(event, Failed):
            self._end(job, None, event.message, is_error=True)
        elif isinstance(event, Cancelled):
            self._end(job, None, CANCELLED, is_error=False)
        elif isinstance(event, Finished):
            self._bake(job, event)

    def _bake(self, job: Job, event: Finished) -> None:
        order = job.order
        told = [str(sentence) for sentence in event.meta.get("warnings", ())]
        tag = Tag(
            line=order.name,
            audio=order.line.audio_name,
            seed=order.line.seed,
            model=str(event.meta.get("model", order.line.model)),
            style=order.style,
            key_style=order.key_style.interpolation.value,
            engine=str(event.meta.get("versions", {}).get("mynah", "")),
        )
        try:
            report = bake_line(
                order.character,
                event.clip,
                order.scene_s,
                tag,
                order.key_style,
                order.mapping,
                on_base=order.on_base,
            )
        except MynahError as error:
            self._end(job, None, str(error), is_error=True)
        except Exception as error:
            # a bug or what Maya refused, and Maya prints it; but nobody must wait for this line
            self._end(job, None, f"The line could not be keyed: {error}", is_error=True)
            raise
        else:
            remarks = (*order.remarks, *told, *report.remarks)
            report = replace(report, remarks=remarks)
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
        names = {job.order.name: job.stage for job in self.jobs.values()}
        name, stage = max(names.items(), key=lambda item: item[1] != "queued")
        counted = f" ({done + 1} of {n_lines})" if n_lines > 1 else ""
        return f"Mynah: {name}{counted}, {stage}", share

    def _rest(self) -> None:
        if self.is_busy:
            return
        if self._progress is not None:
            self._progress.end()
        if self._timer is not None and not self._questions:
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
                callback = scene.addCallback(message, lambda *_: self.cancel(SCENE_CLOSED))
                self._callbacks.append(callback)


session = Session()
