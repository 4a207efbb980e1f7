"""What turns the head, and what keeps it still."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ..baking import head
from ..reference import Reference
from .finding import Finding, Severity, list_names
from .patient import Patient

_TURNING = frozenset(
    {
        "COPY_ROTATION",
        "COPY_TRANSFORMS",
        "DAMPED_TRACK",
        "TRACK_TO",
        "LOCKED_TRACK",
        "IK",
        "ARMATURE",
        "CHILD_OF",
    }
)


def check_head(_context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    if not patient.meshes:
        return
    target = head.locate(patient.character)
    if not isinstance(target, head.HeadTarget):
        yield Finding(target, Severity.hint, "Call the bone that turns the head 'head'.")
        return
    owners = (Reference.to(target.owner),)
    names = (target.bone,)
    mode = keyed_mode(patient, target)
    if mode and mode != _sort_of(target.mode):
        yield Finding(
            f"The {target.description} was keyed as {mode} and is set to another rotation mode "
            "now, so the head stays still.",
            remedy="" if mode == "quaternion" else "Choose its order of axes if it was not XYZ.",
            fix="restore_rotation_mode",
            owners=owners,
            names=(target.bone, mode),
        )
    elif target.mode == "AXIS_ANGLE":
        yield Finding(
            str(head.find_target(patient.character)),
            fix="use_quaternion",
            owners=owners,
            names=names,
        )
    else:
        checked = head.find_target(patient.character)
        if isinstance(checked, str) and target.owner.is_editable and not _is_in_tweak_mode(target):
            yield Finding(checked, Severity.hint, "Key what the driver reads, or remove it.")
    yield from _check_pose(target, owners)


def keyed_mode(patient: Patient, target: head.HeadTarget) -> str:
    """As what lines keyed the head: 'quaternion' or 'Euler'; empty if none did."""
    stem = target.path.rpartition("rotation_")[0]
    for play in patient.parts[-1].plays:
        for curve in play.curves:
            if curve.data_path.startswith(stem):
                if curve.data_path.endswith("rotation_quaternion"):
                    return "quaternion"
                if curve.data_path.endswith("rotation_euler"):
                    return "Euler"
    return ""


def _check_pose(target: head.HeadTarget, owners: tuple[Reference, ...]) -> Iterator[Finding]:
    if not target.bone:
        return
    if target.owner.data.pose_position == "REST":
        yield Finding(
            f"'{target.owner.name}' is in its rest position, so the head stays still.",
            fix="use_pose",
            owners=owners,
        )
    bone = target.owner.pose.bones[target.bone]
    turning = [c.name for c in bone.constraints if c.type in _TURNING and _acts(c)]
    if turning:
        yield Finding(
            f"Constraints turn the bone '{target.bone}' over or beside its keys: "
            f"{list_names(turning)}.",
            Severity.hint,
            "Lower their influence where the head shall move as performed.",
            fix="mute_constraints",
            owners=owners,
            names=(target.bone, *turning),
        )


def _acts(constraint: bpy.types.Constraint) -> bool:
    return constraint.enabled and constraint.influence > 0 and not constraint.mute


def _sort_of(mode: str) -> str:
    return {"QUATERNION": "quaternion", "AXIS_ANGLE": "axis-angle"}.get(mode, "Euler")


def _is_in_tweak_mode(target: head.HeadTarget) -> bool:
    animation = target.owner.animation_data
    return animation is not None and animation.use_tweak_mode
