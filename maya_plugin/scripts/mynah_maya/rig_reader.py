"""What a rig in the scene performs, as a clip: its plugs, sampled and led back to the channels.

The scene's current time stays where it is. Everything here works in pieces of a few milliseconds,
as generators that yield the share that is done; between two pieces anything may happen to the
scene, so each piece looks its nodes up anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from maya import cmds
from numpy.typing import NDArray

from . import plugs
from .baking.attributes import find_attribute
from .baking.joints import moved_bones, pose_at, reader_of
from .baking.record import all_takes
from .character import Character, Rig, readable_rig
from .library import (
    HEAD_CHANNELS,
    BadInputError,
    Kind,
    MotionClip,
    Pieces,
    RigMapping,
    invert_in_pieces,
)
from .reference import Reference
from .rig_mapping import mapping_of
from .scene_reader import effective_fps

FloatArray = NDArray[np.float64]

_PIECE_S = 0.004


@dataclass(frozen=True)
class Passage:
    """Frames of a rig's animation, one row of the clip each, and the clip's rate.

    `layer` limits it to what one animation layer says, whatever lies over it; None is what is seen,
    with all that moves the rig. `name` is what sentences call it; `mapping` None is the
    character's own, else the one that its names propose.
    """

    rig: Character
    frames: tuple[float, ...]
    fps: float
    name: str
    layer: Reference | None = None
    mapping: RigMapping | None = None


@dataclass(frozen=True)
class _Number:
    """One attribute to read. A still one is the same on all frames."""

    owner: Reference
    attribute: str
    is_still: bool


@dataclass(frozen=True, eq=False)
class _Part:
    """Numbers that belong together: a shape, an attribute, all three of a rotation. `plugs` are
    what they are of; `read` makes the values [T] of targets of their columns [T, N]."""

    plugs: tuple[str, ...]
    numbers: tuple[_Number, ...]
    channels: tuple[str, ...]
    read: Callable[[FloatArray], Mapping[str, FloatArray]]


@dataclass(frozen=True, eq=False)
class _Plan:
    parts: tuple[_Part, ...]
    mapping: RigMapping

    @property
    def numbers(self) -> tuple[_Number, ...]:
        return tuple(number for part in self.parts for number in part.numbers)


def passage_of(character: Character, first: int, last: int, name: str = "") -> Passage:
    """What is seen of a character from the scene frame `first` to `last`, at the scene's rate.
    Raises `BadInputError` if there are no such frames."""
    name = name or character.name
    if last < first:
        raise BadInputError(
            f"The frames {first} to {last} of '{name}' are none; the last must not lie before the "
            "first."
        )
    frames = tuple(float(frame) for frame in range(first, last + 1))
    return Passage(character, frames, effective_fps(), name)


def check_passage(passage: Passage) -> None:
    """Raises `BadInputError` with the remedy if there is nothing to read."""
    _plan(passage)


def read_passage(passage: Passage) -> Pieces[MotionClip]:
    """The clip. Raises `BadInputError` if the rig or its layer is gone or shows nothing."""
    plan = _plan(passage)
    values = yield from _read(passage, plan.numbers)
    shown: dict[str, FloatArray] = {}
    first = 0
    for part in plan.parts:
        columns = values[:, first : first + len(part.numbers)]
        shown |= part.read(columns)
        first += len(part.numbers)
        if len(part.numbers) > 1:
            yield 1.0
    table = np.stack([*shown.values()], axis=1).astype(np.float32)
    return (yield from invert_in_pieces(MotionClip(passage.fps, tuple(shown), table), plan.mapping))


def channels_of(passage: Passage) -> dict[str, tuple[str, ...]]:
    """By plug, as "node.attribute": the channels that move it."""
    return {plug: part.channels for part in _plan(passage).parts for plug in part.plugs}


# --- what there is to read -----------------------------------------------------------------------


def _plan(passage: Passage) -> _Plan:
    rig, layer = readable_rig(passage.rig), _layer_of(passage)
    mapping = passage.mapping or mapping_of(rig)
    parts = list(_shape_parts(rig, mapping, layer))
    parts += _bone_parts(rig, mapping, layer, passage.frames[0])
    for name in mapping.names:
        target = mapping.target(name)
        found = find_attribute(rig, target) if target.kind is Kind.PROPERTY else None
        node = found[0].find() if found else None
        if found and node:
            parts += _one_number(f"{node}.{found[1]}", name, mapping, layer)
    if not any(part.channels for part in parts):
        raise _nothing_to_read(passage)
    if not layer and all(set(part.channels) <= set(HEAD_CHANNELS) for part in parts):
        raise _nothing_to_read(passage)
    return _Plan(tuple(parts), mapping)


def _layer_of(passage: Passage) -> str:
    if passage.layer is None:
        return ""
    layer = passage.layer.find()
    if layer is None:
        raise BadInputError(f"The layer '{passage.layer.name}' was deleted; choose another take.")
    return layer


def _shape_parts(rig: Rig, mapping: RigMapping, layer: str) -> Iterator[_Part]:
    """Teeth and brows have some of the face's shapes again; the node with most shapes rules."""
    told: set[str] = set()
    names: set[str] = set()
    for blend in sorted(rig.blend_shapes, key=lambda blend: -len(blend.shapes)):
        node = blend.node.find()
        own = [
            part
            for name in blend.shapes
            if node and name in mapping.names and mapping.target(name).kind is Kind.SHAPE
            if name not in names
            if not (name in mapping.weights and told.issuperset(mapping.weights[name]))
            for part in _one_number(f"{node}.{name}", name, mapping, layer)
        ]
        yield from own
        found = [part.plugs[0].rpartition(".")[2] for part in own]
        names.update(found)
        told.update(channel for name in found for channel in mapping.weights.get(name, ()))


def _one_number(plug: str, name: str, mapping: RigMapping, layer: str) -> list[_Part]:
    """The part of a target that one plug is; none if the layer doesn't hold it."""
    place = plugs.layered(plug, layer) if layer else plug
    if not place:
        return []
    read = partial(_named, name)
    return [_Part((plug,), (_number(place),), _channels(mapping, (name,)), read)]


def _named(name: str, values: FloatArray) -> dict[str, FloatArray]:
    return {name: values[:, 0]}


def _bone_parts(rig: Rig, mapping: RigMapping, layer: str, frame: float) -> Iterator[_Part]:
    ours = {take.layer for take in all_takes() if take.layer}
    for node, attribute, driven in moved_bones(rig, mapping):
        names = tuple(f"{node}.{attribute}{axis}" for axis in "XYZ")
        places = [plugs.layered(name, layer) if layer else name for name in names]
        if not any(places):
            continue
        # an axis that the take leaves alone stays as it is below
        numbers = [
            _number(place or plugs.base(name)) for place, name in zip(places, names, strict=True)
        ]
        over = {found for name in names for found in plugs.layers_over(name)}
        rest = _rest(node, attribute, frame, is_of_take=not ours.isdisjoint(over))
        read = reader_of(node, attribute, driven, rest)
        channels = _channels(mapping, [name for name, _target in driven])
        yield _Part(names, tuple(numbers), channels, read)


def _rest(node: str, attribute: str, frame: float, *, is_of_take: bool) -> FloatArray:
    """What a pose is told from. A take adds to the pose below it; other animation shows a face as
    it turns from rest, where no control is moved and a joint lies where it begins."""
    if is_of_take:
        return pose_at(node, attribute, frame)
    if attribute == "translate" and cmds.nodeType(node) == "joint":
        return np.array([cmds.getAttr(f"{node}.translate{axis}", time=frame) for axis in "XYZ"])
    return np.zeros(3)


def _number(plug: str) -> _Number:
    node, _, attribute = plug.rpartition(".")
    found = plugs.plug_of(plug)
    is_fed = found.isDestination or (found.isChild and found.parent().isDestination)
    return _Number(Reference.to(node), attribute, is_still=not is_fed)


def _channels(mapping: RigMapping, targets: Sequence[str]) -> tuple[str, ...]:
    rows = {**mapping.weights, **mapping.shows}
    return tuple(dict.fromkeys(channel for name in targets for channel in rows[name]))


def _nothing_to_read(passage: Passage) -> BadInputError:
    if passage.layer is not None:
        return BadInputError(
            f"The layer of '{passage.name}' holds nothing of '{passage.rig.name}' that Mynah "
            "knows; choose the take's own character and mapping."
        )
    return BadInputError(
        f"'{passage.rig.name}' has no shapes with ARKit names such as jawOpen, so its performance "
        "can't be read; choose the mesh of a face, its group or its namespace, or give a mapping "
        "file."
    )


# --- reading -------------------------------------------------------------------------------------


def _read(passage: Passage, numbers: Sequence[_Number]) -> Pieces[FloatArray]:
    """[T, N], in the interface's units."""
    frames, fps = passage.frames, effective_fps()
    values = np.empty((len(frames), len(numbers)))
    still = [i for i, number in enumerate(numbers) if number.is_still]
    values[:, still] = [cmds.getAttr(name) for name in _names([numbers[i] for i in still])]
    moving = [i for i, number in enumerate(numbers) if not number.is_still]
    done = 0
    while done < len(frames):
        end_s = time.perf_counter() + _PIECE_S
        if effective_fps() != fps:
            raise BadInputError(
                f"The scene's rate was changed while '{passage.name}' was read; try again."
            )
        names = _names([numbers[i] for i in moving])
        for frame in frames[done:]:
            values[done, moving] = [cmds.getAttr(name, time=frame) for name in names]
            done += 1
            if time.perf_counter() > end_s:
                break
        yield done / len(frames)
    return values


def _names(numbers: Sequence[_Number]) -> list[str]:
    """The plugs as they are called now."""
    nodes: dict[Reference, str] = {}
    for number in numbers:
        if number.owner not in nodes:
            found = number.owner.find()
            if found is None:
                raise BadInputError(
                    f"'{number.owner.name}' was deleted while its animation was read."
                )
            nodes[number.owner] = found
    return [f"{nodes[number.owner]}.{number.attribute}" for number in numbers]
