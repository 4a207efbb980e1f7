"""Lines of the list from what the artist has: strips, markers, a sheet, a folder of recordings.

Lines that are there already are brought up to date; their styles and amounts stay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from ..capture import as_blender_notes
from ..library import (
    BadInputError,
    DialogueLine,
    Quality,
    StyleUse,
    lines_in_folder,
    read_marker,
    read_sheet,
    style_file,
)
from ..scene_reader import effective_fps, handles, read_strip
from .cast import cast_speaker, known_names, speaker_of_strip
from .properties import MYNAH_PG_line


@dataclass
class Filled:
    """What was done to the list; `remarks` are whole sentences."""

    n_new: int = 0
    n_updated: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        parts = []
        if self.n_new or not self.n_updated:
            parts.append("1 new line" if self.n_new == 1 else f"{self.n_new} new lines")
        if self.n_updated:
            parts.append(f"{self.n_updated} brought up to date")
        return ", ".join(parts) + "."


def fill_from_strips(
    scene: bpy.types.Scene, sequence: bpy.types.Scene, *, only_selected: bool
) -> Filled:
    """A line for every sound strip of `sequence`, or the selected ones. Raises `BadInputError` if
    there are none."""
    editor = sequence.sequence_editor
    strips = [s for s in editor.strips_all if s.type == "SOUND"] if editor is not None else []
    chosen = [strip for strip in strips if strip.select] if only_selected else strips
    if not chosen:
        which = "is selected" if only_selected else "is there"
        raise BadInputError(f"No sound strip {which} in the Sequencer; add or select some.")
    filled, dialogue, names = Filled(), scene.mynah_dialogue, known_names(scene)
    for strip in sorted(chosen, key=lambda s: (handles(s)[0], s.channel)):
        line = next((line for line in dialogue.lines if _is_of(line, strip, sequence, scene)), None)
        if line is None:
            line = dialogue.add_line(strip.name, speaker_of_strip(sequence, strip, names))
            filled.n_new += 1
        else:
            filled.n_updated += 1
        line.audio_source, line.strip_name = "STRIP", strip.name
        line.strip_scene = None if sequence == scene else sequence
        _cast(scene, line, line.speaker)
        try:
            line.start_frame = read_strip(strip, effective_fps(sequence)).start_frame
        except BadInputError as error:
            filled.remarks.append(str(error))
    return filled


def fill_from_markers(
    scene: bpy.types.Scene,
    sequence: bpy.types.Scene,
    strip: bpy.types.SoundStrip | None,
    audio_path: str,
) -> Filled:
    """A line from each marker to the next one, of a strip or of a file that starts where the
    scene's own settings say.

    A marker is called "Anna: line name" or "Anna"; one without letters, or called "-", ends a line
    and begins none. Raises `BadInputError` if there is no marker within.
    """
    fps = effective_fps(sequence)
    stretch = _stretch(scene, sequence, strip, audio_path)
    markers = sorted(sequence.timeline_markers, key=lambda marker: marker.frame)
    within = [m for m in markers if stretch.first - 0.5 <= m.frame < stretch.end]
    if not within:
        raise BadInputError(
            f"No marker lies within '{stretch.name}'; add markers called 'Anna: line name' where "
            "lines begin."
        )
    filled = Filled()
    counts: dict[str, int] = {}
    ends = [*(float(marker.frame) for marker in within[1:]), stretch.end]
    for marker, end in zip(within, ends, strict=True):
        speaker, said = read_marker(marker.name)
        if not speaker:
            continue
        counts[speaker] = counts.get(speaker, 0) + 1
        line = _find_or_add(scene, said or f"{stretch.name} {counts[speaker]}", speaker, filled)
        begin = max(float(marker.frame), stretch.first)
        line.source, line.start_frame = "VOICE", begin
        line.from_s = stretch.from_s + (begin - stretch.first) / fps
        line.to_s = 0.0 if end == math.inf else stretch.from_s + (end - stretch.first) / fps
        if strip is not None:
            line.audio_source, line.strip_name = "STRIP", strip.name
            line.strip_scene = None if sequence == scene else sequence
        else:
            line.audio_source, line.audio_path = "FILE", audio_path
        _cast(scene, line, speaker)
    return filled


@dataclass(frozen=True)
class _Stretch:
    """What markers cut: from scene frame `first`, which is the second `from_s` of the file, to
    before frame `end`, which may be infinite."""

    name: str
    first: float
    from_s: float
    end: float


def _stretch(
    scene: bpy.types.Scene,
    sequence: bpy.types.Scene,
    strip: bpy.types.SoundStrip | None,
    audio_path: str,
) -> _Stretch:
    if strip is not None:
        source = read_strip(strip, effective_fps(sequence))
        return _Stretch(strip.name, source.start_frame, source.start_s, handles(strip)[1])
    path = Path(bpy.path.abspath(audio_path))
    if not audio_path or not path.is_file():
        raise BadInputError("Select the long sound strip that the markers cut, or choose a file.")
    return _Stretch(path.stem, scene.mynah.start_frame, 0.0, math.inf)


def fill_from_sheet(scene: bpy.types.Scene, path: Path) -> Filled:
    """A line for every row. Raises `BadInputError` with all faults at once, and then changes
    nothing."""
    sheet = read_sheet(path, effective_fps(scene))
    filled = Filled()
    for line in sheet.lines:
        _take_over(scene, line, path.parent, filled)
    if sheet.ignored_columns:
        columns = ", ".join(f"'{name}'" for name in sheet.ignored_columns)
        filled.remarks.append(f"The columns {columns} were left alone.")
    return filled


def fill_from_folder(scene: bpy.types.Scene, folder: Path) -> Filled:
    """A line for every recording; whose it is, its name or folder tells. All begin where the scene
    does. Raises `BadInputError` if there are none."""
    filled = Filled()
    for line in lines_in_folder(folder, known_names(scene)):
        _take_over(scene, line, folder, filled)
    nobody = sum(not line.speaker for line in scene.mynah_dialogue.lines)
    if nobody:
        filled.remarks.append(f"{nobody} lines name nobody; choose who speaks them.")
    return filled


def _take_over(scene: bpy.types.Scene, told: DialogueLine, folder: Path, filled: Filled) -> None:
    n_before = filled.n_new
    line = _find_or_add(scene, told.name, told.character, filled)
    is_new = filled.n_new > n_before
    line.source, line.audio_source = "VOICE", "FILE"
    line.audio_path = as_blender_notes(told.audio.absolute())
    line.from_s, line.to_s = told.from_s, told.to_s
    if told.start_frame is not None or is_new:
        start = told.start_frame
        line.start_frame = float(scene.frame_start) if start is None else start
    plain = DialogueLine("", told.audio)
    if told.styles or is_new:
        _set_styles(line, told.styles, folder, effective_fps(scene))
    for ours, value, default in (
        ("style_strength", told.strength, plain.strength),
        ("seed", told.seed, plain.seed),
        ("quality", told.quality.value, Quality.normal.value),
        ("model", told.model, ""),
        ("text", told.text, ""),
    ):
        if is_new or value != default:
            setattr(line, ours, min(value, 2**31 - 1) if ours == "seed" else value)
    _cast(scene, line, told.character)


def _set_styles(line: MYNAH_PG_line, styles: Sequence[StyleUse], folder: Path, fps: float) -> None:
    line.styles.clear()
    line.active_style = 0
    for use in styles:
        row = line.styles.add()
        file = style_file(use.name, folder)
        if file is not None:
            row.kind, row.path = "FILE", as_blender_notes(file.absolute())
        else:
            row.kind, row.style_name = "LIBRARY", use.name
        row.weight, row.region = use.weight, use.region or "FACE"
        if use.start_s:
            row.from_frame = round(line.start_frame + use.start_s * fps)


def _find_or_add(scene: bpy.types.Scene, name: str, speaker: str, filled: Filled) -> MYNAH_PG_line:
    line = scene.mynah_dialogue.find_line(name, speaker)
    if line is not None:
        filled.n_updated += 1
        return line
    filled.n_new += 1
    return scene.mynah_dialogue.add_line(name, speaker)


def _cast(scene: bpy.types.Scene, line: MYNAH_PG_line, speaker: str) -> None:
    """A character that the artist has chosen for the line stays."""
    character = cast_speaker(scene, speaker)
    if line.character is None and character is not None:
        line.character = character


def _is_of(
    line: MYNAH_PG_line,
    strip: bpy.types.Strip,
    sequence: bpy.types.Scene,
    scene: bpy.types.Scene,
) -> bool:
    """Whether a line is all of a strip."""
    return (
        line.audio_source == "STRIP"
        and line.strip_name == strip.name
        and (line.strip_scene or scene) == sequence
        and not line.from_s
        and not line.to_s
    )
