"""Finds where MediaPipe's 468 face landmarks lie on the ICT-FaceKit head.

`python -m mynah_training.landmark_embedding --landmarker face_landmarker.task --head HEAD -o
inference_daemon/mynah_daemon/capture/landmark_embedding.json`

The landmarker's file holds the canonical face mesh (Apache-2.0) whose corners the landmarks are. It
is laid onto the head: first by 47 points that both sides name (the 68-landmark scheme), then bent
onto the surface by thin-plate splines, nearer at each round. A landmark becomes the head's vertex
that lies nearest and faces the same way.
"""

from __future__ import annotations

import argparse
import json
import struct
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from mynah_daemon.capture.face_points import N_SKIN
from mynah_daemon.capture.observation import align
from mynah_shared.errors import BadInputError

from .metrics.head import MM_PER_UNIT, head_path

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

_MESH_FILE: Final = "geometry_pipeline_metadata_landmarks.binarypb"
_SKIN_VERTICES: Final = 9409
"""The head's first vertices are the skin of the face."""
_ROUNDS: Final = 8
_FACING_MM: Final = 9.0
"""A vertex that faces at a right angle to the landmark counts as this much farther away."""

# The 68-landmark scheme → MediaPipe: brows, nose, eyes, outer and inner lips, where both mean the
# same spot.
_SCHEME: Final = {
    **dict(zip(range(17, 27), (70, 63, 105, 66, 107, 336, 296, 334, 293, 300), strict=True)),
    **dict(zip(range(27, 36), (168, 197, 5, 4, 98, 97, 2, 326, 327), strict=True)),
    **dict(zip(range(36, 42), (33, 160, 158, 133, 153, 144), strict=True)),
    **dict(zip(range(42, 48), (362, 385, 387, 263, 373, 380), strict=True)),
    **dict(zip((48, 50, 51, 52, 54, 55, 57, 59), (61, 37, 0, 267, 291, 321, 17, 91), strict=True)),
    **dict(zip(range(60, 68), (78, 81, 13, 311, 308, 402, 14, 178), strict=True)),
}


def main() -> None:
    """Writes the embedding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landmarker", type=Path, required=True)
    parser.add_argument("--head", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    vertices, reference = embed(arguments.landmarker, arguments.head)
    content = {"vertices": vertices.tolist(), "reference": reference.round(2).tolist()}
    arguments.output.write_text(json.dumps(content) + "\n", "utf-8")
    print(f"{arguments.output}: {len(set(vertices.tolist()))} vertices for {N_SKIN} landmarks")


def embed(landmarker: Path, head: Path) -> tuple[IndexArray, FloatArray]:
    """Vertices [468] of the head, and the canonical face [468, 3] in the head's place and
    millimetres."""
    points, triangles = canonical_face(landmarker)
    with np.load(head_path(head)) as data:
        skin = data["neutral"][:_SKIN_VERTICES].astype(np.float64) * MM_PER_UNIT
        known = skin[data["landmarks68"][list(_SCHEME)]]
        faces = data["faces"][(data["faces"] < _SKIN_VERTICES).all(axis=1)].astype(np.intp)
    halves = [faces[:, :3], faces[faces[:, 3] >= 0][:, [0, 2, 3]]]
    facing = _normals(skin, np.concatenate(halves))
    named = list(_SCHEME.values())
    rotation, scale, shift = align(known[None], points[named])
    laid = scale[0] * points @ rotation[0].T + shift[0]
    anchors, goals, smoothing = laid[named], known, 1e-3
    nearest = np.zeros(N_SKIN, np.intp)
    for turn in range(_ROUNDS):
        bent = RBFInterpolator(anchors, goals, kernel="thin_plate_spline", smoothing=smoothing)(
            laid
        )
        nearest = _nearest(bent, _normals(bent, triangles), skin, facing)
        away = np.linalg.norm(skin[nearest] - bent, axis=1)
        near = away < np.percentile(away, 90)
        near[named] = False  # they are anchored already
        anchors = np.concatenate([laid[named], laid[near]])
        goals = np.concatenate([known, skin[nearest[near]]])
        smoothing = 3.0 / (turn + 1)
    nearest[named] = [int(np.linalg.norm(skin - point, axis=1).argmin()) for point in known]
    return nearest, laid


def _nearest(
    points: FloatArray, normals: FloatArray, skin: FloatArray, facing: FloatArray
) -> IndexArray:
    distance = np.linalg.norm(points[:, None] - skin, axis=-1)
    return np.argmin(distance + _FACING_MM * (1 - normals @ facing.T), axis=1)


def _normals(points: FloatArray, triangles: IndexArray) -> FloatArray:
    """Unit normals [V, 3], weighted by the triangles' areas; zero where a point has none."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    normals = np.zeros_like(points)
    for i in range(3):
        np.add.at(normals, triangles[:, i], np.cross(b - a, c - a))
    return normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-12)


# --- the canonical mesh in the landmarker's file --------------------------------------------------


def canonical_face(landmarker: Path) -> tuple[FloatArray, IndexArray]:
    """Corners [468, 3] and triangles [F, 3] of MediaPipe's canonical face.

    They stand in a Protocol Buffers message (mediapipe/modules/face_geometry/protos): field 1 is
    the mesh, in which field 3 holds x, y, z, u, v per corner and field 4 the triangles. Raises
    `BadInputError` if the file has none.
    """
    try:
        with zipfile.ZipFile(landmarker) as bundle:
            message = _fields(bundle.read(_MESH_FILE))
        mesh = _fields(message[1][0])
        corners = [struct.unpack("<f", number)[0] for number in mesh[3]]
        return (
            np.reshape(corners, (N_SKIN, 5))[:, :3].astype(np.float64),
            np.reshape([int.from_bytes(number, "little") for number in mesh[4]], (-1, 3)),
        )
    except (OSError, KeyError, ValueError, IndexError, zipfile.BadZipFile) as err:
        raise BadInputError(
            f"'{landmarker.name}' holds no canonical face; give MediaPipe's face_landmarker.task."
        ) from err


def _fields(message: bytes) -> dict[int, list[bytes]]:
    """The raw values of each field of a Protocol Buffers message; whole numbers as 8 bytes."""
    fields: dict[int, list[bytes]] = {}
    at = 0
    while at < len(message):
        key, at = _whole_number(message, at)
        kind = key & 7
        if kind == 0:
            number, at = _whole_number(message, at)
            value = number.to_bytes(8, "little")
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, at = _whole_number(message, at)
            value = message[at : at + length]
            at += length
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _whole_number(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


if __name__ == "__main__":
    main()
