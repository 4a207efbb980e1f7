"""The map between ARKit's shapes and FLAME's coefficients, both ways, and its file.

ARKit → FLAME: each shape has its FLAME coefficients; those of a face are their sum, weighted by the
shapes. FLAME → ARKit: the shapes within 0..1 whose FLAME coefficients come closest to the given
ones, measured in mm of FLAME's vertices. The head's turn is the neck's pose.

The file holds coefficients and what a unit of each moves, but none of FLAME's meshes.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, HEAD_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.flame import (
    EYE_POSE,
    JAW_POSE,
    NECK_POSE,
    exp_channels,
    exp_width,
    flame_channels,
)

from ..capture.bounded import solve_box
from ..engine.postprocess import constrain
from .geometry import axis_angles_to_head, head_to_axis_angles
from .stored import NO_MAP

FloatArray = NDArray[np.float64]

EYELIDS: Final = ("eyelidLeft", "eyelidRight")
"""Channels beside FLAME's: lids as SMIRK tells them, 0 open to 1 shut, on top of `exp`."""
_SCHEMA: Final = 1
_RIDGE: Final = 1e-3
"""Cost of using a shape, as a share of what its own motion costs: of two shapes that FLAME can't
tell apart, both are used."""
_LEAST_SHARE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class FlameMap:
    """`coefficients` [52, W + 9] of each shape at 1: exp, jaw_pose, eye_pose. `metric` [W + 9,
    W + 9]: x' metric x is the mean squared motion in mm² of FLAME's vertices by coefficients x.
    `model` and `model_sha256` name the FLAME file that it belongs to."""

    coefficients: FloatArray
    metric: FloatArray
    model: str
    model_sha256: str

    @property
    def exp_width(self) -> int:
        return self.coefficients.shape[1] - len(JAW_POSE) - len(EYE_POSE)

    @property
    def channels(self) -> tuple[str, ...]:
        """The columns of `coefficients`."""
        return (*exp_channels(self.exp_width), *JAW_POSE, *EYE_POSE)

    def to_flame(self, clip: MotionClip) -> MotionClip:
        """ARKit shapes and head as FLAME's channels; absent shapes are 0."""
        face = clip.select(ARKIT_BLENDSHAPES).values @ self.coefficients
        neck = head_to_axis_angles(clip.select(HEAD_CHANNELS).values.astype(np.float64))
        values = np.concatenate([face, neck], axis=1).astype(np.float32)
        named = MotionClip(clip.fps, (*self.channels, *NECK_POSE), values)
        return named.select(flame_channels(self.exp_width))

    def to_arkit(self, clip: MotionClip) -> MotionClip:
        """FLAME's channels as those of ARKit that FLAME can show (it has no tongue), with the head
        if the clip has a neck.

        Raises `BadInputError` if the clip has more expression components than the map.
        """
        width = exp_width(clip.channels)
        if width > self.exp_width:
            raise BadInputError(
                f"The clip has {width} components of FLAME's exp, but the map was calibrated with "
                f"{self.exp_width}; run `mynah flame calibrate` with --exp {width}."
            )
        shown = self.shown
        shapes = self._shapes_of(clip.select(self.channels).values.astype(np.float64), shown)
        names = [name for i, name in enumerate(ARKIT_BLENDSHAPES) if i in shown]
        for lid, channel in zip(EYELIDS, ("eyeBlinkLeft", "eyeBlinkRight"), strict=True):
            if lid in clip.channels and channel in names:
                shapes[:, names.index(channel)] += clip.column(lid)
        columns = [shapes]
        if NECK_POSE[0] in clip.channels:
            neck = clip.select(NECK_POSE).values.astype(np.float64)
            columns.append(axis_angles_to_head(neck))
            names += HEAD_CHANNELS
        values = np.concatenate(columns, axis=1).astype(np.float32)
        return constrain(MotionClip(clip.fps, tuple(names), values))

    @property
    def shown(self) -> NDArray[np.intp]:
        """The shapes, among the 52, that move FLAME at all."""
        own: FloatArray = np.einsum(
            "si,ij,sj->s", self.coefficients, self.metric, self.coefficients
        )
        return np.flatnonzero(own > _LEAST_SHARE * own.max())

    def _shapes_of(self, x: FloatArray, shown: NDArray[np.intp]) -> FloatArray:
        """The weights [T, S] in 0..1 of the shapes `shown` whose summed coefficients are closest to
        x [T, W + 9] in the metric."""
        used = self.coefficients[shown]
        gram = used @ self.metric @ used.T
        cost = gram + _RIDGE * np.diag(np.diag(gram))
        return solve_box(cost, x @ self.metric @ used.T)


def map_to_bytes(flame_map: FlameMap) -> bytes:
    """What a map's file holds."""
    data = io.BytesIO()
    np.savez_compressed(
        data,
        schema=np.int64(_SCHEMA),
        coefficients=flame_map.coefficients,
        metric=flame_map.metric,
        model=np.array(flame_map.model),
        model_sha256=np.array(flame_map.model_sha256),
    )
    return data.getvalue()


def read_map(path: Path) -> FlameMap:
    """The map in a file of `mynah flame calibrate`.

    Raises `BadInputError` if there is none yet or the file is another.
    """
    try:
        # numpy doesn't close what it can't unpack.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            if int(content["schema"]) != _SCHEMA:
                raise ValueError("another schema")
            found = FlameMap(
                content["coefficients"],
                content["metric"],
                str(content["model"]),
                str(content["model_sha256"]),
            )
        n = found.coefficients.shape[1]
        if found.coefficients.shape[0] != len(ARKIT_BLENDSHAPES) or found.metric.shape != (n, n):
            raise ValueError("other shapes")
        return found
    except FileNotFoundError as err:
        raise BadInputError(NO_MAP) from err
    except (OSError, EOFError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as err:
        raise BadInputError(
            f"'{path.name}' is not a map between ARKit and FLAME; run `mynah flame calibrate` "
            "again."
        ) from err
