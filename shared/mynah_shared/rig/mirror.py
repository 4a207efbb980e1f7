"""One side of a mapping for the other: what an artist set up on the left, on the right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from ..motion.flame import EYE_POSE, JAW_POSE, NECK_POSE
from ..motion.regions import MIRROR_PAIRS
from .mapping import RigMapping
from .names import other_side
from .targets import Kind, Motion, Target

_CHANNELS: Final[Mapping[str, str]] = {
    **dict(MIRROR_PAIRS),
    **{right: left for left, right in MIRROR_PAIRS},
    **dict(zip(EYE_POSE, (*EYE_POSE[3:], *EYE_POSE[:3]), strict=True)),
}
_LEFT: Final = frozenset((*(left for left, _ in MIRROR_PAIRS), *EYE_POSE[:3]))
_TURNED: Final = frozenset(
    ("headYaw", "headRoll", *JAW_POSE[1:], *NECK_POSE[1:], *EYE_POSE[1:3], *EYE_POSE[4:])
)
"""Angles that go the other way in a mirror."""
_FLIPPED: Final = {
    Motion.TURN: ("up", "front", "y", "z"),
    Motion.MOVE: ("left", "x"),
    Motion.SLIDE: ("left", "x"),
}
"""A bone's own axes are taken to lie as on Blender's and Maya's mirrored bones: x to the side."""


def mirrored(mapping: RigMapping, names: Collection[str], from_left: bool = True) -> RigMapping:
    """The mapping with one side's targets driven as the other's, by the opposite channels.

    `names` are the rig's shapes, bones and properties; a target whose opposite isn't among them
    stays as it is, and so do those of the middle. What was set up on the other side is replaced.
    """
    weights, shows = dict(mapping.weights), dict(mapping.shows)
    targets = dict(mapping.targets)
    for key in mapping.names:
        target = mapping.target(key)
        source = mapping.weights if key in mapping.weights else mapping.shows
        found = other_side(target.name or key, names)
        if found is None or _is_left(source[key], found[1]) is not from_left:
            continue
        opposite, there = found[0], _opposite_key(mapping, key, found[0])
        for rows in (weights, shows):
            rows.pop(there, None)
        (weights if source is mapping.weights else shows)[there] = mirrored_row(source[key])
        targets.pop(there, None)
        if not target.is_plain:
            name = "" if target.kind is Kind.SHAPE else opposite
            targets[there] = replace(_mirrored_target(target), name=name)
    return replace(mapping, weights=weights, shows=shows, targets=targets)


def mirrored_row(row: Mapping[str, float]) -> dict[str, float]:
    """The opposite channels with the same weights."""
    return {
        _CHANNELS.get(channel, channel): -weight if channel in _TURNED else weight
        for channel, weight in row.items()
    }


def _is_left(row: Mapping[str, float], by_name: bool) -> bool:
    """Whether a target belongs to the left: if its channels don't tell, its name does."""
    left = sum(channel in _LEFT for channel in row)
    right = sum(_CHANNELS.get(channel) in _LEFT for channel in row)
    return by_name if left == right else left > right


def _opposite_key(mapping: RigMapping, key: str, opposite: str) -> str:
    """What the opposite target is called in the mapping, if it is there, or what to call it."""
    target = mapping.target(key)
    for other, known in mapping.targets.items():
        same = (known.kind, known.motion, known.axis) == (target.kind, target.motion, target.axis)
        if same and known.name == opposite:
            return other
    return key.replace(target.name, opposite) if target.name else opposite


def _mirrored_target(target: Target) -> Target:
    if target.motion is None or target.axis not in _FLIPPED[target.motion]:
        return target
    limits = target.limits
    return replace(
        target,
        rest=-target.rest,
        full=-target.full,
        limits=None if limits is None else (-limits[1], -limits[0]),
    )
