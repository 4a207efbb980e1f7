"""A character's shape keys: which of them a performance moves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import bpy
import numpy as np

from ..library import Kind, RigMapping
from ..reference import Reference
from ..rigging.character import meant, propose
from ..rigging.members import meshes_of as meshes_of
from ..rigging.names import Names, RigParts, driven_paths, keyable_shapes, shapes_of
from ..rigging.names import shape_path as shape_path
from . import placement
from .tracks import Performed, Track

_VALUE_PATH = re.compile(r'key_blocks\["(?P<name>.*)"\]\.value')


@dataclass(frozen=True)
class ShapeTarget:
    """The shape keys of one mesh that the mapping moves, and the `driven` ones, which it would move
    if drivers didn't. `limits` are the sliders' ranges; `remarks` tell of shapes that won't show
    what is keyed, or were left alone."""

    owner: Reference
    mesh_name: str
    shapes: tuple[str, ...]
    driven: tuple[str, ...]
    limits: Mapping[str, tuple[float, float]]
    remarks: tuple[str, ...]

    def count(self, names: Sequence[str]) -> int:
        """How many of `names` are keyed."""
        return sum(name in self.shapes for name in names)

    @property
    def tracks(self) -> tuple[Track, ...]:
        return tuple(Track(shape_path(name), 0, (name,)) for name in self.shapes)

    def perform(self, columns: Mapping[str, np.ndarray]) -> Performed:
        """The shapes' values, within each slider's range, from those of all targets [T]."""
        values = [np.clip(columns[name], *self.limits[name]) for name in self.shapes]
        return Performed(self.owner, self.tracks, np.stack(values, axis=1))


def find_targets(parts: RigParts, mapping: RigMapping) -> tuple[list[ShapeTarget], list[str]]:
    """The meshes that can be keyed, and a sentence for each that can't."""
    faults = {mesh.name: fault(mesh) for mesh in parts.meshes}
    mapped, keyable = _shapes_in(mapping), dict(parts.names.shapes)
    targets = [
        _target_of(mesh, keyable[mesh.name], mapped)
        for mesh in parts.meshes
        if not faults[mesh.name]
    ]
    return [t for t in targets if t.shapes], [sentence for sentence in faults.values() if sentence]


def read_target(
    mesh: bpy.types.Object, mapping: RigMapping | None = None, *, with_driven: bool = False
) -> ShapeTarget:
    """What `mapping` moves on a mesh; without one, what its own names mean. `with_driven`: also the
    shapes that drivers move."""
    keyable = keyable_shapes(mesh.data.shape_keys, with_driven=with_driven)
    if mapping is None:
        mapping = propose(Names(((mesh.name, keyable),), (), ())).mapping
    return _target_of(mesh, keyable, _shapes_in(mapping))


def _shapes_in(mapping: RigMapping) -> set[str]:
    return {name for name in mapping.names if mapping.target(name).kind is Kind.SHAPE}


def _target_of(mesh: bpy.types.Object, keyable: Iterable[str], mapped: set[str]) -> ShapeTarget:
    key = mesh.data.shape_keys
    shapes = tuple(name for name in keyable if name in mapped)
    driven = _driven(key, mapped)
    limits = {n: (key.key_blocks[n].slider_min, key.key_blocks[n].slider_max) for n in shapes}
    remarks = _remarks(mesh, shapes, driven)
    return ShapeTarget(Reference.to(key), mesh.name, shapes, driven, limits, tuple(remarks))


@lru_cache(maxsize=4096)
def shape_of(path: str) -> str | None:
    """The shape whose value a data path means; None for any other path."""
    match = _VALUE_PATH.fullmatch(path)
    return bpy.utils.unescape_identifier(match["name"]) if match else None


def fault(mesh: bpy.types.Object) -> str | None:
    """Why nothing can be baked on a mesh's shape keys, in a sentence."""
    key = mesh.data.shape_keys
    if not key.is_editable:
        return (
            f"The shape keys of '{mesh.name}' are linked and would lose the animation on saving; "
            "make a library override of its mesh data first."
        )
    if not key.use_relative:
        return f"'{mesh.name}' uses absolute shape keys; switch them to relative."
    if placement.is_in_tweak_mode(key):
        return placement.tweak_mode(mesh.name)
    return None


def _remarks(mesh: bpy.types.Object, shapes: Sequence[str], driven: Sequence[str]) -> list[str]:
    blocks = [mesh.data.shape_keys.key_blocks[name] for name in shapes]
    muted = [block.name for block in blocks if block.mute]
    narrow = [block.name for block in blocks if block.slider_min > 0 or block.slider_max < 1]
    locked = [block.name for block in blocks if block.lock_shape]
    whose = f"of '{mesh.name}'"
    sentences = [
        (driven, f"Left alone {whose}, because drivers move them"),
        (muted, f"Keyed but muted {whose}, so they won't show"),
        (narrow, f"Cut to the slider's range {whose}, which is narrower than 0 to 1"),
        (locked, f"Keyed {whose} although their shape is locked; only the value changes"),
    ]
    return [f"{sentence}: {', '.join(names)}." for names, sentence in sentences if names]


def _driven(key: bpy.types.Key, mapped: set[str]) -> tuple[str, ...]:
    """The shapes that drivers move and that a performance would move else."""
    moved = {shape for path in driven_paths(key) if (shape := shape_of(path)) is not None}
    if not moved:
        return ()
    wanted = moved & (meant(shapes_of(key)) | mapped)
    return tuple(block.name for block in key.key_blocks if block.name in wanted)
