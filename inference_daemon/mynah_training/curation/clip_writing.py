"""The files of a kept clip as the layout `folder` reads them: sound, track, phones if known."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from mynah_daemon.audio.decode_child import SAMPLE_RATE
from mynah_daemon.clip_files import replace_file, write_clip
from mynah_shared.motion.clip import MotionClip

from ..data.corpus import Segment

_SOUND, _PHONES, _TRACK = ".flac", ".phones.csv", ".npz"
_FORCED: Final = "forced"
"""Phones of a transcript; see `corpus.TRUSTED_PHONES`."""


def cut_sound(samples: NDArray[np.float32], start_s: float, length_s: float) -> NDArray[np.float32]:
    """The samples of a part, silent where it reaches beyond their ends."""
    first, count = round(start_s * SAMPLE_RATE), round(length_s * SAMPLE_RATE)
    inside = samples[max(first, 0) : max(first + count, 0)]
    before = min(max(-first, 0), count)
    return np.pad(inside, (before, count - before - len(inside)))


def cut_phones(phones: Iterable[Segment], start_s: float, length_s: float) -> list[Segment]:
    """The phones of a part, with times from its start."""
    cut = ((p, max(a - start_s, 0.0), min(b - start_s, length_s)) for p, a, b in phones)
    return [(phone, first, last) for phone, first, last in cut if last > first]


def about(key: str, start_s: float, lag_s: float, phones: Sequence[Segment]) -> str:
    """What a clip was made from, as JSON: the same means the same files."""
    made = {"video": key, "start_s": round(start_s, 4), "lag_s": round(lag_s, 4)}
    return json.dumps({**made, "phones": [(p, round(a, 4), round(b, 4)) for p, a, b in phones]})


def has_files(corpus: Path, name: str) -> bool:
    """Whether the clip is in the corpus."""
    return _path(corpus, name, _TRACK).is_file() and _path(corpus, name, _SOUND).is_file()


def is_written(corpus: Path, name: str, made_from: str) -> bool:
    """Whether the clip's files are there and were made from this."""
    try:
        with np.load(_path(corpus, name, _TRACK), allow_pickle=False) as content:
            return str(content["meta"]) == made_from and _path(corpus, name, _SOUND).is_file()
    except (OSError, ValueError, KeyError, EOFError):
        return False


def write_files(
    corpus: Path,
    name: str,
    samples: NDArray[np.float32],
    motion: MotionClip,
    phones: Sequence[Segment],
    made_from: str,
) -> None:
    """Writes sound and phones, then the track: without it, the layout passes over the clip."""
    remove_files(corpus, name)
    _path(corpus, name, _SOUND).parent.mkdir(parents=True, exist_ok=True)
    sound = io.BytesIO()
    soundfile.write(sound, np.clip(samples, -1, 1), SAMPLE_RATE, format="FLAC")
    replace_file(_path(corpus, name, _SOUND), sound.getvalue())
    if phones:
        text = io.StringIO(newline="")
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(("phone", "start_s", "end_s", "kind"))
        rows.writerows((p, f"{a:.4f}", f"{b:.4f}", _FORCED) for p, a, b in phones)
        replace_file(_path(corpus, name, _PHONES), text.getvalue().encode("utf-8"))
    write_clip(motion, _path(corpus, name, _TRACK), made_from)


def remove_files(corpus: Path, name: str) -> None:
    """Takes a clip out of the corpus, the track first."""
    for suffix in (_TRACK, _SOUND, _PHONES):
        _path(corpus, name, suffix).unlink(missing_ok=True)


def _path(corpus: Path, name: str, suffix: str) -> Path:
    return corpus / f"{name}{suffix}"
