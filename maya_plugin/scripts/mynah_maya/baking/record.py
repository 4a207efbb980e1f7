"""What Mynah baked, kept in the scene: a network node for each take, connected to its layer, its
curves and the nodes that they move, so that it is found again whatever they are called by then."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import maya.api.OpenMaya as om
import numpy as np
from maya import cmds

from ..library import __version__
from ..reference import path_of
from ..scene_reader import effective_fps
from .anim_layers import curves_on
from .tracks import FloatArray

MARK = "mynahTake"
_TAG = "mynahTag"
_BAKED = "mynahBaked"
_LAYER, _CURVES, _NODES = "mynahLayer", "mynahCurves", "mynahNodes"
_TOLERANCES = (1e-4, 1e-4, 0.05, 0.05)
"""Seconds, the value's unit, degrees of the tangents."""


@dataclass(frozen=True)
class Tag:
    """What a take was made of. `key_style` and `style` are words for people, `result` is the
    engine's own record, as JSON."""

    line: str
    audio: str
    seed: int
    model: str = ""
    style: str = "neutral"
    key_style: str = "smooth"
    engine: str = ""
    plugin: str = __version__
    result: str = ""


@dataclass(frozen=True)
class Take:
    """A record in the scene and what it leads to; no `layer` if that was deleted, or if the keys
    are on none."""

    record: str
    tag: Tag
    layer: str
    curves: tuple[str, ...]
    nodes: tuple[str, ...]


def make_record(tag: Tag, layer: str, curves: Sequence[str], nodes: Sequence[str]) -> str:
    """A node that tells what was baked. `layer` is empty for keys without one."""
    record: str = cmds.createNode("network", name=f"{layer or 'mynah'}_record", skipSelect=True)
    for name, value in ((MARK, "1"), (_TAG, json.dumps(asdict(tag))), (_BAKED, _packed(curves))):
        cmds.addAttr(record, longName=name, dataType="string")
        cmds.setAttr(f"{record}.{name}", value, type="string")
    cmds.addAttr(record, longName=_LAYER, attributeType="message")
    for name in (_CURVES, _NODES):
        cmds.addAttr(record, longName=name, attributeType="message", multi=True)
    if layer:
        cmds.connectAttr(f"{layer}.message", f"{record}.{_LAYER}")
    for name, sources in ((_CURVES, curves), (_NODES, nodes)):
        for i, source in enumerate(sources):
            cmds.connectAttr(f"{source}.message", f"{record}.{name}[{i}]")
    return record


def all_takes() -> list[Take]:
    """Every take of the scene."""
    found: list[str] = cmds.ls(type="network")
    return [_read(node) for node in found if cmds.attributeQuery(MARK, node=node, exists=True)]


def is_edited(take: Take) -> bool:
    """Whether an artist changed a key or tangent of a take, or keyed more on its layer; also if
    that can't be told."""
    baked = _unpacked(cmds.getAttr(f"{take.record}.{_BAKED}") or "")
    if not take.layer or baked is None or len(baked) != len(take.curves):
        return True
    if set(curves_on(take.layer)) != set(take.curves):
        return True
    return any(_differs(read_keys(c), b) for c, b in zip(take.curves, baked, strict=True))


def read_keys(curve: str) -> FloatArray:
    """The keys of a curve [K, 4]: seconds, value, angles of the tangents."""
    frames = np.array(cmds.keyframe(curve, query=True, timeChange=True) or [], np.float64)
    values = cmds.keyframe(curve, query=True, valueChange=True) or []
    into = cmds.keyTangent(curve, query=True, inAngle=True) or []
    out = cmds.keyTangent(curve, query=True, outAngle=True) or []
    return np.stack([frames / effective_fps(), values, into, out], axis=1)


def _differs(keys: FloatArray, baked: FloatArray) -> bool:
    return keys.shape != baked.shape or bool((np.abs(keys - baked) > _TOLERANCES).any())


def _read(record: str) -> Take:
    fields: Mapping[str, object] = json.loads(cmds.getAttr(f"{record}.{_TAG}"))
    known = {name: value for name, value in fields.items() if name in Tag.__dataclass_fields__}
    layers = _connected(record, _LAYER)
    return Take(
        record,
        Tag(**known),  # pyright: ignore[reportArgumentType]
        layers[0] if layers else "",
        tuple(_connected(record, _CURVES)),
        tuple(_connected(record, _NODES)),
    )


def _connected(record: str, attribute: str) -> list[str]:
    """Nodes by the order of their places; a place whose node was deleted is left out."""
    plug: om.MPlug = om.MSelectionList().add(f"{record}.{attribute}").getPlug(0)
    places = [plug]
    if plug.isArray:
        indices = plug.getExistingArrayAttributeIndices()
        places = [plug.elementByLogicalIndex(i) for i in indices]
    return [path_of(place.source().node()) for place in places if place.isDestination]


def _packed(curves: Sequence[str]) -> str:
    """Single precision is enough, but not for seconds far from the scene's start."""
    baked = [read_keys(curve) for curve in curves]
    keys = np.concatenate([np.zeros((0, 4)), *baked])
    start_s = keys[:, 0].min(initial=np.inf)
    keys[:, 0] -= start_s
    file = io.BytesIO()
    np.savez_compressed(
        file,
        counts=np.array([len(own) for own in baked], np.int32),
        start_s=start_s,
        keys=keys.astype(np.float32),
    )
    return base64.b64encode(file.getvalue()).decode("ascii")


def _unpacked(text: str) -> list[FloatArray] | None:
    """None for what is no record of this version's."""
    try:
        arrays = np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
        keys = arrays["keys"].astype(np.float64)
        keys[:, 0] += arrays["start_s"]
        return np.split(keys, np.cumsum(arrays["counts"])[:-1])
    except (ValueError, OSError, KeyError, EOFError):
        return None
