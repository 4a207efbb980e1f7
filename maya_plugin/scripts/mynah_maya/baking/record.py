"""What Mynah baked, kept in the scene: a network node for each take, connected to its layer, its
curves and the nodes that they move, so that it is found again whatever they are called by then."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

import maya.api.OpenMaya as om
import numpy as np
from maya import cmds
from numpy.typing import NDArray

from ..library import Interpolation, KeyStyle, __version__
from ..reference import path_of
from ..scene_reader import effective_fps
from .anim_layers import curves_on
from .tracks import FloatArray

MARK = "mynahTake"
_TAG = "mynahTag"
_BAKED = "mynahBaked"
_AMOUNTS, _LEFT = "mynahAmounts", "mynahLeft"
_LAYER, _CURVES, _NODES = "mynahLayer", "mynahCurves", "mynahNodes"
_TOLERANCES = (1e-4, 1e-4, 0.05, 0.05)
"""Seconds, the value's unit, degrees of the tangents."""


@dataclass(frozen=True)
class Tag:
    """What a take was made of. `key_style` and `style` are words for people, `result` is the
    engine's own record, as JSON, `heard` what it heard in the voice (see `heard` in PROTOCOL.md);
    `made` is the day and time. `source` is "VOICE", or "PERFORMANCE" if it was transferred; a
    `draft` is to be replaced by the same in full quality.

    The line had `rows` at `fps` from `start_s` of the scene's clock on (`fps` 0: an older Mynah did
    not note that). It is of the scene's `sound` as that lies there, else of the seconds of `file`
    `from_s` to `to_s` (0: its end). `redo_seed` is that of the range that was last made anew, -1 if
    none was; `is_changed`: it is no longer what its seed alone would give.
    """

    line: str
    audio: str
    seed: int
    model: str = ""
    style: str = "neutral"
    key_style: str = "smooth"
    engine: str = ""
    plugin: str = __version__
    result: str = ""
    made: str = ""
    fps: float = 0.0
    rows: int = 0
    start_s: float = 0.0
    hold_frames: int = 1
    bound: float = 0.01
    redo_seed: int = -1
    source: str = "VOICE"
    draft: bool = False
    heard: str = ""
    is_changed: bool = False
    sound: str = ""
    file: str = ""
    from_s: float = 0.0
    to_s: float = 0.0

    @property
    def style_of_keys(self) -> KeyStyle:
        """How the take is keyed."""
        return KeyStyle(Interpolation(self.key_style), self.hold_frames, self.bound)

    @property
    def manner(self) -> str:
        """For people: whether it is a draft or was transferred, and the styles."""
        if self.draft:
            return f"draft, {self.style}"
        return f"transferred, {self.style}" if self.source == "PERFORMANCE" else self.style


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
    baked = [read_keys(curve) for curve in curves]
    for name, value in ((MARK, "1"), (_TAG, json.dumps(asdict(tag))), (_BAKED, _packed(baked))):
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
    return [_read(record) for record in records()]


def records() -> list[str]:
    """The nodes that tell of the scene's takes, to be looked at in part where there are many."""
    found: list[str] = cmds.ls(type="network")
    return [node for node in found if cmds.attributeQuery(MARK, node=node, exists=True)]


def tag_of(record: str) -> Tag:
    """What a take was made of."""
    return _tag_in(cmds.getAttr(f"{record}.{_TAG}"))


def layer_of(record: str) -> str:
    """The layer of a take; empty if there is none (any more)."""
    layers = _connected(record, _LAYER)
    return layers[0] if layers else ""


def curves_of(record: str, most: int | None = None) -> list[str]:
    """The curves of a take, or the first `most` of them."""
    return _connected(record, _CURVES, most)


def nodes_of(record: str) -> list[str]:
    """What a take moves."""
    return _connected(record, _NODES)


def glance() -> list[tuple[str, str, str]]:
    """The record, layer and amounts of every take: all that is quick to tell."""
    told: list[tuple[str, str, str]] = []
    for node in records():
        has_amounts = cmds.attributeQuery(_AMOUNTS, node=node, exists=True)
        amounts = str(cmds.getAttr(f"{node}.{_AMOUNTS}")) if has_amounts else ""
        told.append((node, layer_of(node), amounts))
    return told


def is_edited(take: Take) -> bool:
    """Whether an artist changed a key or tangent of a take, keyed more on its layer, had a range
    made anew or other amounts; also if that can't be told."""
    baked = baked_keys(take)
    if not take.layer or baked is None or take.tag.is_changed:
        return True
    if set(curves_on(take.layer)) != set(take.curves):
        return True
    return any(_differs(read_keys(c), b) for c, b in zip(take.curves, baked, strict=True))


def baked_keys(take: Take) -> list[FloatArray] | None:
    """The keys of each of its curves as they were baked; None if that can't be told."""
    baked = _unpacked(cmds.getAttr(f"{take.record}.{_BAKED}") or "")
    return None if baked is None or len(baked) != len(take.curves) else baked


def write_record(take: Take, tag: Tag, baked: Sequence[FloatArray] | None) -> None:
    """Another tag and, unless None, other baked keys of each of its curves."""
    cmds.setAttr(f"{take.record}.{_TAG}", json.dumps(asdict(tag)), type="string")
    if baked is not None:
        cmds.setAttr(f"{take.record}.{_BAKED}", _packed(baked), type="string")


def read_amounts(take: Take) -> tuple[dict[str, float], list[FloatArray] | None]:
    """How much the parts of the face move that don't move as baked, and the keys of each curve that
    this has left, without those that the artist has set since; None if that can't be told."""
    if not cmds.attributeQuery(_AMOUNTS, node=take.record, exists=True):
        return {}, None
    amounts: dict[str, float] = json.loads(cmds.getAttr(f"{take.record}.{_AMOUNTS}") or "{}")
    left = _unpacked(cmds.getAttr(f"{take.record}.{_LEFT}") or "") if amounts else None
    return amounts, None if left is None or len(left) != len(take.curves) else left


def write_amounts(take: Take, amounts: Mapping[str, float], left: Sequence[FloatArray]) -> None:
    """Keep amounts, and the keys that they have left of each curve."""
    packed = _packed(left) if amounts else ""
    for name, text in ((_AMOUNTS, json.dumps(dict(amounts))), (_LEFT, packed)):
        if not cmds.attributeQuery(name, node=take.record, exists=True):
            cmds.addAttr(take.record, longName=name, dataType="string")
        cmds.setAttr(f"{take.record}.{name}", text, type="string")


def moved_s(take: Take, baked: Sequence[FloatArray]) -> float:
    """For how many seconds the take as a whole was moved since it was baked."""
    firsts = [
        keys[0, 0] - own[0, 0]
        for keys, own in zip(map(read_keys, take.curves), baked, strict=True)
        if len(keys) and len(own)
    ]
    moved = float(np.median(firsts)) if firsts else 0.0
    return moved if abs(moved) > _TOLERANCES[0] else 0.0


def set_by_hand(keys: FloatArray, baked: FloatArray) -> NDArray[np.bool_]:
    """Which of a curve's keys [K] are the artist's: the record has none at their time with their
    value. Tangents alone don't make a key the artist's."""
    # records are of single precision
    reach = np.array(_TOLERANCES[:2]) + 1e-6 * np.abs(baked[None, :, :2])
    near = np.abs(keys[:, None, :2] - baked[None, :, :2]) <= reach
    same: NDArray[np.bool_] = near[:, :, 0] & near[:, :, 1]
    return ~np.any(same, axis=1)


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
    return Take(
        record,
        tag_of(record),
        layer_of(record),
        tuple(curves_of(record)),
        tuple(nodes_of(record)),
    )


@lru_cache(maxsize=1024)
def _tag_in(text: str) -> Tag:
    fields: Mapping[str, object] = json.loads(text)
    known = {name: value for name, value in fields.items() if name in Tag.__dataclass_fields__}
    return Tag(**known)  # pyright: ignore[reportArgumentType]


def _connected(record: str, attribute: str, most: int | None = None) -> list[str]:
    """Nodes by the order of their places; a place whose node was deleted is left out."""
    plug: om.MPlug = om.MSelectionList().add(f"{record}.{attribute}").getPlug(0)
    places = [plug]
    if plug.isArray:
        indices = plug.getExistingArrayAttributeIndices()
        places = [plug.elementByLogicalIndex(i) for i in indices][:most]
    return [path_of(place.source().node()) for place in places if place.isDestination]


def _packed(baked: Sequence[FloatArray]) -> str:
    """Single precision is enough, but not for seconds far from the scene's start."""
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
