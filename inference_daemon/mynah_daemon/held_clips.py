"""What a request wants kept, read from uploaded clips."""

from __future__ import annotations

from pathlib import Path

from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import GestureUse, SynthesizeRequest

from .clip_files import read_clip
from .engine.holds import Gesture, Holds, Take

_TAKE_NAME = "take.npz"


def read_holds(request: SynthesizeRequest, blobs: Path) -> Holds:
    """Raises `BadInputError` for a clip that can't be read or lacks what it is used for."""
    take = None
    if request.take_sha256:
        clip = read_clip(blobs / request.take_sha256, name=_TAKE_NAME)
        take = Take(clip, request.redo_start_s, request.redo_end_s)
    gestures = tuple(_read_gesture(use, blobs) for use in request.gestures)
    return Holds(take, gestures, request.keys)


def _read_gesture(use: GestureUse, blobs: Path) -> Gesture:
    clip: MotionClip = read_clip(blobs / use.clip_sha256, name=use.name)
    if use.to_s > clip.duration_s + 1e-6:
        raise BadInputError(
            f"The passage from {use.from_s:g} s to {use.to_s:g} s lies behind the end of "
            f"'{use.name}', which lasts {clip.duration_s:.2f} s; choose an earlier one."
        )
    return Gesture(use, clip)
