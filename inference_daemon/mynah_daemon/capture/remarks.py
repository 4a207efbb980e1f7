"""What makes a capture worse than it could be, in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.clip import MotionClip

from ..styles.clips import LEAST_S

_SMALL_FACE_PIXELS: Final = 90.0
_FAR_TURN_DEG: Final = 45.0
_OPEN_MM: Final = 3.0
_LITTLE_SPEECH: Final = 0.4


@dataclass(frozen=True, eq=False)
class Circumstances:
    """Of a capture: `bridged` [T] marks frames without a face; `n_crowded` and `n_damaged` count
    frames with several faces and frames that could not be decoded; `face_pixels` is the face's
    size; `resting_gap_mm` is left between the lips where they come nearest."""

    clip: MotionClip
    bridged: NDArray[np.bool_]
    n_crowded: int
    n_damaged: int
    face_pixels: float
    resting_gap_mm: float


def warnings_of(capture: Circumstances) -> tuple[str, ...]:
    """A sentence for each thing that makes the clip less true."""
    clip, found = capture.clip, list[str]()
    if capture.n_crowded:
        found.append(
            f"Several faces are in {capture.n_crowded} frames; the largest one was captured."
        )
    if capture.bridged.any():
        found.append(
            f"No face was seen in {capture.bridged.sum()} of {clip.n_frames} frames "
            f"({_moments(capture.bridged, clip.fps)}); they were bridged."
        )
    if capture.n_damaged:
        found.append(
            f"The video is damaged: {capture.n_damaged} of its frames could not be decoded; "
            "the rest was captured."
        )
    if capture.face_pixels < _SMALL_FACE_PIXELS:
        found.append(
            f"The face is only {capture.face_pixels:.0f} pixels large; film closer for lips and "
            "lids that are exact."
        )
    turned = np.abs(clip.column("headYaw")) > np.radians(_FAR_TURN_DEG)
    if turned.any():
        found.append(
            f"The head turns by more than {_FAR_TURN_DEG:g} degrees in {turned.sum()} frames; "
            "the far side of the face is guessed there."
        )
    if capture.resting_gap_mm > _OPEN_MM:
        found.append(
            "The lips never meet in this take; where they come nearest was taken for closed."
        )
    return tuple(found)


def style_warnings(clip: MotionClip, heard: float | None) -> tuple[str, ...]:
    """Sentences on what the clip lacks if it is to be imitated; `heard` is the share of speech in
    its sound."""
    found: list[str] = []
    if clip.duration_s < LEAST_S:
        found.append(
            f"The take lasts {clip.duration_s:.1f} s ({clip.n_frames} frames); a style clip needs "
            f"at least {LEAST_S:g} s ({round(LEAST_S * clip.fps)} frames): film a longer one."
        )
    if heard is not None and heard < _LITTLE_SPEECH:
        found.append(f"Speech is heard for {heard:.0%} of the time only; a style needs more.")
    return tuple(found)


def _moments(flags: NDArray[np.bool_], fps: float) -> str:
    """Where flags [T] are set, as "0.2-0.4 s, 1-1.3 s"; the first three stretches."""
    edges = np.flatnonzero(np.diff(np.pad(flags.astype(np.int8), 1)))
    runs = [f"{a / fps:.3g}-{b / fps:.3g} s" for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return ", ".join(runs[:3]) + (", …" if len(runs) > 3 else "")
