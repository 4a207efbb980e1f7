"""What the scene says about a line: frame rate, sound or performance, character. Reads only."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from .library import BadInputError
from .line_settings import settings_of

if TYPE_CHECKING:
    from .properties import LineSettings

_SAME_RATE = 0.01
"""Frames per second: 23.976 and 24 are not the same."""


@dataclass(frozen=True)
class Source:
    """A stretch of a voice, or of a performance to transfer, and the scene frame at which it
    starts.

    `end_s` 0 means the end of the file.
    """

    file: Path | bytes
    file_name: str
    line: str
    start_s: float
    end_s: float
    start_frame: float


def effective_fps(scene: bpy.types.Scene) -> float:
    """Frames per second as they play: 24 / 1.001 is 23.976."""
    return scene.render.fps / scene.render.fps_base


def character_of(context: bpy.types.Context) -> bpy.types.Object | None:
    """The chosen character, else the active object; a line of the list has its own or none."""
    settings = settings_of(context)
    if settings.character is not None or settings.uid:
        return settings.character
    return context.view_layer.objects.active


def line_name(context: bpy.types.Context) -> str:
    """What the chosen line is called: by its name, file or strip; empty if none is chosen."""
    settings = settings_of(context)
    if settings.name:
        return settings.name
    if settings.audio_source == "FILE":
        return Path(bpy.path.abspath(settings.source_path)).stem
    strip = find_strip(context)
    return strip.name if strip is not None else ""


def playback_range(scene: bpy.types.Scene) -> tuple[int, int]:
    """The preview range if it is on, else the scene's."""
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end
    return scene.frame_start, scene.frame_end


def read_source(context: bpy.types.Context) -> Source:
    """What the panel shows. Raises `BadInputError` with the remedy."""
    return source_of(settings_of(context), sequencer_scene(context))


def source_of(settings: LineSettings, sequence: bpy.types.Scene) -> Source:
    """The voice or performance that the settings name; strips are those of `sequence`, unless they
    name another scene. Raises `BadInputError` with the remedy."""
    if settings.audio_source == "FILE":
        source = _read_file(settings.source_path, settings.start_frame, settings.is_transfer)
        return replace(source, start_s=settings.from_s, end_s=settings.to_s)
    strip = strip_of(settings, sequence)
    if strip is None:
        kind = "movie strip" if settings.is_transfer else "sound strip"
        if settings.strip_name:
            raise BadInputError(
                f"There is no {kind} '{settings.strip_name}' in the Sequencer; choose another or "
                "take the lines from the Sequencer again."
            )
        raise BadInputError(f"No {kind} is selected; select one in the Sequencer.")
    fps = effective_fps(settings.strip_scene or sequence)
    source = read_movie_strip(strip, fps) if settings.is_transfer else read_strip(strip, fps)
    return _cut(source, settings.from_s, settings.to_s, fps)


def find_strip(context: bpy.types.Context) -> bpy.types.SoundStrip | bpy.types.MovieStrip | None:
    """The strip of the settings: a sound, or the movie with the performance that is to be
    transferred."""
    return strip_of(settings_of(context), sequencer_scene(context))


def strip_of(
    settings: LineSettings, sequence: bpy.types.Scene
) -> bpy.types.SoundStrip | bpy.types.MovieStrip | None:
    """The strip that is named, else the active one of the sequencer, else the first selected."""
    editor = (settings.strip_scene or sequence).sequence_editor
    if editor is None:
        return None
    kind = "MOVIE" if settings.is_transfer else "SOUND"
    strips = [strip for strip in editor.strips_all if strip.type == kind]
    if settings.strip_name:
        return next((strip for strip in strips if strip.name == settings.strip_name), None)
    selected = [strip for strip in strips if strip.select]
    return next((s for s in selected if s == editor.active_strip), next(iter(selected), None))


def read_strip(strip: bpy.types.SoundStrip, fps: float) -> Source:
    """The part of the strip's sound that plays, and where. Raises `BadInputError`."""
    _check_speed(strip, "sound")
    if strip.sound is None:
        raise BadInputError(f"The strip '{strip.name}' has no sound; choose a file for it.")
    left, right = handles(strip)
    head, tail = map(sum, _trims(strip))
    start_s = head / fps - strip.sound_offset
    # without a trim the sound plays to its end, wherever that lies within the last whole frame
    end_s = start_s + (right - left) / fps if tail > 0 else 0.0
    silence_s = max(0.0, -start_s)
    audio, file_name = _audio_of(strip.sound)
    return Source(
        audio,
        file_name,
        strip.name,
        max(0.0, start_s),
        end_s,
        left + silence_s * fps,
    )


def read_movie_strip(strip: bpy.types.MovieStrip, fps: float) -> Source:
    """The part of the strip's movie that plays, and where. Raises `BadInputError`, also for a movie
    that plays at another speed than its own."""
    _check_speed(strip, "video")
    path = Path(bpy.path.abspath(strip.filepath))
    if not path.is_file():
        raise BadInputError(
            f"The strip '{strip.name}' has no file '{path.name}' at {path.parent}; find the file."
        )
    left, right = handles(strip)
    (head, cut_head), (tail, cut_tail) = _trims(strip)  # what is cut counts frames of the movie
    movie_fps = strip.fps or fps
    if abs(movie_fps - fps) > _SAME_RATE and _shows_every_frame(
        strip, path, cut_head + cut_tail, fps / movie_fps
    ):
        raise BadInputError(
            f"The strip '{strip.name}' plays its {movie_fps:g} frames per second at the scene's "
            f"{fps:g}, which is another speed; add it again with Adjust Playback Rate on, or give "
            "the scene the movie's rate."
        )
    start_s = head / fps + cut_head / movie_fps
    is_cut = tail > 0 or cut_tail > 0
    end_s = start_s + (right - left) / fps if is_cut else 0.0
    # a strip that is longer than its movie shows a still before it
    still_s = max(0.0, -start_s)
    return Source(path, path.name, strip.name, max(0.0, start_s), end_s, left + still_s * fps)


def sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene:
    # the sequencer has a scene of its own since 5.0, if it is open
    return getattr(context, "sequencer_scene", None) or context.scene


def _read_file(file_path: str, start_frame: float, is_transfer: bool) -> Source:
    if not file_path:
        raise BadInputError(
            "No performance is chosen; choose a motion clip or a video."
            if is_transfer
            else "No audio is chosen; choose a sound file."
        )
    path = Path(bpy.path.abspath(file_path))
    if not path.is_file():
        raise BadInputError(f"There is no file '{path.name}' at {path.parent}; choose another.")
    return Source(path, path.name, path.stem, 0.0, 0.0, start_frame)


def _cut(source: Source, from_s: float, to_s: float, fps: float) -> Source:
    """What a strip plays of the seconds from `from_s` to `to_s` of its file."""
    start_s = max(source.start_s, from_s)
    end_s = min(source.end_s or math.inf, to_s or math.inf)
    if end_s <= start_s:
        raise BadInputError(
            f"The strip '{source.line}' no longer plays the seconds {from_s:g} to {to_s:g} of its "
            "file, which the line is; take the lines from the Sequencer again."
        )
    return replace(
        source,
        start_s=start_s,
        end_s=0.0 if end_s == math.inf else end_s,
        start_frame=source.start_frame + (start_s - source.start_s) * fps,
    )


def _check_speed(strip: bpy.types.SoundStrip | bpy.types.MovieStrip, what: str) -> None:
    if len(strip.retiming_keys):
        raise BadInputError(
            f"The strip '{strip.name}' changes its speed; remove its retiming keys or render it to "
            f"a new {what}."
        )


def _shows_every_frame(strip: bpy.types.MovieStrip, path: Path, n_cut: int, stretch: float) -> bool:
    """Whether a strip takes one scene frame for each of its movie's frames, rather than `stretch`,
    which a movie needs for its own speed. Blender doesn't say it, but how long the content is."""
    with bpy.data.temp_data() as temporary:
        n_frames = temporary.movieclips.load(str(path)).frame_duration - n_cut
    length = strip.content_duration if bpy.app.version >= (5, 1, 0) else strip.frame_duration
    return abs(length - n_frames) < abs(length - n_frames * stretch)


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


def handles(strip: bpy.types.Strip) -> tuple[float, float]:
    """The first frame that a strip shows, and the one behind its last."""
    if bpy.app.version >= (5, 1, 0):
        return strip.left_handle, strip.right_handle
    return strip.frame_final_start, strip.frame_final_end


def _trims(strip: bpy.types.Strip) -> tuple[tuple[float, int], tuple[float, int]]:
    """What is off at the start and at the end: by the handles, negative where the strip is longer
    than its content, and cut from the content."""
    if bpy.app.version >= (5, 1, 0):
        head = strip.left_handle_offset, strip.content_trim_start
        return head, (strip.right_handle_offset, strip.content_trim_end)
    head = strip.frame_offset_start, strip.animation_offset_start
    return head, (strip.frame_offset_end, strip.animation_offset_end)
