"""Style clips on their way to the engine: library styles become files like uploaded ones, so that a
result depends on contents only; the worker reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol, TypeVar

import numpy as np

from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import GestureUse, StyleUse
from mynah_shared.scene.style_words import LIBRARY_SUFFIX, STYLE_SUFFIXES

from ..clip_files import read_clip
from .library import StyleLibrary
from .style_file import read_style

LEAST_S: Final = 3.0
"""A shorter performance shows too little of a manner: a few words and no blink."""
LONGEST_S: Final = 600.0


U = TypeVar("U", StyleUse, GestureUse)


class Files(Protocol):
    """Where the clips of a request lie."""

    def add(self, data: bytes) -> str:
        """Stores a file; returns its SHA-256."""
        ...


def resolve_clip(use: U, library: StyleLibrary, blobs: Files) -> U:
    """The same style or gesture with its clip among the blobs; the neutral style has none.

    Raises `BadInputError` if the library has no style of this name, or has lost its file.
    """
    if use.clip_sha256:
        return use
    style = library.find(use.name)
    if style.path is None:
        return replace(use, name=style.info.name)
    try:
        sha256 = blobs.add(style.path.read_bytes())
    except OSError as err:
        raise BadInputError(f"Can't read the style '{use.name}': {err.strerror}.") from err
    return replace(use, name=f"{style.info.name}{LIBRARY_SUFFIX}", clip_sha256=sha256)


def read_style_clip(path: Path, name: str) -> MotionClip:
    """The performance in a blob that is called `name`. Raises `BadInputError` if it can't be read
    or imitated."""
    suffix = Path(name).suffix.lower()
    if suffix not in STYLE_SUFFIXES:
        raise BadInputError(
            f"'{name}' is not a style clip; use a {', '.join(STYLE_SUFFIXES)} file, or make one of "
            "a video with `mynah capture`."
        )
    return check_clip(read_performance(path, name), name)


def read_performance(path: Path, name: str) -> MotionClip:
    """The clip in a blob, or of the style in it. Raises `BadInputError` if it can't be read."""
    is_style = Path(name).suffix.lower() == LIBRARY_SUFFIX
    return read_style(path, name).clip if is_style else read_clip(path, name=name)


def check_clip(clip: MotionClip, name: str) -> MotionClip:
    """`clip` itself. Raises `BadInputError` if it can't be imitated."""
    if clip.duration_s < LEAST_S:
        raise BadInputError(
            f"'{name}' lasts {clip.duration_s:.1f} s ({clip.n_frames} frames); a style clip needs "
            f"at least {LEAST_S:g} s: choose a longer take."
        )
    if clip.duration_s > LONGEST_S:
        raise BadInputError(
            f"'{name}' lasts {clip.duration_s:.0f} s; a style clip may have {LONGEST_S:g} s: cut "
            "it to a part that shows the manner."
        )
    if not np.ptp(clip.values, axis=0).any():
        raise BadInputError(
            f"'{name}' never moves, so there is nothing to imitate; export the take again, with "
            "its keyframes."
        )
    return clip
