"""One line on one character: build everything first, then retire the old take, then report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from maya import cmds

from .. import plugs
from ..character import Character, Rig, read_rig
from ..context import maintained_selection, root_namespace, undo_chunk
from ..library import (
    BadInputError,
    KeyStyle,
    Kind,
    MotionClip,
    RigMapping,
    carry_pins,
    closure_pins,
    drive,
)
from ..rig_mapping import mapping_of
from ..scene_reader import effective_fps, frame_of
from . import anim_layers
from .anim_curves import KeyEdit, apply
from .attributes import attribute_limits, attribute_tracks, find_attribute
from .blend_shapes import shape_tracks
from .joints import bone_tracks
from .record import Tag, Take, is_edited, make_record
from .takes import remove, takes_of
from .tracks import Keys, Span, Track, key_tracks
from .trial import trial


@dataclass(frozen=True)
class BakeReport:
    """What a bake did. `layer` is empty if the keys are on none; `remarks` are whole sentences."""

    line: str
    layer: str
    curves: int
    keys: int
    rows: int
    remarks: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """For the script editor."""
        where = f"on the layer '{self.layer}'" if self.layer else "on the base layer"
        return (
            f"'{self.line}': {self.keys} keys on {self.curves} curves instead of "
            f"{self.rows * self.curves}, {where}."
        )


def check_character(character: Character, mapping: RigMapping | None) -> str:
    """In what a performance for the character must be written. Raises `BadInputError` with the
    remedy if nothing on it can be keyed."""
    rig = read_rig(character)
    return _mapping_for(rig, mapping).representation


def bake_line(
    character: Character,
    clip: MotionClip,
    scene_s: float,
    tag: Tag,
    style: KeyStyle,
    mapping: RigMapping | None = None,
    *,
    on_base: bool = False,
) -> BakeReport:
    """Keys for `clip`, whose row 0 is at `scene_s` of the scene's clock.

    Replaces the line's earlier take of the same source and seed, unless the artist has edited it;
    other takes are kept and muted. A draft, which is given up again, replaces none. All of it is
    one step for Undo. With `on_base` the keys go to the base layer, in place of those in the line's
    range. Raises `BadInputError` if it can't be done; then nothing has changed.
    """
    trial.release()
    rig = read_rig(character)
    span = Span(frame_of(scene_s), effective_fps() / clip.fps, clip.n_frames)
    tag = replace(
        tag,
        fps=clip.fps,
        rows=clip.n_frames,
        start_s=scene_s,
        key_style=style.interpolation.value,
        hold_frames=style.hold_frames,
        bound=style.bound,
    )
    tracks, bones, remarks = perform(rig, clip, mapping, span.start)
    keys = key_tracks(tracks, clip, style, span)
    with undo_chunk(step_of(tag, character)), maintained_selection(), root_namespace():
        if on_base:
            report = _put_on_base(tag, keys, _nodes_of(tracks))
        else:
            report, told = _put_on_layer(tag, keys, span, _nodes_of(tracks))
            remarks += told
    told = (*rig.remarks, *_covered(bones), *remarks) if not on_base else (*rig.remarks, *remarks)
    return replace(report, rows=clip.n_frames, remarks=told)


def step_of(tag: Tag, character: Character) -> str:
    """What the undo queue calls it."""
    if tag.draft:
        return f"Mynah: Draft of {tag.line} on {character.name}"
    is_transfer = tag.source == "PERFORMANCE"
    return "Mynah: Transfer Performance" if is_transfer else "Mynah: Generate Lip Sync"


def perform(
    rig: Rig, clip: MotionClip, mapping: RigMapping | None, frame: float
) -> tuple[list[Track], list[Track], list[str]]:
    """All that a performance moves on a rig, the joints and controls among that, and sentences
    about what it can't move. Poses are added to those at `frame`. Raises `BadInputError` if it
    moves nothing."""
    present = _mapping_for(rig, mapping)
    values = drive(clip, present, attribute_limits(rig, present))
    pins = carry_pins(closure_pins(clip), present.influences)
    tracks = shape_tracks(rig, present, values, pins)
    tracks += attribute_tracks(rig, present, values, pins)
    bones, remarks = bone_tracks(rig, present, values, pins, frame)
    tracks += bones
    if not tracks:
        raise BadInputError(" ".join([f"Nothing of '{rig.name}' can be keyed.", *remarks]))
    return tracks, bones, remarks


def _mapping_for(rig: Rig, mapping: RigMapping | None) -> RigMapping:
    """The part of the mapping, else of the character's own or the proposed one, that the rig
    has."""
    wanted = mapping_of(rig) if mapping is None else mapping
    present = wanted.restricted_to([name for name in wanted.names if _is_there(rig, wanted, name)])
    if not present.names:
        instead = "or choose another mapping file" if mapping else "or give a mapping file"
        raise BadInputError(
            f"Nothing of '{rig.name}' has a name that the mapping knows, such as jawOpen; rename "
            f"its shapes, {instead}. {' '.join(rig.remarks)}".strip()
        )
    return present


def _is_there(rig: Rig, mapping: RigMapping, name: str) -> bool:
    target = mapping.target(name)
    if target.kind is Kind.SHAPE:
        return any(name in blend.shapes for blend in rig.blend_shapes)
    if target.kind is Kind.BONE:
        return target.name in rig.bones
    return find_attribute(rig, target) is not None


def _nodes_of(tracks: Sequence[Track]) -> list[str]:
    return list(dict.fromkeys(track.plug.rpartition(".")[0] for track in tracks))


def _put_on_layer(
    tag: Tag, keys: Sequence[Keys], span: Span, nodes: Sequence[str]
) -> tuple[BakeReport, list[str]]:
    """The new take on a layer of its own; only when it is complete, the old ones make room."""
    same, others = _earlier(tag, nodes)
    edited = [take for take in same if is_edited(take)]
    made: list[str] = []
    try:
        layer = anim_layers.make_layer(_layer_name(tag), [own.plug for own in keys])
        made.append(layer)
        places = [plugs.layered(own.plug, layer) for own in keys]
        fade = anim_layers.fade_keys(layer, span)
        curves = apply(KeyEdit([*keys, fade], [*places, fade.plug]))
        made.append(make_record(tag, layer, curves[:-1], nodes))
    except BaseException:  # even Ctrl-C must not leave half a layer behind
        for node in reversed(made):
            if cmds.objExists(node):
                cmds.delete(node)
        raise
    remarks: list[str] = []
    for take in same:
        if take not in edited and tag.draft:
            anim_layers.mute(take.layer)
        elif take not in edited:
            remove(take)
    layer = anim_layers.name_anew(layer, _layer_name(tag))  # an old take may have had it
    for take in (*edited, *others):
        if take.layer and not cmds.animLayer(take.layer, query=True, mute=True):
            anim_layers.mute(take.layer)
            why = ", which you edited," if take in edited else ""
            remarks.append(f"The take '{take.layer}'{why} was kept and muted.")
    report = BakeReport(tag.line, layer, len(keys), sum(len(own.frames) for own in keys), 0)
    return report, remarks


def _earlier(tag: Tag, nodes: Sequence[str]) -> tuple[list[Take], list[Take]]:
    """The line's takes on this character: of the same source and seed, and the others."""
    ours = takes_of(tag.line, nodes)
    wanted = (tag.source, tag.seed)
    same = [take for take in ours if (take.tag.source, take.tag.seed) == wanted]
    return same, [take for take in ours if take not in same]


def _layer_name(tag: Tag) -> str:
    what = "performance_" if tag.source == "PERFORMANCE" else ""
    return f"mynah_{tag.line}_{what}{tag.seed}{'_draft' if tag.draft else ''}"


def _put_on_base(tag: Tag, keys: Sequence[Keys], nodes: Sequence[str]) -> BakeReport:
    places = [plugs.base(own.plug) for own in keys]
    for place in places:
        curves = cmds.listConnections(place, source=True, destination=False, type="animCurve") or []
        if any(cmds.referenceQuery(curve, isNodeReferenced=True) for curve in curves):
            raise BadInputError(
                f"The keys of '{place}' lie in a referenced file, so the base layer can't be "
                "changed; leave out -baseLayer."
            )
    curves = apply(KeyEdit(keys, places, in_range=True))
    for take in takes_of(tag.line, nodes, on_layers=False):
        cmds.delete(take.record)  # it told of the keys that were here before
    make_record(tag, "", curves, nodes)
    return BakeReport(tag.line, "", len(keys), sum(len(own.frames) for own in keys), 0)


def _covered(bones: Sequence[Track]) -> list[str]:
    """A sentence about joints whose own animation the layer hides while the line lasts."""
    hidden: dict[str, None] = {}
    for track in bones:
        base = plugs.base(track.plug)
        keys: Any = cmds.keyframe(base, query=True, valueChange=True)
        if keys and np.ptp(keys) > 1e-6:
            hidden[track.plug.rpartition(".")[0].rpartition("|")[2]] = None
    if not hidden:
        return []
    return [
        f"While the line lasts, its layer covers your own animation of {', '.join(hidden)}; lower "
        "the layer's weight or take them off it to see that."
    ]
