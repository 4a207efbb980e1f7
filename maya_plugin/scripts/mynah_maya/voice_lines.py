"""The lines that characters perform now, and where they lie in the scene's time.

Read again whenever something changes, so of each take only what is needed is asked for.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import maya.api.OpenMaya as om
import maya.api.OpenMayaAnim as oma
from maya import cmds

from .baking.record import curves_of, layer_of, nodes_of, records, tag_of
from .library import Heard, ShownLine, read_heard
from .scene_reader import effective_fps, frame_of

_LOOKED_AT = 5
"""Of so many curves the first keys are looked at: who edits one of them moves no line."""
_SAME = 1e-3
_MOST_ROOTS = 200
"""Who selects more than that means no single character."""
_OF_A_NAMESPACE, _THE_SAME = 1000, 1_000_000
"""A namespace in common counts more than any number of groups."""


@dataclass(frozen=True)
class VoiceLine:
    """A line on show and what was heard in it. `owners` are the nodes that it moves, by path, and
    of blend shapes the meshes."""

    shown: ShownLine
    heard: Heard
    owners: tuple[str, ...]


def lines_on_show() -> tuple[VoiceLine, ...]:
    """The lines of the scene of which is known what was heard, by their beginnings; without those
    whose layer is muted."""
    fps = effective_fps()
    found = [line for record in records() for line in _read(record, fps)]
    return tuple(sorted(found, key=lambda line: line.shown.start))


def lines_of(lines: Sequence[VoiceLine], roots: Sequence[str]) -> tuple[VoiceLine, ...]:
    """Those of the characters that these nodes, by path, belong to; all of them if they belong to
    none that speaks."""
    speakers = tuple(dict.fromkeys(line.owners for line in lines))
    chosen = {speaker for root in roots[:_MOST_ROOTS] for speaker in _nearest(speakers, root)}
    return tuple(line for line in lines if not chosen or line.owners in chosen)


def roots_of(names: Sequence[str]) -> tuple[str, ...]:
    """The nodes, by path, that names mean, as `find_character` takes them: nodes, sets or
    namespaces; without names the selection. Unlike there, what isn't there is passed over."""
    if not names:
        return tuple(cmds.ls(selection=True, long=True, objectsOnly=True))
    found: list[str] = []
    for name in names:
        nodes = [] if name.endswith(":") else _nodes_of(name)
        if not nodes:
            found.append(f"{name.strip(':')}:")
        for node in nodes:
            members = []
            if cmds.nodeType(node) == "objectSet":
                members = cmds.sets(node, query=True)  # pyright: ignore[reportCallIssue]
            found += cmds.ls(members, long=True) if members else [node]
    return tuple(found)


def _nodes_of(name: str) -> list[str]:
    try:
        return cmds.ls(name, long=True)
    except RuntimeError:  # what is half written may be no name at all
        return []


def _nearest(speakers: Sequence[tuple[str, ...]], root: str) -> list[tuple[str, ...]]:
    """Those whose nodes have most in common with a node."""
    shared = [max((_common(root, own) for own in speaker), default=0) for speaker in speakers]
    most = max(shared, default=0)
    return [speaker for speaker, n in zip(speakers, shared, strict=True) if n == most > 0]


def _common(node: str, owner: str) -> int:
    """How much of their namespaces and groups two nodes share."""
    if node == owner:
        return _THE_SAME
    groups = _alike(node.split("|")[1:], owner.split("|")[1:])
    return groups + _OF_A_NAMESPACE * _alike(_spaces(node), _spaces(owner))


def _alike(own: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(own, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _spaces(node: str) -> list[str]:
    return node.rpartition("|")[2].split(":")[:-1]


def _read(record: str, fps: float) -> Iterator[VoiceLine]:
    tag = tag_of(record)
    heard = read_heard(tag.heard)
    if heard is None:
        return
    layer = layer_of(record)
    firsts = [at for curve in curves_of(record, _LOOKED_AT) for at in _first_frame(curve)]
    if not firsts or (layer and cmds.animLayer(layer, query=True, mute=True)):
        return
    start = frame_of(tag.start_s)
    if layer:  # on the base layer, curves also hold what the artist keyed before the line
        start = _moved(start, statistics.median(firsts))
    length_s = max(len(heard.heights) / heard.rate, float(heard.ends.max(initial=0.0)))
    shown = ShownLine(tag.line, tag.heard, start, fps, start, start + length_s * fps)
    owners = dict.fromkeys(owner for node in nodes_of(record) for owner in _owners_of(node))
    yield VoiceLine(shown, heard, tuple(owners))


def _moved(start: float, first_key: float) -> float:
    """Where a line begins whose keys may have been moved. Stepped ones begin on the first whole
    frame."""
    is_there = start - _SAME <= first_key <= math.ceil(start) + _SAME
    return start if is_there else first_key


def _first_frame(curve: str) -> Iterator[float]:
    keys = oma.MFnAnimCurve(om.MSelectionList().add(curve).getDependNode(0))
    if keys.numKeys:
        yield keys.input(0).asUnits(om.MTime.uiUnit())


def _owners_of(node: str) -> list[str]:
    if cmds.nodeType(node) != "blendShape":
        return [node]
    meshes = cmds.blendShape(node, query=True, geometry=True)
    return [node, *(cmds.ls(meshes, long=True) if meshes else [])]
