"""The capture's solve on made-up faces whose coefficients are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from scipy.spatial.transform import Rotation

from mynah_daemon.capture.bounded import build_fit, solve_box
from mynah_daemon.capture.capture import to_clip
from mynah_daemon.capture.distilled import CaptureNetwork
from mynah_daemon.capture.face_points import (
    LEFT_EYE_CORNERS,
    LEFT_IRIS,
    N_POINTS,
    N_SKIN,
    RIGHT_EYE_CORNERS,
    RIGHT_IRIS,
)
from mynah_daemon.capture.head_model import HeadModel, load_head
from mynah_daemon.capture.observation import align, lip_gap, observe
from mynah_daemon.capture.solver import Solver
from mynah_daemon.capture.temporal import steady
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

FPS = 25.0


@pytest.fixture(scope="module")
def head(shared_data: Path) -> HeadModel:
    return load_head(shared_data / "data" / "ict_facekit")


@pytest.fixture(scope="module", params=["solver", "network"])
def solver(request: pytest.FixtureRequest, head: HeadModel) -> Solver | CaptureNetwork:
    """Both must pass every test."""
    return Solver(head) if request.param == "solver" else CaptureNetwork()


def column(name: str) -> int:
    return ARKIT_BLENDSHAPES.index(name)


def still(n_frames: int, **shapes: float) -> np.ndarray:
    """Coefficients [n_frames, 52] that hold `shapes`."""
    values = np.zeros((n_frames, len(ARKIT_BLENDSHAPES)))
    for name, value in shapes.items():
        values[:, column(name)] = value
    return values


def film(
    head: HeadModel,
    coefficients: np.ndarray,
    *,
    noise_mm: float = 0.1,
    turns: Rotation | None = None,
    look_mm: np.ndarray | None = None,
    own: np.ndarray | None = None,
) -> np.ndarray:
    """Landmarks [T, 478, 3] in pixels of a performance by somebody shaped like `own` [468, 3]."""
    rng = np.random.default_rng(7)
    n = len(coefficients)
    skin = head.pose(coefficients) + (0 if own is None else own - head.neutral)
    points = np.zeros((n, N_POINTS, 3))
    points[:, :N_SKIN] = skin + rng.normal(0, noise_mm, skin.shape)
    for iris, corners in ((RIGHT_IRIS, RIGHT_EYE_CORNERS), (LEFT_IRIS, LEFT_EYE_CORNERS)):
        points[:, iris] = skin[:, list(corners)].mean(axis=1)
        points[:, iris, :2] += 0 if look_mm is None else look_mm
    turned = points if turns is None else points @ np.swapaxes(turns.as_matrix(), 1, 2)
    return 2.5 * turned + [400.0, -300.0, 0.0]


def solved(solver: Solver | CaptureNetwork, head: HeadModel, points: np.ndarray) -> MotionClip:
    seen = observe(points, head.neutral, FPS)
    return to_clip(seen, solver.solve(seen), FPS)


# --- the parts ------------------------------------------------------------------------------------


def test_bounded_least_squares_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(60, 12)) @ np.diag(np.geomspace(0.1, 10, 12))
    seen = rng.normal(size=(9, 60)) * 5
    hessian = matrix.T @ matrix + 0.1 * np.eye(12)
    ours = solve_box(hessian, seen @ matrix)
    tall = np.concatenate([matrix, np.sqrt(0.1) * np.eye(12)])
    theirs = [lsq_linear(tall, np.r_[row, np.zeros(12)], (0, 1), method="bvls").x for row in seen]
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    assert len(np.unique(ours[(ours > 0) & (ours < 1)])) > 10


def test_free_effects_are_told_from_shares() -> None:
    rng = np.random.default_rng(1)
    effects, free_effects = rng.normal(size=(3, 40)), rng.normal(size=(2, 40))
    shares, free = rng.uniform(0.1, 0.9, (5, 3)), rng.normal(size=(5, 2)) * 10
    fit = build_fit(effects, np.full(3, 1e-9), 0.0, free_effects, np.full(2, 1e-9))
    measured = shares @ effects + free @ free_effects
    np.testing.assert_allclose(fit.shares(measured), shares, atol=1e-4)
    np.testing.assert_allclose(fit.free(measured, shares), free, atol=1e-4)


def test_pose_is_recovered() -> None:
    rng = np.random.default_rng(2)
    shape = rng.normal(size=(30, 3))
    turns = Rotation.from_euler("XYZ", rng.uniform(-1, 1, (6, 3)))
    points = 3 * shape @ np.swapaxes(turns.as_matrix(), 1, 2) + [5.0, 6.0, 7.0]
    rotations, scales, shifts = align(points, shape)
    np.testing.assert_allclose(rotations, turns.as_matrix(), atol=1e-9)
    np.testing.assert_allclose(scales, 3)
    np.testing.assert_allclose(shifts, np.tile([5.0, 6.0, 7.0], (6, 1)), atol=1e-9)


def test_steadying_takes_the_trembling_and_leaves_the_jump() -> None:
    rng = np.random.default_rng(3)
    step = np.repeat([0.0, 10.0, 0.0], 20)[:, None]
    seen = step + rng.normal(0, 0.1, step.shape)
    calm = steady(seen, 3.0, 0.3)
    assert (
        np.abs(np.diff(calm[:19], axis=0)).mean() < 0.4 * np.abs(np.diff(seen[:19], axis=0)).mean()
    )
    assert calm[20, 0] - calm[19, 0] > 8.5  # nothing is delayed or smeared
    assert calm.min() >= seen.min()
    assert calm.max() <= seen.max()
    np.testing.assert_array_equal(steady(seen[:1], 3.0, 0.3), seen[:1])


# --- the solve ------------------------------------------------------------------------------------


def test_known_coefficients_are_found(solver: Solver | CaptureNetwork, head: HeadModel) -> None:
    frames = still(60)
    wave = 0.5 - 0.5 * np.cos(np.arange(60) / 60 * 4 * np.pi)
    for name, amount in {
        "jawOpen": 0.3,
        "mouthFunnel": 0.4,
        "browInnerUp": 0.5,
        "browOuterUpLeft": 0.4,
        "browOuterUpRight": 0.4,
        "mouthSmileLeft": 0.5,
        "eyeBlinkLeft": 0.8,
        "eyeBlinkRight": 0.8,
    }.items():
        frames[:, column(name)] = amount * wave
    clip = solved(solver, head, film(head, frames))
    for name in ("jawOpen", "mouthFunnel", "browInnerUp", "mouthSmileLeft", "eyeBlinkLeft"):
        np.testing.assert_allclose(clip.column(name), frames[:, column(name)], atol=0.12)
    assert clip.column("mouthSmileRight").max() < 0.1
    assert clip.values[:, :52].min() >= 0
    assert clip.values[:, :52].max() <= 1
    errors = lip_gap(head.pose(clip.values[:, :52])) - lip_gap(head.pose(frames))
    assert np.sqrt(np.mean(errors**2)) < 0.3


def test_lips_meet_for_a_single_frame(solver: Solver | CaptureNetwork, head: HeadModel) -> None:
    frames = still(40, jawOpen=0.25)
    frames[:10] = 0
    frames[25, column("jawOpen")] = 0.0
    frames[32, column("mouthClose")] = 0.24  # as closed as this head gets over an open jaw
    clip = solved(solver, head, film(head, frames))
    gap = lip_gap(head.pose(clip.values[:, :52]))
    rest = lip_gap(head.neutral[None])[0]
    assert gap[25] < rest + 0.5
    assert gap[32] < lip_gap(head.pose(frames))[32] + 0.3
    assert gap[[24, 26, 31, 33]].min() > rest + 6
    assert clip.column("jawOpen")[32] > 0.15
    assert (clip.column("mouthClose") <= clip.column("jawOpen") + 1e-6).all()


def test_a_blink_of_one_frame_stays_sharp(solver: Solver | CaptureNetwork, head: HeadModel) -> None:
    frames = still(40)
    for side in ("Left", "Right"):
        frames[20, column(f"eyeBlink{side}")] = 1.0
    lids = solved(solver, head, film(head, frames, noise_mm=0.15)).column("eyeBlinkLeft")
    assert lids[20] > 0.8
    assert lids[[17, 18, 19, 21, 22, 23]].max() < 0.12


def test_head_pose_is_found_beside_the_face(
    solver: Solver | CaptureNetwork, head: HeadModel
) -> None:
    frames = still(50)
    frames[:, column("jawOpen")] = 0.3 * np.abs(np.sin(np.arange(50) / 4))
    angles = np.radians(12) * np.sin(np.arange(50)[:, None] / [9, 11, 13])
    turns = Rotation.from_euler("YXZ", angles[:, [1, 0, 2]])
    clip = solved(solver, head, film(head, frames, turns=turns))
    expected = (turns.mean().inv() * turns).as_euler("YXZ")[:, [1, 0, 2]]
    head_channels = clip.select(("headPitch", "headYaw", "headRoll")).values
    assert np.degrees(np.sqrt(np.square(head_channels - expected).mean(axis=0))).max() < 0.7
    np.testing.assert_allclose(clip.column("jawOpen"), frames[:, column("jawOpen")], atol=0.04)


def test_the_eyes_look_where_the_irises_are(
    solver: Solver | CaptureNetwork, head: HeadModel
) -> None:
    look = np.zeros((40, 2))
    look[20:30] = [3.0, 0.0]  # 14.5 degrees to the own left
    look[30:35] = [0.0, -3.0]
    clip = solved(solver, head, film(head, still(40), look_mm=look))
    assert clip.column("eyeLookOutLeft")[24] == pytest.approx(0.48, abs=0.12)
    assert clip.column("eyeLookInRight")[24] == pytest.approx(0.48, abs=0.12)
    assert clip.column("eyeLookInLeft")[24] < 0.05
    assert clip.column("eyeLookOutLeft")[10] < 0.05


def test_a_lasting_smile_is_told_from_the_shape_of_a_head(
    solver: Solver | CaptureNetwork, head: HeadModel
) -> None:
    rng = np.random.default_rng(5)
    own = head.neutral + np.tensordot(rng.normal(0, 1, 10), head.identities, axes=1)
    smile = still(40, mouthSmileLeft=0.6, mouthSmileRight=0.6)
    smile[20:30, column("jawOpen")] = 0.2
    smiling = solved(solver, head, film(head, smile, own=own))
    assert 0.3 < np.median(smiling.column("mouthSmileLeft")) < 0.8
    neutral = still(40)
    neutral[20:30, column("jawOpen")] = 0.2
    calm = solved(solver, head, film(head, neutral, own=own))
    assert np.median(calm.values[:, :52], axis=0).max() < 0.1


def test_two_people_who_do_the_same_give_the_same(
    solver: Solver | CaptureNetwork, head: HeadModel
) -> None:
    frames = still(60)
    frames[:, column("jawOpen")] = 0.3 * np.abs(np.sin(np.arange(60) / 5))
    frames[20:40, column("mouthPucker")] = 0.5
    rng = np.random.default_rng(8)
    clips = []
    for _ in range(2):
        identity = rng.normal(0, 1, len(head.identities))
        own = head.neutral + np.tensordot(identity, head.identities, axes=1)
        clips.append(solved(solver, head, film(head, frames, own=own)))
    for name in ("jawOpen", "mouthPucker"):
        np.testing.assert_allclose(clips[0].column(name), clips[1].column(name), atol=0.06)


# --- the head's file ------------------------------------------------------------------------------


def test_a_file_that_is_no_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="There is no head at"):
        load_head(tmp_path)
    (tmp_path / "other.npz").write_bytes(b"PK")
    with pytest.raises(BadInputError, match=r"'other\.npz' is not a prepared ICT-FaceKit head"):
        load_head(tmp_path / "other.npz")
    np.savez(tmp_path / "small.npz", neutral=np.zeros((9, 3)), arkit_names=np.array(ARKIT_CHANNELS))
    with pytest.raises(BadInputError, match="is not a prepared"):
        load_head(tmp_path / "small.npz")
