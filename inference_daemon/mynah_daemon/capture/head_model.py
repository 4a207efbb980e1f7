"""The morphable head a performance is solved on: ICT-FaceKit at MediaPipe's landmarks."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

FloatArray = NDArray[np.float64]

HEAD_FILE: Final = "ict_arkit52.npz"
_MM_PER_UNIT: Final = 10.0  # ICT-FaceKit models in centimetres
_ARRAYS: Final = ("neutral", "deltas", "identities", "arkit_names")
_EMBEDDING: Final = Path(__file__).with_name("landmark_embedding.json")


@dataclass(frozen=True, eq=False)
class HeadModel:
    """468 skin points in millimetres: `neutral` [468, 3], `deltas` [52, 468, 3] per unit of a
    shape in Apple's order, `identities` [M, 468, 3] per standard deviation of a face shape."""

    neutral: FloatArray
    deltas: FloatArray
    identities: FloatArray

    def pose(self, coefficients: FloatArray) -> FloatArray:
        """Points [T, 468, 3] without head pose, of ARKit coefficients [T, 52]."""
        return self.neutral + np.tensordot(coefficients, self.deltas, axes=1)


def reference_face() -> FloatArray:
    """MediaPipe's canonical face [468, 3] in the place and millimetres of the head; made by
    `mynah_training.landmark_embedding`."""
    content = json.loads(_EMBEDDING.read_text("utf-8"))
    return np.array(content["reference"], np.float64)


def landmark_vertices() -> NDArray[np.intp]:
    """The head's vertex [468] at each skin landmark."""
    content = json.loads(_EMBEDDING.read_text("utf-8"))
    return np.array(content["vertices"], np.intp)


def load_head(path: Path) -> HeadModel:
    """Reads `ict_arkit52.npz`, or the folder that holds it. Raises `BadInputError` for another
    file."""
    file = path / HEAD_FILE if path.is_dir() else path
    vertices = landmark_vertices()
    try:
        with np.load(file, allow_pickle=False) as data:
            neutral, deltas, identities, names = (data[name] for name in _ARRAYS)
        order = [[str(name) for name in names].index(name) for name in ARKIT_BLENDSHAPES]
        return HeadModel(
            neutral[vertices].astype(np.float64) * _MM_PER_UNIT,
            deltas[order][:, vertices].astype(np.float64) * _MM_PER_UNIT,
            identities[:, vertices].astype(np.float64) * _MM_PER_UNIT,
        )
    except FileNotFoundError as err:
        raise BadInputError(
            f"There is no head at {file}; give ICT-FaceKit as {HEAD_FILE} with --head, or leave "
            "--head out."
        ) from err
    except (OSError, EOFError, KeyError, ValueError, IndexError, zipfile.BadZipFile) as err:
        raise BadInputError(
            f"'{file.name}' is not a prepared ICT-FaceKit head ({HEAD_FILE}); give another with "
            "--head, or leave --head out."
        ) from err
