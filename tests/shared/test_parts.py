"""Which part of the face a channel belongs to."""

from __future__ import annotations

import pytest

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.parts import AMOUNT_PARTS, part_of


def test_every_channel_has_a_part() -> None:
    found = {channel: part_of([(channel, 1.0)]) for channel in ARKIT_CHANNELS}
    assert set(found.values()) == set(AMOUNT_PARTS)
    assert found["jawOpen"] == found["tongueOut"] == "lips"
    assert found["cheekPuff"] == "brows"
    assert found["eyeLookUpLeft"] == "gaze"
    assert found["eyeWideRight"] == "blinks"
    assert found["headRoll"] == "head"


@pytest.mark.parametrize(
    ("weights", "part"),
    [
        ([("jawOpen", 0.3), ("browInnerUp", -0.9)], "brows"),
        ([("jawOpen", 0.0)], "lips"),
        ([("exp_12", 1.0)], ""),
        ([], ""),
    ],
)
def test_the_part_that_moves_it_most(weights: list[tuple[str, float]], part: str) -> None:
    assert part_of(weights) == part
