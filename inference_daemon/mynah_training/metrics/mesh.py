"""The skin of the ICT-FaceKit head's face: how far a whole face is from another, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .head import MM_PER_UNIT, head_path, shape_order

FloatArray = NDArray[np.float32]

FACE_VERTICES: Final = 9409
"""The face comes first among ICT-FaceKit's vertices; head, mouth, teeth and eyes follow."""
_EVERY: Final = 8


@dataclass(frozen=True, eq=False)
class FaceMesh:
    """`deltas` [52, V, 3] mm per unit of a shape, Apple's order: every eighth vertex."""

    deltas: FloatArray

    def mean_error_mm(self, predicted: FloatArray, reference: FloatArray) -> float:
        """Mean over frames and vertices of the distance of two faces [T, 52], head pose apart."""
        moved = np.tensordot(predicted - reference, self.deltas, axes=1)
        return float(np.linalg.norm(moved, axis=-1).mean())


def load_mesh(path: Path) -> FaceMesh:
    """Reads the file that `load_head` reads, with its errors."""
    with np.load(head_path(path)) as data:
        deltas = data["deltas"][shape_order(data), :FACE_VERTICES:_EVERY]
    return FaceMesh(deltas.astype(np.float32) * MM_PER_UNIT)
