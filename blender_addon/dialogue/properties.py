"""The list of lines as it lives in the .blend: `scene.mynah_dialogue`."""

# pyright: reportInvalidTypeForm=false
# Blender declares properties as annotations that are calls.

from __future__ import annotations

import uuid
from dataclasses import replace

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..baking import takes
from ..library import Line
from ..properties import LineSettings
from ..scene_reader import Source
from ..style_properties import can_be_character


def _cast(speaker: MYNAH_PG_speaker, _context: bpy.types.Context) -> None:
    """All lines of the speaker are the character's."""
    for line in speaker.id_data.mynah_dialogue.lines:
        if line.speaker == speaker.name:
            line.character = speaker.character


def _renamed(line: MYNAH_PG_line, _context: bpy.types.Context) -> None:
    """The takes go with the name; another line of the speaker has it to itself."""
    if line.name == line.known_as:
        return
    name = line.id_data.mynah_dialogue.free_name(line)
    if line.name != name:
        line.name = name  # which comes back here
        return
    if line.character is not None and line.known_as:
        takes.rename(takes.owners_of(line.character), line.known_as, line.name)
    line.known_as = line.name


class MYNAH_PG_speaker(bpy.types.PropertyGroup):
    """Who is meant by a name in the dialogue."""

    name: StringProperty(
        name="Speaker", description="The name in the sheet, of the marker, file or channel"
    )
    character: PointerProperty(
        name="Character",
        description="The mesh with the face shapes, or its parent, that speaks all of its lines",
        type=bpy.types.Object,
        poll=can_be_character,
        update=_cast,
    )


class MYNAH_PG_line(LineSettings, bpy.types.PropertyGroup):
    """A line of the list: all settings of a line, its name and its speaker."""

    name: StringProperty(
        name="Line",
        description="What the line and its takes are called; unique for its speaker",
        update=_renamed,
    )
    known_as: StringProperty(
        name="Known As", description="The name of the line's takes", options={"HIDDEN"}
    )
    uid: StringProperty(name="Identity", description="Tells lines apart, whatever they are called")
    speaker: StringProperty(
        name="Speaker", description="Who says the line; Cast tells which character that is"
    )
    text: StringProperty(name="Text", description="What is said, for your notes")
    model: StringProperty(
        name="Model", description="One of the engine's models; empty: the best that fits"
    )
    is_ticked: BoolProperty(
        name="Tick", description="Ticked lines can be made, or given settings, together"
    )

    def to_line(self, source: Source, fps: float) -> Line:
        return replace(super().to_line(source, fps), model=self.model, text=self.text)


class MYNAH_PG_dialogue(bpy.types.PropertyGroup):
    """The lines of a scene, and who speaks them."""

    lines: CollectionProperty(
        name="Lines", description="All lines of the scene", type=MYNAH_PG_line
    )
    active: IntProperty(name="Line", description="The chosen line, whose settings are shown")
    speakers: CollectionProperty(
        name="Cast", description="Which character speaks for whom", type=MYNAH_PG_speaker
    )
    active_speaker: IntProperty(name="Speaker", description="The chosen row of the cast")

    def add_line(self, name: str, speaker: str) -> MYNAH_PG_line:
        """A new line at the end of the list."""
        line = self.lines.add()
        line.uid = uuid.uuid4().hex
        line.speaker = speaker
        line.name = name or "Line"
        return line

    def find_line(self, name: str, speaker: str) -> MYNAH_PG_line | None:
        wanted = (name.casefold(), speaker.casefold())
        lines = (line for line in self.lines)
        return next((x for x in lines if (x.name.casefold(), x.speaker.casefold()) == wanted), None)

    def free_name(self, line: MYNAH_PG_line) -> str:
        """The name of a line, with a number behind it if another of the speaker's has it."""
        taken = {
            other.name.casefold()
            for other in self.lines
            if other.uid != line.uid and other.speaker == line.speaker
        }
        name, number = line.name or "Line", 2
        while name.casefold() in taken:
            name = f"{line.name or 'Line'} {number}"
            number += 1
        return name
