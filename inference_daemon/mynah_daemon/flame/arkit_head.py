"""The ICT-FaceKit head (MIT licence): what ARKit's shapes do to a face, as a mesh in mm."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from ..capture.head_model import HEAD_FILE

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MM_PER_UNIT: Final = 10.0
# Parts of the head by vertices: face and back of the head, the mouth's inside, eye sockets; then
# gums, teeth and two eyeballs, of which the outer shells are painted.
_FACE_END: Final = 9409
_MOUTH: Final = slice(11248, 13294)
_SKIN_END: Final = 14062
_EYEBALLS: Final = ((21451, 22221), (23021, 23791))
_ARRAYS: Final = ("neutral", "deltas", "arkit_names", "faces", "landmarks68")
_LIPS: Final = slice(48, 68)


@dataclass(frozen=True, eq=False)
class ArkitHead:
    """`points` [V, 3] at rest and `deltas` [52, V, 3] per unit of a shape, Apple's order, in mm;
    `triangles` [F, 3] of the skin, with the mouth's inside and the eye sockets; `face_end`: the
    face's vertices come before it; `mouth`: those of the mouth's inside; `eyeballs` [2] are the
    triangles [.., 3] of the left and the right one; `lips` are the vertices of the outer [12] and
    the inner lip contour [8]."""

    points: FloatArray
    deltas: NDArray[np.float32]
    triangles: IntArray
    face_end: int
    mouth: slice
    eyeballs: tuple[IntArray, IntArray]
    lips: IntArray

    @property
    def eye_centres(self) -> FloatArray:
        """Middles [2, 3] of the left and the right eyeball."""
        return np.stack([self.points[np.unique(ball)].mean(axis=0) for ball in self.eyeballs])

    def moved(self, weights: FloatArray) -> FloatArray:
        """Vertices [V, 3] with weights [52] of the shapes."""
        return self.points + np.tensordot(weights, self.deltas, axes=1)


def read_arkit_head(path: Path) -> ArkitHead:
    """Reads `ict_arkit52.npz` or the folder that holds it. Raises `BadInputError` for any other."""
    path = path / HEAD_FILE if path.is_dir() else path
    try:
        # numpy doesn't close what it can't unpack.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            points, deltas, names, faces, landmarks = (content[name] for name in _ARRAYS)
        order = [names.tolist().index(name) for name in ARKIT_BLENDSHAPES]
        balls = [_triangles(faces, *ball) for ball in _EYEBALLS]
        if not all(len(ball) for ball in balls):
            raise ValueError("no eyeballs")
        return ArkitHead(
            points.astype(np.float64) * _MM_PER_UNIT,
            deltas[order].astype(np.float32) * np.float32(_MM_PER_UNIT),
            _triangles(faces, 0, _SKIN_END),
            _FACE_END,
            _MOUTH,
            (balls[0], balls[1]),
            landmarks[_LIPS].astype(np.int64),
        )
    except OSError as err:
        raise BadInputError(
            f"Can't read the head '{path}': {err.strerror}; give ICT-FaceKit's with --head, "
            "or leave --head out."
        ) from err
    except (EOFError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as err:
        raise BadInputError(
            f"'{path.name}' is not a prepared ICT-FaceKit head ({HEAD_FILE}); give another with "
            "--head, or leave --head out."
        ) from err


def _triangles(faces: NDArray[np.integer], start: int, end: int) -> IntArray:
    """Triangles [F, 3] of faces [.., 4] with all corners among vertices start to end; a triangle's
    fourth corner is -1."""
    quads = faces.astype(np.int64)
    halves = np.concatenate([quads[:, [0, 1, 2]], quads[quads[:, 3] >= 0][:, [0, 2, 3]]])
    return halves[((halves >= start) & (halves < end)).all(axis=1)]
