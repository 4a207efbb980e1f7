"""Fetches the ICT-FaceKit head (MIT licence), which the capture can solve on.

The project has no releases, only its current files: each shape is a whole mesh as text, 160 MB in
all. They are put together once as one file of 4 MB. The head at rest is known by its checksum; each
movement, which is kept in half precision, by its size and a few random sums over its vertices, which
no damaged, altered or rearranged mesh has.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
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
_TOLERANCE: Final = 2e-3  # of a movement's size
_N_SUMS: Final = 4
_FINGERPRINT: Final = Path(__file__).with_name("ict_fingerprint.json")
_SIDES: Final = {"Left": "_L", "Right": "_R"}
_SPLIT: Final = ("browInnerUp", "cheekPuff")
"""ARKit's shapes that the head has in two halves."""
_ABSENT: Final = ("tongueOut",)


def fetch_head(report: Report, address: str = ADDRESS) -> Path:
    """The head's file, fetched and put together first if it isn't there.

    Raises `EngineUnavailableError` if it can't be fetched or is another head.
    """
    path = download_folder() / _FILE
    if path.is_file():
        return path
    names = ["generic_neutral_mesh", *(file for name in ARKIT_BLENDSHAPES for file in parts(name))]
    names += [f"identity{i:03d}" for i in range(_N_IDENTITIES)]
    meshes: dict[str, FloatArray] = {}
    for i, name in enumerate(names):
        meshes[name] = _vertices(
            read_url(f"{address}{name}.obj", _MESH_BYTES, _OPTION, _share_of(report, i, len(names)))
        )
    neutral = meshes["generic_neutral_mesh"]
    if any(mesh.shape != neutral.shape for mesh in meshes.values()):
        raise EngineUnavailableError(_other_head(address))
    still = np.zeros_like(neutral)
    deltas = [
        sum((meshes[file] - neutral for file in parts(name)), still) for name in ARKIT_BLENDSHAPES
    ]
    identities = [meshes[f"identity{i:03d}"] - neutral for i in range(_N_IDENTITIES)]
    check_head(neutral, np.stack(deltas), np.stack(identities), address)
    data = io.BytesIO()
    np.savez_compressed(
        data,
        neutral=neutral.astype(np.float32),
        deltas=np.stack(deltas).astype(np.float16),
        identities=np.stack(identities).astype(np.float16),
        arkit_names=np.array(ARKIT_BLENDSHAPES),
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


def check_head(
    neutral: FloatArray, deltas: FloatArray, identities: FloatArray, address: str
) -> None:
    """Raises `EngineUnavailableError` if these meshes ([V, 3], [52, V, 3], [10, V, 3], in
    centimetres) are not the head that landmarks are known on."""
    is_known = hashlib.sha256(neutral.astype(np.float32).tobytes()).hexdigest() == _NEUTRAL_SHA256
    if is_known:
        known = np.array(json.loads(_FINGERPRINT.read_text("utf-8")))
        found = fingerprint(np.concatenate([deltas, identities]))
        is_known = bool((np.abs(found - known) <= _TOLERANCE * known[:, :1].clip(1.0)).all())
    if not is_known:
        raise EngineUnavailableError(_other_head(address))


def fingerprint(movements: FloatArray) -> FloatArray:
    """For each movement [M, V, 3] its size and sums of its numbers with random signs [M, 5]."""
    flat = movements.reshape(len(movements), -1)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (flat.shape[1], _N_SUMS))
    return np.concatenate([np.linalg.norm(flat, axis=1, keepdims=True), flat @ signs], axis=1)


def _vertices(mesh: bytes) -> FloatArray:
    """Vertices [V, 3] of a Wavefront OBJ."""
    rows = [line[2:].split() for line in mesh.splitlines() if line.startswith(b"v ")]
    try:
        return np.array([[float(number) for number in row] for row in rows]).reshape(-1, 3)
    except ValueError:
        return np.zeros((0, 3))  # which is no head, and refused as such


def _share_of(report: Report, index: int, count: int) -> Callable[[str, float], None]:
    return lambda stage, fraction: report(stage, (index + fraction) / count)


def _other_head(address: str) -> str:
    return (
        f"The meshes at {address} are not the head that Mynah knows; get ict_arkit52.npz elsewhere "
        f"and give it with {_OPTION} PATH, or leave {_OPTION} out."
    )
