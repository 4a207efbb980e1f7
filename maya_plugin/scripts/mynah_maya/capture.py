"""A video of a performer becomes a style: a clip file beside the video. Nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import maya.api.OpenMaya as om
from maya import cmds

from .library import (
    BadInputError,
    Cancelled,
    Failed,
    Finished,
    captured_words,
    check_video,
    keep_captured,
    line_of_capture,
)
from .session import CANCELLED, Session


@dataclass(frozen=True)
class Captured:
    """How it ended: with the clip's `path`, or with a sentence that says why not. `remarks` are
    sentences about the video."""

    video: Path
    path: Path | None
    message: str
    is_error: bool = False
    remarks: tuple[str, ...] = ()


def begin_capture(session: Session, video: Path, then: Callable[[Captured], None]) -> str:
    """Begin and return the errand's ticket at once; `then` hears how it ended. Raises
    `BadInputError` if there is no such file, or no place where its clip could be written."""
    check_video(video, _folders(video), _remedy())

    def end(event: Finished | Failed | Cancelled) -> None:
        then(_ended(video, event))

    return session.send(line_of_capture(video), video.name, end)


def announce_captured(captured: Captured) -> None:
    """Tell in the script editor how it ended."""
    if captured.is_error:
        om.MGlobal.displayError(f"'{captured.video.name}': {captured.message}")
    else:
        om.MGlobal.displayInfo(captured.message)
    for remark in captured.remarks:
        om.MGlobal.displayWarning(remark)


def _ended(video: Path, event: Finished | Failed | Cancelled) -> Captured:
    if isinstance(event, Cancelled):
        return Captured(video, None, CANCELLED)
    if isinstance(event, Failed):
        return Captured(video, None, event.message, is_error=True)
    warnings = tuple(str(sentence) for sentence in event.meta.get("warnings", ()))
    try:
        path = keep_captured(video, event.clip, warnings, _folders(video), _remedy())
    except BadInputError as error:
        return Captured(video, None, str(error), is_error=True)
    return Captured(video, path, f"{captured_words(video, event.clip, path)}.", remarks=warnings)


def _folders(video: Path) -> list[Path]:
    """Where the clip may go, best first."""
    scene = str(cmds.file(query=True, sceneName=True))
    return [video.parent, *([Path(scene).parent] if scene else [])]


def _remedy() -> str:
    if cmds.file(query=True, sceneName=True):
        return "copy the video to a folder that can be written"
    return "save this scene, and the clip is written beside it"
