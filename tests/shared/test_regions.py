"""The channel list is Apple's, and the regions divide it without gap or overlap."""

from __future__ import annotations

import pytest

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS, HEAD_CHANNELS
from mynah_shared.motion.regions import (
    BROWS,
    CHEEKS_AND_NOSE,
    EYES,
    HEAD,
    LIPS,
    MIRROR_PAIRS,
    REGIONS,
    REST,
    channel_indices,
)


def test_channels_are_52_shapes_and_3_head_angles() -> None:
    assert len(ARKIT_BLENDSHAPES) == len(set(ARKIT_BLENDSHAPES)) == 52
    assert ARKIT_CHANNELS == ARKIT_BLENDSHAPES + HEAD_CHANNELS
    assert (ARKIT_BLENDSHAPES[0], ARKIT_BLENDSHAPES[-1]) == ("eyeBlinkLeft", "tongueOut")
    assert ARKIT_BLENDSHAPES.index("jawLeft") < ARKIT_BLENDSHAPES.index("jawRight")


def test_regions_divide_the_channels() -> None:
    assert [len(part) for part in (LIPS, EYES, REST, HEAD)] == [28, 14, 10, 3]
    assert (len(BROWS), len(CHEEKS_AND_NOSE)) == (5, 5)
    together = [name for part in REGIONS.values() for name in part]
    assert sorted(together) == sorted(ARKIT_CHANNELS)


def test_mirror_pairs_name_both_sides() -> None:
    names = {name for pair in MIRROR_PAIRS for name in pair}
    assert names <= set(ARKIT_BLENDSHAPES)
    assert all(left.replace("Left", "Right") == right for left, right in MIRROR_PAIRS)
    unpaired = set(ARKIT_BLENDSHAPES) - names
    assert not any(name.endswith(("Left", "Right")) for name in unpaired)


def test_indices_follow_the_given_order() -> None:
    assert channel_indices(("headRoll", "eyeBlinkLeft")).tolist() == [54, 0]
    with pytest.raises(ValueError, match="not in"):
        channel_indices(("nothing",))
