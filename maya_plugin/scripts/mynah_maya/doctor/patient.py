"""A take as the checks see it: its layer, those above it in the tree, and when it plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from maya import cmds

from ..baking.record import Tag, Take, all_takes
from ..reference import Reference

BASE = "BaseAnimation"


@dataclass(frozen=True)
class Layer:
    """A layer that is there, and what of it decides whether it is seen."""

    node: Reference
    name: str
    is_muted: bool
    is_solo: bool
    is_locked: bool
    is_override: bool
    weight: float

    @classmethod
    def read(cls, name: str) -> Layer:
        """The layer of this name as it is now; `weight` is the most that it ever has."""

        keys: Any = cmds.keyframe(f"{name}.weight", query=True, valueChange=True)
        weight = max(keys) if keys else float(cmds.getAttr(f"{name}.weight"))
        return cls(
            Reference.to(name),
            name,
            bool(cmds.animLayer(name, query=True, mute=True)),
            bool(cmds.animLayer(name, query=True, solo=True)),
            bool(cmds.animLayer(name, query=True, lock=True)),
            bool(cmds.animLayer(name, query=True, override=True)),
            weight,
        )


@dataclass(frozen=True)
class Play:
    """A take on a layer. `above` are the layers that it lies below in the tree, nearest first;
    `frames` the first and last of its keys."""

    tag: Tag
    layer: Layer
    above: tuple[Layer, ...]
    curves: tuple[str, ...]
    nodes: tuple[str, ...]
    frames: tuple[float, float]

    @property
    def is_chosen(self) -> bool:
        """Whether it is not put aside, as other takes are."""
        return not self.layer.is_muted


def read_plays() -> list[Play]:
    """The takes of the scene that lie on layers, in the order in which they were made."""
    plays: list[Play] = []
    for take in all_takes():
        if take.layer and cmds.objExists(take.layer):
            plays.append(_read(take))
    return plays


def other_layers(plays: Sequence[Play]) -> list[Layer]:
    """The layers that hold no take, without the base layer."""
    ours = {play.layer.name for play in plays}
    found: list[str] = cmds.ls(type="animLayer")
    return [Layer.read(name) for name in found if name not in ours and name != BASE]


def members_of(layer: str) -> set[str]:
    """The plugs on a layer."""
    found: Any = cmds.animLayer(layer, query=True, attribute=True)
    return set(found or [])


def _read(take: Take) -> Play:
    above: list[Layer] = []
    parent: Any = cmds.animLayer(take.layer, query=True, parent=True)
    while parent and parent != BASE:
        above.append(Layer.read(parent))
        parent = cmds.animLayer(parent, query=True, parent=True)
    frames = [frame for curve in take.curves for frame in _ends(curve)]
    span = (min(frames), max(frames)) if frames else (0.0, 0.0)
    return Play(take.tag, Layer.read(take.layer), tuple(above), take.curves, take.nodes, span)


def _ends(curve: str) -> list[float]:
    frames: Any = cmds.keyframe(curve, query=True, timeChange=True)
    return [frames[0], frames[-1]] if frames else []
