"""The map on this computer: one file in the state folder (`DaemonConfig.flame_map`)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

MAP_NAME: Final = "flame_map.npz"
NO_MAP: Final = (
    "There is no map between ARKit and FLAME yet; make it with `mynah flame calibrate --flame "
    "FILE` from your FLAME model."
)


def map_sha256(path: Path) -> str:
    """The SHA-256 that names the map's content in a job's key; '' if there is no map."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
