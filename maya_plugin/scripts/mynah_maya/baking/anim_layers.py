"""Animation layers: one for each take, over the artist's keys and only while the line lasts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, count
from typing import Any

import maya.api.OpenMaya as om
import numpy as np
from maya import cmds

from .. import plugs
from ..library import Interpolation
from ..reference import path_of
from ..scene_reader import effective_fps
from .tracks import Keys, Span

FADE_S = 0.1
"""Before and after a line its layer comes and goes within this time."""


def make_layer(name: str, plugs: Sequence[str]) -> str:
    """An override layer on top of the others, with these plugs on it. If something else has the
    name, it gets `_v2` and so on: Maya's own number would look like another seed."""
    wanted = _node_name(name)
    versions = (f"{wanted}_v{n}" for n in count(2))
    free = next(own for own in chain([wanted], versions) if not cmds.objExists(own))
    layer: str = cmds.animLayer(free, override=True)
    cmds.animLayer(layer, edit=True, attribute=list(plugs))
    return layer


def name_anew(layer: str, name: str) -> str:
    """Give a layer the name that it was to have, if that has become free; how it is called now."""
    free = _node_name(name)
    if layer == free or cmds.objExists(free):
        return layer
    renamed: str = cmds.rename(layer, free)
    return renamed


def fade_keys(layer: str, span: Span) -> Keys:
    """Keys of the layer's weight: 1 while the line lasts, 0 where others speak."""
    fade = max(1.0, FADE_S * effective_fps())
    frames = [span.start - fade, span.start, span.end, span.end + fade]
    values = [0.0, 1.0, 1.0, 0.0]
    if span.end <= span.start:
        del frames[2], values[2]
    return Keys(
        f"{layer}.weight",
        np.array(frames),
        np.array(values),
        np.zeros(len(frames)),
        Interpolation.linear,
    )


def curves_on(layer: str) -> list[str]:
    """All curves that the layer holds, whoever made them."""
    found: Any = cmds.animLayer(layer, query=True, animCurves=True)
    return found or []


def curve_of(layer: str, plug: str) -> str:
    """The curve of a plug on a layer; empty if it has none there."""
    place = plugs.layered(plug, layer)
    if not place or not plugs.plug_of(place).isDestination:
        return ""
    source = plugs.plug_of(place).source().node()
    return path_of(source) if source.hasFn(om.MFn.kAnimCurve) else ""


def mute(layer: str) -> None:
    """Silence a layer; its keys stay."""
    cmds.animLayer(layer, edit=True, mute=True)


def unmute(layer: str) -> None:
    """Let a layer show."""
    cmds.animLayer(layer, edit=True, mute=False)


def is_muted(layer: str) -> bool:
    """Whether a layer is silenced by itself."""
    return bool(cmds.animLayer(layer, query=True, mute=True))


def delete_layer(layer: str) -> None:
    """The layer with its keys; what it covered shows again."""
    cmds.delete(layer)


def _node_name(name: str) -> str:
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"
