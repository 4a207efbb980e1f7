"""A video of a performer becomes a style: a clip file beside the video, and a row of the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from .library import (
    Line,
    MotionClip,
    captured_words,
    check_video,
    keep_captured,
    line_of_capture,
)
from .line_settings import active_line, find_settings
from .pieces import Pieces
from .reference import Reference


@dataclass(frozen=True)
class Capture:
    """A video to capture, the scene and the line whose list of styles gets the clip."""

    video: Path
    scene: Reference
    uid: str

    step = "Style from Video"
    activity = "A video is being captured"

    def read(self) -> Pieces[Line]:
        """The request."""
        yield from ()  # the video is read by the client's thread
        return line_of_capture(self.video)


def prepare_capture(scene: bpy.types.Scene, file_path: str) -> Capture:
    """Raises `BadInputError` if there is no such file, or no place where its clip could be written:
    better now than after minutes."""
    video = Path(bpy.path.abspath(file_path))
    check_video(video, _folders(video), _remedy())
    line = active_line(scene)
    return Capture(video, Reference.to(scene), line.uid if line is not None else "")


def store(capture: Capture, clip: MotionClip, warnings: Sequence[str]) -> str:
    """Write the captured clip and add it to the styles; says where it is.

    Raises `BadInputError` if it can't be written anywhere.
    """
    video = capture.video
    path = keep_captured(video, clip, warnings, _folders(video), _remedy())
    done = captured_words(video, clip, path)
    scene = capture.scene.find_in(bpy.data.scenes)
    if scene is None:
        return f"{done}; the scene '{capture.scene.name}' was deleted meanwhile."
    settings = find_settings(scene, capture.uid)
    if settings is None:
        return f"{done}; the line that it was for was removed from the list meanwhile."
    row = settings.add_style()
    row.kind, row.path = "FILE", as_blender_notes(path)
    return f"{done}; it is in the list of styles."


def _folders(video: Path) -> list[Path]:
    """Where the clip may go, best first."""
    blend = bpy.data.filepath
    return [video.parent, *([Path(blend).parent] if blend else [])]


def _remedy() -> str:
    if bpy.data.filepath:
        return "copy the video to a folder that can be written"
    return "save this .blend, and the clip is written beside it"


def as_blender_notes(path: Path) -> str:
    """Relative to the .blend if the artist's preferences say so, as from a file browser."""
    if bpy.data.filepath and bpy.context.preferences.filepaths.use_relative_paths:
        try:
            return bpy.path.relpath(str(path))
        except ValueError:  # on another drive of Windows
            pass
    return str(path)
