"""Sound and time: what is heard, where lines begin, and whether they lie in the range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from maya import cmds, mel

from ..library import BadInputError
from ..reference import Reference
from ..scene_reader import audio_nodes, frame_of, is_muted, read_audio, slider_sound
from .finding import Finding, Fix, Severity, list_names
from .patient import Play

_SAME_FRAME = 0.5


def check_files(plays: Sequence[Play]) -> Iterator[Finding]:
    """Sounds whose file is missing or that are trimmed to nothing, and muted ones."""
    del plays
    muted: list[str] = []
    for node in audio_nodes():
        try:
            read_audio(node)
        except BadInputError as error:
            yield Finding(str(error))
        if is_muted(node):
            muted.append(node)
    if muted:
        nodes = [Reference.to(node) for node in muted]
        yield Finding(
            f"Muted, and so not heard and left out of the scene's dialogue: {list_names(muted)}.",
            Severity.hint,
            fix=Fix("Unmute", lambda: [_unmute(node) for node in nodes], asks=True),
        )


def check_slider(plays: Sequence[Play]) -> Iterator[Finding]:
    """Whether the time slider plays a sound, in real time."""
    nodes = [node for node in audio_nodes() if not is_muted(node)]
    if not nodes or cmds.about(batch=True):
        return
    if not slider_sound():
        fix = None
        if len(nodes) == 1:
            fix = Fix(f"Play '{nodes[0]}'", _play(Reference.to(nodes[0])))
        yield Finding(
            "The time slider plays no sound, so nothing is heard.",
            Severity.hint,
            "" if fix else "Right-click the time slider, and choose one under Audio.",
            fix=fix,
        )
    if plays and cmds.playbackOptions(query=True, playbackSpeed=True) == 0:
        yield Finding(
            "Maya plays every frame, however long that takes, so no sound is heard.",
            Severity.hint,
            fix=Fix("Play in Real Time", lambda: cmds.playbackOptions(playbackSpeed=1.0)),
        )


def check_place(plays: Sequence[Play]) -> Iterator[Finding]:
    """Lines that no longer begin with their sound; a performance has a place of its own."""
    by_line = {node.rpartition(":")[2]: node for node in audio_nodes()}
    for play in plays:
        node = by_line.get(play.tag.line)
        if node is None or not play.is_chosen or not play.curves:
            continue
        if play.tag.source == "PERFORMANCE":
            continue
        try:
            source = read_audio(node)
        except BadInputError:
            continue
        away = frame_of(source.scene_s) - play.frames[0]
        if source.audio.name == play.tag.audio and abs(away) > _SAME_FRAME:
            yield Finding(
                f"The sound '{node}' begins at frame {frame_of(source.scene_s):g} and its line at "
                f"{play.frames[0]:g}: the lips run {'ahead' if away > 0 else 'behind'}.",
                fix=Fix("Move the Line", _shift(play, away), asks=True),
            )


def check_range(plays: Sequence[Play]) -> Iterator[Finding]:
    """Lines outside of what is played."""
    low = float(cmds.playbackOptions(query=True, minTime=True))
    high = float(cmds.playbackOptions(query=True, maxTime=True))
    outside = [
        play
        for play in plays
        if play.is_chosen and play.curves and (play.frames[1] < low or play.frames[0] > high)
    ]
    if outside:
        first = min(low, *(play.frames[0] for play in outside))
        last = max(high, *(play.frames[1] for play in outside))
        yield Finding(
            f"Outside of the playback range, {low:g} to {high:g}: "
            f"{list_names([play.tag.line for play in outside])}.",
            Severity.hint,
            fix=Fix("Widen the Range", _widen(first, last)),
        )


def check_undo(plays: Sequence[Play]) -> Iterator[Finding]:
    """Without Undo there is no way back."""
    del plays
    if not cmds.undoInfo(query=True, state=True):
        yield Finding(
            "Undo is switched off, so what Mynah keys can't be taken back.",
            Severity.hint,
            fix=Fix("Switch It On", lambda: cmds.undoInfo(state=True)),
        )


def _unmute(node: Reference) -> None:
    name = node.find()
    if name is not None:
        cmds.sound(name, edit=True, mute=False)


def _play(node: Reference) -> Callable[[], object]:
    def deed() -> None:
        name = node.find()
        if name is not None:
            slider = mel.eval("$t=$gPlayBackSlider")
            cmds.timeControl(slider, edit=True, sound=name, displaySound=True)

    return deed


def _shift(play: Play, frames: float) -> Callable[[], object]:
    curves = [Reference.to(curve) for curve in play.curves]
    layer = play.layer.node

    def deed() -> None:
        found = [name for curve in curves if (name := curve.find()) is not None]
        own = layer.find()
        if own is not None:
            found += cmds.listConnections(f"{own}.weight", source=True, type="animCurve") or []
        for name in found:
            move: Any = cmds.keyframe  # the stubs lack its edit mode
            move(name, edit=True, relative=True, timeChange=frames)

    return deed


def _widen(first: float, last: float) -> Callable[[], object]:
    def deed() -> None:
        cmds.playbackOptions(minTime=first, maxTime=last)
        if cmds.playbackOptions(query=True, animationStartTime=True) > first:
            cmds.playbackOptions(animationStartTime=first)
        if cmds.playbackOptions(query=True, animationEndTime=True) < last:
            cmds.playbackOptions(animationEndTime=last)

    return deed
