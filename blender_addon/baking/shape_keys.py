"""A character's shape keys: which of them a performance drives, and with what curves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..library import (
    KeyedCurve,
    MotionClip,
    Proposal,
    Weights,
    carry_pins,
    closure_pins,
    propose_mapping,
    reduce_clip,
    retarget,
)

_VALUE_PATH = re.compile(r'key_blocks\["(?P<name>.*)"\]\.value')


@dataclass(frozen=True)
class ShapeTarget:
    """The shape keys of one mesh, and what the match of their names gave."""

    key: bpy.types.Key
    mesh_name: str
    proposal: Proposal
    driven: tuple[str, ...]

    @property
    def shapes(self) -> tuple[str, ...]:
        """The shapes to key: matched, and not moved by a driver, which would win over any key."""
        return tuple(name for name in self.proposal.mapping.weights if name not in self.driven)

    def count(self, names: Sequence[str]) -> int:
        """How many of `names` are keyed."""
        return sum(name in self.shapes for name in names)


def meshes_of(character: bpy.types.Object) -> list[bpy.types.Object]:
    """The character and its children that have shape keys; objects with the same mesh once."""
    found: dict[int, bpy.types.Object] = {}
    for candidate in (character, *character.children_recursive):
        if candidate.type == "MESH" and candidate.data.shape_keys is not None:
            found.setdefault(candidate.data.shape_keys.session_uid, candidate)
    return list(found.values())


def read_target(mesh: bpy.types.Object) -> ShapeTarget:
    key = mesh.data.shape_keys
    names = [block.name for block in key.key_blocks if block != key.reference_key]
    proposal = propose_mapping(names)
    driven = _driven_names(key)
    matched = tuple(name for name in proposal.mapping.weights if name in driven)
    return ShapeTarget(key, mesh.name, proposal, matched)


def shape_path(name: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


def shape_values(target: ShapeTarget, clip: MotionClip) -> MotionClip:
    """The values of the target's shapes, within each slider's range."""
    weights = _weights(target)
    blocks = target.key.key_blocks
    limits = {name: (blocks[name].slider_min, blocks[name].slider_max) for name in weights}
    return retarget(clip, weights, limits)


def shape_curves(
    target: ShapeTarget, values: MotionClip, clip: MotionClip, rows: Sequence[int] = ()
) -> tuple[KeyedCurve, ...]:
    """Sparse curves for `values`, which are the target's in `clip`; `rows` get a key in any
    case."""
    pins = carry_pins(closure_pins(clip), _weights(target))
    pins = {name: np.union1d(pins.get(name, []), rows) for name in values.channels}
    return reduce_clip(values, pins=pins)


def remarks(target: ShapeTarget) -> list[str]:
    """Sentences about shapes that won't show what was keyed, or were left alone."""
    blocks = [target.key.key_blocks[name] for name in target.shapes]
    muted = [block.name for block in blocks if block.mute]
    narrow = [block.name for block in blocks if block.slider_min > 0 or block.slider_max < 1]
    locked = [block.name for block in blocks if block.lock_shape]
    mesh = f"of '{target.mesh_name}'"
    sentences = [
        (target.driven, f"Left alone {mesh}, because drivers move them"),
        (muted, f"Keyed but muted {mesh}, so they won't show"),
        (narrow, f"Cut to the slider's range {mesh}, which is narrower than 0 to 1"),
        (locked, f"Keyed {mesh} although their shape is locked; only the value changes"),
    ]
    return [f"{sentence}: {', '.join(names)}." for names, sentence in sentences if names]


def _weights(target: ShapeTarget) -> Weights:
    return target.proposal.mapping.restricted_to(target.shapes).weights


def _driven_names(key: bpy.types.Key) -> set[str]:
    if key.animation_data is None:
        return set()
    matches = (_VALUE_PATH.fullmatch(driver.data_path) for driver in key.animation_data.drivers)
    return {bpy.utils.unescape_identifier(match["name"]) for match in matches if match}
