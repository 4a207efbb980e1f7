"""The list of lines as a dialogue sheet, for a spreadsheet or `mynah batch`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ..library import BadInputError, DialogueLine, Quality, StyleUse, write_sheet
from ..scene_reader import effective_fps, source_of
from .properties import MYNAH_PG_line


@dataclass(frozen=True)
class Exported:
    """How many lines were written; `remarks` are whole sentences about what a sheet can't say."""

    n_lines: int
    remarks: tuple[str, ...]


def export_sheet(scene: bpy.types.Scene, sequence: bpy.types.Scene, path: Path) -> Exported:
    """Raises `BadInputError` if no line can be written, or the file can't."""
    lines: list[DialogueLine] = []
    remarks: list[str] = []
    for line in scene.mynah_dialogue.lines:
        try:
            lines.append(_told(line, sequence, remarks))
        except BadInputError as error:
            remarks.append(f"'{line.name}' was left out: {error}")
    if not lines:
        raise BadInputError(" ".join(["There is no line that a sheet can hold.", *remarks[:3]]))
    try:
        write_sheet(lines, path)
    except OSError as error:
        raise BadInputError(
            f"'{path}' can't be written ({error.strerror}); choose another place."
        ) from error
    return Exported(len(lines), tuple(remarks))


def _told(line: MYNAH_PG_line, sequence: bpy.types.Scene, remarks: list[str]) -> DialogueLine:
    if line.is_transfer:
        raise BadInputError("it is a performance, and sheets hold voices.")
    source = source_of(line, sequence)
    if isinstance(source.file, bytes):
        raise BadInputError("its sound is packed into the .blend; unpack it first.")
    styles: list[StyleUse] = []
    for row in line.styles:
        use = row.to_use(source.start_frame, effective_fps(line.id_data))
        if row.kind == "LIBRARY":
            styles.append(use)
        elif row.kind == "FILE":
            styles.append(replace(use, name=str(row.read_file().absolute())))
        else:
            remarks.append(
                f"The style '{row.title}' of '{line.name}', which is a rig's, is left out."
            )
    character = line.character.name if line.character is not None else ""
    return DialogueLine(
        name=line.name,
        audio=source.file.absolute(),
        character=line.speaker or character,
        start_frame=round(source.start_frame, 4),
        from_s=round(source.start_s, 6),
        to_s=round(source.end_s, 6),
        styles=tuple(styles),
        strength=line.style_strength,
        seed=line.seed,
        quality=Quality(line.quality),
        model=line.model,
        text=line.text,
    )
