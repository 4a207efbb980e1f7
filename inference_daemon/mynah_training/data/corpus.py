"""Reads the corpus layout: index.csv, audio/, motion/*.npz, phones/*.csv (see the README of the
corpus)."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from .sound_files import read_sound

SAMPLE_RATE = 16000
LARGEST_MISMATCH_S = 0.1
OTHERS = "others"
"""Source of people whom a user filmed."""
TRUSTED_PHONES = frozenset({"forced", "textgrid"})
Segment = tuple[str, float, float]


@dataclass(frozen=True)
class Recording:
    """One utterance with what is known of it. `motion` is None for speech without a face.

    `valid` [55] marks the channels that were measured; `trusted` says that the phones come from a
    transcript. `mood` tells a speaker's manners apart. A user's own recording (`any_sound`) may
    have any rate and container; the corpus' must be ready for use. `largest_mismatch_s` is how far
    sound and motion may differ in length; sound beyond the motion's end is left out.
    """

    recording_id: str
    source: str
    speaker: str
    language: str
    split: str
    audio: Path
    phones: tuple[Segment, ...]
    trusted: bool
    motion: MotionClip | None
    valid: NDArray[np.bool_]
    mood: str = ""
    any_sound: bool = False
    largest_mismatch_s: float = LARGEST_MISMATCH_S

    def read_audio(self) -> NDArray[np.float32]:
        """Samples [N] at 16 kHz in -1..1."""
        if self.any_sound:
            samples, rate = read_sound(self.audio), SAMPLE_RATE
        else:
            samples, rate = soundfile.read(self.audio, dtype="float32")
        if rate != SAMPLE_RATE:
            raise BadInputError(
                f"{self.audio.name} has {rate} samples per second; training audio must "
                f"have {SAMPLE_RATE}."
            )
        if self.motion is not None:
            seconds, filmed = len(samples) / rate, self.motion.n_frames / self.motion.fps
            if abs(seconds - filmed) > self.largest_mismatch_s:
                raise BadInputError(
                    f"{self.audio} lasts {seconds:.2f} s and its motion {filmed:.2f} s; cut "
                    "them to the same length."
                )
            if seconds - filmed > LARGEST_MISMATCH_S:
                samples = samples[: round(filmed * rate)]
        return np.asarray(samples, np.float32)


def read_corpus(root: Path) -> Iterator[Recording]:
    """The paired clips (those with audio), then the speech without motion. Raises `BadInputError`
    for a wrong folder."""
    if not (root / "index.csv").is_file():
        raise BadInputError(f"{root} has no index.csv; give the folder of a corpus.")
    yield from _paired(root)
    if (root / "speech" / "index.csv").is_file():
        yield from _speech(root / "speech")


def _paired(root: Path) -> Iterator[Recording]:
    rows = [row for row in read_rows(root / "index.csv") if row["audio"]]
    if not rows:
        raise BadInputError(
            f"{root / 'index.csv'} lists no clip with sound; there is nothing to learn."
        )
    for source in sorted({row["source"] for row in rows}):
        phones = read_phones(root / "phones" / f"{source}.csv")
        with np.load(root / "motion" / f"{source}.npz") as motions:
            for row in (row for row in rows if row["source"] == source):
                segments, trusted = phones.get(row["clip_id"], ((), False))
                values = motions[row["clip_id"]].astype(np.float32)
                if values.shape != (int(row["n_frames"]), len(ARKIT_CHANNELS)):
                    raise BadInputError(
                        f"Clip {row['clip_id']} has motion of shape {values.shape}; the "
                        f"index says {row['n_frames']} frames of {len(ARKIT_CHANNELS)} channels."
                    )
                if not np.isfinite(values).all():
                    raise BadInputError(
                        f"Clip {row['clip_id']} has motion that is not a number (NaN or infinite) "
                        f"in frame {int(np.argwhere(~np.isfinite(values))[0, 0])}; repair or "
                        "remove it."
                    )
                yield Recording(
                    row["clip_id"],
                    source,
                    row["speaker"],
                    row["language"],
                    row["split"],
                    root / row["audio"],
                    segments,
                    trusted,
                    MotionClip(float(row["fps"]), ARKIT_CHANNELS, values),
                    np.array([c == "1" for c in row["channels_valid"]]),
                )


def _speech(root: Path) -> Iterator[Recording]:
    nothing = np.zeros(len(ARKIT_CHANNELS), bool)
    tables: dict[str, dict[str, tuple[tuple[Segment, ...], bool]]] = {}
    for row in read_rows(root / "index.csv"):
        source = row["source"]
        if source not in tables:
            tables[source] = read_phones(root / "phones" / f"{source}.csv")
        segments, trusted = tables[source].get(row["clip_id"], ((), False))
        yield Recording(
            row["clip_id"],
            source,
            row["speaker"],
            row["language"],
            row["split"],
            root / row["audio"],
            segments,
            trusted,
            None,
            nothing,
        )


def read_phones(path: Path) -> dict[str, tuple[tuple[Segment, ...], bool]]:
    """clip_id → (segments, whether they come from a transcript)."""
    segments: dict[str, list[Segment]] = defaultdict(list)
    trusted: dict[str, bool] = {}
    for row in read_rows(path):
        segments[row["clip_id"]].append((row["phone"], float(row["start_s"]), float(row["end_s"])))
        trusted[row["clip_id"]] = row["kind"] in TRUSTED_PHONES
    return {clip: (tuple(items), trusted[clip]) for clip, items in segments.items()}


def read_rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise BadInputError(f"{path} is missing; the corpus is incomplete.")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read_poses(root: Path) -> NDArray[np.float16]:
    """Expressions [N, 55] from the silent range-of-motion takes, every fifth frame."""
    path = root / "motion" / "style_arkit_rom.npz"
    if not path.is_file():
        raise BadInputError(f"{path} is missing; the corpus is incomplete.")
    with np.load(path) as takes:
        return np.concatenate([takes[name] for name in takes.files])[::5].astype(np.float16)
