"""What is drawn where, in numbers: heights in Blender's editors, and shapes for the GPU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..library import NOTHING, Heard, kind_of

_PHONES, _WAVE = 15, 40
"""Heights in pixels, where there is room."""
_LEAST = 8
"""Lower ones could not be told from the frame around them."""


@dataclass(frozen=True)
class Layout:
    """The heights in a region, in pixels: of the lowest edge, of the phones, of the waveform above
    them. A height of 0 is left out."""

    bottom: float
    phones: float
    wave: float


def lay_out(height: float, bottom: float, top: float, scale: float) -> Layout:
    """In a region of `height` pixels whose lowest `bottom` and topmost `top` are taken, with
    Blender's interface scaled by `scale`."""
    room = height - bottom - top
    if room < _PHONES * scale:  # a timeline of Blender's own size: what lies lowest must share
        bottom, room = 0.0, height - top
    phones = min(_PHONES * scale, room) if room >= _LEAST * scale else 0.0
    wave = min(_WAVE * scale, room - phones)
    return Layout(bottom, phones, wave if phones and wave >= _LEAST * scale else 0.0)


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
