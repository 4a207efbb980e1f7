"""A rig's values become the performance they show: exact where that is possible, else nearest."""

from __future__ import annotations

import io

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS, HEAD_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.npz import clip_to_npz
from mynah_shared.motion.retarget import retarget
from mynah_shared.rig.inverse import invert
from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.matcher import propose_mapping

NO_LIMIT = (-np.inf, np.inf)


def performance(n_frames: int = 200, seed: int = 0) -> MotionClip:
    """Shapes that are often shut and sometimes fully open, and a head that turns both ways."""
    rng = np.random.default_rng(seed)
    values = np.clip(rng.normal(0.3, 0.6, (n_frames, len(ARKIT_CHANNELS))), 0, 1)
    values[:, 52:] = rng.normal(0, 0.5, (n_frames, 3))
    return MotionClip(23.976, ARKIT_CHANNELS, values)


def shown(clip: MotionClip, mapping: RigMapping) -> MotionClip:
    return retarget(clip, mapping.weights, dict.fromkeys(mapping.weights, NO_LIMIT))


def random_mapping(n_channels: int, n_targets: int, seed: int) -> RigMapping:
    """Every target a mixture of three channels, some of them weighed negatively."""
    rng = np.random.default_rng(seed)
    names = ARKIT_BLENDSHAPES[:n_channels]
    rows = {
        f"target {i}": {str(c): float(rng.normal()) for c in rng.choice(names, 3, replace=False)}
        for i in range(n_targets)
    }
    return RigMapping(rows)


@pytest.mark.parametrize(
    "spell",
    [str, str.upper, lambda name: name.replace("Left", "_L").replace("Right", "_R")],
    ids=["exact", "upper", "sides"],
)
def test_one_to_one_comes_back_exactly(spell) -> None:
    clip = performance()
    mapping = propose_mapping([spell(name) for name in ARKIT_BLENDSHAPES]).mapping
    back = invert(shown(clip, mapping), mapping)
    assert back.channels == ARKIT_BLENDSHAPES
    assert back.fps == clip.fps
    assert (back.values == clip.values[:, :52]).all()


def test_head_angles_come_back_with_their_sign_and_unit() -> None:
    clip = performance()
    degrees = {f"head.{name}": {name: 180 / np.pi} for name in HEAD_CHANNELS}
    back = invert(shown(clip, RigMapping(degrees)), RigMapping(degrees))
    assert back.channels == HEAD_CHANNELS
    np.testing.assert_allclose(back.values, clip.values[:, 52:], atol=1e-6)


def test_two_halves_of_a_shape_are_one_channel() -> None:
    clip = performance()
    mapping = propose_mapping(("browInnerUp_L", "browInnerUp_R", "jawOpen")).mapping
    back = invert(shown(clip, mapping), mapping)
    assert back.channels == ("jawOpen", "browInnerUp")
    np.testing.assert_allclose(back.values, clip.select(back.channels).values, atol=1e-6)


def test_halves_that_disagree_meet_in_the_middle() -> None:
    mapping = propose_mapping(("browInnerUp_L", "browInnerUp_R")).mapping
    raised = MotionClip(24, ("browInnerUp_L", "browInnerUp_R"), np.array([[0.2, 0.8]]))
    assert invert(raised, mapping).column("browInnerUp")[0] == pytest.approx(0.5)


def test_a_merged_shape_is_shared_by_its_channels() -> None:
    mapping = propose_mapping(("mouthSmile", "eyeBlink")).mapping
    smile = MotionClip(24, ("mouthSmile", "eyeBlink"), np.array([[0.6, 0.0], [1.0, 0.3]]))
    back = invert(smile, mapping)
    for side in ("Left", "Right"):
        np.testing.assert_allclose(back.column(f"mouthSmile{side}"), [0.6, 1.0], atol=1e-6)
        np.testing.assert_allclose(back.column(f"eyeBlink{side}"), [0.0, 0.3], atol=1e-6)
    np.testing.assert_allclose(shown(back, mapping).values, smile.values, atol=1e-6)


def test_weighted_mixtures_come_back_where_they_tell_enough() -> None:
    for seed in range(5):
        mapping, clip = random_mapping(8, 24, seed), performance(seed=seed)
        back = invert(shown(clip, mapping), mapping)
        np.testing.assert_allclose(back.values, clip.select(back.channels).values, atol=1e-4)


def test_too_few_mixtures_are_explained_all_the_same() -> None:
    for seed in range(5):
        mapping, clip = random_mapping(10, 6, seed), performance(seed=seed)
        targets = shown(clip, mapping)
        back = invert(targets, mapping)
        assert back.values.min() >= 0
        assert back.values.max() <= 1
        np.testing.assert_allclose(shown(back, mapping).values, targets.values, atol=1e-4)


@pytest.mark.parametrize("noise", [0.01, 0.3, 3.0])
@pytest.mark.parametrize("n_targets", [6, 12, 30])
def test_noise_gives_the_best_values_within_bounds(noise: float, n_targets: int) -> None:
    """The conditions of Karush, Kuhn and Tucker hold: no coefficient can move to advantage."""
    mapping, clip = random_mapping(10, n_targets, n_targets), performance()
    targets = shown(clip, mapping)
    rng = np.random.default_rng(1)
    noisy = targets.values + noise * rng.normal(size=targets.values.shape)
    back = invert(MotionClip(24, targets.channels, noisy), mapping)
    matrix = np.array(
        [[row.get(name, 0.0) for name in back.channels] for row in mapping.weights.values()]
    )
    x = back.values.astype(np.float64)
    slope = (x @ matrix.T - noisy) @ matrix
    slack = 1e-4 * max(1.0, noise)
    assert np.abs(slope[(x > 0) & (x < 1)]).max() < slack
    assert slope[x == 0].min() > -slack
    assert slope[x == 1].max() < slack


def test_values_beyond_a_shapes_range_count_as_its_end() -> None:
    mapping = RigMapping({"smile": {"mouthSmileLeft": 0.5}})
    clip = MotionClip(24, ("smile",), np.array([[-0.2], [0.25], [0.9]]))
    np.testing.assert_allclose(invert(clip, mapping).values[:, 0], [0.0, 0.5, 1.0])


def test_only_what_is_sampled_and_driven_is_told() -> None:
    mapping = RigMapping(
        {"a": {"jawOpen": 1.0, "mouthClose": 0.0}, "b": {"cheekPuff": 1.0}, "c": {"tongueOut": 0.0}}
    )
    clip = MotionClip(24, ("a", "wart"), np.array([[0.5, 1.0]]))
    assert invert(clip, mapping).channels == ("jawOpen",)
    with pytest.raises(BadInputError, match="None of the curves moves a target"):
        invert(MotionClip(24, ("wart",), np.ones((1, 1))), mapping)


def test_a_clip_without_frames_stays_one() -> None:
    mapping = propose_mapping(("mouthSmile", "jawOpen")).mapping
    empty = MotionClip(24, ("mouthSmile", "jawOpen"), np.zeros((0, 2)))
    assert invert(empty, mapping).values.shape == (0, 3)


def test_a_clip_as_bytes_is_a_plain_npz() -> None:
    clip = performance()
    data = clip_to_npz(clip, '{"made": "here"}')
    assert data == clip_to_npz(clip, '{"made": "here"}')
    with np.load(io.BytesIO(data), allow_pickle=False) as content:
        assert set(content.files) == {"values", "channels", "fps", "meta"}
        assert tuple(content["channels"]) == clip.channels
        assert (content["values"] == clip.values).all()
        assert float(content["fps"]) == clip.fps
        assert str(content["meta"]) == '{"made": "here"}'
