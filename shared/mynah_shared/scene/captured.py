"""A video of a performer becomes a clip beside it, which serves as a style."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ..client.steps import Line
from ..errors import BadInputError
from ..motion.clip import MotionClip
from ..motion.npz import clip_to_npz

VIDEO_SUFFIXES: Final = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")
"""What counts as a video, by its name."""

_OWN_RATE: Final = 0.0
"""The video's own rate: styles keep every frame of it."""


def line_of_capture(video: Path) -> Line:
    """What the engine is asked for: in the neutral manner, a transferred performance is the
    captured one."""
    return Line(video, video.name, fps=_OWN_RATE, is_transfer=True)


def check_video(video: Path, folders: Sequence[Path], remedy: str) -> None:
    """Raises `BadInputError` if there is no such file, or if its clip can be written to none of
    the `folders`: better now than after minutes. `remedy` says what helps then."""
    if not video.is_file():
        raise BadInputError(f"There is no file '{video.name}' at {video.parent}; choose a video.")
    faults: list[OSError] = []
    for folder in folders:
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as fault:
            faults.append(fault)
        else:
            return
    raise _no_place(video, faults, remedy)


def keep_captured(
    video: Path,
    clip: MotionClip,
    warnings: Sequence[str],
    folders: Sequence[Path],
    remedy: str,
) -> Path:
    """Write the clip into the first of the `folders` that can be written; returns its path. No file
    is ever replaced. Raises `BadInputError` as `check_video` does."""
    meta = {"source": video.name, "warnings": list(warnings)}
    content = clip_to_npz(clip, json.dumps(meta))
    faults: list[OSError] = []
    for folder in folders:
        try:
            return _write_new(folder, video.stem, content)
        except OSError as fault:
            faults.append(fault)
    raise _no_place(video, faults, remedy)


def captured_words(video: Path, clip: MotionClip, path: Path) -> str:
    """How it ended, without the point at the end."""
    done = f"Captured {clip.duration_s:.1f} s of '{video.name}' into '{path.name}'"
    if path.parent != video.parent:
        done = f"{done} at {path.parent}, because its own folder can't be written"
    return done


def _write_new(folder: Path, stem: str, content: bytes) -> Path:
    """The file written, under the first name that is free. An incomplete one is not left behind."""
    for name in _names(stem):
        path = folder / name
        try:
            file = path.open("xb")  # fails for a file that is there, also if it has just appeared
        except FileExistsError:
            continue
        try:
            with file:
                file.write(content)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path
    raise AssertionError  # the names never end


def _names(stem: str) -> Iterator[str]:
    yield f"{stem}.npz"
    yield from (f"{stem}_{number}.npz" for number in itertools.count(2))


def _no_place(video: Path, faults: Sequence[OSError], remedy: str) -> BadInputError:
    reason = "; ".join(dict.fromkeys(fault.strerror or str(fault) for fault in faults))
    return BadInputError(
        f"The clip of '{video.name}' can't be written to {video.parent} ({reason}); {remedy}."
    )
