"""FLAME tracks of other programs: .npz files of named arrays, one row per frame.

| program | arrays |
|---|---|
| Mynah | exp, jaw_pose, neck_pose, eye_pose, fps |
| VHAP, GaussianAvatars | expr, jaw_pose, neck_pose, eyes_pose, rotation |
| DECA, EMOCA, DiffPoseTalk | exp, pose (6: global, jaw) |
| SMIRK | expression_params, jaw_params, pose_params, eyelid_params |
| SMPL-X, as in BEAT2 | expressions, poses (165), mocap_frame_rate |

Identity, camera and translation are passed over. Rotations are axis-angle in radians. Few programs
write the rate: `fps`, `frame_rate`, `mocap_frame_rate` or `mocap_framerate`.

A global rotation is the camera's view of the head, whose rest nobody knows: it counts from its mean
over the track, before the neck's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.flame import NECK_POSE, from_arrays

from .geometry import mean_rotation, to_axis_angles, to_matrices
from .mapping import EYELIDS

FloatArray = NDArray[np.float32]

EXP_NAMES: Final = ("exp", "expr", "expression", "expressions", "expression_params", "expcode")
_JAW_NAMES: Final = ("jaw_pose", "jaw_params", "pose_jaw", "jaw")
_NECK_NAMES: Final = ("neck_pose", "neck_pose_params", "neck")
_EYE_NAMES: Final = ("eye_pose", "eyes_pose", "eye_pose_params", "pose_eye", "eyes")
_GLOBAL_NAMES: Final = (
    *("head_pose", "global_pose", "global_orient", "root_orient", "rotation", "pose_params"),
)
_EYELID_NAMES: Final = ("eyelid_params", "eyelids")
_FPS_NAMES: Final = ("fps", "frame_rate", "mocap_frame_rate", "mocap_framerate")
# Columns within arrays of several joints, by their width.
_WHOLE_POSES: Final[Mapping[int, Mapping[str, slice]]] = {
    6: {"global": slice(0, 3), "jaw": slice(3, 6)},
    15: {
        "global": slice(0, 3), "neck": slice(3, 6), "jaw": slice(6, 9), "eyes": slice(9, 15),
    },
    165: {
        "neck": slice(36, 39), "head": slice(45, 48), "jaw": slice(66, 69), "eyes": slice(69, 75),
    },
}  # fmt: skip
_WHOLE_NAMES: Final = ("pose", "poses", "full_pose")


def read_flame_track(
    content: Mapping[str, NDArray[Any]], name: str, fps: float | None = None
) -> MotionClip:
    """The FLAME clip of a file's arrays; `fps` overrides its rate. The turn of the whole head is
    the neck's; SMIRK's lids are channels of their own (`EYELIDS`).

    Raises `KeyError` if there is no expression in it, and `BadInputError` with the file's `name`
    for a track that can't be used.
    """
    try:
        return _Track(content).clip(fps)
    except BadInputError as err:
        raise BadInputError(f"'{name}' can't be read as a FLAME track: {err}") from err


class _Track:
    """Arrays by any of their names, as [T, C]."""

    def __init__(self, content: Mapping[str, NDArray[Any]]) -> None:
        self._content = content
        exp = self._find(EXP_NAMES)
        if exp is None:
            raise KeyError(EXP_NAMES[0])
        self._exp = _rows(exp, "exp")
        self._whole = self._split(self._find(_WHOLE_NAMES))

    def clip(self, fps: float | None) -> MotionClip:
        arrays = {"exp": self._exp}
        for pose, names, part, width in (
            ("jaw_pose", _JAW_NAMES, "jaw", 3),
            ("eye_pose", _EYE_NAMES, "eyes", 6),
        ):
            found = self._pose(names, part, width)
            if found is not None:
                arrays[pose] = found
        if "jaw_pose" not in arrays:
            raise BadInputError(
                "it has expression but no jaw (jaw_pose, jaw_params or pose with 6 columns)."
            )
        neck = self._neck()
        if neck is not None:
            arrays["neck_pose"] = neck
        clip = from_arrays(self._rate() if fps is None else fps, arrays)
        known = [c for c in clip.channels if neck is not None or c not in NECK_POSE]
        return self._with_lids(clip.select(known))

    def _neck(self) -> FloatArray | None:
        """The head's turn [T, 3]: of the whole, of the neck, of the head upon it (SMPL-X)."""
        whole = self._pose(_GLOBAL_NAMES, "global", 3)
        neck, head = self._pose(_NECK_NAMES, "neck", 3), self._pose((), "head", 3)
        if whole is None and neck is None:
            return None
        turn = np.broadcast_to(np.eye(3), (len(self._exp), 3, 3))
        if whole is not None:
            turn = to_matrices(whole.astype(np.float64))
            turn = mean_rotation(turn).T @ turn
        for pose in (neck, head):
            if pose is not None:
                turn = turn @ to_matrices(pose.astype(np.float64))
        return to_axis_angles(turn).astype(np.float32)

    def _with_lids(self, clip: MotionClip) -> MotionClip:
        lids = self._pose(_EYELID_NAMES, "", len(EYELIDS))
        if lids is None:
            return clip
        values = np.concatenate([clip.values, lids], axis=1)
        return MotionClip(clip.fps, (*clip.channels, *EYELIDS), values)

    def _pose(self, names: Sequence[str], part: str, width: int) -> FloatArray | None:
        """A pose by its own name, else its part of the whole pose; one row serves all frames."""
        found = self._find(names)
        pose = self._whole.get(part) if found is None else _rows(found, names[0])
        if pose is None:
            return None
        if pose.shape[1] != width or len(pose) not in (1, len(self._exp)):
            raise BadInputError(
                f"{names[0] if names else part} has the shape {pose.shape}; beside "
                f"{len(self._exp)} frames of exp it must be ({len(self._exp)}, {width})."
            )
        return np.broadcast_to(pose, (len(self._exp), width))

    def _find(self, names: Sequence[str]) -> NDArray[Any] | None:
        return next((self._content[name] for name in names if name in self._content), None)

    def _split(self, pose: NDArray[Any] | None) -> dict[str, FloatArray]:
        if pose is None:
            return {}
        rows = _rows(pose, "pose")
        parts = _WHOLE_POSES.get(rows.shape[1])
        if parts is None:
            raise BadInputError(
                f"its pose has {rows.shape[1]} columns; 6 (global, jaw), 15 (FLAME's joints) or "
                "165 (SMPL-X) can be told apart."
            )
        return {part: rows[:, columns] for part, columns in parts.items()}

    def _rate(self) -> float:
        found = self._find(_FPS_NAMES)
        if found is None or found.size != 1:
            raise BadInputError(
                "it doesn't say its rate; give it with --fps, or add an array 'fps' to the file."
            )
        return float(found.reshape(()))


def _rows(array: NDArray[Any], name: str) -> FloatArray:
    """[T, C], with axes of one taken out."""
    if array.ndim == 3:
        array = array.squeeze(axis=tuple(i for i in (0, 1) if array.shape[i] == 1)[:1])
    if array.ndim != 2 or array.dtype.kind not in "fiu" or len(array) == 0:
        raise BadInputError(
            f"{name} has the shape {array.shape}; numbers with frames × components are needed."
        )
    return array.astype(np.float32)
