"""One target of a mapping shown at its full value, and everything as it was afterwards.

Done through the API, past Undo: what drives an attribute is taken off for as long as the pose is
shown, and put back by the same modifier that took it off.
"""

from __future__ import annotations

import maya.api.OpenMaya as om
import maya.api.OpenMayaAnim as oma
import numpy as np
from maya import cmds

from .. import plugs
from ..character import Character, read_rig
from ..library import BadInputError, MotionClip, shown_value
from ..rig_mapping import mapping_of
from .anim_curves import to_internal
from .attributes import attribute_limits, attribute_tracks
from .blend_shapes import shape_tracks
from .joints import bone_tracks

_STILL = 1e-9


class TrialPose:
    """The pose on show, at most one: `target` is its name, or empty. It is taken back before
    anything is keyed, saved or opened."""

    def __init__(self) -> None:
        self.target = ""
        self._steps: list[tuple[om.MObjectHandle, om.MDGModifier]] = []
        self._callbacks: list[int] = []
        self._was_modified = False

    def show(self, character: Character, target: str) -> None:
        """Raises `BadInputError` with the remedy if it moves nothing on the character."""
        self.release()
        rig = read_rig(character)
        mapping = mapping_of(rig)
        if target not in mapping.names:
            raise BadInputError(f"'{target}' is not in the mapping any more; read the rig again.")
        limits = attribute_limits(rig, mapping)
        rest = np.array([mapping.target(name).rest for name in mapping.names], np.float32)
        poses = np.stack([rest, rest])
        low, high = limits.get(target, (-np.inf, np.inf))
        column = mapping.names.index(target)
        poses[1, column] = min(max(shown_value(mapping, target), low), high)
        values = MotionClip(24.0, mapping.names, poses)
        tracks = [*shape_tracks(rig, mapping, values, {})]
        tracks += attribute_tracks(rig, mapping, values, {})
        frame = oma.MAnimControl.currentTime().asUnits(om.MTime.uiUnit())
        bones, remarks = bone_tracks(rig, mapping, values, {}, frame)
        tracks += bones
        moved = [track for track in tracks if np.ptp(track.values) > _STILL]
        if not moved:
            why = " ".join(remarks) or "its shape, joint or attribute is not on this rig."
            raise BadInputError(f"'{target}' can't be shown: {why}")
        self._was_modified = bool(cmds.file(query=True, modified=True))
        self.target = target
        self._watch()
        try:
            for track in moved:
                self._pose(plugs.plug_of(track.plug), float(track.values[1]))
        except BaseException:  # half a pose must not stay
            self.release()
            raise

    def release(self) -> None:
        """Put everything back; what was deleted meanwhile is passed over."""
        if not self.target:
            return
        self.target = ""
        steps, self._steps = self._steps, []
        for handle, modifier in reversed(steps):
            if handle.isValid():
                modifier.undoIt()
        for callback in self._callbacks:
            om.MMessage.removeCallback(callback)
        self._callbacks = []
        if not self._was_modified:
            cmds.file(modified=False)

    def _pose(self, plug: om.MPlug, value: float) -> None:
        kind = oma.MFnAnimCurve().timedAnimCurveTypeForPlug(plug)
        modifier = om.MDGModifier()
        if plug.isDestination:
            modifier.disconnect(plug.source(), plug)
        inside = float(to_internal(np.array([value]), kind)[0])
        modifier.newPlugValueDouble(plug, inside)
        self._steps.append((om.MObjectHandle(plug.node()), modifier))
        modifier.doIt()

    def _watch(self) -> None:
        scene = om.MSceneMessage
        for message in (scene.kBeforeSave, scene.kBeforeNew, scene.kBeforeOpen, scene.kMayaExiting):
            self._callbacks.append(scene.addCallback(message, lambda *_: self.release()))


trial = TrialPose()
