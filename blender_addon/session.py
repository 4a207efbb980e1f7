"""The one connection to the daemon, the line under way, and the timer that looks after both.

Everything here runs on Blender's main thread. The sockets belong to the client's own thread, which
never sees a Blender object: it is handed bytes and numbers, and hands back frozen events.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import bpy

from .baking.actions import Tag
from .baking.line import BakeReport, bake_line
from .baking.redo import bake_range
from .library import (
    Answered,
    BackgroundClient,
    BadInputError,
    Cancelled,
    ClientEvent,
    ConnectionInfo,
    EngineCommand,
    Failed,
    Finished,
    LibraryQuestion,
    Line,
    MynahError,
    Progressed,
    __version__,
    find_or_start_daemon,
)
from .order import Order, Redo, read_clips
from .rig_reader import Pieces
from .scene_reader import effective_fps

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
    """A line under way. `stage` and `fraction` are its progress; the ticket is empty until all that
    the line needs is read from the scene."""

    order: Order
    began_s: float
    ticket: str = ""
    stage: str = "reading"
    fraction: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How the last line ended: with a report, or with a sentence that says why not."""

    report: BakeReport | None
    message: str
    is_error: bool
    seconds: float


class Session:
    """At most one line at a time; the last outcome stays for the panel to show. Questions about the
    engine's styles go beside it."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.outcome: Outcome | None = None
        self._client: BackgroundClient | None = None
        self._reading: Pieces[Line] | None = None
        self._errands: list[Pieces[None]] = []
        self._answers: dict[str, Answer] = {}

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self.job or self._errands or self._answers)

    def start(self, order: Order, connect: Connect) -> None:
        """Begin a line and return at once: what it needs is read in pieces, then it is sent.

        `connect` runs in the client's thread, at the first line and after the daemon was lost.
        """
        if self.job is not None:
            raise BadInputError("A line is being generated already; wait for it or cancel it.")
        self._connect(connect)
        self.outcome = None
        self._reading = read_clips(order)
        self.job = Job(order, time.monotonic())
        _start_timer()

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
        """Give up the line under way; what is on the character stays as it is."""
        if self.job is None or self._client is None:
            return
        self._client.cancel(self.job.ticket)
        self._end(None, message)

    def pump(self) -> bool:
        """Take what the daemon has sent and do a little of what can be done in pieces; tells if
        there is more to do. Never waits; only a finished line's bake takes time."""
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
        if bpy.app.timers.is_registered(_tick):
            bpy.app.timers.unregister(_tick)
        if self._client is not None:
            self._client.close(CLOSE_TIMEOUT_S)
            self._client = None

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
            self._read_on(self._reading)
            return True
        if self._errands:
            errand = self._errands[0]
            if next(errand, None) is None:
                self._errands.remove(errand)
            return True
        return False

    def _read_on(self, reading: Pieces[Line]) -> None:
        """One piece of what the line needs, or the line itself if all is read."""
        assert self.job is not None
        assert self._client is not None
        try:
            self.job = replace(self.job, fraction=next(reading))
        except StopIteration as done:
            self._reading = None
            ticket = self._client.generate(done.value)
            self.job = replace(self.job, ticket=ticket, stage="connecting", fraction=0.0)
        except MynahError as error:
            self._end(None, str(error), is_error=True)
        except Exception as error:  # as in `_bake`
            self._end(None, f"The rig could not be read: {error}", is_error=True)
            raise

    def _handle(self, event: ClientEvent) -> None:
        ticket = getattr(event, "ticket", "")
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
            self._bake(self.job, event)

    def _bake(self, job: Job, event: Finished) -> None:
        try:
            report = _bake(job.order, event)
            warnings = tuple(str(sentence) for sentence in event.meta.get("warnings", ()))
            report = replace(report, remarks=warnings + report.remarks)
        except MynahError as error:
            self._end(None, str(error), is_error=True)
            return
        except Exception as error:
            # a bug, and Blender prints it; but the panel must not wait for this line for ever
            self._end(None, f"The line could not be keyed: {error}", is_error=True)
            raise
        bpy.ops.ed.undo_push(message="Redo Range" if job.order.redo else "Generate Lip Sync")
        self._end(report, "")

    def _end(self, report: BakeReport | None, message: str, *, is_error: bool = False) -> None:
        assert self.job is not None
        self._reading = None
        self.outcome = Outcome(report, message, is_error, time.monotonic() - self.job.began_s)
        self.job = None


session = Session()


def connect_to(engine: str) -> Connect:
    """How to reach the daemon: of the engine at the path `engine`, or of the one that is found."""

    def connect() -> ConnectionInfo:
        return find_or_start_daemon(EngineCommand.from_python(engine) if engine else None)

    return connect


def _bake(order: Order, event: Finished) -> BakeReport:
    character = order.character.find_in(bpy.data.objects)
    scene = order.scene.find_in(bpy.data.scenes)
    if character is None or scene is None:
        gone = order.character if character is None else order.scene
        raise BadInputError(
            f"'{gone.name}' was deleted while the line was made; nothing was keyed."
        )
    if order.redo is not None:
        return _bake_range(order.redo, character, event)
    tag = Tag(
        line=order.name,
        audio=str(event.meta.get("audio_sha256", "")),
        model=str(event.meta.get("model", "")),
        seed=order.line.seed,
        style=order.style_names,
        version=__version__,
        time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    report = bake_line(character, event.clip, order.start_frame, effective_fps(scene), tag)
    scene.mynah.seed = order.line.seed  # what Generate would now replace
    return report


def _bake_range(redo: Redo, character: bpy.types.Object, event: Finished) -> BakeReport:
    action = redo.action.find_in(bpy.data.actions)
    if action is None:
        raise BadInputError(
            f"The take '{redo.action.name}' was deleted while its range was made; nothing was "
            "keyed."
        )
    rows = (redo.first_row, redo.last_row)
    return bake_range(character, action, event.clip, *rows, keeps_keys=redo.keeps_keys)


def _start_timer() -> None:
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=TICK_S)


def _tick() -> float | None:
    """The timer: pump, and redraw where progress is shown. Ends when nothing is under way."""
    if bpy.app.is_job_running("RENDER"):
        return TICK_S  # its thread reads the animation; the line can wait
    before = (session.job, session.outcome, session.is_busy)
    has_more = session.pump()
    if before != (session.job, session.outcome, session.is_busy):
        _redraw_panels()
    if not session.is_busy:
        return None
    return BUSY_TICK_S if has_more else TICK_S


def _redraw_panels() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
