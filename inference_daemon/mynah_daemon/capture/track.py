"""One face followed through a video, and its landmarks at the even moments of a clip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .downloads import Report
from .face_points import N_POINTS
from .landmarks import Face, Landmarker, face_size
from .video import Shot

FloatArray = NDArray[np.float64]

_AS_LARGE: Final = 0.7
"""The followed face is kept while it is at least this large against the largest one."""


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """`times_s` [F] and `faces` [F, 478, 3] where a face was seen; `missing_s`: moments where none
    was; `n_crowded`: frames with several faces. `last_s` is the moment of the last frame, of
    `n_frames` looked at."""

    times_s: FloatArray
    faces: FloatArray
    missing_s: tuple[float, ...]
    n_crowded: int
    last_s: float

    @property
    def n_frames(self) -> int:
        return len(self.times_s) + len(self.missing_s)

    def at(self, times_s: FloatArray) -> FloatArray:
        """Landmarks [T, 478, 3] at other times, on the line between the frames around; before the
        first and after the last face they hold."""
        if len(self.times_s) == 1:
            return np.repeat(self.faces, len(times_s), axis=0)
        left = np.searchsorted(self.times_s, times_s, side="right") - 1
        left = np.clip(left, 0, len(self.times_s) - 2)
        span = self.times_s[left + 1] - self.times_s[left]
        share = np.clip((times_s - self.times_s[left]) / span, 0, 1)[:, None, None]
        return (1 - share) * self.faces[left] + share * self.faces[left + 1]

    def is_bridged(self, times_s: FloatArray) -> NDArray[np.bool_]:
        """Whether no face was seen around each of these times [T]."""
        if not self.missing_s:
            return np.zeros(len(times_s), bool)
        missing = np.array(self.missing_s)
        to_missing = np.abs(times_s[:, None] - missing).min(axis=1)
        to_seen = np.abs(times_s[:, None] - self.times_s).min(axis=1)
        return to_missing < to_seen


def follow(
    shots: Iterable[Shot], landmarker: Landmarker, start_s: float, length_s: float, report: Report
) -> FaceTrack:
    """Follows the largest face through frames; times count from `start_s`. `length_s` is what the
    frames will cover, 0 if that is unknown."""
    times: list[float] = []
    faces: list[Face] = []
    missing: list[float] = []
    n_crowded, last_s = 0, 0.0
    followed: Face | None = None
    for shot in shots:
        time_s = last_s = shot.time_s - start_s
        found = landmarker.find(shot.image)
        n_crowded += len(found) > 1
        if found:
            followed = _choose(found, followed)
            times.append(time_s)
            faces.append(followed)
        else:
            missing.append(time_s)
        report("landmarks", min(time_s / length_s, 1.0) if length_s > 0 else 0.0)
    return FaceTrack(
        np.array(times, np.float64),
        np.array(faces, np.float64).reshape(len(faces), N_POINTS, 3),
        tuple(missing),
        n_crowded,
        last_s,
    )


def _choose(found: list[Face], followed: Face | None) -> Face:
    """The largest face, or the one followed so far while it is nearly as large."""
    if followed is None:
        return found[0]
    enough = _AS_LARGE * face_size(found[0])
    return min(
        (face for face in found if face_size(face) >= enough),
        key=lambda face: float(np.linalg.norm(face.mean(axis=0) - followed.mean(axis=0))),
    )
