"""What the voice strip shows, kept up to date: the lines, the playback range, the current time.

Maya tells of changes; nothing is asked for again and again. While it plays only the time is noted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import maya.api.OpenMaya as om
import maya.api.OpenMayaAnim as oma
from maya import cmds, mel

from ..qt import is_alive, qt_module
from ..session import Outcome, Session
from ..voice_lines import VoiceLine, lines_of, lines_on_show, roots_of

QtCore = qt_module("QtCore")

_SETTLED_MS = 120
"""Many things change at once, or for as long as keys are dragged: lines are read after that."""
_CHANGE_LINES = (
    *("Undo", "Redo", "NewSceneOpened", "SceneOpened", "timeUnitChanged"),
    *("animLayerRefresh", "animLayerRebuild"),
)


class VoiceTrack:
    """`names` tells whose lines are meant, as the field of the line does: empty for the selection.
    `changed` is called when there is something else to see; with True if only the time is.

    `lines` are those that are shown; `first` and `last` the playback range, whole frames that are
    both played; `frame` the current one.
    """

    def __init__(
        self,
        session: Session,
        names: Callable[[], Sequence[str]],
        changed: Callable[[bool], None],
    ) -> None:
        self.lines: tuple[VoiceLine, ...] = ()
        self.first, self.last, self.frame = 1.0, 2.0, 1.0
        self._session, self._names, self._changed = session, names, changed
        self._all: tuple[VoiceLine, ...] = ()
        self._shown_of: tuple[str, ...] | None = None
        self._jobs: list[int] = []
        self._callbacks: list[int] = []
        self._before: tuple[float, float] | None = None
        self._zoomed: tuple[float, float] | None = None
        self._timer = QtCore.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLED_MS)
        self._timer.timeout.connect(self.read)

    @property
    def is_watching(self) -> bool:
        """Whether Maya tells of changes now."""
        return bool(self._callbacks)

    def start(self) -> None:
        """Show what there is, and hear of changes until `stop`."""
        if self.is_watching:
            return
        deeds = dict.fromkeys(_CHANGE_LINES, self.look_again)
        deeds |= {"playbackRangeChanged": self._take_range, "SelectionChanged": self.choose}
        for event, deed in deeds.items():
            job: Any = cmds.scriptJob(event=(event, deed))
            self._jobs.append(job)
        self._callbacks = [
            om.MDGMessage.addTimeChangeCallback(self._take_time, None),
            oma.MAnimMessage.addAnimCurveEditedCallback(lambda *_: self.look_again()),
        ]
        self._session.after_line.append(self._take_line)
        self.read()

    def stop(self) -> None:
        """Hear of nothing any more."""
        if is_alive(self._timer):  # Qt may delete it first when Maya ends
            self._timer.stop()
        for callback in self._callbacks:
            om.MMessage.removeCallback(callback)
        for job in self._jobs:
            if cmds.scriptJob(exists=job):  # some script may have killed all jobs
                cmds.scriptJob(kill=job)
        if self._take_line in self._session.after_line:
            self._session.after_line.remove(self._take_line)
        self._callbacks, self._jobs = [], []

    def look_again(self) -> None:
        """Read the lines when what changes them has settled."""
        self._timer.start()

    def read(self) -> None:
        """Read lines, range and time."""
        self._timer.stop()
        self._all = lines_on_show()
        self._shown_of = None
        self._read_range()
        self.frame = oma.MAnimControl.currentTime().asUnits(om.MTime.uiUnit())
        self.choose()

    def choose(self) -> None:
        """Show the lines of whom is named or selected now."""
        roots = roots_of(self._names())
        if roots != self._shown_of:
            self._shown_of = roots
            self.lines = lines_of(self._all, roots)
            self._changed(False)

    # --- what the artist does -------------------------------------------------------------------

    def go_to(self, frame: float) -> None:
        """Make a frame the current one. Like dragging in the time slider, no step for Undo."""
        oma.MAnimControl.setCurrentTime(om.MTime(frame, om.MTime.uiUnit()))

    def scrub(self, *, is_begun: bool) -> None:
        """Let the time slider's sound be heard while the time is dragged."""
        slider = mel.eval("$t=$gPlayBackSlider")
        if is_begun:
            cmds.timeControl(slider, edit=True, beginScrub=True)
        else:
            cmds.timeControl(slider, edit=True, endScrub=True)

    def zoom_to(self, line: VoiceLine) -> None:
        """Make a line the playback range; once more, and it is what it was before."""
        first, last = frames_of(line)
        if (self.first, self.last) == (first, last):
            self.zoom_out()
            return
        self._before = self._before or (self.first, self.last)
        self._zoomed = first, last
        cmds.playbackOptions(minTime=first, maxTime=last)

    def zoom_out(self) -> None:
        """The playback range as it was before a line was; without such, the animation range."""
        before, self._before = self._before, None
        if before is None:
            starts = cmds.playbackOptions(query=True, animationStartTime=True)
            ends = cmds.playbackOptions(query=True, animationEndTime=True)
            before = float(starts), float(ends)
        cmds.playbackOptions(minTime=before[0], maxTime=before[1])

    # --- what Maya tells ------------------------------------------------------------------------

    def _take_time(self, time: om.MTime, _data: object) -> None:
        self.frame = time.asUnits(om.MTime.uiUnit())
        self._changed(True)

    def _take_range(self) -> None:
        self._read_range()
        self._changed(False)

    def _read_range(self) -> None:
        unit = om.MTime.uiUnit()
        self.first = oma.MAnimControl.minTime().asUnits(unit)
        self.last = oma.MAnimControl.maxTime().asUnits(unit)
        if (self.first, self.last) != self._zoomed:  # somebody else's choice, or another scene
            self._before = None

    def _take_line(self, outcome: Outcome) -> None:
        if outcome.report is not None:
            self.look_again()


def frames_of(line: VoiceLine) -> tuple[float, float]:
    """The whole frames in which a line lies."""
    first = float(math.floor(line.shown.first))
    return first, max(first + 1, float(math.ceil(line.shown.last)))
