"""What a request wants kept or transferred, read from uploaded clips."""

from __future__ import annotations

from pathlib import Path

from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import GestureUse, SynthesizeRequest

from .clip_files import read_clip
from .engine.holds import Gesture, Holds, Take
from .styles.clips import read_performance

_TAKE_NAME = "take.npz"


def read_holds(request: SynthesizeRequest, blobs: Path) -> Holds:
    """Raises `BadInputError` for a clip that can't be read or lacks what it is used for."""
    take = None
    if request.take_sha256:
        clip = read_clip(blobs / request.take_sha256, name=_TAKE_NAME)
        take = Take(clip, request.redo_start_s, request.redo_end_s)
    gestures = tuple(_read_gesture(use, blobs) for use in request.gestures)
    return Holds(take, gestures, request.keys)


def read_driving_clip(request: SynthesizeRequest, blobs: Path) -> MotionClip:
    """The performance to transfer, cut as the request says. Raises `BadInputError` if it can't be
    read or nothing is left of it."""
    clip = read_clip(blobs / request.audio_sha256, name=request.audio_name)
    first = round(request.start_s * clip.fps)
    last = round(request.end_s * clip.fps) if request.end_s else clip.n_frames
    values = clip.values[first:last]
    if not len(values):
        raise BadInputError(
            f"'{request.audio_name}' lasts {clip.duration_s:.2f} s, so nothing is left behind "
            f"{request.start_s:g} s; choose an earlier start."
        )
    return MotionClip(clip.fps, clip.channels, values)


def _read_gesture(use: GestureUse, blobs: Path) -> Gesture:
    clip = read_performance(blobs / use.clip_sha256, use.name)
    if use.to_s > clip.duration_s + 1e-6:
        raise BadInputError(
            f"The passage from {use.from_s:g} s to {use.to_s:g} s lies behind the end of "
            f"'{use.name}', which lasts {clip.duration_s:.2f} s; choose an earlier one."
        )
    return Gesture(use, clip)
