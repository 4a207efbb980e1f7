"""A video of a performer becomes a style: a clip file beside the video, and a row of the list."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from .library import BadInputError, Line, MotionClip, clip_to_npz
from .line_settings import active_line, find_settings
from .pieces import Pieces
from .reference import Reference

_OWN_RATE = 0.0
"""The video's own rate: styles keep every frame of it."""


@dataclass(frozen=True)
class Capture:
    """A video to capture, the scene and the line whose list of styles gets the clip."""

    video: Path
    scene: Reference
    uid: str

    step = "Style from Video"
    activity = "A video is being captured"

    def read(self) -> Pieces[Line]:
        """The request: in the neutral manner, a transferred performance is the captured one."""
        yield from ()  # the video is read by the client's thread
        return Line(self.video, self.video.name, fps=_OWN_RATE, is_transfer=True)


def prepare_capture(scene: bpy.types.Scene, file_path: str) -> Capture:
    """Raises `BadInputError` if there is no such file, or no place where its clip could be written:
    better now than after minutes."""
    video = Path(bpy.path.abspath(file_path))
    if not file_path or not video.is_file():
        raise BadInputError(f"There is no file '{video.name}' at {video.parent}; choose a video.")
    faults: list[OSError] = []
    for folder in _folders(video):
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as fault:
            faults.append(fault)
        else:
            line = active_line(scene)
            return Capture(video, Reference.to(scene), line.uid if line is not None else "")
    raise _no_place(video, faults)


def store(capture: Capture, clip: MotionClip, warnings: Sequence[str]) -> str:
    """Write the captured clip and add it to the styles; says where it is.

    Raises `BadInputError` if it can't be written anywhere.
    """
    meta = {"source": capture.video.name, "warnings": list(warnings)}
    path = _write(capture.video, clip_to_npz(clip, json.dumps(meta)))
    done = f"Captured {clip.duration_s:.1f} s of '{capture.video.name}' into '{path.name}'"
    if path.parent != capture.video.parent:
        done = f"{done} at {path.parent}, because its own folder can't be written"
    scene = capture.scene.find_in(bpy.data.scenes)
    if scene is None:
        return f"{done}; the scene '{capture.scene.name}' was deleted meanwhile."
    settings = find_settings(scene, capture.uid)
    if settings is None:
        return f"{done}; the line that it was for was removed from the list meanwhile."
    row = settings.add_style()
    row.kind, row.path = "FILE", as_blender_notes(path)
    return f"{done}; it is in the list of styles."


def _write(video: Path, content: bytes) -> Path:
    faults: list[OSError] = []
    for folder in _folders(video):
        try:
            return _write_new(folder, video.stem, content)
        except OSError as fault:
            faults.append(fault)
    raise _no_place(video, faults)


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


def _folders(video: Path) -> list[Path]:
    """Where the clip may go, best first."""
    blend = bpy.data.filepath
    return [video.parent, *([Path(blend).parent] if blend else [])]


def _no_place(video: Path, faults: Sequence[OSError]) -> BadInputError:
    reason = "; ".join(dict.fromkeys(fault.strerror or str(fault) for fault in faults))
    remedy = (
        "copy the video to a folder that can be written"
        if bpy.data.filepath
        else "save this .blend, and the clip is written beside it"
    )
    return BadInputError(
        f"The clip of '{video.name}' can't be written to {video.parent} ({reason}); {remedy}."
    )


def as_blender_notes(path: Path) -> str:
    """Relative to the .blend if the artist's preferences say so, as from a file browser."""
    if bpy.data.filepath and bpy.context.preferences.filepaths.use_relative_paths:
        try:
            return bpy.path.relpath(str(path))
        except ValueError:  # on another drive of Windows
            pass
    return str(path)
