"""The settings that live in the .blend: `scene.mynah`."""

# pyright: reportInvalidTypeForm=false
# Blender declares properties as annotations that are calls.

from __future__ import annotations

from typing import TYPE_CHECKING

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

from .language.words import OWN_CONTEXT
from .library import Amounts, Interpolation, KeyStyle, Line, Quality, StyleUse
from .overlay.editors import redraw
from .scene_reader import Source
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


def _redraw_editors(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    redraw()


class LineSettings:
    """One line of dialogue: what is said, by whom, and how; or an actor's performance of it."""

    source: EnumProperty(
        name="Source",
        description="What the character's performance is made of",
        translation_context=OWN_CONTEXT,  # Blender's "Performance" is that of a computer
        items=(
            ("VOICE", "Voice", "A voice: the character is made to speak it"),
            (
                "PERFORMANCE",
                "Performance",
                "An actor's captured performance, a motion clip or a video: the character gets it, "
                "in the manner of the styles",
            ),
        ),
    )
    audio_source: EnumProperty(
        name="From",
        description="Where the voice or the performance comes from",
        items=(
            ("FILE", "File", "A file: sound or video; for a performance a motion clip or a video"),
            (
                "STRIP",
                "Strip",
                "The selected strip of the Sequencer, where it stands: a sound; for a performance "
                "a movie",
            ),
        ),
    )
    audio_path: StringProperty(
        name="File",
        description="The sound or video file with the voice",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    performance_path: StringProperty(
        name="File",
        description=(
            "The performance: a motion clip (Live Link Face .csv, .npz or .json), or a video of "
            "the actor's face"
        ),
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    start_frame: FloatProperty(
        name="Start Frame",
        description="The scene frame at which the file, or the part of it that is taken, starts",
        default=1.0,
        step=100,
        precision=2,
    )
    strip_name: StringProperty(
        name="Strip", description="The name of the strip; empty: the one that is selected"
    )
    strip_scene: PointerProperty(
        name="Sequence",
        description="The scene with the strip; empty: the one that the Sequencer shows",
        type=bpy.types.Scene,
    )
    from_s: FloatProperty(
        name="From Second",
        description="Where in the file the part begins that is taken",
        default=0.0,
        min=0.0,
        precision=3,
    )
    to_s: FloatProperty(
        name="To Second",
        description="Where in the file the part ends that is taken; 0: at the file's end",
        default=0.0,
        min=0.0,
        precision=3,
    )
    character: PointerProperty(
        name="Character",
        description="The mesh with the face shapes, or its parent; empty for the active object",
        type=bpy.types.Object,
        poll=can_be_character,
    )
    styles: CollectionProperty(
        name="Styles",
        description=(
            "The performances to imitate; none: the model's own, neutral manner, or the actor's"
        ),
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
    key_interpolation: EnumProperty(
        name="Keys",
        description="How the curves run from key to key. A redone range keeps its take's way",
        items=(
            ("smooth", "Smooth", "Curves through few keys: the performance as it was made"),
            ("linear", "Linear", "Straight lines: a few more keys, and no handles to look after"),
            (
                "stepped",
                "Stepped",
                "Poses that are held, as if animated by hand on ones, twos or threes",
            ),
        ),
    )
    key_hold: IntProperty(
        name="Hold Frames",
        description=(
            "How long a pose is held: 1 for ones, 2 for twos, 3 for threes. The mouth closes on "
            "b, m and p all the same"
        ),
        default=2,
        min=1,
        max=3,
    )
    key_error: FloatProperty(
        name="Error",
        description=(
            "How far a curve may be from the performance, as a share of its range; more gives "
            "fewer keys"
        ),
        default=0.01,
        min=0.0,
        max=0.1,
        step=0.1,
        precision=3,
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

    if TYPE_CHECKING:  # what each of the two classes has in its own way
        name: str
        uid: str
        speaker: str

    @property
    def is_transfer(self) -> bool:
        """Whether the character gets a performance there is, instead of one made for a voice."""
        return self.source == "PERFORMANCE"

    @property
    def source_path(self) -> str:
        """The file with the voice or the performance, whichever is asked for."""
        return self.performance_path if self.is_transfer else self.audio_path

    @property
    def chosen_style(self) -> MYNAH_PG_style | None:
        """The chosen row of the styles, if there is any."""
        is_there = 0 <= self.active_style < len(self.styles)
        return self.styles[self.active_style] if is_there else None

    def add_style(self) -> MYNAH_PG_style:
        """A new row of the styles, which is then the chosen one."""
        row = self.styles.add()
        self.active_style = len(self.styles) - 1
        return row

    def amount_of(self, part: str) -> float:
        """How much a part of the face moves, 0 if it is muted."""
        return 0.0 if getattr(self, f"mute_{part}") else getattr(self, part)

    def to_key_style(self) -> KeyStyle:
        """How the line is keyed."""
        return KeyStyle(Interpolation(self.key_interpolation), self.key_hold, self.key_error)

    def to_line(self, source: Source, fps: float) -> Line:
        """The request for one line at the frame rate of its scene, complete but for the clips that
        rigs show. Raises `BadInputError` with the remedy for a style or gesture without a clip."""
        place = (source.start_frame, fps)
        return Line(
            audio=source.file,
            audio_name=source.file_name,
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
            start_s=source.start_s,
            end_s=source.end_s,
            is_transfer=self.is_transfer,
        )


class MYNAH_PG_settings(LineSettings, bpy.types.PropertyGroup):
    """The settings of a scene without a list of lines, and what holds for the whole scene."""

    uid = ""
    speaker = ""

    show_heard: BoolProperty(
        name="Voice in Editors",
        description=(
            "Draw the voice and the phones that were heard in it over the timeline and the "
            "animation editors"
        ),
        default=True,
        update=_redraw_editors,
    )
