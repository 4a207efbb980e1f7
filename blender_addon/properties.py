"""The settings that live in the .blend: `scene.mynah`."""

# pyright: reportInvalidTypeForm=false
# Blender declares properties as annotations that are calls.

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .library import Amounts, Line, Quality, StyleUse
from .scene_reader import Sound
from .style_properties import MYNAH_PG_gesture, MYNAH_PG_style, can_be_character

PARTS = ("lips", "brows", "blinks", "gaze", "head")


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


def _mute(name: str, what: str) -> BoolProperty:
    return BoolProperty(name=f"Mute {name}", description=f"Leave the {what} still", default=False)


def _guidance(name: str, what: str) -> FloatProperty:
    return FloatProperty(
        name=name,
        description=f"How closely the performance follows the {what}; 1 is as the model learned it",
        default=1.0,
        min=0.0,
        max=10.0,
        soft_max=3.0,
        step=5,
    )


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
        poll=can_be_character,
    )
    styles: CollectionProperty(
        name="Styles",
        description="The performances to imitate; none: the model's own, neutral manner",
        type=MYNAH_PG_style,
    )
    active_style: IntProperty(name="Style", description="The chosen row of the styles")
    style_strength: FloatProperty(
        name="Strength",
        description="How far all styles are from neutral: 0 neutral, 1 as shown, 2 exaggerated",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
    )
    style_fade: FloatProperty(
        name="Fade Frames",
        description="Over how many frames one style turns into the next",
        default=24.0,
        min=0.0,
        max=240.0,
        step=100,
        precision=1,
    )
    audio_guidance: _guidance("Voice Guidance", "voice")
    style_guidance: _guidance("Style Guidance", "style")
    gestures: CollectionProperty(
        name="Gestures",
        description="Passages of other performances, pinned to moments of the line",
        type=MYNAH_PG_gesture,
    )
    active_gesture: IntProperty(name="Gesture", description="The chosen row of the gestures")
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
    mute_lips: _mute("Lips", "jaw, lips and tongue")
    mute_brows: _mute("Brows", "brows")
    mute_blinks: _mute("Blinks", "lids")
    mute_gaze: _mute("Gaze", "eyes")
    mute_head: _mute("Head", "head")

    @property
    def chosen_style(self) -> MYNAH_PG_style | None:
        """The chosen row of the styles, if there is any."""
        is_there = 0 <= self.active_style < len(self.styles)
        return self.styles[self.active_style] if is_there else None

    def amount_of(self, part: str) -> float:
        """How much a part of the face moves, 0 if it is muted."""
        return 0.0 if getattr(self, f"mute_{part}") else getattr(self, part)

    def to_line(self, sound: Sound, fps: float) -> Line:
        """The request for one line at the frame rate of its scene, complete but for the clips that
        rigs show. Raises `BadInputError` with the remedy for a style or gesture without a clip."""
        place = (sound.start_frame, fps)
        return Line(
            audio=sound.audio,
            audio_name=sound.file_name,
            fps=fps,
            styles=tuple(row.to_use(*place) for row in self.styles) or (StyleUse("neutral"),),
            style_clips=tuple(
                row.read_file() if row.kind == "FILE" else None for row in self.styles
            ),
            style_strength=self.style_strength,
            style_fade_s=self.style_fade / fps,
            audio_guidance=self.audio_guidance,
            style_guidance=self.style_guidance,
            gestures=tuple(row.to_use(*place) for row in self.gestures),
            gesture_clips=tuple(
                row.read_file() if row.kind == "FILE" else b"" for row in self.gestures
            ),
            seed=self.seed,
            quality=Quality(self.quality),
            amounts=Amounts(**{part: self.amount_of(part) for part in PARTS}),
            start_s=sound.start_s,
            end_s=sound.end_s,
        )
