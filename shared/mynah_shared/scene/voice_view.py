"""Where what was heard lies in a view of the scene's time; nothing here needs a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .heard import Heard

VOWELS = frozenset(
    "AA AE AH AO AW AX AY EH ER EY IH IX IY OW OY UH UW".split()  # ARPAbet
)
CLOSED_LIPS = frozenset("BMP")
SILENCE = "sil"

CONSONANT, VOWEL, CLOSED, NOTHING = range(4)
"""Kinds of phones, which have colours of their own."""


@dataclass(frozen=True)
class ShownLine:
    """A line on show. Its second s is at the scene frame `start` + s · `frames_per_s`; it is seen
    from the frame `first` to `last`. `heard` is the text on its take."""

    line: str
    heard: str
    start: float
    frames_per_s: float
    first: float
    last: float


@dataclass(frozen=True)
class TimeView:
    """The frames `first` to `last` over `width` pixels."""

    first: float
    last: float
    width: float

    @property
    def pixels_per_frame(self) -> float:
        return self.width / (self.last - self.first)


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


def see(line: ShownLine, heard: Heard, view: TimeView) -> Visible | None:
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


def kind_of(phone: str) -> int:
    """Of a phone by its name."""
    if phone == SILENCE:
        return NOTHING
    if phone in CLOSED_LIPS:
        return CLOSED
    return VOWEL if phone in VOWELS else CONSONANT


def fitting_names(
    heard: Heard, visible: Visible, widths: dict[str, float], width: float
) -> list[tuple[float, str]]:
    """The names of phones for which there is room in a view of `width` pixels: their left edges in
    pixels, and names in lower case, whose `widths` are known in pixels."""
    phones = slice(visible.first_phone, visible.stop_phone)
    names = heard.names[phones]
    edges = (visible.origin + s[phones] * visible.pixels_per_s for s in (heard.begins, heard.ends))
    begins, ends = (np.clip(x, 0.0, width) for x in edges)
    room = ends - begins
    needed = np.array([widths[name] for name in names])
    fits = (room >= needed + 2) & np.array([name != SILENCE for name in names], bool)
    lefts = begins + (room - needed) / 2
    return [(float(lefts[i]), names[i].lower()) for i in np.flatnonzero(fits)]
