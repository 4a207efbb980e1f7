"""What the engine has made, kept on the disk by what it was made of: after a crash nothing of it
is computed again."""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..library import BadInputError, MotionClip, clip_to_npz, state_dir
from ..setup.places import ADDON

LIMIT_BYTES = 500_000_000


def results_folder() -> Path:
    """In the user's folder of the extension; a checkout has it beside the files of the daemon."""
    try:
        folder = bpy.utils.extension_path_user(ADDON, path="results")
    except ValueError:
        folder = ""
    return Path(folder) if folder else state_dir() / "blender-results"


def load_result(folder: Path, key: str) -> tuple[MotionClip, dict[str, Any]] | None:
    """The clip and its record; None if there is none, or the file is damaged."""
    path = folder / f"{key}.npz"
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            channels = tuple(str(name) for name in file["channels"])
            clip = MotionClip(float(file["fps"]), channels, file["values"])
            meta = json.loads(str(file["meta"]))
        os.utime(path)  # the ones that were not used for the longest time go first
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, BadInputError):
        return None
    return (clip, meta) if isinstance(meta, dict) else None


def store_result(
    folder: Path, key: str, clip: MotionClip, meta: dict[str, Any], limit: int = LIMIT_BYTES
) -> None:
    """Complete or not there. A disk that is full or can't be written only costs time later."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{key}.{os.getpid()}.part"
        try:
            part.write_bytes(clip_to_npz(clip, json.dumps(meta)))
            os.replace(part, folder / f"{key}.npz")
        finally:
            part.unlink(missing_ok=True)
        _drop_oldest(folder, limit)


def _drop_oldest(folder: Path, limit: int) -> None:
    """Another Blender may be at it, too."""
    files: list[tuple[float, int, Path]] = []
    for path in folder.glob("*.npz"):
        with contextlib.suppress(OSError):
            status = path.stat()
            files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _time, size, _path in files)
    for _time, size, path in sorted(files):
        if total <= limit:
            return
        with contextlib.suppress(OSError):
            path.unlink()
        total -= size
