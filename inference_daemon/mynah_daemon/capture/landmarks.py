"""MediaPipe's Face Landmarker: the only module that imports mediapipe.

It looks at every frame by itself (IMAGE mode): VIDEO mode smooths over time, which keeps lips from
closing and delays the face by some 40 ms.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError, EngineUnavailableError

from .face_points import N_POINTS
from .video import Image

Face = NDArray[np.float64]
"""Landmarks [478, 3] in pixels: x right, y up, z to the viewer."""

INSTALL: Final = "pip install 'mynah_daemon[capture]'"
_MODULES: Final = ("mediapipe", "mediapipe.tasks.python.vision", "mediapipe.tasks.python")
_MOST_FACES: Final = 4


class Landmarker:
    """Finds faces in images; use it in `with`.

    Raises `EngineUnavailableError` as `load_mediapipe` does, `BadInputError` if the model file is
    none of its.
    """

    def __init__(self, model: Path) -> None:
        self._mediapipe, vision, base = load_mediapipe()
        with _quiet():
            options = vision.FaceLandmarkerOptions(
                base_options=base.BaseOptions(model_asset_path=str(model)),
                running_mode=vision.RunningMode.IMAGE,
                num_faces=_MOST_FACES,
            )
            try:
                self._landmarker: Any = vision.FaceLandmarker.create_from_options(options)
            except (RuntimeError, ValueError, OSError) as err:
                raise BadInputError(
                    f"'{model.name}' is not MediaPipe's Face Landmarker; give the file "
                    "face_landmarker.task with --landmarker or MYNAH_LANDMARKER, or neither."
                ) from err

    def __enter__(self) -> Landmarker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the model."""
        self._landmarker.close()

    def find(self, image: Image) -> list[Face]:
        """The faces in an RGB image [H, W, 3], the largest first."""
        media = self._mediapipe
        seen = self._landmarker.detect(
            media.Image(image_format=media.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        )
        height, width = image.shape[:2]
        to_pixels = np.array([width, -height, -width], np.float64)
        faces = [
            np.array([(p.x, p.y, p.z) for p in points], np.float64) * to_pixels
            for points in seen.face_landmarks
            if len(points) == N_POINTS
        ]
        return sorted(faces, key=face_size, reverse=True)


def face_size(face: Face) -> float:
    """The longer side of a face's frame, in pixels."""
    return float(np.ptp(face[:, :2], axis=0).max())


def load_mediapipe() -> tuple[Any, Any, Any]:
    """MediaPipe, its vision tasks and their base. Raises `EngineUnavailableError` if it is not
    installed or lacks a library of the system."""
    try:
        with _quiet():
            mediapipe, vision, base = map(importlib.import_module, _MODULES)
            _load_library(mediapipe)
    except ModuleNotFoundError as err:
        raise EngineUnavailableError(
            f"Capture needs MediaPipe, which is not installed; install it with: {INSTALL} (an "
            "engine that Blender set up: switch Videos of Performers on and set it up again)"
        ) from err
    except (ImportError, OSError) as err:
        raise EngineUnavailableError(
            f"MediaPipe can't be loaded ({err}); install the library that it lacks (on Debian and "
            "Ubuntu: apt install libgl1 libgles2 libglib2.0-0)."
        ) from err
    return mediapipe, vision, base


def _load_library(mediapipe: Any) -> None:
    """MediaPipe loads its own library with the first image, not when it is imported."""
    pixel = np.zeros((1, 1, 3), np.uint8)
    mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixel)


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    """Its C++ parts greet on stderr, past Python; an animator can do nothing about that."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
