"""Joints and controls: turns and moves about the character's axes or their own, added to the pose
that the artist has given them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import maya.api.OpenMaya as om
import numpy as np
from maya import cmds

from .. import plugs
from ..character import Rig
from ..library import Kind, Motion, MotionClip, RigMapping, Target
from ..reference import short_name
from .blend_shapes import is_of_mouth
from .tracks import FloatArray, Track
from .turns import ORDERS, about, from_euler, to_euler

_LEAST_TURN = 5.73
"""Degrees: a bone that turns less is keyed as if it turned so far."""
_CM_PER_M = 100.0
_TURN_ORDER = ("up", "left", "front")
_CHARACTER_AXES = {
    "y": {"left": (1, 0, 0), "up": (0, 1, 0), "front": (0, 0, 1)},
    "z": {"left": (1, 0, 0), "up": (0, 0, 1), "front": (0, -1, 0)},
}
"""By the scene's up axis: the character stands at rest looking along z, or along -y."""

Driven = Sequence[tuple[str, Target]]


def bone_tracks(
    rig: Rig,
    mapping: RigMapping,
    values: MotionClip,
    pins: Mapping[str, np.ndarray],
    frame: float,
) -> tuple[list[Track], list[str]]:
    """Tracks of the mapping's bones that the rig has, and sentences about those that can't be
    keyed. What is added to is the pose at `frame`, without any layer."""
    tracks: list[Track] = []
    remarks: list[str] = []
    for node, attribute, moved in moved_bones(rig, mapping):
        columns = (_turned if attribute == "rotate" else _moved)(node, moved, values, frame)
        still, found = _checked(node, attribute, columns)
        remarks += still
        rows = {int(row) for name, _ in moved for row in pins.get(name, ())}
        mouth = any(is_of_mouth(mapping, name) for name, _ in moved)
        for axis in found:
            column = columns["XYZ".index(axis)]
            extent = max(float(np.ptp(column)), _LEAST_TURN / _degrees_in_unit())
            if attribute == "translate":
                extent = max(float(np.ptp(column)), 1e-3)
            plug = f"{node}.{attribute}{axis}"
            tracks.append(Track(plug, column, extent, tuple(sorted(rows)), mouth))
    return tracks, remarks


def moved_bones(rig: Rig, mapping: RigMapping) -> list[tuple[str, str, Driven]]:
    """Nodes of the rig with "rotate" or "translate" and the targets that move this of them."""
    by_bone: dict[str, list[tuple[str, Target]]] = {}
    for name in mapping.names:
        target = mapping.target(name)
        if target.kind is Kind.BONE and target.name in rig.bones:
            by_bone.setdefault(target.name, []).append((name, target))
    found: list[tuple[str, str, Driven]] = []
    for bone, driven in by_bone.items():
        node = rig.bones[bone].find()
        if node is None:
            continue
        for attribute, moved in (
            ("rotate", [item for item in driven if item[1].motion is Motion.TURN]),
            ("translate", [item for item in driven if item[1].motion is not Motion.TURN]),
        ):
            if moved:
                found.append((node, attribute, moved))
    return found


def reader_of(
    node: str, attribute: str, driven: Driven, base: FloatArray
) -> Callable[[FloatArray], dict[str, FloatArray]]:
    """What makes the values [T] of targets of the rotations or translations [T, 3] of a node, which
    rests at `base` [3]: `bone_tracks` the other way round. It knows no node any more."""
    if attribute == "rotate":
        order = ORDERS[cmds.getAttr(f"{node}.rotateOrder")]
        hangs = _rest_above(node) @ _orient(node, "jointOrient")
        up, unit = str(cmds.upAxis(query=True, axis=True)), _degrees_in_unit()
        return lambda values: _read_turns(
            values * unit, from_euler(base * unit, order)[0], hangs, order, up, driven
        )
    axes, above = _axes(), _rest_above(node)
    steps: list[FloatArray] = []
    for _name, target in driven:
        own = above.T @ axes[target.axis] if target.axis in axes else None
        step = np.eye(3)["xyz".index(target.axis)] if own is None else own
        is_move = target.motion is Motion.MOVE
        steps.append(step * (om.MDistance.internalToUI(_CM_PER_M) if is_move else 1.0))
    # of targets that move it the same way each gets its part
    inverse = np.linalg.pinv(np.stack(steps))
    names = [name for name, _target in driven]
    return lambda values: dict(zip(names, ((values - base) @ inverse).T, strict=True))


def _read_turns(
    degrees: FloatArray, base: FloatArray, hangs: FloatArray, order: str, up: str, driven: Driven
) -> dict[str, FloatArray]:
    turns = from_euler(degrees, order)
    of_character = any(target.axis in _CHARACTER_AXES[up] for _name, target in driven)
    if of_character:
        turn = hangs @ turns @ base.T @ hangs.T
        x, y, z = to_euler(turn, "zxy" if up == "y" else "yxz", np.zeros(3)).T
        angles = (
            {"left": x, "up": y, "front": z} if up == "y" else {"left": x, "up": z, "front": -y}
        )
    else:
        angles = dict(zip("xyz", to_euler(base.T @ turns, order, np.zeros(3)).T, strict=True))
    axes = [target.axis for _name, target in driven]
    # where both kinds of axes turn one node nobody can tell them apart: its own count as still
    still = np.zeros(len(degrees))
    return {name: angles.get(t.axis, still) / axes.count(t.axis) for name, t in driven}


def _checked(node: str, attribute: str, columns: FloatArray) -> tuple[list[str], str]:
    """Sentences about axes that would move but can't, and the axes to key: of a rotation all or
    none, as its angles belong together; of a translation those that move."""
    moving = "".join(axis for axis, c in zip("XYZ", columns, strict=True) if np.ptp(c) > 1e-6)
    faults = {axis: plugs.fault(f"{node}.{attribute}{axis}") for axis in "XYZ"}
    bad = [axis for axis in moving if faults[axis]]
    if bad:
        plug = f"{short_name(node)}.{attribute}{bad[0]}"
        return [f"'{short_name(node)}' stays still: '{plug}' is {faults[bad[0]]}."], ""
    if attribute == "rotate" and moving:
        return [], "".join(axis for axis in "XYZ" if not faults[axis])
    return [], moving


def _turned(node: str, driven: Driven, values: MotionClip, frame: float) -> FloatArray:
    """Rotations [3, T] in the interface's unit of angles."""
    order = ORDERS[cmds.getAttr(f"{node}.rotateOrder")]
    base = pose_at(node, "rotate", frame) * _degrees_in_unit()
    turn: FloatArray = np.eye(3)[None]
    axes = _axes()
    for axis in _TURN_ORDER:
        for name, target in driven:
            if target.axis == axis:
                turn = turn @ about(axes[axis], np.radians(values.column(name)))
    own = np.zeros((values.n_frames, 3))
    for name, target in driven:
        if target.axis in ("x", "y", "z"):
            own[:, "xyz".index(target.axis)] += values.column(name)
    hangs = _rest_above(node) @ _orient(node, "jointOrient")
    local = hangs.T @ turn @ hangs
    turns = local @ from_euler(base, order) @ from_euler(own, order)
    if len(turns) != values.n_frames:
        turns = np.repeat(turns, values.n_frames, axis=0)
    return to_euler(turns, order, base).T / _degrees_in_unit()


def _moved(node: str, driven: Driven, values: MotionClip, frame: float) -> FloatArray:
    """Translations [3, T] in the interface's unit of length. The axes x, y and z are those of the
    attributes."""
    out = np.repeat(pose_at(node, "translate", frame)[:, None], values.n_frames, axis=1)
    axes, above = _axes(), _rest_above(node)
    for name, target in driven:
        amount = values.column(name).astype(np.float64)
        if target.motion is Motion.MOVE:
            amount = amount * om.MDistance.internalToUI(_CM_PER_M)
        if target.axis in axes:
            direction = above.T @ axes[target.axis]
        else:
            direction = np.eye(3)["xyz".index(target.axis)]
        out += direction[:, None] * amount
    return out


def pose_at(node: str, attribute: str, frame: float) -> FloatArray:
    """A rotation or translation [3] without any layer, in the interface's unit."""
    below = [plugs.base(f"{node}.{attribute}{axis}") for axis in "XYZ"]
    return np.array([cmds.getAttr(plug, time=frame) for plug in below], np.float64)


def _axes() -> dict[str, FloatArray]:
    found = _CHARACTER_AXES[cmds.upAxis(query=True, axis=True)]
    return {name: np.array(axis, np.float64) for name, axis in found.items()}


# --- the pose at rest ----------------------------------------------------------------------------


def _rest_above(node: str) -> FloatArray:
    """How the space that a node hangs in is turned while the character is at rest [3, 3].

    A joint that is bound to a skin knows. Of others, offset groups and joint orients make up the
    rest; what joints and controls are rotated by is a pose, and the topmost group's rotation is how
    the character stands in the scene.
    """
    parents = cmds.listRelatives(node, parent=True, fullPath=True)
    if not parents:
        return np.eye(3)
    above: str = parents[0]
    bound = _bind_pose(above)
    if bound is not None:
        return bound
    rest = _rest_above(above) @ _orient(above, "jointOrient")
    if _is_offset(above):
        order = ORDERS[cmds.getAttr(f"{above}.rotateOrder")]
        rest = rest @ _euler_of(f"{above}.rotate", order)
    return rest @ _orient(above, "rotateAxis")


def _bind_pose(node: str) -> FloatArray | None:
    if not cmds.attributeQuery("bindPose", node=node, exists=True):
        return None
    matrix = np.array(cmds.getAttr(f"{node}.bindPose"), np.float64).reshape(4, 4)
    if np.allclose(matrix, np.eye(4)):
        return None  # never bound
    rows = matrix[:3, :3]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).T  # Maya's vectors are rows


def _is_offset(node: str) -> bool:
    """Whether a node's rotation belongs to the rest pose."""
    is_top = not cmds.listRelatives(node, parent=True)
    if is_top or cmds.nodeType(node) == "joint":
        return False
    if cmds.listRelatives(node, shapes=True):
        return False
    return not any(plugs.plug_of(f"{node}.rotate{axis}").isDestination for axis in "XYZ")


def _orient(node: str, attribute: str) -> FloatArray:
    if not cmds.attributeQuery(attribute, node=node, exists=True):
        return np.eye(3)
    return _euler_of(f"{node}.{attribute}", "xyz")


def _euler_of(plug: str, order: str) -> FloatArray:
    angles = np.array(cmds.getAttr(plug)[0], np.float64)
    return from_euler(angles * _degrees_in_unit(), order)[0]


def _degrees_in_unit() -> float:
    """Degrees in one unit of angle of the interface."""
    return math.degrees(om.MAngle.uiToInternal(1.0))
