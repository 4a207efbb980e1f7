"""When a line plays: the scene's rate, its range, and the sound that the line was made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy

from ..baking.actions import line_of, span_of
from ..library import BadInputError
from ..line_settings import settings_of
from ..reference import Reference
from ..scene_reader import (
    effective_fps,
    find_strip,
    read_source,
    read_strip,
    sequencer_scene,
    source_of,
    strip_of,
)
from .finding import Finding, Severity, name_lines
from .patient import Patient, Play

if TYPE_CHECKING:
    from ..properties import LineSettings

_SAME_RATE = 0.01
_SAME_FRAME = 0.5


def check_rate(context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    fps = effective_fps(context.scene)
    lines: dict[float, list[str]] = {}
    for play in patient.plays:
        span = span_of(play.action)
        if span is not None:
            lines.setdefault(span.fps * span.frames_per_row, []).append(play.line)
    for made_for, own in lines.items():
        if abs(made_for - fps) > _SAME_RATE:
            yield Finding(
                f"The scene has {fps:g} frames per second, and {made_for:g} when it got "
                f"{name_lines(own)}: the lips run away from the voice.",
                remedy="Generate again, or give the scene its old frame rate.",
            )


def check_range(context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    scene, name = context.scene, patient.character.name
    outside, partly = [], []
    for play in patient.plays:
        first, last = play.frames
        if last < scene.frame_start or first > scene.frame_end:
            outside.append(play)
        elif first < scene.frame_start or last > scene.frame_end:
            partly.append(play)
    for plays, how in ((outside, "Outside"), (partly, "Partly outside")):
        if plays:
            frames = [frame for play in plays for frame in play.frames]
            yield Finding(
                f"{how} of the scene's range, {scene.frame_start} to {scene.frame_end}: "
                f"{name_lines([play.line for play in plays])} of '{name}', frames "
                f"{min(frames):g} to {max(frames):g}.",
                Severity.problem if plays is outside else Severity.hint,
                fix="widen_range",
                names=(repr(min(frames)), repr(max(frames))),
            )


def check_sound(context: bpy.types.Context) -> Iterator[Finding]:
    """The chosen sound, and the strips of the lines in this file."""
    scene = context.scene
    yield from _check_source(context)
    voices = list(_voices(context))
    for voice in voices:
        strip = voice.strip
        is_channel_muted = voice.scene.sequence_editor.channels[strip.channel].mute
        if strip.mute or is_channel_muted:
            what = "strip" if strip.mute else "channel of the strip"
            yield Finding(
                f"The {what} '{strip.name}' is muted, so the line is not to be heard.",
                Severity.hint,
                fix="unmute_sound",
                owners=(Reference.to(voice.scene),),
                names=(strip.name,),
            )
    if voices and not scene.use_audio:
        yield Finding(
            "The scene plays no sound at all, because Play Audio is off.",
            Severity.hint,
            fix="play_audio",
            owners=(Reference.to(scene),),
        )
    if voices and scene.sync_mode != "AUDIO_SYNC":
        yield Finding(
            "Playback does not keep to the sound, so lips and voice drift apart in a heavy scene.",
            Severity.hint,
            fix="sync_to_audio",
            owners=(Reference.to(scene),),
        )


def check_place(context: bpy.types.Context, patient: Patient) -> Iterator[Finding]:
    """Sound strips that were moved since their line was made."""
    own = {patient.character, *patient.meshes}
    voices = {v.line: v for v in _voices(context) if v.speaker is None or v.speaker in own}
    for play in patient.plays:
        span, voice = span_of(play.action), voices.get(play.line)
        if span is None or voice is None:
            continue
        try:
            start = voice.start_frame(context)
        except BadInputError as error:
            yield Finding(str(error))
            continue
        shown = _scene_frame(play, span.start)
        if abs(start - shown) > _SAME_FRAME:
            yield Finding(
                f"The sound of '{voice.strip.name}' starts at frame {start:g}, but its line at "
                f"frame {shown:g}.",
                remedy="Generate the line again, or move its NLA strip or the sound.",
            )


@dataclass(frozen=True)
class _Voice:
    """A sound strip that a line was made for, or is to be; `settings` are those of a line of the
    list, which may use a part of it."""

    line: str
    strip: bpy.types.SoundStrip
    scene: bpy.types.Scene
    settings: LineSettings | None = None

    @property
    def speaker(self) -> bpy.types.Object | None:
        return None if self.settings is None else self.settings.character

    def start_frame(self, context: bpy.types.Context) -> float:
        """Raises `BadInputError` if no line can be made of the strip."""
        if self.settings is not None:
            return source_of(self.settings, sequencer_scene(context)).start_frame
        return read_strip(self.strip, effective_fps(self.scene)).start_frame


def _voices(context: bpy.types.Context) -> Iterator[_Voice]:
    """Of the lines in the list, of the chosen line, and strips with the name of a line."""
    sequence = sequencer_scene(context)
    seen: set[str] = set()
    for line in context.scene.mynah_dialogue.lines:
        if line.audio_source == "STRIP" and line.strip_name and not line.is_transfer:
            strip = strip_of(line, sequence)
            if strip is not None:
                seen.add(strip.name)
                yield _Voice(line.name, strip, line.strip_scene or sequence, line)
    if sequence.sequence_editor is None:
        return
    names = {line_of(action) for action in bpy.data.actions}
    chosen = find_strip(context) if settings_of(context).audio_source == "STRIP" else None
    for strip in sequence.sequence_editor.strips_all:
        is_meant = strip.name in names or strip == chosen
        if strip.type == "SOUND" and is_meant and strip.name not in seen:
            yield _Voice(str(strip.name), strip, sequence)


def _scene_frame(play: Play, frame: float) -> float:
    if play.strip is None:
        return frame
    return play.strip.frame_start + (frame - play.strip.action_frame_start) * play.strip.scale


def _check_source(context: bpy.types.Context) -> Iterator[Finding]:
    settings = settings_of(context)
    if settings.audio_source == "FILE" and not settings.source_path:
        return  # nothing is chosen yet, which the panel says
    if settings.audio_source == "STRIP" and not settings.strip_name and not find_strip(context):
        return
    if settings.audio_source == "STRIP" and settings.is_transfer:
        return  # a movie has to be opened for that, which takes time
    try:
        read_source(context)
    except BadInputError as error:
        yield Finding(str(error))
