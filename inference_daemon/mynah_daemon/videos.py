"""Performances in uploaded videos: captured when a job first needs one, then kept for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mynah_shared.protocol.messages import SynthesizeRequest
from mynah_shared.scene.captured import VIDEO_SUFFIXES

from .engine.engine import Progress
from .recent import Recent

if TYPE_CHECKING:  # brings decoders
    from .capture.capture import Capture

_MOST_KEPT: Final = 16
"""Ten minutes at 60 frames per second are 8 MB."""


def is_video(name: str) -> bool:
    """Whether a file of this name is to be captured."""
    return Path(name).suffix.lower() in VIDEO_SUFFIXES


class VideoCaptures:
    """Captures videos in the folder `blobs`; `landmarker` as in `capture_video`."""

    def __init__(self, blobs: Path, landmarker: Path | None) -> None:
        self._blobs, self._landmarker = blobs, landmarker
        self._kept: Recent[tuple[str, float, float], Capture] = Recent(_MOST_KEPT)

    def capture(self, request: SynthesizeRequest, progress: Progress) -> Capture:
        """What the request's part of its video shows, at the video's own rate. `progress` hears of
        frames (stage `capture`), and of bytes (`download`) if the landmark model is fetched.

        Raises `BadInputError` for a video that can't be used and `EngineUnavailableError` if
        something is not installed or can't be fetched.
        """
        key = (request.audio_sha256, request.start_s, request.end_s)
        return self._kept.get(key, lambda: self._watch(request, progress))

    def _watch(self, request: SynthesizeRequest, progress: Progress) -> Capture:
        # These bring decoders and scipy, which most lines never need.
        from .capture.capture import Part, capture_video
        from .capture.downloads import LANDMARKER
        from .capture.video import Video

        path, name = self._blobs / request.audio_sha256, request.audio_name
        part = Part(request.start_s, request.end_s)
        with Video(path, name) as video:
            n_frames = max(0, round(part.length_s(video.facts) * video.facts.fps))

        def report(stage: str, fraction: float) -> None:
            if stage == "download":
                n_bytes = LANDMARKER.n_bytes
                progress(stage, round(fraction * n_bytes), n_bytes)
            else:  # after the landmarks of all frames comes one short step
                seen = fraction if stage == "landmarks" else 1.0
                progress("capture", round(seen * n_frames), n_frames + 1)

        report("landmarks", 0.0)  # MediaPipe takes a moment to load
        return capture_video(path, report, part, name, self._landmarker)
