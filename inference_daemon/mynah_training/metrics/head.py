"""The lips of the ICT-FaceKit head (MIT licence) as a linear function of ARKit-52 coefficients, in
millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

MM_PER_UNIT: Final = 10.0
"""ICT-FaceKit models in centimetres."""
LIPS: Final = slice(48, 68)
"""Outer and inner lip contour among the 68 facial landmarks."""
UPPER_FACE: Final = (*range(17, 27), *range(36, 48))
"""Brows and lids among the 68 landmarks."""
INNER_LIPS: Final = (62, 66)
"""Middle of the upper and of the lower inner lip."""
CLOSED_MM: Final = 1.0
"""Lips count as closed while their gap exceeds the relaxed head's by at most this."""

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class LandmarkHead:
    """68 landmarks as a linear model: `neutral` [68, 3] mm and `deltas` [52, 68, 3] mm per unit,
    Apple's order."""

    neutral: FloatArray
    deltas: FloatArray

    def landmarks(self, coefficients: FloatArray) -> FloatArray:
        """Landmarks [T, 68, 3] in mm without head pose, of ARKit coefficients [T, 52]."""
        return self.neutral + np.tensordot(coefficients, self.deltas, axes=1)

    def lip_gap(self, coefficients: FloatArray) -> FloatArray:
        """Distance [T] in mm between the middles of the inner lips."""
        upper, lower = INNER_LIPS
        points = self.landmarks(coefficients)
        return np.linalg.norm(points[:, upper] - points[:, lower], axis=-1)

    @property
    def neutral_gap(self) -> float:
        upper, lower = INNER_LIPS
        return float(np.linalg.norm(self.neutral[upper] - self.neutral[lower]))


def head_path(path: Path) -> Path:
    """`ict_arkit52.npz` itself or in the folder `path`. Raises `BadInputError` if it is none."""
    path = path / "ict_arkit52.npz" if path.is_dir() else path
    if not path.is_file():
        raise BadInputError(f"{path} does not exist; give the ICT-FaceKit head with --head.")
    with np.load(path) as data:
        missing = {"neutral", "deltas", "arkit_names", "landmarks68"} - set(data.files)
    if missing:
        raise BadInputError(
            f"{path.name} has no array '{sorted(missing)[0]}'; it is not a prepared "
            "ICT-FaceKit head."
        )
    return path


def shape_order(data: Mapping[str, NDArray[Any]]) -> list[int]:
    """Where the file has each of Apple's shapes."""
    names = [str(name) for name in data["arkit_names"]]
    return [names.index(name) for name in ARKIT_BLENDSHAPES]


def load_head(path: Path) -> LandmarkHead:
    """Reads `ict_arkit52.npz` (or the folder that holds it). Raises `BadInputError` for any other
    file."""
    with np.load(head_path(path)) as data:
        points = data["landmarks68"]
        neutral = data["neutral"][points].astype(np.float32)
        deltas = data["deltas"][shape_order(data)][:, points].astype(np.float32)
    return LandmarkHead(neutral * MM_PER_UNIT, deltas * MM_PER_UNIT)
