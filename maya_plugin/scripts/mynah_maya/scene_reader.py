"""What a line needs from the scene: its audio, its trims and place, the scene's rate."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import maya.api.OpenMaya as om
from maya import cmds, mel

from .library import BadInputError

_LEAST_S = 1e-4
_WHOLE = 1e-5
"""A frame number nearer to a whole one than this is that one."""


@dataclass(frozen=True)
class Source:
    """A voice, or a performance to transfer: its file, which seconds of it are taken (`end_s` 0: to
    its end), and when they begin in the scene, in seconds of its clock. `remarks` are sentences
    about it. `sound` is the sound of the scene that says all this, empty if none does."""

    audio: Path
    line: str
    start_s: float
    end_s: float
    scene_s: float
    remarks: tuple[str, ...] = ()
    sound: str = ""


@dataclass(frozen=True)
class Bookmark:
    """A bookmark of the time slider and the seconds of the scene's clock that it marks."""

    text: str
    start_s: float
    end_s: float


def effective_fps() -> float:
    """Frames a second of the scene's time unit, whatever it is called: also 23.976 and rates of the
    user's own."""
    return om.MTime(1.0, om.MTime.kSeconds).asUnits(om.MTime.uiUnit())


def frame_of(seconds: float) -> float:
    """The scene frame at this time of the scene's clock; whole where it means a whole frame."""
    frame = seconds * effective_fps()
    return float(round(frame)) if abs(frame - round(frame)) < _WHOLE else frame


def seconds_of(frame: float) -> float:
    """When a scene frame is shown."""
    return om.MTime(frame, om.MTime.uiUnit()).asUnits(om.MTime.kSeconds)


def audio_nodes() -> list[str]:
    """The scene's sounds in the order in which they are heard."""
    found: list[str] = cmds.ls(type="audio")
    return sorted(found, key=lambda node: (_time_of(node, "offset"), node))


def bookmarks() -> list[Bookmark]:
    """The time slider's bookmarks in the order of time: nodes of a plug-in of Maya's own. None
    without it."""
    try:
        found: list[str] = cmds.ls(type="timeSliderBookmark")
    except RuntimeError:  # the plug-in is not loaded, so no such type is known
        return []
    read = [
        Bookmark(
            str(cmds.getAttr(f"{node}.name") or node),
            _time_of(node, "timeRangeStart"),
            _time_of(node, "timeRangeStop"),
        )
        for node in found
    ]
    return sorted(read, key=lambda mark: (mark.start_s, mark.text))


def slider_sound() -> str:
    """The sound that the time slider plays; empty if there is none, and without windows."""
    if cmds.about(batch=True):
        return ""
    slider = mel.eval("$t=$gPlayBackSlider")
    return cmds.timeControl(slider, query=True, sound=True) or ""


def chosen_range() -> tuple[float, float]:
    """The first and last frame of what is selected in the time slider, else of the playback
    range."""
    if not cmds.about(batch=True):
        slider = mel.eval("$t=$gPlayBackSlider")
        if cmds.timeControl(slider, query=True, rangeVisible=True):
            found: Any = cmds.timeControl(slider, query=True, rangeArray=True)
            return float(found[0]), float(found[1]) - 1.0  # Maya tells the frame behind the last
    return (
        float(cmds.playbackOptions(query=True, minTime=True)),
        float(cmds.playbackOptions(query=True, maxTime=True)),
    )


def read_source(audio: str = "", start_frame: float | None = None) -> Source:
    """`audio` is a sound of the scene or a file; empty: the selected sound, else the time slider's,
    else the only one there is. Raises `BadInputError` with the remedy."""
    if audio and not cmds.ls(audio, type="audio"):
        return read_file(audio, start_frame)
    source = read_audio(audio or _chosen_audio())
    if start_frame is None:
        return source
    return replace(source, scene_s=seconds_of(start_frame), sound="")


def read_file(path: str, start_frame: float | None = None) -> Source:
    """A recording that no sound of the scene plays; it begins at the playback range's start unless
    a frame is given. Raises `BadInputError`."""
    found = _expanded(path)
    if not found.is_file():
        raise BadInputError(
            f"'{path}' is neither a sound of this scene nor a file; name an audio node or an "
            "existing recording."
        )
    return _whole_file(found, start_frame)


def read_performance(path: str, start_frame: float | None = None) -> Source:
    """An actor's performance: a motion clip or a video. It begins as a recording does. Raises
    `BadInputError`."""
    if not path:
        raise BadInputError("No performance is chosen; choose a motion clip or a video.")
    found = _expanded(path)
    if not found.is_file():
        raise BadInputError(f"There is no file '{found.name}' at {found.parent}; choose another.")
    return _whole_file(found, start_frame)


def _whole_file(path: Path, start_frame: float | None) -> Source:
    if start_frame is None:
        start_frame = float(cmds.playbackOptions(query=True, minTime=True))
    return Source(path, path.stem, 0.0, 0.0, seconds_of(start_frame))


def read_audio(node: str) -> Source:
    """What of its file a sound plays, and when. Raises `BadInputError` with the remedy."""
    written = str(cmds.sound(node, query=True, file=True) or "")
    if not written:
        raise BadInputError(f"The sound '{node}' has no file; choose one in its attributes.")
    path = _expanded(written)
    if not path.is_file():
        raise BadInputError(
            f"The sound '{node}' has no file '{path.name}' at {path.parent}; find the file in the "
            "sound's attributes."
        )
    start_s, end_s = _time_of(node, "sourceStart"), _time_of(node, "sourceEnd")
    scene_s = _time_of(node, "offset")
    if start_s < 0:  # Maya plays silence before the file
        scene_s, start_s = scene_s - start_s, 0.0
    # 0 if Maya can't tell, as for files that it doesn't play
    length_s = seconds_of(float(cmds.sound(node, query=True, length=True) or 0))
    if end_s <= start_s or (length_s and end_s > length_s - _LEAST_S):
        end_s = 0.0
    if length_s and start_s > length_s - _LEAST_S:
        raise BadInputError(
            f"The sound '{node}' is trimmed until nothing of '{path.name}' is heard; correct its "
            "source start."
        )
    is_muted = cmds.sound(node, query=True, mute=True)
    remarks = (f"The sound '{node}' is muted, but the line was made.",) if is_muted else ()
    return Source(path, node.rpartition(":")[2], start_s, end_s, scene_s, remarks, node)


def is_muted(node: str) -> bool:
    """Whether a sound is not heard."""
    return bool(cmds.sound(node, query=True, mute=True))


def _chosen_audio() -> str:
    selected: list[str] = cmds.ls(selection=True, type="audio")
    if len(selected) == 1:
        return selected[0]
    if len(selected) > 1:
        raise BadInputError(
            f"{len(selected)} sounds are selected; select one, or use mynahBatch for all of them."
        )
    heard, nodes = slider_sound(), audio_nodes()
    if heard:
        return heard
    if len(nodes) == 1:
        return nodes[0]
    if nodes:
        raise BadInputError(
            f"The scene has {len(nodes)} sounds and the time slider plays none; name one of them: "
            f"{', '.join(nodes)}."
        )
    raise BadInputError(
        "The scene has no sound; import one (File > Import) or name a recording with -audio."
    )


def _time_of(node: str, attribute: str) -> float:
    """An attribute of the type time, in seconds: exact, whatever the scene's unit is."""
    plug: om.MPlug = om.MSelectionList().add(f"{node}.{attribute}").getPlug(0)
    return plug.asMTime().asUnits(om.MTime.kSeconds)


def _expanded(written: str) -> Path:
    path = Path(os.path.expandvars(os.path.expanduser(written)))
    if path.is_absolute():
        return path
    return Path(str(cmds.workspace(query=True, rootDirectory=True))) / path
