"""Curation of videos: known lags are found, and texts are laid over sound where they are spoken."""

from __future__ import annotations

import shutil
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr

from mynah_shared.errors import BadInputError
from mynah_training.curation.alignment import align
from mynah_training.curation.lag import (
    CLOSURE_LEAD_S,
    Lag,
    around_closures,
    closure_moments,
    lag_reason,
    measure_lag,
)
from mynah_training.curation.listening import SILENCE, Ear
from mynah_training.curation.transcripts import Speller, place_text
from mynah_training.data import flite
from mynah_training.data.corpus import Recording, read_corpus
from mynah_training.metrics.head import load_head

# --- lag ------------------------------------------------------------------------------------------


def speech(
    lag_s: float, seed: int, length_s: float = 60.0, fps: float = 25.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Closures and silence at 50/s as they are heard in syllables of uneven length, and the lips'
    opening at `fps`, which is `lag_s` late."""
    rng = np.random.default_rng(seed)
    starts = np.cumsum(rng.uniform(0.15, 0.4, round(length_s / 0.28)))
    starts = starts[starts < length_s - 0.5]
    is_closed = rng.random(len(starts)) < 0.25
    times_s = np.arange(round(length_s * 50)) / 50
    closure = np.zeros(len(times_s))
    for moment in starts[is_closed]:
        closure[np.abs(times_s - moment) < 0.03] = 0.9
    frames_s = np.arange(round(length_s * fps)) / fps
    opening = rng.uniform(0, 0.5, len(frames_s))
    for start, shut in zip(starts, is_closed, strict=True):
        away = np.abs(frames_s - lag_s + CLOSURE_LEAD_S - start)
        depth = 1.0 if shut else rng.uniform(0.0, 0.6)
        opening += 4 * (1 - depth * np.exp(-np.square(away / 0.05)))
    return closure, np.zeros(len(times_s)), opening


def measured(closure: np.ndarray, silence: np.ndarray, opening: np.ndarray, fps: float) -> Lag:
    return measure_lag(around_closures(closure_moments(closure, silence), opening, fps))


@pytest.mark.parametrize("fps", [25.0, 60.0])
@pytest.mark.parametrize("lag_s", [-0.18, -0.07, 0.0, 0.033, 0.12, 0.2])
def test_a_known_lag_is_found_within_20_ms(lag_s: float, fps: float) -> None:
    found = measured(*speech(lag_s, 0, fps=fps), fps)
    assert found.is_certain
    assert found.lag_s == pytest.approx(lag_s, abs=0.02)


def test_lips_that_say_something_else_give_no_certain_lag() -> None:
    certain = 0
    for seed in range(10):
        closure, silence, _ = speech(0, seed)
        _, _, opening = speech(0, seed + 100)
        certain += measured(closure, silence, opening, 25.0).is_certain
    assert certain <= 1


def test_closures_beside_silence_do_not_count() -> None:
    closure, silence = np.zeros(200), np.zeros(200)
    closure[[50, 51, 52, 100, 101, 102]] = 0.8
    silence[:47] = 0.9
    assert closure_moments(closure, silence) == pytest.approx([101 / 50])
    closure[198:] = 0.9
    assert closure_moments(closure, silence) == pytest.approx([101 / 50])


def test_lips_that_do_not_move_show_nothing() -> None:
    assert around_closures(np.array([1.0, 2.0]), np.ones(100), 25.0).shape == (0, 81)
    assert measure_lag(np.zeros((0, 81))) == Lag(0.0, np.inf, 0)


@pytest.mark.parametrize(
    ("lag", "reason"),
    [
        (Lag(0.01, 0.01, 20), ""),
        (Lag(-0.2, 0.01, 20), ""),
        (Lag(0.01, 0.01, 7), "only 7 closures (b, m, p within speech) in this video: 8 are"),
        (Lag(0.01, 0.031, 20), "the lips don't close where b, m and p are heard in this video"),
        (Lag(-0.21, 0.01, 20), "the picture is 210 ms early, more than 200 ms"),
        (Lag(0.25, 0.01, 20), "the picture is 250 ms late, more than 200 ms"),
    ],
)
def test_what_is_wrong_with_a_lag_is_said(lag: Lag, reason: str) -> None:
    told = lag_reason(lag, "this video")
    assert told == "" if not reason else told.startswith(reason)


@cache
def ear() -> Ear:
    return Ear()


@pytest.fixture(scope="module")
def sentences(shared_data: Path) -> list[tuple[Recording, np.ndarray, np.ndarray]]:
    """Filmed sentences of two strangers and a man that training knows: the recording, its sound and
    the opening of the lips on the measuring head, which are in step."""
    head = load_head(shared_data / "data" / "ict_facekit")
    found = [
        r
        for r in read_corpus(shared_data / "data" / "corpus")
        if r.split == "dev" and r.source in ("grid_multi", "grid_s1") and r.motion is not None
    ]
    chosen = [r for r in found if r.source == "grid_multi"] + found[-20:]
    return [
        (r, r.read_audio(), head.lip_gap(r.motion.values[:, :52]))
        for r in chosen
        if r.motion is not None
    ]


@pytest.mark.parametrize("who", ["grid_s1", "grid_s26", "grid_s34"])
def test_sound_of_real_speech_that_is_moved_is_found_within_20_ms(
    sentences: list[tuple[Recording, np.ndarray, np.ndarray]], who: str
) -> None:
    found = {}
    for lag_s in (-0.15, -0.05, 0.0, 0.1, 0.2):
        around = []
        for recording, samples, opening in sentences:
            if who not in (recording.source, recording.speaker):
                continue
            moved = np.roll(samples, -round(lag_s * 16000))  # the sound earlier: the picture late
            heard, _ = ear().hear(moved)
            moments = closure_moments(ear().closure(heard), heard[:, ear().column(SILENCE)])
            around.append(around_closures(moments, opening, 25.0))
        found[lag_s] = measure_lag(np.concatenate(around))

    # as it was recorded, sound and face of each are in step within this
    assert found[0.0].lag_s == pytest.approx(0, abs=0.025)
    certain = {lag_s: lag for lag_s, lag in found.items() if lag.is_certain}
    assert len(certain) >= 4  # GRID's even rhythm can hide a large lag; a wrong one is never sure
    for lag_s, lag in certain.items():
        assert lag.lag_s - found[0.0].lag_s == pytest.approx(lag_s, abs=0.02), found


# --- texts ----------------------------------------------------------------------------------------

TEXT = "Please bring me a paper map, because my phone will probably be empty by midnight."
OTHER = "We never expected that anybody would climb the mountain before breakfast."


@pytest.fixture(scope="module", params=["slt", "awb"])
def spoken(request: pytest.FixtureRequest) -> tuple[np.ndarray, list[tuple[str, float, float]]]:
    """The text in a synthetic voice: what is heard, and the phones with their exact times."""
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed: no speech with exact phone times")
    samples, rate, phones = flite.speak(TEXT, request.param)
    heard, _ = ear().hear(np.asarray(soxr.resample(samples, rate, 16000), np.float32))
    return heard, phones


def test_known_phones_are_placed_within_a_hundredth_of_a_second(
    spoken: tuple[np.ndarray, list[tuple[str, float, float]]],
) -> None:
    heard, phones = spoken
    own = [p for p in phones if p[0] != SILENCE]
    placed = align(heard, [ear().column(p) for p, _, _ in own], ear().column(SILENCE))
    assert placed is not None
    assert placed.fit > 0.6
    starts = (placed.starts - 0.5) / 50 - [start for _, start, _ in own]
    ends = (placed.ends - 0.5) / 50 - [end for _, _, end in own]
    errors = np.abs([starts, ends])
    assert errors.mean() < 0.013
    assert np.percentile(errors, 95) < 0.04


def test_a_text_is_laid_over_its_sound_without_gaps(
    spoken: tuple[np.ndarray, list[tuple[str, float, float]]], speller: Speller
) -> None:
    heard, phones = spoken
    placed = place_text(f"[sighs] {TEXT}", heard, ear(), speller)

    assert placed[0][1] == 0
    assert placed[-1][2] == pytest.approx(len(heard) / 50)
    assert all(a[2] == pytest.approx(b[1]) for a, b in pairwise(placed))
    # espeak-ng's phones are others than flite's: only the lips' are surely the same
    ours, theirs = (
        [(a + b) / 2 for p, a, b in items if p in ("P", "B", "M")] for items in (placed, phones)
    )
    errors = np.abs(np.subtract(ours, theirs))
    assert errors.mean() < 0.015
    assert errors.max() < 0.07


def test_a_text_that_is_not_spoken_is_refused(
    spoken: tuple[np.ndarray, list[tuple[str, float, float]]], speller: Speller
) -> None:
    heard, _ = spoken
    for text, sentence in (
        (OTHER, r"agrees by 0\.[0-3]\d with what is heard, less than 0.4; it is left out"),
        (TEXT.split(",")[0], r"agrees by 0\.[0-3]\d with what is heard"),
        (TEXT * 8, "has more sounds than can be placed in the video"),
        (" [laughs] ", "holds no words"),
    ):
        with pytest.raises(BadInputError, match=sentence):
            place_text(text, heard, ear(), speller)


def test_the_phones_of_a_long_text_are_found_in_a_moving_window() -> None:
    rng = np.random.default_rng(0)
    phones = rng.integers(1, 40, 3000)
    phones[1:][phones[1:] == phones[:-1]] = 0  # equal neighbours can't be told apart
    phones = phones[phones > 0]
    lengths = rng.integers(2, 6, len(phones))
    pauses = np.where(rng.random(len(phones)) < 0.02, 25, 0)
    rows: list[int] = []
    starts = []
    for phone, length, pause in zip(phones, lengths, pauses, strict=True):
        rows += [0] * pause
        starts.append(len(rows))
        rows += [int(phone)] * length
    heard = np.full((len(rows), 40), 0.01, np.float32)
    heard[np.arange(len(rows)), rows] = 0.61
    placed = align(heard, phones.tolist(), 0)
    assert placed is not None
    np.testing.assert_array_equal(placed.starts, starts)


def test_a_language_that_espeak_lacks_is_refused(speller: Speller) -> None:
    with pytest.raises(BadInputError, match="espeak-ng has no language 'xx'"):
        Speller("xx")
