"""A video of a performer becomes a style clip: the one entry to the capture.

Frames with landmarks, landmarks at the even moments of the clip, what they say about the face, the
performance that explains it, and how good a style it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation  # pyright: ignore[reportMissingTypeStubs]

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from ..styles.quality import StyleQuality, judge_clip
from .distilled import CaptureNetwork
from .downloads import LANDMARKER, Report, fetch
from .head_model import load_head, reference_face
from .heard import speech_share
from .landmarks import Landmarker, face_size, load_mediapipe
from .observation import Observation, observe
from .remarks import Circumstances, style_warnings, warnings_of
from .solver import Solution, Solver
from .temporal import steady
from .track import FaceTrack, follow
from .video import Video, VideoFacts

FloatArray = NDArray[np.float64]

FEWEST_FRAMES: Final = 10
"""With fewer there is no telling the performer's rest from an expression."""
_HEAD_STEADINESS, _HEAD_JUMP_RAD = 3.0, 0.01
_USUAL_FPS: Final = 25.0


@dataclass(frozen=True)
class Part:
    """What of a video to capture: from `start_s` to `end_s` (0 = the end), at `fps` frames per
    second (0 = the video's own, rounded to a usual rate). Raises `BadInputError`."""

    start_s: float = 0.0
    end_s: float = 0.0
    fps: float = 0.0

    def __post_init__(self) -> None:
        if self.start_s < 0 or self.end_s < 0 or 0 < self.end_s <= self.start_s:
            raise BadInputError(
                f"The part from {self.start_s:g} s to {self.end_s:g} s is empty; choose an end "
                "behind the start."
            )
        if self.fps and not 5 <= self.fps <= 120:
            raise BadInputError(
                f"The rate {self.fps:g} is out of range; choose 5 to 120 frames per second."
            )

    def length_s(self, facts: VideoFacts) -> float:
        """How long the part of a video is; 0 or less if that is unknown or nothing is left."""
        return min(self.end_s or math.inf, facts.length_s) - self.start_s


WHOLE: Final = Part()


@dataclass(frozen=True)
class CaptureReport:
    """What an animator should know about a capture. `bridged` is the share of frames without a
    face, `heard` that of the time in which speech is heard (None without sound). `warnings` are
    about the video and its face, `style_warnings` about the manner that it shows."""

    video: VideoFacts
    bridged: float
    heard: float | None
    quality: StyleQuality
    warnings: tuple[str, ...]
    style_warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Capture:
    """The performance, and what is to be said about it."""

    clip: MotionClip
    report: CaptureReport


def capture_video(
    path: Path,
    report: Report,
    part: Part = WHOLE,
    name: str = "",
    landmarker: Path | None = None,
    head: Path | None = None,
) -> Capture:
    """The performance of the largest face in a video; `name` stands for it in sentences.

    Landmarks are found by the model file `landmarker` (None: fetched on first use). They are solved
    by the network that ships, or on the head `head`. `report` hears of stage and fraction; what it
    raises ends the capture. Raises `BadInputError` for a video that can't be used and
    `EngineUnavailableError` if something is not installed or can't be fetched.
    """
    name = name or path.name
    solver = CaptureNetwork() if head is None else Solver(load_head(head))
    with Video(path, name) as video:
        load_mediapipe()  # before anything is fetched for it
        model = landmarker or fetch(LANDMARKER, report)
        facts = video.facts
        fps = part.fps or facts.fps
        length_s = part.length_s(facts)
        with Landmarker(model) as seer:
            shots = video.shots(part.start_s, part.end_s, fps, lambda: report("landmarks", 0.0))
            track = follow(shots, seer, part.start_s, length_s, report)
        n_damaged = video.n_damaged
    _check(track, name, part, n_damaged)
    last_s = min(track.last_s, part.end_s - part.start_s) if part.end_s else track.last_s
    times = np.arange(max(math.floor(last_s * fps + 0.1), 0) + 1) / fps
    report("solve", 0.0)
    seen = observe(track.at(times), reference_face(), fps)
    clip = to_clip(seen, solver.solve(seen), fps)
    bridged = track.is_bridged(times)
    circumstances = Circumstances(
        clip=clip,
        bridged=bridged,
        n_crowded=track.n_crowded,
        n_damaged=n_damaged,
        face_pixels=float(np.median([face_size(face) for face in track.faces])),
        resting_gap_mm=seen.resting_gap_mm,
    )
    heard = None
    if facts.has_sound:
        heard = speech_share(path, name, part.start_s, part.end_s, lambda: report("solve", 0.5))
    report("solve", 1.0)
    quality = judge_clip(clip)
    warnings = warnings_of(circumstances)
    lacks = style_warnings(clip, heard) + quality.warnings
    told = CaptureReport(facts, float(bridged.mean()), heard, quality, warnings, lacks)
    return Capture(clip, told)


def to_clip(seen: Observation, solution: Solution, fps: float) -> MotionClip:
    """The clip of a solved performance; head pose relative to the clip's mean."""
    turns = Rotation.from_matrix(seen.rotations) * Rotation.from_rotvec(solution.turns)
    yaw, pitch, roll = (turns.mean().inv() * turns).as_euler("YXZ").T
    pace = fps / _USUAL_FPS
    head = np.stack([pitch, yaw, roll], axis=1)
    head = steady(head, _HEAD_STEADINESS * pace, _HEAD_JUMP_RAD / pace)
    values = np.concatenate([solution.coefficients, head], axis=1).astype(np.float32)
    return MotionClip(fps, ARKIT_CHANNELS, values)


def _check(track: FaceTrack, name: str, part: Part, n_damaged: int) -> None:
    if track.n_frames == 0:
        if part.start_s:
            raise BadInputError(
                f"The start at {part.start_s:g} s lies behind the end of '{name}'; choose an "
                "earlier start."
            )
        why = "is damaged: none of its frames" if n_damaged else "is empty: no frame"
        raise BadInputError(f"'{name}' {why} can be decoded; export it again.")
    if track.n_frames < FEWEST_FRAMES:
        raise BadInputError(
            f"'{name}' has {_frames(track.n_frames)} to capture; {FEWEST_FRAMES} are the least, "
            "and a style clip needs 3 s: film a longer take."
        )
    if len(track.times_s) == 0:
        raise BadInputError(
            f"'{name}' shows no face in any of {_frames(track.n_frames)}; film the performer from "
            "the front, with the whole face in the picture."
        )
    if len(track.times_s) < FEWEST_FRAMES:
        raise BadInputError(
            f"'{name}' shows a face in {_frames(len(track.times_s))} of {track.n_frames} only; "
            f"capture needs {FEWEST_FRAMES}: film the performer from the front."
        )


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
