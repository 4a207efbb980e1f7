"""The settings that live in the .blend: `scene.mynah`."""

# pyright: reportInvalidTypeForm=false
# Blender declares properties as annotations that are calls.

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from .library import Amounts, Line, Quality, StyleUse
from .scene_reader import Sound


def _amount(name: str, what: str) -> FloatProperty:
    return FloatProperty(
        name=name,
        description=f"How much the {what} move: 0 removes them, 1 is as performed",
        default=1.0,
        min=0.0,
        max=2.0,
        soft_max=1.5,
        subtype="FACTOR",
    )


def _can_be_character(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type in {"MESH", "ARMATURE", "EMPTY"}


class MYNAH_PG_settings(bpy.types.PropertyGroup):
    """One line of dialogue: what is said, by whom, and how."""

    audio_source: EnumProperty(
        name="Audio",
        description="Where the voice comes from",
        items=(
            ("FILE", "File", "A sound or video file"),
            ("STRIP", "Strip", "The selected sound strip of the Sequencer, where it stands"),
        ),
    )
    audio_path: StringProperty(
        name="File",
        description="The sound or video file with the voice",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    start_frame: FloatProperty(
        name="Start Frame",
        description="The scene frame at which the audio file starts",
        default=1.0,
        step=100,
        precision=2,
    )
    character: PointerProperty(
        name="Character",
        description="The mesh with the face shapes, or its parent; empty for the active object",
        type=bpy.types.Object,
        poll=_can_be_character,
    )
    style: EnumProperty(
        name="Style",
        description="The performance to imitate",
        items=(("neutral", "Neutral", "The model's own manner of speaking"),),
    )
    quality: EnumProperty(
        name="Quality",
        description="How much time the model may take",
        items=(
            ("draft", "Draft", "Fastest"),
            ("normal", "Normal", "For everyday work"),
            ("best", "Best", "For final animation"),
        ),
        default="normal",
    )
    seed: IntProperty(
        name="Seed",
        description="Another number gives another take of the same line",
        default=0,
        min=0,
    )
    lips: _amount("Lips", "jaw, lips and tongue")
    brows: _amount("Brows", "brows")
    blinks: _amount("Blinks", "lids")
    gaze: _amount("Gaze", "eyes")
    head: _amount("Head", "head turns and nods")

    def to_line(self, sound: Sound, fps: float) -> Line:
        """The complete request for one line, at the frame rate of its scene."""
        return Line(
            audio=sound.audio,
            audio_name=sound.file_name,
            fps=fps,
            styles=(StyleUse(self.style),),
            seed=self.seed,
            quality=Quality(self.quality),
            amounts=Amounts(self.lips, self.brows, self.blinks, self.gaze, self.head),
            start_s=sound.start_s,
            end_s=sound.end_s,
        )
