"""Reading a corpus: what is wrong with it is said in a sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mynah_shared.errors import BadInputError
from mynah_training.data.corpus import read_corpus

FRAMES = 50


def write_corpus(
    root: Path,
    *,
    values: np.ndarray | None = None,
    rate: int = 16000,
    seconds: float = 2.0,
    audio: str = "audio/film/one.flac",
) -> Path:
    """A corpus of one clip."""
    for folder in ("audio/film", "motion", "phones"):
        (root / folder).mkdir(parents=True)
    with (root / "index.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            "clip_id source speaker language fps n_frames audio split channels_valid".split()
        )
        rows.writerow(("one", "film", "her", "en", 25, FRAMES, audio, "train", "1" * 55))
    (root / "phones" / "film.csv").write_text(
        "clip_id,phone,start_s,end_s,kind\none,AA,0.0,1.0,forced\n"
    )
    motion = np.zeros((FRAMES, 55), np.float16) if values is None else values
    np.savez(root / "motion" / "film.npz", one=motion)
    soundfile.write(root / "audio" / "film" / "one.flac", np.zeros(round(rate * seconds)), rate)
    return root


def test_a_clip_is_read_with_its_face_and_phones(tmp_path: Path) -> None:
    (recording,) = read_corpus(write_corpus(tmp_path))

    assert recording.motion is not None
    assert recording.motion.n_frames == FRAMES
    assert recording.phones == (("AA", 0.0, 1.0),)
    assert recording.trusted
    assert len(recording.read_audio()) == 32000


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no index\.csv"):
        list(read_corpus(tmp_path))


def test_a_corpus_without_sound_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no clip with sound"):
        list(read_corpus(write_corpus(tmp_path, audio="")))


def test_a_missing_channel_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"Clip one has motion of shape \(50, 54\)"):
        list(read_corpus(write_corpus(tmp_path, values=np.zeros((FRAMES, 54)))))


def test_motion_that_is_no_number_is_named_with_its_frame(tmp_path: Path) -> None:
    values = np.zeros((FRAMES, 55), np.float32)
    values[7, 3] = np.nan
    with pytest.raises(BadInputError, match=r"Clip one has motion that is not a number.*frame 7"):
        list(read_corpus(write_corpus(tmp_path, values=values)))


def test_sound_of_another_length_than_its_motion_is_named(tmp_path: Path) -> None:
    (recording,) = read_corpus(write_corpus(tmp_path, seconds=3.0))
    with pytest.raises(BadInputError, match=r"lasts 3\.00 s and its motion 2\.00 s"):
        recording.read_audio()


def test_sound_of_another_rate_is_named(tmp_path: Path) -> None:
    (recording,) = read_corpus(write_corpus(tmp_path, rate=44100))
    with pytest.raises(BadInputError, match="44100 samples per second"):
        recording.read_audio()
