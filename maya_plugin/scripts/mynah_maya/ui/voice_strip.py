"""The voice over the timeline: the lines in the playback range, and the current time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import qt
from ..library import NOTHING, TimeView, kind_of
from ..session import Session
from ..voice_lines import VoiceLine
from .voice_picture import draw_lines, lanes_of, lay_out
from .voice_track import VoiceTrack

QtCore = qt.qt_module("QtCore")
QtGui = qt.qt_module("QtGui")
QtWidgets = qt.qt_module("QtWidgets")

_LEAST_HEIGHT, _HEIGHT = 34, 72
_MARGIN = 3
_NOW = (255, 255, 255, 34)
_NOW_EDGE = (255, 255, 255, 210)
_NO_LINES = "The lines that Mynah makes are drawn here."


class VoiceStrip(QtWidgets.QWidget):
    """`names` tells whose lines are shown: empty for the selection. `edges` tells which x of the
    widget the playback range begins and ends at; None: those of the widget."""

    def __init__(
        self,
        session: Session,
        names: Callable[[], Sequence[str]] = tuple,
        edges: Callable[[Any], tuple[float, float] | None] = lambda _widget: None,
    ) -> None:
        super().__init__()
        self.setObjectName("mynahVoice")
        self.track = VoiceTrack(session, names, self._take_change)
        self._edges = edges
        self._picture: Any = None
        self._made_for: tuple[Any, ...] = ()
        self.setMinimumHeight(_LEAST_HEIGHT)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Preferred)
        self.setMouseTracking(True)
        self.destroyed.connect(self.track.stop)  # Maya deletes what is in a panel that is closed

    def sizeHint(self) -> Any:
        """Qt's name for the size that suits it: little without lines."""
        return QtCore.QSize(480, _HEIGHT if self.track.lines else _LEAST_HEIGHT)

    # --- where things are -----------------------------------------------------------------------

    def view(self) -> tuple[float, TimeView]:
        """The x at which the playback range begins, and the range over the width that it has. As in
        the time slider, the last frame is as wide as the others."""
        left, right = self._edges(self) or (_MARGIN, self.width() - _MARGIN)
        width = max(1.0, right - left)
        return left, TimeView(self.track.first, self.track.last + 1, width)

    def frame_at(self, x: float) -> float:
        """The whole frame that is drawn there, in the playback range."""
        left, view = self.view()
        frame = float(np.floor(view.first + (x - left) / view.pixels_per_frame))
        return min(max(frame, self.track.first), self.track.last)

    def line_at(self, x: float, y: float) -> VoiceLine | None:
        """The line that is drawn there."""
        left, view = self.view()
        frame = view.first + (x - left) / view.pixels_per_frame
        lines = self.track.lines
        rows = lanes_of(lines)
        lanes = lay_out(self.height() - 2 * _MARGIN, max(rows, default=0) + 1)
        for line, row in zip(lines, rows, strict=True):
            lane = lanes[min(row, len(lanes) - 1)]
            is_in_row = lane.top <= y - _MARGIN < lane.top + lane.height
            if is_in_row and line.shown.first <= frame < line.shown.last:
                return line
        return None

    # --- Qt -------------------------------------------------------------------------------------

    def showEvent(self, event: Any) -> None:
        """Qt's name for being shown: hear of changes from now on."""
        super().showEvent(event)
        self.track.start()

    def hideEvent(self, event: Any) -> None:
        """Qt's name for being hidden or closed: hear of nothing."""
        self.track.stop()
        super().hideEvent(event)

    def enterEvent(self, event: Any) -> None:
        """Qt's name for the pointer's arrival: whoever looks closely sees what is there now."""
        self.track.look_again()
        super().enterEvent(event)

    def paintEvent(self, event: Any) -> None:
        """Qt's name for being drawn. Only the current time is drawn anew each time."""
        del event
        painter = QtGui.QPainter(self)
        left, view = self.view()
        painter.drawPixmap(0, 0, self._drawn(left, view))
        width = view.pixels_per_frame
        x = left + (self.track.frame - view.first) * width
        if self.track.lines and left - width < x < left + view.width:
            if width >= 2:
                painter.fillRect(QtCore.QRectF(x, 0, width, self.height()), QtGui.QColor(*_NOW))
            painter.fillRect(QtCore.QRectF(x, 0, 1, self.height()), QtGui.QColor(*_NOW_EDGE))
        painter.end()

    def mousePressEvent(self, event: Any) -> None:
        """Qt's name for a pressed button: the time follows the pointer, with sound."""
        if event.button() == QtCore.Qt.MouseButton.LeftButton:
            self.track.scrub(is_begun=True)
            self.track.go_to(self.frame_at(_place(event)[0]))

    def mouseMoveEvent(self, event: Any) -> None:
        """Qt's name for a moved pointer."""
        if event.buttons() & QtCore.Qt.MouseButton.LeftButton:
            frame = self.frame_at(_place(event)[0])
            if frame != self.track.frame:
                self.track.go_to(frame)

    def mouseReleaseEvent(self, event: Any) -> None:
        """Qt's name for a button that is let go."""
        if event.button() == QtCore.Qt.MouseButton.LeftButton:
            self.track.scrub(is_begun=False)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        """Qt's name for a double click: the playback range is the line, or what it was before."""
        if event.button() != QtCore.Qt.MouseButton.LeftButton:
            return
        line = self.line_at(*_place(event))
        if line is None:
            self.track.zoom_out()
        else:
            self.track.zoom_to(line)

    def event(self, event: Any) -> bool:
        """Qt's name for all that happens; here, that the pointer rests."""
        if event.type() == QtCore.QEvent.Type.ToolTip:
            QtWidgets.QToolTip.showText(event.globalPos(), self._words_at(*_spot(event)), self)
            return True
        return bool(super().event(event))

    # --- inside ---------------------------------------------------------------------------------

    def _take_change(self, is_time: bool) -> None:
        if not qt.is_alive(self):
            self.track.stop()
            return
        if not is_time:
            self._picture = None
            self.updateGeometry()
        self.update()

    def _drawn(self, left: float, view: TimeView) -> Any:
        """The picture without the current time, kept until it would be another one."""
        ratio = self.devicePixelRatioF()
        wanted = (left, view, self.height(), self.width(), ratio)
        if self._picture is not None and self._made_for == wanted:
            return self._picture
        picture = QtGui.QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        palette = self.palette()
        picture.fill(palette.color(QtGui.QPalette.ColorRole.Base))
        painter = QtGui.QPainter(picture)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        if self.track.lines:
            painter.setClipRect(QtCore.QRectF(left, 0, view.width, self.height()))
            painter.translate(left, _MARGIN)
            draw_lines(painter, self.track.lines, view, self.height() - 2 * _MARGIN, self.font())
        else:
            colour = palette.color(QtGui.QPalette.ColorRole.Text)
            colour.setAlpha(120)
            painter.setPen(colour)
            option = QtGui.QTextOption(QtCore.Qt.AlignmentFlag.AlignCenter)
            painter.drawText(QtCore.QRectF(self.rect()).adjusted(8, 0, -8, 0), _NO_LINES, option)
        painter.end()
        self._picture, self._made_for = picture, wanted
        return picture

    def _words_at(self, x: float, y: float) -> str:
        line = self.line_at(x, y)
        if line is None:
            return "Drag to change the time; double-click for the playback range as it was"
        heard = line.heard
        left, view = self.view()
        second = (view.first + (x - left) / view.pixels_per_frame - line.shown.start) / (
            line.shown.frames_per_s
        )
        words = [line.shown.line, f"frame {self.frame_at(x):g}"]
        at = int(np.searchsorted(heard.ends, second, side="right"))
        if at < len(heard.names) and kind_of(heard.names[at]) != NOTHING:
            words.append(f"heard: {heard.names[at].lower()}")
        if heard.confidence is not None:
            words.append(f"the line's phones are {heard.confidence:.0%} sure")
        return f"{', '.join(words)}\nDrag to change the time; double-click to play this line only"


def _place(event: Any) -> tuple[float, float]:
    """Where the pointer is; Qt 5 and 6 name it differently."""
    point = event.position() if hasattr(event, "position") else event.localPos()
    return point.x(), point.y()


def _spot(event: Any) -> tuple[float, float]:
    return event.pos().x(), event.pos().y()
