"""What is spoken and performed in the trials, read from the corpus."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import resample

from ..data.corpus import SAMPLE_RATE, Recording, Segment, read_rows

FloatArray = NDArray[np.float32]

STYLE_FPS: Final = 25.0
LONGEST_STYLE_S: Final = 10.0
"""Style clips are cut to this: a moment of a performance must do."""
N_SHAPES: Final = len(ARKIT_BLENDSHAPES)


@dataclass(frozen=True, eq=False)
class Line:
    """Speech [N] at 16 kHz to perform at `fps`, and how it was performed: `motion` [T, 55] (None
    if nobody knows), of which only the channels `known` [55] count."""

    name: str
    samples: FloatArray
    fps: float
    phones: tuple[Segment, ...] = ()
    motion: FloatArray | None = None
    known: NDArray[np.bool_] = field(default_factory=lambda: np.ones(len(ARKIT_CHANNELS), bool))

    @property
    def n_frames(self) -> int:
        duration = len(self.samples) / SAMPLE_RATE * self.fps
        return max(1, round(duration)) if self.motion is None else len(self.motion)

    @property
    def seed(self) -> int:
        return zlib.crc32(self.name.encode()) % 2**31


@dataclass(frozen=True, eq=False)
class Performance:
    """A clip to imitate: `motion` [S, 55] at 25/s, zero where not `known` [55]."""

    person: str
    mood: str
    motion: FloatArray
    known: NDArray[np.bool_]


def line_of(recording: Recording, longest_s: float = 3600.0) -> Line:
    """A filmed recording, cut; phones that a machine guessed are left out."""
    assert recording.motion is not None
    fps = recording.motion.fps
    phones = recording.phones if recording.trusted else ()
    return Line(
        recording.recording_id,
        recording.read_audio()[: round(longest_s * SAMPLE_RATE)],
        fps,
        tuple(phone for phone in phones if phone[2] <= longest_s),
        recording.motion.values[: round(longest_s * fps)] * recording.valid,
        recording.valid,
    )


def performance_of(recording: Recording) -> Performance:
    """What of a filmed recording can be imitated."""
    assert recording.motion is not None
    motion = style_clip(recording.motion) * recording.valid
    return Performance(recording.speaker, "", motion, recording.valid)


def style_clip(clip: MotionClip) -> FloatArray:
    """The clip's first seconds [S, 55] at the rate of style encoders."""
    values = clip.values[: round(LONGEST_STYLE_S * clip.fps)].astype(np.float32)
    n_frames = max(2, round(len(values) / clip.fps * STYLE_FPS))
    return resample(MotionClip(clip.fps, clip.channels, values), STYLE_FPS, n_frames).values


def silent_performances(corpus: Path, sources: tuple[str, ...]) -> Iterator[Performance]:
    """Clips without sound that were set aside for evaluation."""
    rows = [
        row
        for row in read_rows(corpus / "index.csv")
        if not row["audio"] and row["split"] == "eval_only" and row["source"] in sources
    ]
    for source in sorted({row["source"] for row in rows}):
        with np.load(corpus / "motion" / f"{source}.npz") as takes:
            for row in (row for row in rows if row["source"] == source):
                known = np.array([c == "1" for c in row["channels_valid"]])
                values = takes[row["clip_id"]].astype(np.float32) * known
                clip = MotionClip(float(row["fps"]), ARKIT_CHANNELS, values)
                yield Performance(row["speaker"], row["tag"], style_clip(clip), known)


def choose(recordings: list[Recording], count: int) -> list[Recording]:
    """Always the same few of them."""
    rng = np.random.default_rng(len(recordings))
    chosen = rng.choice(len(recordings), min(count, len(recordings)), replace=False)
    return [recordings[i] for i in sorted(chosen)]


def sentences(recordings: list[Recording]) -> list[Recording]:
    """The dev sentences of the man of whom there are most. Raises `BadInputError` if there are
    fewer than the three that style trials need."""
    found = [
        r for r in recordings
        if r.split == "dev" and r.source == "grid_s1" and r.motion is not None
    ]  # fmt: skip
    if len(found) < 3:
        raise BadInputError("The corpus has fewer than three dev sentences of grid_s1.")
    return found
