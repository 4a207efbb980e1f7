"""A SHA-256 of the code that makes curves: results outlive the daemon, but not a change in it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import mynah_shared
from mynah_shared._version import __version__

_HERE: Final = Path(__file__).parent
_SHARED: Final = Path(mynah_shared.__file__).parent
_FOLDERS: Final = (
    *(_HERE / name for name in ("audio", "capture", "engine", "flame", "styles")),
    _SHARED / "motion",
)
_FILES: Final = ("performing.py", "held_clips.py", "clip_files.py", "videos.py", "worker.py")


@cache
def code_sha256() -> str:
    """Of the version and the sources."""
    digest = hashlib.sha256(__version__.encode())
    sources = [path for folder in _FOLDERS for path in sorted(folder.glob("*.py"))]
    for path in [*sources, *(_HERE / name for name in _FILES)]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()
