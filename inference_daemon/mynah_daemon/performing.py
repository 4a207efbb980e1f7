"""From a request and the files that it names to a motion clip, and what is to be said about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.flame import FLAME
from mynah_shared.protocol.messages import SynthesizeRequest

from .audio.decode import Decoder
from .config import config_from_environment
from .engine.engine import SAMPLE_RATE, LipSyncEngine, Progress
from .engine.heard import Heard, sum_up
from .engine.holds import Holds
from .held_clips import read_driving_clip, read_holds
from .styles.clips import read_style_clip
from .videos import VideoCaptures, is_video

FloatArray = NDArray[np.float32]
StyleClips = Sequence[MotionClip | None]


class BadAudioError(BadInputError):
    """The audio can't be performed, rather than a style clip or another value."""


@dataclass(frozen=True, eq=False)
class Performed:
    """A clip, the length of what it was made of, sentences about it that people should read, and
    what was heard, if it was made of sound."""

    clip: MotionClip
    length_s: float
    warnings: tuple[str, ...] = ()
    heard: Heard | None = None


class RequestPerformer:
    """Performs requests whose files lie in the folder `blobs`; `landmarker` as in
    `capture_video`."""

    def __init__(
        self, engine: LipSyncEngine, decoder: Decoder, blobs: Path, landmarker: Path | None = None
    ) -> None:
        self._engine, self._decoder, self._blobs = engine, decoder, blobs
        self._videos = VideoCaptures(blobs, landmarker)

    def perform(
        self,
        request: SynthesizeRequest,
        progress: Progress,
        check_cancelled: Callable[[], None],
    ) -> Performed:
        """Raises `BadAudioError` or `BadInputError` with a sentence; what `progress` and
        `check_cancelled` raise ends the performance."""
        clips = [
            read_style_clip(self._blobs / use.clip_sha256, use.name) if use.clip_sha256 else None
            for use in request.styles
        ]
        holds = read_holds(request, self._blobs)
        if request.is_transfer:
            performed = self._transfer(request, clips, holds, progress)
        else:
            samples = self._decode(request, check_cancelled)
            made = self._engine.perform(request, samples, progress, clips, holds)
            warnings = self._warnings(request, samples, clips)
            heard = sum_up(samples, made.phones)
            performed = Performed(made.clip, len(samples) / SAMPLE_RATE, warnings, heard)
        return _in_flame(performed) if request.representation == FLAME else performed

    def _transfer(
        self, request: SynthesizeRequest, clips: StyleClips, holds: Holds, progress: Progress
    ) -> Performed:
        warnings: tuple[str, ...] = ()
        if is_video(request.audio_name):
            made = self._videos.capture(request, progress)
            driving, warnings = made.clip, made.report.warnings
            if not (request.fps or any(clips)):  # the capture itself is wanted, to be imitated
                warnings += made.report.style_warnings
        else:
            driving = read_driving_clip(request, self._blobs)
        wanted = replace(request, fps=request.fps or driving.fps)
        clip = self._engine.transfer(wanted, driving, clips, holds)
        progress("finish", 1, 1)
        return Performed(clip, driving.duration_s, warnings)

    def _decode(
        self, request: SynthesizeRequest, check_cancelled: Callable[[], None]
    ) -> FloatArray:
        path, name = self._blobs / request.audio_sha256, request.audio_name
        try:
            return self._decoder.decode(path, name, request.start_s, request.end_s, check_cancelled)
        except BadInputError as err:
            raise BadAudioError(str(err)) from err

    def _warnings(
        self, request: SynthesizeRequest, samples: FloatArray, clips: StyleClips
    ) -> tuple[str, ...]:
        """What may be wrong with the styles, by themselves and for this voice."""
        if not any(clips):
            return ()
        from .styles.energy import energy_warning  # these bring scipy, which takes half a second
        from .styles.quality import judge_clip

        neutral = self._engine.neutral(samples)
        found: dict[str, None] = {}  # each once, in order
        for use, clip in zip(request.styles, clips, strict=True):
            if clip is None:
                continue
            for warning in judge_clip(clip).warnings:
                found[f"'{use.name}': {warning}"] = None
            if neutral and (warning := energy_warning(use.name, clip, neutral)):
                found[warning] = None
        return tuple(found)


def _in_flame(performed: Performed) -> Performed:
    from .flame.mapping import read_map  # brings scipy too

    flame_map = read_map(config_from_environment().flame_map)
    return replace(performed, clip=flame_map.to_flame(performed.clip))
