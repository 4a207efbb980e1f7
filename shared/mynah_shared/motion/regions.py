"""Parts of the face: lips 28, eyes 14, rest 10 (brows 5, cheeks and nose 5), head 3 channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS, HEAD_CHANNELS


def _starting_with(*prefixes: str) -> tuple[str, ...]:
    return tuple(name for name in ARKIT_BLENDSHAPES if name.startswith(prefixes))


LIPS: Final = _starting_with("jaw", "mouth", "tongue")
EYES: Final = _starting_with("eye")
BROWS: Final = _starting_with("brow")
CHEEKS_AND_NOSE: Final = _starting_with("cheek", "nose")
REST: Final = BROWS + CHEEKS_AND_NOSE
HEAD: Final = HEAD_CHANNELS

REGIONS: Final[dict[str, tuple[str, ...]]] = {
    "lips": LIPS,
    "eyes": EYES,
    "rest": REST,
    "head": HEAD,
}
"""Every channel of `ARKIT_CHANNELS` is in exactly one of these, in the channels' own order."""

MIRROR_PAIRS: Final[tuple[tuple[str, str], ...]] = tuple(
    (name, name.removesuffix("Left") + "Right")
    for name in ARKIT_BLENDSHAPES
    if name.endswith("Left")
)
"""(left, right) names; unpaired channels lie on the face's midline."""


def channel_indices(
    names: Sequence[str], channels: Sequence[str] = ARKIT_CHANNELS
) -> NDArray[np.intp]:
    """Columns of `names` among `channels`. Raises `ValueError` if one is not there."""
    return np.array([channels.index(name) for name in names], np.intp)
