"""Which style shows where and when: shares that always add up to one."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_daemon.engine.style_plan import STYLE_REGIONS, StyleKey, StylePlan
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import StyleUse

CLIP = MotionClip(25.0, ("jawOpen",), np.zeros((100, 1)))
SECONDS = np.arange(0, 10, 0.04)


def key(name: str, weight: float = 1.0, region: str = "", start_s: float = 0.0) -> StyleKey:
    use = StyleUse(name, weight, region, start_s=start_s)
    return StyleKey(use, None if name == "neutral" else CLIP)


def shares(*keys: StyleKey, fade_s: float = 0.4) -> np.ndarray:
    return StylePlan(keys, fade_s).shares(SECONDS, ARKIT_CHANNELS)


def column(channel: str) -> int:
    return ARKIT_CHANNELS.index(channel)


def test_the_parts_of_the_face_are_all_of_it_once() -> None:
    named = [name for names in STYLE_REGIONS.values() for name in names]
    assert sorted(named) == sorted(ARKIT_CHANNELS)


def test_without_styles_all_is_neutral() -> None:
    assert (shares() == 1).all()
    assert (shares(key("neutral"))[0] == 1).all()


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((1.0,), (0, 1)),
        ((0.25,), (0.75, 0.25)),  # the rest stays neutral
        ((1.0, 1.0), (0, 0.5, 0.5)),
        ((2.0, 0.5), (0, 0.8, 0.2)),
        ((0.5, 0.0), (0.5, 0.5, 0)),
    ],
)
def test_styles_are_mixed_by_weight(
    weights: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    mixed = shares(*(key(f"style {i}", weight) for i, weight in enumerate(weights)))
    np.testing.assert_allclose(mixed, np.array(expected)[:, None, None] + 0 * mixed, atol=1e-6)


def test_a_style_of_a_region_rules_there_and_only_there() -> None:
    face, brows, head = 1, 2, 3
    mixed = shares(key("face"), key("brows", region="brows"), key("head", region="head"))
    for channel, style in (
        ("jawOpen", face), ("eyeBlinkLeft", face), ("browDownLeft", brows), ("cheekPuff", brows),
        ("headYaw", head),
    ):  # fmt: skip
        assert (mixed[style, :, column(channel)] == 1).all(), channel
        assert mixed[:, :, column(channel)].sum() == len(SECONDS)


def test_styles_follow_each_other_with_a_smooth_fade() -> None:
    mixed = shares(key("calm"), key("angry", start_s=4.0), key("sad", start_s=7.0), fade_s=0.8)
    np.testing.assert_allclose(mixed.sum(axis=0), 1, atol=1e-6)
    calm, angry, sad = mixed[1:, :, 0]
    assert (calm[SECONDS < 3.6] == 1).all()
    assert (angry[(SECONDS > 4.4) & (SECONDS < 6.6)] == 1).all()
    assert (sad[SECONDS > 7.4] == 1).all()
    np.testing.assert_allclose(calm[SECONDS == 4.0], 0.5, atol=1e-6)
    assert np.abs(np.diff(mixed, axis=1)).max() < 0.08


def test_fades_that_overlap_still_add_up_to_one() -> None:
    mixed = shares(key("a"), key("b", start_s=2.0), key("c", start_s=2.1), fade_s=2.0)
    np.testing.assert_allclose(mixed.sum(axis=0), 1, atol=1e-6)
    assert mixed.min() >= -1e-6


def test_a_style_that_begins_later_leaves_the_neutral_manner_before_it() -> None:
    mixed = shares(key("late", start_s=5.0))
    assert (mixed[0][SECONDS < 4.8] == 1).all()
    assert (mixed[1][SECONDS > 5.2] == 1).all()


def test_a_style_of_a_region_gives_way_to_none_of_the_whole_face() -> None:
    """What was set for the brows stays, also when the face changes later."""
    mixed = shares(key("brows", region="brows"), key("face", start_s=5.0))
    assert (mixed[1, :, column("browInnerUp")] == 1).all()
    assert (mixed[2, -1, column("jawOpen")] == 1).all()
