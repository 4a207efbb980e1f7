"""Measures of how a face moves and of what codes know, on cases whose scores are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.styles.quality import count_blinks
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_training.metrics.codes import content_leak, cosine, identity_leak, nearest
from mynah_training.metrics.dynamics import jerk, join_ratio, mouth_timing_ms
from mynah_training.metrics.head import LIPS, LandmarkHead, load_head
from mynah_training.metrics.lips import compare, matched_lip_error_mm
from mynah_training.metrics.mesh import FACE_VERTICES, FaceMesh, load_mesh
from mynah_training.metrics.rounding import Rounding

FPS = 25.0
LIDS = [ARKIT_CHANNELS.index(f"eyeBlink{side}") for side in ("Left", "Right")]
FUNNEL, PUCKER = ARKIT_CHANNELS.index("mouthFunnel"), ARKIT_CHANNELS.index("mouthPucker")


def lids(*closed: float, at: tuple[int, ...]) -> np.ndarray:
    """Lids that shut for two frames at each of `at`."""
    values = np.zeros((100, len(ARKIT_CHANNELS)), np.float32)
    for start, amount in zip(at, closed, strict=True):
        values[start : start + 2, LIDS] = amount
    return values


def test_blinks_are_counted() -> None:
    assert count_blinks(lids(1.0, 0.9, 1.0, at=(0, 40, 98)), FPS) == 3


def test_a_half_shut_eye_a_wink_and_lids_that_stay_shut_are_no_blinks() -> None:
    wink = lids(1.0, at=(20,))
    wink[:, LIDS[1]] = 0
    shut = np.ones((100, len(ARKIT_CHANNELS)), np.float32)

    assert count_blinks(lids(0.4, at=(20,)), FPS) == 0
    assert count_blinks(wink * 0.9, FPS) == 0
    assert count_blinks(shut, FPS) <= 1


def test_jerk_of_a_cubic_is_its_third_derivative() -> None:
    seconds = np.arange(50) / FPS
    landmarks = np.zeros((50, 68, 3))
    landmarks[:, :, 1] = (1000 * 2 * seconds**3)[:, None]  # mm; x''' = 12 m/s³
    landmarks[:, 34:] = 0

    assert jerk(landmarks, FPS) == pytest.approx(6.0, rel=1e-6)
    assert jerk(landmarks[:3], FPS) == 0


def test_a_step_at_the_join_stands_out_and_a_seamless_join_does_not() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 55)).astype(np.float32)
    stepped = values.copy()
    stepped[100:] += 20

    assert join_ratio(values, [100]) == pytest.approx(1.0, abs=0.2)
    assert join_ratio(stepped, [100]) > 5
    assert join_ratio(stepped, [50]) < 1  # the step lies elsewhere
    assert np.isnan(join_ratio(values, []))


def mouth(shift: int = 0) -> np.ndarray:
    return 5 + 4 * np.sin((np.arange(150) - shift) * 2 * np.pi / 30)


def openings(*at: int) -> np.ndarray:
    """A mouth that opens and closes at each of `at`."""
    frames = np.arange(150)[:, None]
    return 5 * np.exp(-0.5 * ((frames - at) / 3.0) ** 2).sum(axis=1)


def test_mouth_timing_is_the_shift() -> None:
    assert mouth_timing_ms(mouth(), mouth(), FPS) == 0
    assert mouth_timing_ms(mouth(2), mouth(), FPS) == pytest.approx(80, abs=10)
    assert np.isnan(mouth_timing_ms(np.zeros(150), np.zeros(150), FPS))


def test_an_opening_that_is_missing_or_too_many_costs() -> None:
    wanted = openings(30, 70, 110)  # three openings and the two closings between
    missing, extra = openings(30, 110), openings(30, 50, 70, 110)

    assert mouth_timing_ms(np.zeros(150), wanted, FPS) == 200
    assert mouth_timing_ms(wanted, np.zeros(150), FPS) == 200
    # Two openings are there; of the two closings, the one that is left lies 20 frames away.
    assert mouth_timing_ms(missing, wanted, FPS) == pytest.approx(200 * 4 / 6)
    # An opening too many, and the closing at 50 became two at 40 and 60: 10 frames from it.
    assert mouth_timing_ms(extra, wanted, FPS) == pytest.approx(200 * 4 / 8)


def test_two_openings_are_not_both_on_time_for_one() -> None:
    wanted, twice = openings(60), openings(58, 66)
    one = openings(66)

    assert mouth_timing_ms(one, wanted, FPS) == pytest.approx(200)  # 240 ms late
    assert mouth_timing_ms(openings(62), wanted, FPS) == pytest.approx(80)
    assert mouth_timing_ms(twice, wanted, FPS) > 100


def test_openings_are_paired_so_that_all_find_a_partner() -> None:
    """The one at 52 is nearer to that at 56, which has another one that is near enough."""
    wanted, late = openings(40, 56), openings(52, 68)

    assert mouth_timing_ms(late, wanted, fps=100.0) == pytest.approx(120)


def test_matched_lips_may_rest_elsewhere_and_move_further_but_not_later_or_backwards() -> None:
    deltas = np.zeros((52, 68, 3), np.float32)
    deltas[17, LIPS, 1] = np.linspace(-20, -2, 20)
    deltas[23, LIPS, 0] = 5  # a channel that the reference never moves: a smile, say
    head = LandmarkHead(np.zeros((68, 3), np.float32), deltas)
    reference, smiling, wrong = (np.zeros((150, 52), np.float32) for _ in range(3))
    reference[:, 17] = mouth() / 20
    smiling[:, 17], smiling[:, 23] = 0.1 + 1.5 * reference[:, 17], 0.8
    late, backwards = smiling.copy(), smiling.copy()
    late[:, 17] = np.roll(late[:, 17], 3)
    backwards[:, 17] = 0.5 - late[:, 17]
    wrong[:, 17] = 0.1

    assert compare(smiling, reference, FPS, head).lip_vertex_error_mm > 4
    assert matched_lip_error_mm(smiling, reference, head) == pytest.approx(0, abs=1e-4)
    assert matched_lip_error_mm(late, reference, head) > 1
    still = matched_lip_error_mm(wrong, reference, head)
    assert matched_lip_error_mm(backwards, reference, head) > 1.5 * still > 1


def test_mean_vertex_error_of_one_channel() -> None:
    deltas = np.zeros((52, 10, 3), np.float32)
    deltas[17, :5] = (0.0, 3.0, 4.0)  # half of the vertices move by 5 mm per unit
    reference = np.full((8, 52), 0.2, np.float32)
    predicted = reference.copy()
    predicted[:4, 17] += 0.4  # in half of the frames

    assert FaceMesh(deltas).mean_error_mm(predicted, reference) == pytest.approx(0.5, rel=1e-5)


def test_a_mesh_is_read_from_the_heads_file(head_file: Path, tmp_path: Path) -> None:
    mesh = load_mesh(head_file)

    assert mesh.deltas.shape == (52, 9, 3)
    assert mesh.deltas[17, 8, 1] == -30.0  # vertex 64, in millimetres
    with pytest.raises(BadInputError, match="--head"):
        load_mesh(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", neutral=np.zeros(3))
    for load in (load_mesh, load_head):
        with pytest.raises(BadInputError, match="no array 'arkit_names'"):
            load(tmp_path / "other.npz")


def test_the_real_mesh_is_a_face_that_a_jaw_moves(shared_data: Path) -> None:
    mesh = load_mesh(shared_data / "data" / "ict_facekit")
    jaw = np.linalg.norm(mesh.deltas[ARKIT_BLENDSHAPES.index("jawOpen")], axis=-1)

    assert mesh.deltas.shape == (52, -(-FACE_VERTICES // 8), 3)
    assert 30 < jaw.max() < 60
    assert 0.1 < (jaw > 1).mean() < 0.7


def test_rounding_is_that_of_rounded_vowels_less_that_of_spread_ones() -> None:
    values = np.zeros((50, 55), np.float32)
    values[10:20, FUNNEL], values[10:20, PUCKER] = 0.5, 0.3
    values[30:40, PUCKER] = 0.1
    rounding = Rounding()

    rounding.add(values, FPS, (("UW", 0.4, 0.76), ("IY1", 1.2, 1.56), ("W", 0.0, 0.4)))

    assert rounding.difference == pytest.approx(0.7, abs=1e-6)
    assert np.isnan(Rounding().difference)


def test_cosine_and_the_nearest_reference() -> None:
    references = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 5.0])}

    assert cosine(np.array([3.0, 4.0]), np.array([1.0, 0.0])) == pytest.approx(0.6)
    assert cosine(np.zeros(2), references["a"]) == 0
    assert nearest(np.array([0.9, 0.5]), references) == "a"


def said(n_performers: int = 6, n_sentences: int = 12) -> tuple[np.ndarray, list[int]]:
    """The same sentences by everyone."""
    rng = np.random.default_rng(1)
    return np.tile(rng.random((n_sentences, 10)), (n_performers, 1)), [
        p for p in range(n_performers) for _ in range(n_sentences)
    ]


def test_a_code_that_is_the_histogram_leaks_it_and_noise_does_not() -> None:
    histograms, performers = said()
    rng = np.random.default_rng(2)
    mixed = histograms @ rng.normal(size=(10, 16))
    noise = rng.normal(size=(len(histograms), 16))

    assert content_leak(mixed, histograms, performers) > 0.95
    assert content_leak(noise, histograms, performers) < 0.1
    half = content_leak(mixed + 2 * noise, histograms, performers)
    assert 0.1 < half < 0.9


def test_identity_leaks_from_a_code_that_carries_it_even_among_louder_things() -> None:
    _, performers = said()
    rng = np.random.default_rng(3)
    sentences = [i % 12 for i in range(len(performers))]
    noise = rng.normal(size=(len(performers), 8)).astype(np.float32)
    telling = noise.copy()
    telling[:, 0] = 0.01 * (np.array(performers) + 0.05 * noise[:, 0])

    assert identity_leak(telling, performers, sentences) > 95
    assert identity_leak(noise, performers, sentences) < 40
