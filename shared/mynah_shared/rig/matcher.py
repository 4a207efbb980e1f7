"""Guess a mapping from the names of a rig's targets: exact, then alias, never by position."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..motion.arkit import ARKIT_BLENDSHAPES
from ..motion.regions import MIRROR_PAIRS
from .mapping import RigMapping

# Words of other vocabularies that mean an ARKit shape, without separators and side.
# Character Creator's names as listed in https://github.com/soupday/cc_blender_tools
_ALIASES: Final = {
    "browraiseinner": "browinnerup",
    "browraiseouter": "browouterup",
    "browdrop": "browdown",
    "cheekraise": "cheeksquint",
    "mouthupupper": "mouthupperup",
    "mouthdownlower": "mouthlowerdown",
    "mouthrollinupper": "mouthrollupper",
    "mouthrollinlower": "mouthrolllower",
}

# "jaw" or "mouth" alone is no average of its left and right: those two are directions, not sides.
_DIRECTIONS: Final = ("jawLeft", "mouthLeft")

_SIDE_AT_END: Final = re.compile(r"(?:left|right|[ _.\-]+[lr]|(?<=[a-z])[LR])$")
_SEPARATORS: Final = re.compile(r"[ _.\-]+")


@dataclass(frozen=True)
class Proposal:
    """A guessed mapping and what it leaves open.

    `exact` and `aliased` are the mapped targets by how they were found; `unmatched_channels` has no
    target on this rig, `unmatched_targets` answers to no channel and stays untouched.
    """

    mapping: RigMapping
    exact: tuple[str, ...]
    aliased: tuple[str, ...]
    unmatched_channels: tuple[str, ...]
    unmatched_targets: tuple[str, ...]


def propose_mapping(targets: Sequence[str]) -> Proposal:
    """Match the names of a rig's targets with the 52 ARKit shapes.

    An exact name wins over any other spelling of the same shape (PascalCase, snake_case, `_L`/`_R`,
    spaces, a namespace in front). A target with a side takes a shape that has none
    ("browInnerUp_L"), one without takes the mean of both sides ("mouthSmile"). No part of the face
    is given to two targets.
    """
    weights: dict[str, dict[str, float]] = {
        name: {name: 1.0} for name in targets if name in ARKIT_BLENDSHAPES
    }
    exact = tuple(weights)
    taken = {part for name in exact for part in _claims(_parts(name))}
    for target in targets:
        found = None if target in weights else _alias(target)
        if found is None:
            continue
        claims, row = found
        if taken.isdisjoint(claims):
            taken |= claims
            weights[target] = row
    driven = {channel for row in weights.values() for channel in row}
    return Proposal(
        RigMapping(weights),
        exact,
        tuple(target for target in weights if target not in exact),
        tuple(channel for channel in ARKIT_BLENDSHAPES if channel not in driven),
        tuple(target for target in targets if target not in weights),
    )


_Part = tuple[str, str]
"""(name in lower case without separators and side, side: "l", "r" or "")"""


def _parts(name: str) -> _Part:
    side = _SIDE_AT_END.search(name) or _SIDE_AT_END.search(name.lower())
    base = name[: side.start()] if side else name
    letter = _SEPARATORS.sub("", side.group()).lower()[0] if side else ""
    word = _SEPARATORS.sub("", base).lower()
    return _ALIASES.get(word, word), letter


_CHANNELS: Final[dict[_Part, str]] = {_parts(name): name for name in ARKIT_BLENDSHAPES}
_PAIRS: Final = {
    _parts(left)[0]: (left, right) for left, right in MIRROR_PAIRS if left not in _DIRECTIONS
}


def _alias(target: str) -> tuple[set[_Part], dict[str, float]] | None:
    """The parts of the face a target claims and the channels that drive it, if it is known."""
    for name in (target, re.split(r"[:|.]", target)[-1]):
        word, side = _parts(name)
        if (word, side) in _CHANNELS:
            return _claims((word, side)), {_CHANNELS[word, side]: 1.0}
        if side and (word, "") in _CHANNELS:
            return _claims((word, side)), {_CHANNELS[word, ""]: 1.0}
        if not side and word in _PAIRS:
            return _claims((word, side)), dict.fromkeys(_PAIRS[word], 0.5)
    return None


def _claims(part: _Part) -> set[_Part]:
    """The halves of the face that a target of this name moves."""
    word, side = part
    return {(word, side)} if side else {(word, "l"), (word, "r")}
