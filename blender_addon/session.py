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
from .library import (
    BackgroundClient,
    BadInputError,
    Cancelled,
    ClientEvent,
    ConnectionInfo,
    EngineCommand,
    Failed,
    Finished,
    Line,
    MynahError,
    Progressed,
    __version__,
    find_or_start_daemon,
)
from .scene_reader import effective_fps

TICK_S = 0.05
CLOSE_TIMEOUT_S = 1.0
CANCELLED = "Cancelled; nothing was changed."


@dataclass(frozen=True)
class Reference:
    """An object or scene by its identity in this session: undo makes Python references invalid."""

    uid: int
    name: str

    @classmethod
    def to(cls, target: bpy.types.ID) -> Reference:
        return cls(target.session_uid, target.name)

    def find_in(self, collection: bpy.types.bpy_prop_collection) -> bpy.types.ID | None:
        return next((item for item in collection if item.session_uid == self.uid), None)


@dataclass(frozen=True)
class Job:
    """A line under way. `stage` and `fraction` are its progress."""

    ticket: str
    name: str
    character: Reference
    scene: Reference
    start_frame: float
    seed: int
    style: str
    began_s: float
    stage: str = "connecting"
    fraction: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """How the last line ended: with a report, or with a sentence that says why not."""

    report: BakeReport | None
    message: str
    is_error: bool
    seconds: float


class Session:
    """At most one line at a time; the last outcome stays for the panel to show."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.outcome: Outcome | None = None
        self._client: BackgroundClient | None = None

    def start(
        self,
        line: Line,
        name: str,
        character: bpy.types.Object,
        scene: bpy.types.Scene,
        start_frame: float,
        connect: Callable[[], ConnectionInfo],
    ) -> None:
        """Send a line to the daemon and return at once. `name` is what the artist calls the line.

        `connect` runs in the client's thread, at the first line and after the daemon was lost.
        """
        if self.job is not None:
            raise BadInputError("A line is being generated already; wait for it or cancel it.")
        if self._client is None:
            self._client = BackgroundClient(connect, "Blender", bpy.app.version_string)
        ticket = self._client.generate(line)
        self.outcome = None
        self.job = Job(
            ticket,
            name,
            Reference.to(character),
            Reference.to(scene),
            start_frame,
            line.seed,
            line.styles[0].name,
            time.monotonic(),
        )
        if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=TICK_S)

    def cancel(self, message: str = CANCELLED) -> None:
        """Give up the line under way; what is on the character stays as it is."""
        if self.job is None or self._client is None:
            return
        self._client.cancel(self.job.ticket)
        self._end(None, message)

    def pump(self) -> None:
        """Take what the daemon has sent. Never waits; only a finished line's bake takes time."""
        if self._client is None:
            return
        while True:
            try:
                event = self._client.events.get_nowait()
            except queue.Empty:
                return
            self._handle(event)

    def run_until_done(self) -> None:
        """Pump without a timer, for Blender without a window, where timers never run."""
        while self.job is not None:
            self.pump()
            time.sleep(TICK_S / 5)

    def close(self) -> None:
        """Cancel, leave the daemon, stop the timer; the next line connects anew."""
        self.cancel()
        if bpy.app.timers.is_registered(_tick):
            bpy.app.timers.unregister(_tick)
        if self._client is not None:
            self._client.close(CLOSE_TIMEOUT_S)
            self._client = None

    def _handle(self, event: ClientEvent) -> None:
        ticket = getattr(event, "ticket", None)
        if self.job is None or ticket != self.job.ticket:
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
            report = _bake(job, event)
        except MynahError as error:
            self._end(None, str(error), is_error=True)
            return
        except Exception as error:
            # a bug, and Blender prints it; but the panel must not wait for this line for ever
            self._end(None, f"The line could not be keyed: {error}", is_error=True)
            raise
        bpy.ops.ed.undo_push(message="Generate Lip Sync")
        self._end(report, "")

    def _end(self, report: BakeReport | None, message: str, *, is_error: bool = False) -> None:
        assert self.job is not None
        self.outcome = Outcome(report, message, is_error, time.monotonic() - self.job.began_s)
        self.job = None


session = Session()


def connect_to(engine: str) -> Callable[[], ConnectionInfo]:
    """How to reach the daemon: of the engine at the path `engine`, or of the one that is found."""

    def connect() -> ConnectionInfo:
        return find_or_start_daemon(EngineCommand.from_python(engine) if engine else None)

    return connect


def _bake(job: Job, event: Finished) -> BakeReport:
    character = job.character.find_in(bpy.data.objects)
    scene = job.scene.find_in(bpy.data.scenes)
    if character is None or scene is None:
        gone = job.character if character is None else job.scene
        raise BadInputError(
            f"'{gone.name}' was deleted while the line was made; nothing was keyed."
        )
    tag = Tag(
        line=job.name,
        audio=str(event.meta.get("audio_sha256", "")),
        model=str(event.meta.get("model", "")),
        seed=job.seed,
        style=job.style,
        version=__version__,
        time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    return bake_line(character, event.clip, job.start_frame, effective_fps(scene), tag)


def _tick() -> float | None:
    """The timer: pump, and redraw where progress is shown. Ends with the line."""
    if bpy.app.is_job_running("RENDER"):
        return TICK_S  # its thread reads the animation; the line can wait
    before = (session.job, session.outcome)
    session.pump()
    if before != (session.job, session.outcome):
        _redraw_panels()
    return None if session.job is None else TICK_S


def _redraw_panels() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
