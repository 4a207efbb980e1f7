"""Draws lines over a stretch of time: waveform, phones, names, and how sure the engine was."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..library import CLOSED, NOTHING, Heard, TimeView, Visible, fitting_names, kind_of, see
from ..qt import qt_module
from ..voice_lines import VoiceLine

QtCore = qt_module("QtCore")
QtGui = qt_module("QtGui")

UNSURE = 0.6
"""Below this confidence the review page says "Speech unclear", too."""

_TITLE, _PHONES = 15.0, 17.0
"""Heights in pixels, where there is room."""
_LEAST_WAVE, _LEAST_LANE = 10.0, 12.0
_GAP = 2.0
_MOST_LANES = 3
_TINY = 3.0
"""Phones that are narrower on average are drawn as one band of colours."""
_LEAST_TITLE = 34.0
_ROUND, _LEAST_ROUND = 2.5, 12.0
"""Narrower boxes have corners: round ones take Qt ten times as long, and nobody sees them."""
_NARROW = 60.0
"""Lines that are narrower have a waveform of plain columns."""

_BLOCK = (255, 255, 255, 13)
_WAVE = (126, 178, 196, 150)
_KINDS = (
    (88, 98, 112, 255),  # CONSONANT
    (62, 122, 134, 255),  # VOWEL
    (203, 112, 64, 255),  # CLOSED
)
_CLOSED_BAND = (203, 112, 64, 46)
_PHONE_TEXT = (240, 242, 244, 255)
_TITLE_TEXT = (205, 208, 212, 255)
_SURE_TEXT = (140, 146, 152, 255)
_UNSURE_TEXT = (216, 178, 92, 255)


@dataclass(frozen=True)
class Lane:
    """The heights of a row of lines, from the top: of its title, its waveform and its phones."""

    top: float
    title: float
    wave: float
    phones: float

    @property
    def height(self) -> float:
        return self.title + self.wave + self.phones


def lanes_of(lines: Sequence[VoiceLine]) -> list[int]:
    """In which row each line is drawn: lines that overlap lie below one another. They are sorted by
    their beginnings; beyond three at once the last row is shared."""
    ends: list[float] = []
    lanes: list[int] = []
    for line in lines:
        free = [i for i, end in enumerate(ends) if end <= line.shown.first]
        if free:
            lane = free[0]
        elif len(ends) < _MOST_LANES:
            lane = len(ends)
            ends.append(0.0)
        else:
            lane = _MOST_LANES - 1
        ends[lane] = max(ends[lane], line.shown.last)
        lanes.append(lane)
    return lanes


def lay_out(height: float, count: int) -> list[Lane]:
    """`count` rows in so many pixels, of which low ones give up first the title, then the
    waveform."""
    count = max(1, min(count, int(height // _LEAST_LANE)))
    each = (height - _GAP * (count - 1)) / count
    phones = min(_PHONES, each)
    title = _TITLE if each >= phones + _TITLE + _LEAST_WAVE else 0.0
    wave = each - phones - title
    if wave < _LEAST_WAVE:
        phones, wave = each, 0.0
    return [Lane(i * (each + _GAP), title, wave, phones) for i in range(count)]


def draw_lines(
    painter: Any, lines: Sequence[VoiceLine], view: TimeView, height: float, font: Any
) -> None:
    """All of `lines` that lie in the view; x = 0 is its first frame, y = 0 the top."""
    rows = lanes_of(lines)
    lanes = lay_out(height, max(rows, default=0) + 1)
    small = QtGui.QFont(font)
    small.setPixelSize(max(9, min(11, font.pixelSize() if font.pixelSize() > 0 else 11)))
    painter.setFont(small)
    for line, row in zip(lines, rows, strict=True):
        visible = see(line.shown, line.heard, view)
        if visible is not None:
            _draw(painter, line, visible, view, lanes[min(row, len(lanes) - 1)])


def _draw(painter: Any, line: VoiceLine, visible: Visible, view: TimeView, lane: Lane) -> None:
    left, right = (
        (frame - view.first) * view.pixels_per_frame
        for frame in (max(line.shown.first, view.first), min(line.shown.last, view.last))
    )
    _draw_box(painter, left, right, lane.top, lane.height, _colour(_BLOCK))
    if lane.wave:
        _draw_wave(painter, line.heard, visible, lane)
    _draw_phones(painter, line.heard, visible, view, lane)
    if lane.title and right - left >= _LEAST_TITLE:
        _draw_title(painter, line, left, right, lane)


def _draw_wave(painter: Any, heard: Heard, visible: Visible, lane: Lane) -> None:
    columns = slice(visible.first_column, visible.stop_column)
    heights = heard.heights[columns]
    if len(heights) < 2:
        return
    seconds = (np.arange(visible.first_column, visible.stop_column) + 0.5) / heard.rate
    x = visible.origin + seconds * visible.pixels_per_s
    if visible.pixels_per_s < heard.rate:  # several columns in a pixel: the highest shows
        pixels = np.floor(x)
        first = np.flatnonzero(np.diff(pixels, prepend=pixels[0] - 1))
        x, heights = pixels[first] + 0.5, np.maximum.reduceat(heights, first)
    middle = lane.top + lane.title + lane.wave / 2
    reach = np.maximum(heights * (lane.wave / 2 - 1), 0.4)
    if visible.pixels_per_s < heard.rate and x[-1] - x[0] < _NARROW:
        columns = zip(x.tolist(), reach.tolist(), strict=True)
        painter.setPen(_colour(_WAVE))
        painter.drawLines([QtCore.QLineF(at, middle - r, at, middle + r) for at, r in columns])
        return
    xs = np.concatenate([x, x[::-1]]).tolist()
    ys = np.concatenate([middle - reach, middle + reach[::-1]]).tolist()
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(_colour(_WAVE))
    painter.drawPolygon(QtGui.QPolygonF(list(map(QtCore.QPointF, xs, ys))))


def _draw_phones(painter: Any, heard: Heard, visible: Visible, view: TimeView, lane: Lane) -> None:
    phones = slice(visible.first_phone, visible.stop_phone)
    kinds = _kinds_of(heard)[phones]
    if not len(kinds):
        return
    lefts = visible.origin + heard.begins[phones] * visible.pixels_per_s
    rights = visible.origin + heard.ends[phones] * visible.pixels_per_s
    top = lane.top + lane.title + lane.wave
    if (rights - lefts).mean() < _TINY:
        _draw_band(painter, lefts, rights, kinds, top, lane.phones)
        return
    colours, band = [_colour(rgba) for rgba in _KINDS], _colour(_CLOSED_BAND)
    for kind, left, right in zip(kinds.tolist(), lefts.tolist(), rights.tolist(), strict=True):
        if kind == NOTHING:
            continue
        _draw_box(painter, left + 0.5, right - 0.5, top, lane.phones, colours[kind])
        if kind == CLOSED and lane.wave:
            above = lane.top + lane.title
            _fill(painter, left, right, above, lane.wave, band)
    _draw_names(painter, heard, visible, view, top, lane.phones)


def _draw_box(
    painter: Any, left: float, right: float, top: float, height: float, colour: Any
) -> None:
    if right - left < _LEAST_ROUND:
        _fill(painter, left, right, top, height, colour)
        return
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QtCore.QRectF(left, top, right - left, height), _ROUND, _ROUND)


def _fill(painter: Any, left: float, right: float, top: float, height: float, colour: Any) -> None:
    """On whole pixels, which is ten times as quick as between them."""
    x, y = round(left), round(top)
    painter.fillRect(x, y, max(1, round(right) - x), round(top + height) - y, colour)


def _draw_band(
    painter: Any, lefts: Any, rights: Any, kinds: Any, top: float, height: float
) -> None:
    """A colour for each pixel; closed lips are never lost in it."""
    begin = int(np.floor(lefts[0]))
    pixels = np.arange(begin, max(begin + 1, int(np.ceil(rights[-1]))))
    here = kinds[np.clip(np.searchsorted(rights, pixels + 0.5), 0, len(kinds) - 1)]
    closed = np.floor(lefts[kinds == CLOSED]).astype(np.intp) - begin
    here[np.clip(closed, 0, len(here) - 1)] = CLOSED
    edges = [0, *(np.flatnonzero(np.diff(here)) + 1).tolist(), len(here)]
    for first, stop in itertools.pairwise(edges):
        kind = int(here[first])
        if kind != NOTHING:
            _fill(painter, begin + first, begin + stop, top, height, _colour(_KINDS[kind]))


def _draw_names(
    painter: Any, heard: Heard, visible: Visible, view: TimeView, top: float, height: float
) -> None:
    metrics = QtGui.QFontMetricsF(painter.font())
    if height < metrics.ascent():
        return
    widths = {name: _width(metrics, name.lower()) for name in set(heard.names)}
    baseline = top + (height + metrics.capHeight()) / 2 - 0.5
    painter.setPen(_colour(_PHONE_TEXT))
    for left, name in fitting_names(heard, visible, widths, view.width):
        painter.drawText(QtCore.QPointF(left, baseline), name)


def _draw_title(painter: Any, line: VoiceLine, left: float, right: float, lane: Lane) -> None:
    metrics = QtGui.QFontMetricsF(painter.font())
    baseline = lane.top + (lane.title + metrics.capHeight()) / 2
    room = right - left - 8
    name = metrics.elidedText(line.shown.line, QtCore.Qt.TextElideMode.ElideRight, room)
    painter.setPen(_colour(_TITLE_TEXT))
    painter.drawText(QtCore.QPointF(left + 4, baseline), name)
    sure = line.heard.confidence
    if sure is None:
        return
    told, used = f"{sure:.0%}", _width(metrics, name) + 8
    if used + _width(metrics, told) <= room:
        painter.setPen(_colour(_UNSURE_TEXT if sure < UNSURE else _SURE_TEXT))
        painter.drawText(QtCore.QPointF(left + 4 + used, baseline), told)


def _width(metrics: Any, text: str) -> float:
    return float(metrics.horizontalAdvance(text))


def _kinds_of(heard: Heard) -> Any:
    return _kinds_by_name(heard.names)


@lru_cache(maxsize=1024)
def _kinds_by_name(names: tuple[str, ...]) -> Any:
    return np.array([kind_of(name) for name in names], np.intp)


def _colour(rgba: tuple[int, int, int, int]) -> Any:
    return QtGui.QColor(*rgba)
