"""The network that ships: it does in one pass what `solver` does, and needs no head."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np

from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from ..engine.model_store import BUNDLED, WeightFile, open_store
from ..engine.onnx_session import OnnxSession
from .face_points import N_SKIN, SKIN_TRUST
from .observation import N_MEASURED, Observation
from .solver import Solution

GRAPH: Final = "capture.onnx"
NOTE: Final = "capture.json"
"""Beside the graph: its name and SHA-256."""
_ROWS: Final = 4096


class CaptureNetwork:
    """`measured` [T, N_MEASURED] and `rest` [1, 1404] → `coefficients` [T, 52] and `turns` [T, 3];
    made by `mynah_training.distil_capture`.

    Raises `EngineUnavailableError` if the file is missing, altered or of another signature.
    """

    def __init__(self, folder: Path = BUNDLED) -> None:
        try:
            note = json.loads((folder / NOTE).read_text("utf-8"))
            file = WeightFile(str(note["file"]), str(note["sha256"]))
        except (OSError, ValueError, KeyError, TypeError) as err:
            raise EngineUnavailableError(
                f"The note '{NOTE}' of the capture network is missing or damaged; install Mynah "
                "again."
            ) from err
        n_shapes = len(ARKIT_BLENDSHAPES)
        self._session = OnnxSession(
            open_store(folder).verified_path(file),
            {"measured": (-1, N_MEASURED), "rest": (1, 3 * N_SKIN)},
            {"coefficients": (-1, n_shapes), "turns": (-1, 3)},
        )

    def solve(self, seen: Observation) -> Solution:
        """The performance in every frame, each by itself."""
        rest = (SKIN_TRUST * seen.rest).reshape(1, -1).astype(np.float32)
        measured = seen.measured.astype(np.float32)
        parts = [
            self._session.run(measured=measured[i : i + _ROWS], rest=rest)
            for i in range(0, len(measured), _ROWS)
        ]
        coefficients, turns = (
            np.concatenate([part[k] for part in parts]).astype(np.float64) for k in range(2)
        )
        return Solution(coefficients, turns)
