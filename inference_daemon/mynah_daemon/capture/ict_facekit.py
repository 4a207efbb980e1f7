"""Fetches the ICT-FaceKit head (MIT licence), which the capture can solve on.

The project has no releases, only its current files: each shape is a whole mesh as text, 160 MB in
all. They are put together once as one file of 4 MB. The head at rest is known by its checksum; each
movement, which is kept in half precision, by its size and a few random sums over its vertices,
which no damaged, altered or rearranged mesh has.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from .downloads import Report, download_folder, keep, read_url

FloatArray = NDArray[np.float64]

ADDRESS: Final = "https://raw.githubusercontent.com/ICT-VGL/ICT-FaceKit/master/FaceXModel/"
_OPTION: Final = "--head"
_FILE: Final = "ict_facekit.npz"
_N_IDENTITIES: Final = 10
_MESH_BYTES: Final = 2_560_000
_NEUTRAL_SHA256: Final = "92e87293b7e3c5bf2c013b94f15c0cf06f429cf046df6edfbfb719f77dd76781"
_TOLERANCE, _LEAST_TOLERANCE = 2e-3, 0.05  # of a movement's size; sums of rounded numbers
_N_SUMS: Final = 4
_FINGERPRINT: Final = Path(__file__).with_name("ict_fingerprint.json")
_SIDES: Final = {"Left": "_L", "Right": "_R"}
_SPLIT: Final = ("browInnerUp", "cheekPuff")
"""ARKit's shapes that the head has in two halves."""
_ABSENT: Final = ("tongueOut",)
LANDMARKS: Final = tuple(
    int(number)
    for number in """
    1225 1888 1052 367 1719 1722 2199 1447 966 3661 4390 3927 3924 2608 3272 4088 3443 268 493 1914
    2044 1401 3615 4240 4114 2734 2509 978 4527 4942 4857 1140 2075 1147 4269 3360 1507 1542 1537
    1528 1518 1511 3742 3751 3756 3721 3725 3732 5708 5695 2081 0 4275 6200 6213 6346 6461 5518 5957
    5841 5702 5711 5533 6216 6207 6470 5517 5966
    """.split()
)
"""The head's vertices at the 68 landmarks of faces (outline, brows, nose, eyes, lips)."""


def fetch_head(report: Report, address: str = ADDRESS) -> Path:
    """The head's file, fetched and put together first if it isn't there.

    Raises `EngineUnavailableError` if it can't be fetched or is another head.
    """
    path = download_folder() / _FILE
    if path.is_file():
        return path
    wanted = [parts(name) for name in ARKIT_BLENDSHAPES]
    wanted += [(f"identity{i:03d}",) for i in range(_N_IDENTITIES)]
    n_meshes, n_fetched = 1 + sum(len(files) for files in wanted), 0

    def fetch(name: str) -> bytes:
        nonlocal n_fetched
        here = partial(_report_share, report, n_fetched, n_meshes)
        mesh = read_url(f"{address}{name}.obj", _MESH_BYTES, _OPTION, here)
        n_fetched += 1
        return mesh

    at_rest = fetch("generic_neutral_mesh")
    neutral = _vertices(at_rest)
    if hashlib.sha256(neutral.astype(np.float32).tobytes()).hexdigest() != _NEUTRAL_SHA256:
        raise EngineUnavailableError(_other_head(address))
    movements = np.zeros((len(wanted), *neutral.shape))
    for i, known in enumerate(json.loads(_FINGERPRINT.read_text("utf-8"))):
        for name in wanted[i]:
            mesh = _vertices(fetch(name))
            if mesh.shape == neutral.shape:
                movements[i] += mesh - neutral
        if not is_known(movements[i], known):
            raise EngineUnavailableError(_other_head(address))
    data = io.BytesIO()
    n_shapes = len(ARKIT_BLENDSHAPES)
    np.savez_compressed(
        data,
        neutral=neutral.astype(np.float32),
        deltas=movements[:n_shapes].astype(np.float16),
        identities=movements[n_shapes:].astype(np.float16),
        arkit_names=np.array(ARKIT_BLENDSHAPES),
        faces=_faces(at_rest),
        landmarks68=np.array(LANDMARKS, np.int32),
    )
    keep(path, data.getvalue())
    return path


def parts(shape: str) -> tuple[str, ...]:
    """The meshes whose sum of movements is ARKit's `shape`."""
    if shape in _ABSENT:
        return ()
    if shape in _SPLIT:
        return f"{shape}_L", f"{shape}_R"
    for side, suffix in _SIDES.items():
        # jawLeft and mouthLeft are directions, not sides
        if shape.endswith(side) and shape not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            return (shape.removesuffix(side) + suffix,)
    return (shape,)


def is_known(movement: FloatArray, known: list[float]) -> bool:
    """Whether a movement [V, 3] has the size and the sums of the head that landmarks are known
    on."""
    slack = _TOLERANCE * known[0] + _LEAST_TOLERANCE
    return bool((np.abs(np.subtract(fingerprint(movement), known)) <= slack).all())


def fingerprint(movement: FloatArray) -> FloatArray:
    """A movement's [V, 3] size and four sums of its numbers with random signs, in centimetres."""
    flat = movement.ravel()
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (_N_SUMS, len(flat)))
    return np.concatenate([[np.sqrt(flat @ flat)], signs @ flat])


def _vertices(mesh: bytes) -> FloatArray:
    """Vertices [V, 3] of a Wavefront OBJ; none if it is damaged."""
    rows = [line[2:].split() for line in mesh.splitlines() if line.startswith(b"v ")]
    try:
        return np.array(rows, np.float64).reshape(-1, 3)
    except ValueError:
        return np.zeros((0, 3))


def _faces(mesh: bytes) -> NDArray[np.int32]:
    """Corners [F, 4] of a Wavefront OBJ's faces; -1 is a triangle's fourth."""
    faces = [line[2:].split() for line in mesh.splitlines() if line.startswith(b"f ")]
    corners = [[int(corner.split(b"/")[0]) - 1 for corner in face] for face in faces]
    return np.array([[*face, -1][:4] for face in corners], np.int32)


def _report_share(report: Report, index: int, count: int, stage: str, fraction: float) -> None:
    report(stage, (index + fraction) / count)


def _other_head(address: str) -> str:
    return (
        f"The meshes at {address} are not the head that Mynah knows; get ict_arkit52.npz elsewhere "
        f"and give it with {_OPTION} PATH, or leave {_OPTION} out."
    )
