"""What the scene says about a line: frame rate, sound, character. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from .library import BadInputError


@dataclass(frozen=True)
class Sound:
    """A stretch of sound and the scene frame at which it starts.

    `end_s` 0 means the end of the audio.
    """

    audio: Path | bytes
    file_name: str
    line: str
    start_s: float
    end_s: float
    start_frame: float


def effective_fps(scene: bpy.types.Scene) -> float:
    """Frames per second as they play: 24 / 1.001 is 23.976."""
    return scene.render.fps / scene.render.fps_base


def character_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """The chosen character, else the active object."""
    return context.scene.mynah.character or context.view_layer.objects.active


def line_name(context: bpy.types.Context) -> str:
    """What the chosen line is called: its file or strip; empty if none is chosen."""
    settings = context.scene.mynah
    if settings.audio_source == "FILE":
        return Path(bpy.path.abspath(settings.audio_path)).stem
    strip = find_strip(context)
    return strip.name if strip is not None else ""


def playback_range(scene: bpy.types.Scene) -> tuple[int, int]:
    """The preview range if it is on, else the scene's."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end


def read_sound(context: bpy.types.Context) -> Sound:
    """The sound that the settings name. Raises `BadInputError` with the remedy."""
    settings = context.scene.mynah
    if settings.audio_source == "FILE":
        return _read_file(settings.audio_path, settings.start_frame)
    strip = find_strip(context)
    if strip is None:
        raise BadInputError("No sound strip is selected; select one in the Sequencer.")
    return read_strip(strip, effective_fps(_sequencer_scene(context)))


def find_strip(context: bpy.types.Context) -> bpy.types.SoundStrip | None:
    """The active sound strip of the sequencer, else the first selected one."""
    editor = _sequencer_scene(context).sequence_editor
    if editor is None:
        return None
    selected = [strip for strip in editor.strips_all if strip.type == "SOUND" and strip.select]
    return next((s for s in selected if s == editor.active_strip), next(iter(selected), None))


def read_strip(strip: bpy.types.SoundStrip, fps: float) -> Sound:
    """The part of the strip's sound that plays, and where. Raises `BadInputError`."""
    if len(strip.retiming_keys):
        raise BadInputError(
            f"The strip '{strip.name}' changes its speed; remove its retiming keys or render it to "
            "a new sound."
        )
    if strip.sound is None:
        raise BadInputError(f"The strip '{strip.name}' has no sound; choose a file for it.")
    left, right = _handles(strip)
    head, tail = _trims(strip)
    start_s = head / fps - strip.sound_offset
    # without a trim the sound plays to its end, wherever that lies within the last whole frame
    end_s = start_s + (right - left) / fps if tail > 0 else 0.0
    silence_s = max(0.0, -start_s)
    audio, file_name = _audio_of(strip.sound)
    return Sound(
        audio,
        file_name,
        strip.name,
        max(0.0, start_s),
        end_s,
        left + silence_s * fps,
    )


def _sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene:
    # the sequencer has a scene of its own since 5.0, if it is open
    return getattr(context, "sequencer_scene", None) or context.scene


def _read_file(audio_path: str, start_frame: float) -> Sound:
    if not audio_path:
        raise BadInputError("No audio is chosen; choose a sound file.")
    path = Path(bpy.path.abspath(audio_path))
    if not path.is_file():
        raise BadInputError(f"There is no file '{path.name}' at {path.parent}; choose another.")
    return Sound(path, path.name, path.stem, 0.0, 0.0, start_frame)


def _audio_of(sound: bpy.types.Sound) -> tuple[Path | bytes, str]:
    path = Path(bpy.path.abspath(sound.filepath, library=sound.library))
    if sound.packed_file is not None:
        return sound.packed_file.data, path.name or sound.name
    if not path.is_file():
        raise BadInputError(
            f"The sound '{sound.name}' has no file '{path.name}' at {path.parent}; find the file "
            "or pack it."
        )
    return path, path.name


def _handles(strip: bpy.types.SoundStrip) -> tuple[float, float]:
    if bpy.app.version >= (5, 1, 0):
        return strip.left_handle, strip.right_handle
    return strip.frame_final_start, strip.frame_final_end


def _trims(strip: bpy.types.SoundStrip) -> tuple[float, float]:
    """Frames cut off the sound's start and end; negative where the strip is longer than it."""
    if bpy.app.version >= (5, 1, 0):
        head = strip.left_handle_offset + strip.content_trim_start
        return head, strip.right_handle_offset + strip.content_trim_end
    head = strip.frame_offset_start + strip.animation_offset_start
    return head, strip.frame_offset_end + strip.animation_offset_end
