"""What is drawn where, in numbers: nothing here needs a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .heard import Heard
from .lines import ShownLine

VOWELS = frozenset(
    "AA AE AH AO AW AX AY EH ER EY IH IX IY OW OY UH UW".split()  # ARPAbet
)
CLOSED_LIPS = frozenset("BMP")
SILENCE = "sil"

_PHONES, _WAVE = 15, 40
"""Heights in pixels, where there is room."""
_LEAST = 8
"""Lower ones could not be told from the frame around them."""

CONSONANT, VOWEL, CLOSED, NOTHING = range(4)
"""Kinds of phones, which have colours of their own."""


@dataclass(frozen=True)
class View:
    """The frames `first` to `last` over the `width` pixels of a region."""

    first: float
    last: float
    width: float

    @property
    def pixels_per_frame(self) -> float:
        return self.width / (self.last - self.first)


@dataclass(frozen=True)
class Layout:
    """The heights in a region, in pixels: of the lowest edge, of the phones, of the waveform above
    them. A height of 0 is left out."""

    bottom: float
    phones: float
    wave: float


@dataclass(frozen=True)
class Visible:
    """What of a line can be seen: second s is at the pixel `origin` + s · `pixels_per_s`. Indices
    of the waveform's columns and of the phones, behind the last one."""

    origin: float
    pixels_per_s: float
    first_column: int
    stop_column: int
    first_phone: int
    stop_phone: int


def lay_out(height: float, bottom: float, top: float, scale: float) -> Layout:
    """In a region of `height` pixels whose lowest `bottom` and topmost `top` are taken, with
    Blender's interface scaled by `scale`."""
    room = height - bottom - top
    if room < _PHONES * scale:  # a timeline of Blender's own size: what lies lowest must share
        bottom, room = 0.0, height - top
    phones = min(_PHONES * scale, room) if room >= _LEAST * scale else 0.0
    wave = min(_WAVE * scale, room - phones)
    return Layout(bottom, phones, wave if phones and wave >= _LEAST * scale else 0.0)


def see(line: ShownLine, heard: Heard, view: View) -> Visible | None:
    """None if the line lies outside of the view."""
    first, last = max(line.first, view.first), min(line.last, view.last)
    if first >= last or line.frames_per_s <= 0:
        return None
    begin_s, end_s = ((frame - line.start) / line.frames_per_s for frame in (first, last))
    return Visible(
        origin=(line.start - view.first) * view.pixels_per_frame,
        pixels_per_s=line.frames_per_s * view.pixels_per_frame,
        first_column=max(0, int(np.floor(begin_s * heard.rate))),
        stop_column=min(len(heard.heights), int(np.ceil(end_s * heard.rate)) + 1),
        first_phone=int(np.searchsorted(heard.ends, begin_s, side="right")),
        stop_phone=int(np.searchsorted(heard.begins, end_s, side="left")),
    )


def wave_strip(heard: Heard) -> np.ndarray:
    """A strip of triangles [2N, 2], two corners per column: seconds, and -1 to 1."""
    seconds = (np.arange(len(heard.heights)) + 0.5) / heard.rate
    lower = np.stack([seconds, -heard.heights], axis=1)
    upper = np.stack([seconds, heard.heights], axis=1)
    return np.stack([lower, upper], axis=1).reshape(-1, 2).astype(np.float32)


def phone_boxes(heard: Heard) -> np.ndarray:
    """Two triangles for each phone [6P, 2]: seconds, and 0 to 1. Silence has no area."""
    begins = heard.begins
    ends = np.where([kind == NOTHING for kind in map(kind_of, heard.names)], begins, heard.ends)
    corners = [(begins, 0), (ends, 0), (ends, 1), (begins, 0), (ends, 1), (begins, 1)]
    points = [np.stack([s, np.full(len(s), y)], axis=1) for s, y in corners]
    return np.stack(points, axis=1).reshape(-1, 2).astype(np.float32)


def kind_of(phone: str) -> int:
    if phone == SILENCE:
        return NOTHING
    if phone in CLOSED_LIPS:
        return CLOSED
    return VOWEL if phone in VOWELS else CONSONANT


def fitting_names(
    heard: Heard, visible: Visible, widths: dict[str, float]
) -> list[tuple[float, str]]:
    """The names of phones for which there is room: their left edges in pixels, and names in lower
    case, whose `widths` are known in pixels."""
    phones = slice(visible.first_phone, visible.stop_phone)
    names = heard.names[phones]
    begins = visible.origin + heard.begins[phones] * visible.pixels_per_s
    room = (heard.ends[phones] - heard.begins[phones]) * visible.pixels_per_s
    needed = np.array([widths[name] for name in names])
    fits = (room >= needed + 2) & np.array([name != SILENCE for name in names], bool)
    lefts = begins + (room - needed) / 2
    return [(float(lefts[i]), names[i].lower()) for i in np.flatnonzero(fits)]
