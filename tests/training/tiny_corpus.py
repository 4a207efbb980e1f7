"""A corpus of seconds in the layout of the real one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile

VALID = "1" * 51 + "0" + "111"
MOUTH_ONLY = "0" * 14 + "1" * 27 + "0" * 14
_FIELDS = (
    "clip_id source speaker language tag fps n_frames audio split licence channels_valid".split()
)
_CLIPS = (
    # source, speaker, split, fps, how many, whether with sound, mood
    ("grid_s1", "grid_s1", "train", 25, 1, True, "neutral"),
    ("grid_s1", "grid_s1", "dev", 25, 4, True, "neutral"),
    ("grid_multi", "grid_s26", "dev", 25, 2, True, "neutral"),
    ("facegood", "facegood_tts", "train", 30, 1, True, "neutral"),
    ("facegood", "facegood_tts", "dev", 30, 1, True, "neutral"),
    ("style_mead", "mead_A", "eval_only", 30, 1, False, "angry"),
    ("style_mead", "mead_A", "eval_only", 30, 1, False, "happy"),
    ("style_styletalk", "styletalk_B", "eval_only", 30, 2, False, "sad"),
    ("style_arkit_rom", "alex", "train", 30, 1, False, ""),
)
SECONDS = 3
PHONES = (("sil", 0.0, 0.6), ("B", 0.6, 0.8), ("AA", 0.8, 1.2), ("UW", 1.2, 1.6), ("sil", 1.6, 3.0))
_LAST = ("UW", "IY", "S", "OW")
"""What sentences end in."""


def write_corpus(root: Path) -> Path:
    """Every kind of source, with jaws that follow the sound's loudness."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, object]] = []
    motions: dict[str, dict[str, np.ndarray]] = {}
    spoken: dict[str, list[tuple[object, ...]]] = {}
    for source, speaker, split, fps, count, sounds, mood in _CLIPS:
        for i in range(count):
            name = f"{speaker}_{split}{mood}{i}"
            valid = MOUTH_ONLY if source == "facegood" else VALID
            motion = _motion(rng, SECONDS * fps) * [c == "1" for c in valid]
            motions.setdefault(source, {})[name] = motion.astype(np.float16)
            audio = f"audio/{source}/{name}.flac" if sounds else ""
            if sounds:
                (root / audio).parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(root / audio, _sound(rng, motion), 16000)
                spoken.setdefault(source, []).extend(
                    (name, _LAST[i] if phone == "UW" else phone, start, end, "forced")
                    for phone, start, end in PHONES
                )
            about = (
                name, source, speaker, "en", mood, fps, len(motion), audio, split, "none", valid,
            )  # fmt: skip
            rows.append(dict(zip(_FIELDS, about, strict=True)))
    (root / "motion").mkdir()
    (root / "phones").mkdir()
    for source, clips in motions.items():
        np.savez(root / "motion" / f"{source}.npz", **clips)
    for source, segments in spoken.items():
        with (root / "phones" / f"{source}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("clip_id", "phone", "start_s", "end_s", "kind"))
            writer.writerows(segments)
    with (root / "index.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, _FIELDS)
        table.writeheader()
        table.writerows(rows)
    return root


def _motion(rng: np.random.Generator, n_frames: int) -> np.ndarray:
    motion = np.zeros((n_frames, 55), np.float32)
    motion[:, :52] = 0.2 * rng.random(52)
    motion[:, 17] = 0.4 * np.abs(np.sin(np.arange(n_frames) * 6 / n_frames * rng.uniform(2, 4)))
    motion[:, 18] = 0
    return motion


def _sound(rng: np.random.Generator, motion: np.ndarray) -> np.ndarray:
    n_samples = SECONDS * 16000
    jaw = np.interp(np.linspace(0, 1, n_samples), np.linspace(0, 1, len(motion)), motion[:, 17])
    return (0.3 * jaw * rng.standard_normal(n_samples)).clip(-1, 1)
