"""An actor's performance given to another character."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_daemon.engine.style_plan import StyleKey, StylePlan
from mynah_daemon.engine.transfer import transfer_performance
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import StyleUse

FPS = 25.0
COURSE = np.sin(np.arange(250) / 5.0)
COLUMN = {name: i for i, name in enumerate(ARKIT_CHANNELS)}


def clip(**channels: tuple[float, float]) -> MotionClip:
    """Channels that swing around a rest by a reach."""
    values = np.zeros((250, len(ARKIT_CHANNELS)), np.float32)
    for name, (rest, reach) in channels.items():
        values[:, COLUMN[name]] = rest + reach * COURSE
    return MotionClip(FPS, ARKIT_CHANNELS, values)


def plan(shown: MotionClip, strength: float = 1.0, region: str = "") -> StylePlan:
    return StylePlan((StyleKey(StyleUse("x", region=region), shown),), strength=strength)


ACTOR = clip(browInnerUp=(0.2, 0.1), mouthSmileLeft=(0.4, 0.05), jawOpen=(0.2, 0.2))
CHARACTER = clip(browInnerUp=(0.5, 0.2), mouthSmileLeft=(0.1, 0.05), jawOpen=(0.3, 0.1))


def test_without_a_style_it_is_the_actors() -> None:
    np.testing.assert_allclose(
        transfer_performance(ACTOR, StylePlan()).values, ACTOR.values, atol=1e-6
    )


@pytest.mark.parametrize(("strength", "rest", "reach"), [(1, 0.5, 0.2), (0, 0.2, 0.1)])
def test_rest_and_reach_become_the_characters(strength: float, rest: float, reach: float) -> None:
    brow = transfer_performance(ACTOR, plan(CHARACTER, strength)).column("browInnerUp")
    assert brow.mean() == pytest.approx(rest, abs=1e-3)
    assert brow.std() == pytest.approx(reach * COURSE.std(), abs=1e-3)
    assert np.corrcoef(brow, COURSE)[0, 1] > 0.9999


def test_a_region_leaves_the_rest_of_the_face() -> None:
    moved = transfer_performance(ACTOR, plan(CHARACTER, region="brows"))
    assert moved.column("browInnerUp").mean() == pytest.approx(0.5, abs=1e-3)
    np.testing.assert_allclose(moved.column("jawOpen"), ACTOR.column("jawOpen"), atol=1e-6)


def test_lips_that_met_meet() -> None:
    shut = ACTOR.column("jawOpen") < 0.01
    wide = clip(jawOpen=(0.5, 0.1))
    moved = transfer_performance(ACTOR, plan(wide))
    gap = moved.column("jawOpen") - moved.column("mouthClose")
    assert shut.any()
    assert gap[shut].max() < 0.01
    assert gap.max() > 0.4


def test_blinks_stay_full_and_gaze_stays_the_actors() -> None:
    values = clip(eyeLookInLeft=(0.3, 0.2)).values.copy()
    values[:, COLUMN["eyeBlinkLeft"]] = 0.1
    values[100:104, COLUMN["eyeBlinkLeft"]] = 1.0
    actor = MotionClip(FPS, ARKIT_CHANNELS, values)
    sleepy = clip(eyeBlinkLeft=(0.4, 0.0), eyeLookInLeft=(0.0, 0.0))
    moved = transfer_performance(actor, plan(sleepy))
    lid = moved.column("eyeBlinkLeft")
    np.testing.assert_allclose(lid[100:104], 1.0, atol=1e-5)
    np.testing.assert_allclose(np.delete(lid, range(100, 104)), 0.4, atol=1e-5)
    np.testing.assert_allclose(moved.column("eyeLookInLeft"), values[:, COLUMN["eyeLookInLeft"]])


def test_a_channel_that_the_character_does_not_show_stays_the_actors() -> None:
    only = MotionClip(FPS, ("browInnerUp",), CHARACTER.select(("browInnerUp",)).values)
    moved = transfer_performance(ACTOR, plan(only))
    np.testing.assert_allclose(moved.column("jawOpen"), ACTOR.column("jawOpen"), atol=1e-6)
    assert moved.column("browInnerUp").mean() == pytest.approx(0.5, abs=1e-3)


def test_a_still_channel_is_not_blown_up() -> None:
    moved = transfer_performance(clip(cheekPuff=(0.1, 1e-5)), plan(clip(cheekPuff=(0.1, 0.3))))
    assert np.ptp(moved.column("cheekPuff")) < 1e-4
