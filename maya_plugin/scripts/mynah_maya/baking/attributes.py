"""Custom attributes of a rig that a performance drives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from maya import cmds

from ..character import Rig
from ..library import Kind, MotionClip, RigMapping, Target
from ..reference import Reference
from .blend_shapes import is_of_mouth
from .tracks import Track


def find_attribute(rig: Rig, target: Target) -> tuple[Reference, str] | None:
    """The node and the attribute that a target of a mapping means: on its owner, else on whoever
    has it."""
    owner = rig.properties.get((target.owner, target.name))
    if owner is not None:
        return owner, target.name
    for (_owner, name), node in rig.properties.items():
        if name == target.name:
            return node, name
    return None


def attribute_limits(rig: Rig, mapping: RigMapping) -> dict[str, tuple[float, float]]:
    """The range that the rig gives an attribute, by target; those without a range are left out."""
    limits: dict[str, tuple[float, float]] = {}
    for name in mapping.names:
        plug = _plug_of(rig, mapping, name)
        if plug is None:
            continue
        node, attribute = plug.rsplit(".", 1)
        low, high = -math.inf, math.inf
        if cmds.attributeQuery(attribute, node=node, minExists=True):
            lowest: Any = cmds.attributeQuery(attribute, node=node, minimum=True)
            low = lowest[0]
        if cmds.attributeQuery(attribute, node=node, maxExists=True):
            highest: Any = cmds.attributeQuery(attribute, node=node, maximum=True)
            high = highest[0]
        if (low, high) != (-math.inf, math.inf):
            limits[name] = (low, high)
    return limits


def attribute_tracks(
    rig: Rig, mapping: RigMapping, values: MotionClip, pins: Mapping[str, np.ndarray]
) -> list[Track]:
    """Tracks of the mapping's properties that the rig has."""
    tracks: list[Track] = []
    for name in mapping.names:
        plug = _plug_of(rig, mapping, name)
        if plug is not None:
            target = mapping.target(name)
            tracks.append(
                Track(
                    plug,
                    values.column(name).astype(np.float64),
                    abs(target.full - target.rest),
                    tuple(int(row) for row in pins.get(name, ())),
                    is_of_mouth(mapping, name),
                )
            )
    return tracks


def _plug_of(rig: Rig, mapping: RigMapping, name: str) -> str | None:
    target = mapping.target(name)
    found = find_attribute(rig, target) if target.kind is Kind.PROPERTY else None
    if found is None:
        return None
    node = found[0].find()
    return None if node is None else f"{node}.{found[1]}"
