"""Computes features once: `python -m mynah_training.data.pack FOLDER [--layout NAME]
[--synthetic DIR] [--samples] -o PACK`.

The folder is our corpus or, with another layout, a user's own data set (see `layouts`).

A pack is a folder of flat arrays (`mel.npy` float16 at 100/s, `phones.npy` int8 at 50/s,
`motion.npy` float16 at 25/s), `utterances.json` with each utterance's place in them, and
`poses.npy` float16 [N, 55]: expressions from the corpus' range-of-motion takes, a face
at rest for a data set without such takes. With `--samples` the sound itself is kept too
(`samples.npy` int16 [L, 160], rows of 10 ms at 16 kHz): HuBERT hears it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from mynah_daemon.audio.features import (
    MEL_PER_MOTION_FRAME,
    motion_frame_count,
    raw_log_mel,
    sound_rows,
)
from mynah_shared.errors import BadInputError, MynahError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from .corpus import Recording, Segment, read_poses, read_rows
from .layouts import CORPUS, LAYOUTS
from .pairing import time_map, warp_motion
from .phones import frame_labels

MOTION_FPS = 25.0
PHONE_RATE = 50.0
_CHANNELS = len(ARKIT_CHANNELS)
_FULL_SCALE = 32767


@dataclass(frozen=True)
class Entry:
    """One packed utterance. `start` and `n_frames` count motion frames (25/s). `valid` is ""
    without motion, `mood` "" where the data set tells none."""

    utterance_id: str
    source: str
    speaker: str
    language: str
    split: str
    trusted: bool
    valid: str
    start: int
    n_frames: int
    mood: str = ""

    @property
    def manner(self) -> str:
        """The person, and the mood if one is known: who performs alike."""
        return f"{self.speaker} {self.mood}".strip()


class Pack:
    """A pack read back; the arrays stay on disk until they are used."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "utterances.json").is_file():
            raise BadInputError(
                f"{folder} holds no packed data; run `python -m mynah_training.data.pack` first."
            )
        self.entries = [
            Entry(**item) for item in json.loads((folder / "utterances.json").read_text())
        ]
        self.mel = np.load(folder / "mel.npy", mmap_mode="r")
        self.phones = np.load(folder / "phones.npy", mmap_mode="r")
        self.motion = np.load(folder / "motion.npy", mmap_mode="r")
        self.poses = np.load(folder / "poses.npy")
        self._folder, kept = folder, folder / "samples.npy"
        self._samples = np.load(kept, mmap_mode="r") if kept.is_file() else None

    def mel_of(self, entry: Entry) -> NDArray[np.float16]:
        """Raw log-mel [4T, 80]."""
        k = MEL_PER_MOTION_FRAME
        return self.mel[entry.start * k : (entry.start + entry.n_frames) * k]

    def samples_of(self, entry: Entry) -> NDArray[np.float32]:
        """Mean-free sound in rows of 10 ms [4T, 160]. Raises `BadInputError` if none was kept."""
        if self._samples is None:
            raise BadInputError(
                f"{self._folder} holds no sound for HuBERT to hear; pack the data again with "
                "--samples."
            )
        k = MEL_PER_MOTION_FRAME
        rows = self._samples[entry.start * k : (entry.start + entry.n_frames) * k]
        return rows.astype(np.float32) / _FULL_SCALE

    def phones_of(self, entry: Entry) -> NDArray[np.int8]:
        """Phone labels [2T]."""
        return self.phones[entry.start * 2 : (entry.start + entry.n_frames) * 2]

    def motion_of(self, entry: Entry) -> NDArray[np.float16]:
        """Coefficients [T, 55]; zeros where `entry.valid` is empty."""
        return self.motion[entry.start : entry.start + entry.n_frames]


class _Writer:
    def __init__(self, *, with_samples: bool = False) -> None:
        self.entries: list[Entry] = []
        self.samples: list[NDArray[np.int16]] | None = [] if with_samples else None
        self.mel: list[NDArray[np.float16]] = []
        self.phones: list[NDArray[np.int8]] = []
        self.motion: list[NDArray[np.float16]] = []
        self.poses = np.zeros((1, _CHANNELS), np.float16)
        self._frames = 0

    def add(
        self,
        samples: NDArray[np.float32],
        segments: tuple[Segment, ...],
        motion: NDArray[np.float32] | None,
        **about: Any,
    ) -> None:
        mel = raw_log_mel(samples)
        n_frames = len(mel) // MEL_PER_MOTION_FRAME
        self.mel.append(mel.astype(np.float16))
        if self.samples is not None:
            loud = np.rint(sound_rows(samples) * _FULL_SCALE)
            self.samples.append(loud.clip(-_FULL_SCALE, _FULL_SCALE).astype(np.int16))
        self.phones.append(frame_labels(list(segments), n_frames * 2, PHONE_RATE))
        self.motion.append(
            np.zeros((n_frames, _CHANNELS), np.float16)
            if motion is None
            else motion.astype(np.float16)
        )
        self.entries.append(Entry(start=self._frames, n_frames=n_frames, **about))
        self._frames += n_frames

    def write(self, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        np.save(out / "mel.npy", np.concatenate(self.mel))
        np.save(out / "phones.npy", np.concatenate(self.phones))
        np.save(out / "motion.npy", np.concatenate(self.motion))
        np.save(out / "poses.npy", self.poses)
        (out / "samples.npy").unlink(missing_ok=True)  # of an older pack in the same folder
        if self.samples is not None:
            np.save(out / "samples.npy", np.concatenate(self.samples))
        (out / "utterances.json").write_text(
            json.dumps([asdict(e) for e in self.entries], indent=0)
        )


def add_recordings(writer: _Writer, recordings: list[Recording]) -> None:
    for item in recordings:
        samples = item.read_audio()
        n_frames = motion_frame_count(len(samples))
        identity = np.array([0.0, 1e6])
        motion = (
            None
            if item.motion is None
            else warp_motion(item.motion, identity, identity, n_frames, MOTION_FPS)
        )
        writer.add(
            samples,
            item.phones,
            motion,
            utterance_id=item.recording_id,
            source=item.source,
            speaker=item.speaker,
            language=item.language,
            split=item.split,
            trusted=item.trusted,
            valid="".join("01"[int(v)] for v in item.valid) if item.motion else "",
            mood=item.mood,
        )


def add_synthetic(writer: _Writer, folder: Path, recordings: list[Recording]) -> None:
    """Synthetic utterances; those that speak a filmed sentence get that sentence's motion, warped
    to their phones."""
    filmed = {item.recording_id: item for item in recordings if item.motion is not None}
    segments: dict[str, list[Segment]] = {}
    for row in read_rows(folder / "phones.csv"):
        segments.setdefault(row["utterance_id"], []).append(
            (row["phone"], float(row["start_s"]), float(row["end_s"]))
        )
    for row in read_rows(folder / "index.csv"):
        name = row["utterance_id"]
        sound, _ = soundfile.read(folder / "audio" / f"{name}.flac", dtype="float32")
        samples = np.asarray(sound, np.float32)
        original = filmed.get(name.split("_", 2)[2]) if name.startswith("grid_") else None
        phones, motion, valid = tuple(segments[name]), None, ""
        if original is not None and original.split == "train":
            assert original.motion is not None
            motion = _speech_motion(original.motion, original.phones, phones, len(samples))
            valid = "".join("01"[int(v)] for v in original.valid)
        writer.add(
            samples,
            phones,
            motion,
            utterance_id=name,
            source="synthetic_grid" if valid else "synthetic",
            # A revoiced face stays its performer's: who holds a performer out must not meet that
            # face here.
            speaker=original.speaker if original and valid else row["voice"],
            language=row["language"],
            split="train",
            trusted=True,
            valid=valid,
        )


def _speech_motion(
    clip: MotionClip, source: tuple[Segment, ...], target: tuple[Segment, ...], n_samples: int
) -> NDArray[np.float32]:
    here, there = time_map(source, target)
    return warp_motion(clip, here, there, motion_frame_count(n_samples), MOTION_FPS)


def _with_progress(items: Iterator[Recording]) -> list[Recording]:
    recordings = list(items)
    print(f"{len(recordings)} recordings", flush=True)
    return recordings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layout", choices=LAYOUTS, default=CORPUS, help="how the folder is laid")
    parser.add_argument(
        "--synthetic", type=Path, help="folder written by mynah_training.data.synthesis"
    )
    parser.add_argument(
        "--samples", action="store_true", help="keep the sound itself, which HuBERT hears"
    )
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args()
    writer = _Writer(with_samples=args.samples)
    try:
        recordings = _with_progress(LAYOUTS[args.layout](args.folder))
        add_recordings(writer, recordings)
        if args.layout == CORPUS:
            writer.poses = read_poses(args.folder)
        if args.synthetic:
            add_synthetic(writer, args.synthetic, recordings)
    except MynahError as error:
        raise SystemExit(str(error)) from error
    writer.write(args.out)
    minutes = sum(e.n_frames for e in writer.entries) / MOTION_FPS / 60
    print(f"{len(writer.entries)} utterances, {minutes:.0f} minutes, in {args.out}")


if __name__ == "__main__":
    main()
