"""The measures, on faces whose scores are known beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.clip import MotionClip
from mynah_training.metrics.articulation import count_articulation
from mynah_training.metrics.head import INNER_LIPS, LIPS, LandmarkHead, load_head
from mynah_training.metrics.lips import compare
from mynah_training.metrics.summary import markdown_table, score_clip

JAW = ARKIT_BLENDSHAPES.index("jawOpen")


@pytest.fixture
def head() -> LandmarkHead:
    """A head whose jaw lowers all lip landmarks of the lower inner lip by 30 mm."""
    neutral = np.zeros((68, 3), np.float32)
    deltas = np.zeros((52, 68, 3), np.float32)
    deltas[JAW, INNER_LIPS[1], 1] = -30.0
    return LandmarkHead(neutral, deltas)


def speaking(shift: int = 0) -> np.ndarray:
    values = np.zeros((100, 52), np.float32)
    values[:, JAW] = 0.2 * np.sin(np.roll(np.arange(100), shift) * 0.37) ** 2
    return values


def test_a_perfect_prediction_scores_perfectly(head: LandmarkHead) -> None:
    scores = compare(speaking(), speaking(), 25.0, head)

    assert scores.lip_vertex_error_mm == 0
    assert scores.gap_correlation == pytest.approx(1)
    assert scores.lag_s == pytest.approx(0, abs=1e-6)


def test_lip_vertex_error_is_the_mean_of_the_largest_distance(head: LandmarkHead) -> None:
    reference = speaking()
    predicted = reference.copy()
    predicted[:, JAW] += 0.1

    scores = compare(predicted, reference, 25.0, head)

    assert scores.lip_vertex_error_mm == pytest.approx(3.0, rel=1e-4)
    assert scores.mouth_opening_error_mm == pytest.approx(3.0, rel=1e-4)


def test_a_late_prediction_has_a_positive_lag(head: LandmarkHead) -> None:
    scores = compare(speaking(shift=2), speaking(), 25.0, head)

    assert scores.lag_s == pytest.approx(0.08, abs=0.004)


def test_a_still_face_correlates_with_nothing(head: LandmarkHead) -> None:
    assert compare(np.zeros((100, 52), np.float32), speaking(), 25.0, head).gap_correlation == 0


def test_closures_shut_vowels_and_open_silence_are_counted(head: LandmarkHead) -> None:
    values = np.zeros((50, 52), np.float32)
    values[:, JAW] = 0.3
    values[10:12] = 0  # closed for the first B only
    values[30:40] = 0  # and during a whole vowel
    phones = (
        ("SIL", 0.0, 0.4), ("B", 0.4, 0.48), ("AA", 0.48, 0.8), ("P", 0.8, 0.9),
        ("AE", 1.2, 1.58), ("T", 1.58, 2.0),
    )  # fmt: skip

    counts = count_articulation(values, 25.0, phones, head)

    assert (counts.bilabials, counts.closed_bilabials) == (2, 1)
    assert (counts.open_vowels, counts.shut_vowels) == (2, 1)
    assert (counts.silent_frames, counts.open_silent_frames) == (3, 3)
    assert np.isnan(counts.open_silence_percent)  # too little silence to judge


def test_the_table_pools_counts_and_averages_scores(head: LandmarkHead) -> None:
    clip = MotionClip(25.0, ARKIT_BLENDSHAPES, speaking())

    table = markdown_table({"all": [score_clip("a", clip, clip, (("B", 0.0, 0.04),), head)] * 2})

    assert table.splitlines()[2].startswith("| all | 2 | 0.00 | 1.000 | 0.00 | 0.00 | +0 |")


def test_the_real_heads_jaw_opens_the_lips(shared_data: Path) -> None:
    head = load_head(shared_data / "data" / "ict_facekit")
    values = np.zeros((1, 52), np.float32)
    values[0, JAW] = 1.0

    assert head.neutral_gap == pytest.approx(0.81, abs=0.01)
    assert head.lip_gap(values)[0] == pytest.approx(38.7, abs=1.0)
    assert head.neutral[LIPS].shape == (20, 3)


def test_a_missing_head_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"--head"):
        load_head(tmp_path / "none.npz")
