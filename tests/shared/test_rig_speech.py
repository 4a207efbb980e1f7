"""Rigs with only visemes or only a jaw still speak: what they show is close to the performance."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.clip import MotionClip
from mynah_shared.rig.drive import drive
from mynah_shared.rig.expressions import picture_matrix, weights_that_show
from mynah_shared.rig.inverse import invert
from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.rig_matcher import RigNames, propose_rig
from mynah_shared.rig.vocabulary import presets
from mynah_training.metrics.articulation import BILABIALS
from mynah_training.metrics.head import CLOSED_MM, LandmarkHead, load_head
from tests.shared.rigs import RIGS

SOURCES = ("grid_s1", "grid_multi", "facegood")
MARGIN_S = 0.04

Shows = Mapping[str, Mapping[str, float]]
Method = Callable[[MotionClip, Shows], np.ndarray]


def shows_of(*names: str) -> Shows:
    return propose_rig(RigNames({"Head": names})).mapping.shows


OCULUS = shows_of(*(n for n in RIGS["Oculus visemes alone"].pictures if n.startswith("viseme_")))
VOWELS = shows_of("A", "I", "U", "E", "O")
JAW = shows_of("jawOpen")


def line(n_frames: int = 400, seed: int = 0) -> MotionClip:
    """A mouth that opens and shuts several times a second, with rounding and spreading."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_frames) / 30
    values = np.zeros((n_frames, 52))
    swing = [np.sin(2 * np.pi * f * t + p) for f, p in rng.uniform((1, 0), (4, 6), (5, 2))]
    column = ARKIT_BLENDSHAPES.index
    values[:, column("jawOpen")] = 0.35 * np.clip(swing[0], 0, 1)
    values[:, column("mouthFunnel")] = 0.5 * np.clip(swing[1], 0, 1)
    values[:, column("mouthPucker")] = 0.6 * np.clip(swing[2], 0, 1)
    for side in ("Left", "Right"):
        values[:, column(f"mouthSmile{side}")] = 0.4 * np.clip(swing[3], 0, 1)
        values[:, column(f"mouthLowerDown{side}")] = 0.3 * np.clip(swing[4], 0, 1)
    return MotionClip(30, ARKIT_BLENDSHAPES, values)


def with_values(**columns: list[float]) -> MotionClip:
    n_frames = len(next(iter(columns.values())))
    values = np.zeros((n_frames, 52))
    for name, column in columns.items():
        values[:, ARKIT_BLENDSHAPES.index(name)] = column
    return MotionClip(30, ARKIT_BLENDSHAPES, values)


def test_each_viseme_finds_itself() -> None:
    # the weak ones between (DD, kk, nn, RR) look like a little of their neighbours, which may serve
    for name in ("PP", "FF", "TH", "CH", "SS", "aa", "E", "I", "O", "U"):
        at = list(OCULUS).index(f"viseme_{name}")
        picture = picture_matrix(OCULUS)[at : at + 1]
        held = MotionClip(30, ARKIT_BLENDSHAPES, np.repeat(picture, 9, axis=0))
        weights = weights_that_show(held, OCULUS)[4]
        assert np.argmax(weights) == at, name
        assert weights[at] > 0.5, name


def test_weights_stay_within_bounds_and_few() -> None:
    weights = weights_that_show(line(), OCULUS)
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert (weights > 0.02).sum(axis=1).mean() < 6


def test_a_mouth_at_rest_is_at_rest() -> None:
    for shows in (OCULUS, VOWELS, JAW):
        assert weights_that_show(with_values(jawOpen=[0.0] * 9), shows).max() == 0
        assert weights_that_show(MotionClip(30, (), np.zeros((9, 0))), shows).max() == 0
    assert weights_that_show(with_values(jawOpen=[]), OCULUS).shape == (0, len(OCULUS))


def test_lips_that_shut_under_an_open_jaw_shut_on_every_rig() -> None:
    # jawOpen stays; mouthClose shuts the lips for a "b" in the middle of a vowel
    jaw = [0.3] * 21
    close = [0.0] * 8 + [0.1, 0.2, 0.26, 0.2, 0.1] + [0.0] * 8
    clip = with_values(jawOpen=jaw, mouthClose=close)
    weights = weights_that_show(clip, JAW)[:, 0]
    assert weights[10] < 0.02 < 0.25 < weights[0]
    visemes = weights_that_show(clip, OCULUS)
    pressed = visemes[:, list(OCULUS).index("viseme_PP")]
    assert pressed[10] > 0.7
    assert pressed[2] < 0.05
    opening = (visemes @ picture_matrix(OCULUS))[:, ARKIT_BLENDSHAPES.index("jawOpen")]
    assert opening[10] < 0.03 < 0.2 < opening[2]


def test_weights_move_no_more_wildly_than_the_mouth() -> None:
    clip = line()
    rng = np.random.default_rng(1)
    shaken = MotionClip(30, clip.channels, clip.values + rng.normal(0, 0.005, clip.values.shape))
    moved = np.abs(weights_that_show(shaken, OCULUS) - weights_that_show(clip, OCULUS))
    assert moved.mean() < 0.01
    assert np.quantile(moved, 0.99) < 0.15


def test_expressions_follow_brows_and_lids_not_speech() -> None:
    rig = RIGS["VRM 1.0"]
    mapping = propose_rig(RigNames({"Face": rig.shapes})).mapping
    frown = with_values(browDownLeft=[1.0] * 9, browDownRight=[1.0] * 9, jawOpen=[0.3] * 9)
    shown = drive(frown, mapping)
    assert shown.column("angry")[4] > 0.6
    assert shown.column("aa")[4] > 0.2
    spoken = drive(line(), mapping)
    for emotion in ("angry", "sad", "surprised"):
        assert spoken.column(emotion).max() < 0.2, emotion
    blink = drive(with_values(eyeBlinkLeft=[0, 1, 0.5]), mapping)
    np.testing.assert_allclose(blink.column("blinkLeft"), [0, 1, 0.5])


def test_what_other_targets_show_is_not_shown_again() -> None:
    shows = {"aa": OCULUS["viseme_aa"]}
    mapping = RigMapping({"jaw": {"jawOpen": 1.0}}, shows=shows)
    clip = with_values(jawOpen=[0.5] * 5)
    assert drive(clip, mapping).column("aa").max() < 0.02
    assert drive(clip, RigMapping({}, shows=shows)).column("aa").min() > 0.4


def test_a_performance_comes_back_from_visemes() -> None:
    clip = line()
    mapping = RigMapping({}, shows=OCULUS)
    back = invert(drive(clip, mapping), mapping)
    assert set(back.channels) == {channel for row in OCULUS.values() for channel in row}
    both = (clip.column("jawOpen"), back.column("jawOpen"))
    assert np.corrcoef(*both)[0, 1] > 0.9
    assert back.values.max() <= 1


def test_ten_thousand_frames_are_quick() -> None:
    # about 0.25 s for 16 targets and 0.7 s for 40 on one core of 2024; CI may be much slower
    clip = line(10_000)
    many = {f"{name} {i}": row for i in range(3) for name, row in OCULUS.items()}
    start = time.perf_counter()
    weights_that_show(clip, dict(list(many.items())[:40]))
    assert time.perf_counter() - start < 20


# --- on real performances ------------------------------------------------------------------------


class Performances:
    """The dev clips of the corpus with their bilabials, and the head that shows them."""

    def __init__(self, folder: Path) -> None:
        corpus = folder / "corpus"
        if not (corpus / "index.csv").is_file() or not (folder / "ict_facekit").is_dir():
            pytest.skip(f"no corpus and no head in {folder}")
        self.head: LandmarkHead = load_head(folder / "ict_facekit")
        bilabials: dict[str, list[tuple[float, float]]] = {}
        for source in SOURCES:
            with (corpus / "phones" / f"{source}.csv").open(encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    if row["phone"].rstrip("012") in BILABIALS:
                        span = (float(row["start_s"]), float(row["end_s"]))
                        bilabials.setdefault(row["clip_id"], []).append(span)
        tracks = {name: np.load(corpus / "motion" / f"{name}.npz") for name in SOURCES}
        self.clips: list[tuple[MotionClip, list[tuple[float, float]]]] = []
        with (corpus / "index.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["split"] == "dev" and row["source"] in SOURCES:
                    values = tracks[row["source"]][row["clip_id"]][:, :52]
                    clip = MotionClip(float(row["fps"]), ARKIT_BLENDSHAPES, values)
                    self.clips.append((clip, bilabials.get(row["clip_id"], [])))

    def judge(self, shows: Shows, method: Method) -> tuple[float, float, float]:
        """Mean correlation of the lip gap with the performance's, its mean error in mm, and the
        share of the performance's closures on b, m and p that are kept."""
        shut_mm = self.head.neutral_gap + CLOSED_MM
        related: list[float] = []
        errors: list[float] = []
        kept: list[bool] = []
        for clip, bilabials in self.clips:
            seen = np.clip(method(clip, shows) @ picture_matrix(shows), 0, 1).astype(np.float32)
            wanted, shown = self.head.lip_gap(clip.values), self.head.lip_gap(seen)
            if wanted.std() > 0.5:
                related.append(float(np.corrcoef(wanted, shown)[0, 1]))
            errors.append(float(np.abs(wanted - shown).mean()))
            for start_s, end_s in bilabials:
                first = max(int((start_s - MARGIN_S) * clip.fps), 0)
                rows = slice(first, int((end_s + MARGIN_S) * clip.fps) + 1)
                if (wanted[rows] <= shut_mm).any():
                    kept.append(bool((shown[rows] <= shut_mm).any()))
        return float(np.mean(related)), float(np.mean(errors)), float(np.mean(kept))


def solved(clip: MotionClip, shows: Shows) -> np.ndarray:
    return weights_that_show(clip, shows)


def by_rows(clip: MotionClip, shows: Shows) -> np.ndarray:
    """The usual table: each viseme by its own fixed row, as much of it as the channels hold."""
    pictures = picture_matrix(shows)
    rows = pictures / (pictures**2).sum(axis=1, keepdims=True)
    return np.clip(clip.values @ rows.T, 0, 1)


def by_inverse(clip: MotionClip, shows: Shows) -> np.ndarray:
    """The best fixed table: the pseudo-inverse, clamped."""
    return np.clip(clip.values @ np.linalg.pinv(picture_matrix(shows)), 0, 1)


@pytest.fixture(scope="module")
def performances(shared_data: Path) -> Performances:
    return Performances(shared_data / "data")


@pytest.mark.parametrize("kind", ["oculus", "vowels", "jaw"])
def test_the_lips_part_and_meet_as_in_the_performance(
    performances: Performances, kind: str
) -> None:
    shows = {"oculus": OCULUS, "vowels": VOWELS, "jaw": JAW}[kind]
    correlation, error_mm, closures = performances.judge(shows, solved)
    row = performances.judge(shows, by_rows)
    table = performances.judge(shows, by_inverse)
    print(
        f"\n{kind}: solved {correlation:.3f} {error_mm:.2f} mm {closures:.1%}; fixed rows", end=""
    )
    print(f" {row[0]:.3f} {row[1]:.2f} mm {row[2]:.1%}; best fixed table", end="")
    print(f" {table[0]:.3f} {table[1]:.2f} mm {table[2]:.1%}")
    assert correlation > 0.99
    assert error_mm < 0.6
    assert closures > 0.97
    # a table opens where lips shut
    assert row[2] < 0.5 < closures
    assert error_mm < table[1] < row[1] + 1e-9


def test_presets_of_visemes_show_only_known_channels() -> None:
    for preset in presets():
        for entry in preset.entries.values():
            if entry.shows:
                assert set(entry.row) <= set(ARKIT_BLENDSHAPES), (preset.name, entry.label)
                assert all(0 < amount <= 1 for amount in entry.row.values())
