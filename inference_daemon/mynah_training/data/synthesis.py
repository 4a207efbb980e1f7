"""Writes the synthetic speech that teaches the encoder voices and languages: `python -m
mynah_training.data.synthesis`.

Two parts: free sentences in many languages (phones only), and the corpus' GRID sentences in other
voices. The second
lets one performer's motion be paired with voices he does not have (see `pairing.py`).
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from . import flite
from .espeak import VARIANTS, VOICES, EspeakVoice
from .texts import read_sentences

SAMPLE_RATE = 16000
GRID_WORDS = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {c: c.upper() for c in "abcdefghijklmnopqrstuvxyz"},
    dict(
        zip("z123456789", "zero one two three four five six seven eight nine".split(), strict=True)
    ),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


@dataclass(frozen=True)
class Utterance:
    utterance_id: str
    language: str
    voice: str
    text: str
    samples: NDArray[np.float32]
    segments: list[tuple[str, float, float]]


def grid_text(code: str) -> str:
    """The sentence of a GRID file name: "bgiq4p" → "bin green in Q four please"."""
    return " ".join(words[letter] for words, letter in zip(GRID_WORDS, code, strict=True))


def speak_flite(text: str, utterance_id: str, rng: random.Random) -> Utterance:
    voice = rng.choice(flite.VOICES)
    samples, rate, segments = flite.speak(
        text, voice, stretch=rng.uniform(0.8, 1.3), pitch_hz=rng.uniform(80, 230)
    )
    return Utterance(utterance_id, "en", f"flite-{voice}", text, _to_16k(samples, rate), segments)


def speak_espeak(
    text: str, utterance_id: str, language: str, engine: EspeakVoice, rng: random.Random
) -> Utterance:
    voice = f"{rng.choice(VOICES[language])}+{rng.choice(VARIANTS)}"
    samples, segments = engine.speak(
        text, voice, pitch=rng.randint(25, 75), words_per_minute=rng.randint(120, 210)
    )
    return Utterance(
        utterance_id, language, f"espeak-{voice}", text, _to_16k(samples, engine.rate), segments
    )


def _to_16k(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), np.float32)


def utterances(
    grid_ids: list[str], n_flite: int, n_per_language: int, seed: int
) -> Iterator[Utterance]:
    """All utterances of a synthetic set, reproducible by `seed`."""
    rng, engine = random.Random(seed), EspeakVoice()
    for text_no, text in enumerate(read_sentences("en", n_flite, seed)):
        yield speak_flite(text, f"flite_{text_no:05d}", rng)
    for language in VOICES:
        for text_no, text in enumerate(read_sentences(language, n_per_language, seed)):
            yield speak_espeak(text, f"espeak_{language}_{text_no:05d}", language, engine, rng)
    for clip_id in grid_ids:
        text = grid_text(clip_id.split("_")[1])
        yield speak_flite(text, f"grid_flite_{clip_id}", rng)
        yield speak_espeak(text, f"grid_espeak_{clip_id}", "en", engine, rng)


def write_set(out: Path, items: Iterator[Utterance]) -> int:
    """Writes audio/*.flac, phones.csv and index.csv under `out`; returns the number of
    utterances."""
    (out / "audio").mkdir(parents=True, exist_ok=True)
    count = 0
    with (
        (out / "index.csv").open("w", newline="") as index,
        (out / "phones.csv").open("w", newline="") as phones,
    ):
        index_rows, phone_rows = csv.writer(index), csv.writer(phones)
        index_rows.writerow(("utterance_id", "language", "voice", "duration_s", "text"))
        phone_rows.writerow(("utterance_id", "phone", "start_s", "end_s"))
        for item in items:
            if not 0.5 < len(item.samples) / SAMPLE_RATE < 12:
                continue
            soundfile.write(
                out / "audio" / f"{item.utterance_id}.flac",
                np.clip(item.samples, -1, 1),
                SAMPLE_RATE,
            )
            index_rows.writerow(
                (
                    item.utterance_id,
                    item.language,
                    item.voice,
                    f"{len(item.samples) / SAMPLE_RATE:.3f}",
                    item.text,
                )
            )
            phone_rows.writerows(
                (item.utterance_id, p, f"{a:.4f}", f"{b:.4f}") for p, a, b in item.segments
            )
            count += 1
            if count % 200 == 0:
                print(f"{count} utterances", flush=True)
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument(
        "--corpus",
        type=Path,
        required=True,
        help="the corpus whose GRID sentences are spoken again",
    )
    parser.add_argument("--flite", type=int, default=1200, help="English sentences spoken by flite")
    parser.add_argument(
        "--per-language", type=int, default=120, help="espeak-ng sentences per language"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with (args.corpus / "index.csv").open(newline="") as file:
        grid_ids = [
            row["clip_id"]
            for row in csv.DictReader(file)
            if row["source"].startswith("grid")
            and row["split"] == "train"
            and re.fullmatch(r"s\d+_[a-z]{4}[z\d][a-z]", row["clip_id"])
        ]
    if not grid_ids:
        raise SystemExit(f"{args.corpus}: the index lists no GRID training sentences.")
    try:
        count = write_set(args.out, utterances(grid_ids, args.flite, args.per_language, args.seed))
    except (FileNotFoundError, subprocess.SubprocessError) as error:
        raise SystemExit(
            f"flite could not be run ({error}); install the packages flite and libespeak-ng1."
        ) from error
    print(f"{count} utterances in {args.out}")


if __name__ == "__main__":
    main()
