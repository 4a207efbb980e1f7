"""Changes to a mapping, each of which gives a new one."""

from __future__ import annotations

from dataclasses import replace

from ..errors import BadInputError
from .mapping import RigMapping
from .rig_matcher import RigNames
from .targets import Kind, Motion, Target


def with_weight(mapping: RigMapping, target: str, channel: str, weight: float) -> RigMapping:
    """`channel` drives `target` with `weight`, or is seen so much of it. Raises `BadInputError` if
    the channel is none."""
    weights, shows = dict(mapping.weights), dict(mapping.shows)
    rows = shows if target in shows else weights
    rows[target] = {**rows.get(target, {}), channel: weight}
    return _checked(replace(mapping, weights=weights, shows=shows))


def without_channel(mapping: RigMapping, target: str, channel: str) -> RigMapping:
    """`channel` no longer moves `target`; a target without any leaves the mapping."""
    row = {**mapping.weights, **mapping.shows}[target]
    left = {name: weight for name, weight in row.items() if name != channel}
    if not left:
        return mapping.restricted_to([name for name in mapping.names if name != target])
    weights, shows = dict(mapping.weights), dict(mapping.shows)
    (shows if target in shows else weights)[target] = left
    return replace(mapping, weights=weights, shows=shows)


def with_target(
    mapping: RigMapping, name: str, target: Target, channel: str, weight: float
) -> RigMapping:
    """Another target, moved by one channel. Raises `BadInputError` if the name or the channel is
    none, or the target is there."""
    if name in mapping.names:
        raise BadInputError(f"'{name}' is in the mapping already; choose it in the list.")
    targets = dict(mapping.targets)
    if not target.is_plain:
        targets[name] = target
    weights = {**mapping.weights, name: {channel: weight}}
    return _checked(replace(mapping, weights=weights, targets=targets))


def named_target(
    names: RigNames, name: str, motion: Motion, axis: str, full: float
) -> tuple[str, Target]:
    """What a shape, property or bone of a rig is called in a mapping, and what it stands for there;
    `motion` and `axis` are a bone's, `full` is a bone's or a property's. Raises `BadInputError` if
    the rig has nothing of that name."""
    if any(name in shapes for shapes in names.shapes.values()):
        return name, Target()
    for owner, own in names.properties:
        if own == name:
            return name, Target(Kind.PROPERTY, name, owner=owner, full=full)
    if name in names.bones:
        label = f"{name} {motion.value} {axis}"
        return label, Target(Kind.BONE, name, motion, axis, full=full)
    raise BadInputError(
        f"There is no shape, property or bone '{name}' that can be keyed on this character; choose "
        "one from the list."
    )


def with_range(mapping: RigMapping, name: str, rest: float, full: float) -> RigMapping:
    """A target with other values at rest and where what drives it is 1. Raises `BadInputError` if
    they are the same."""
    target = replace(mapping.target(name), rest=rest, full=full, limits=None)
    return replace(mapping, targets={**mapping.targets, name: target})


def _checked(mapping: RigMapping) -> RigMapping:
    mapping.check_channels()
    return mapping
