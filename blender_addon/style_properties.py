"""Rows of the style list and of the list of gestures, as they live in the .blend."""

# pyright: reportInvalidTypeForm=false
# Blender declares properties as annotations that are calls.

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from .library import BadInputError, GestureUse, StyleUse
from .reference import Reference
from .rig_reader import Passage

STYLE_SUFFIXES = (".csv", ".npz", ".json", ".mynahstyle")

_FILE = ("FILE", "Clip File", "A .csv, .npz, .json or .mynahstyle file", "FILE", 1)
_RIG = ("RIG", "Rig", "What a rig in this file performs", "ARMATURE_DATA", 2)
STYLE_KINDS = (
    ("LIBRARY", "Library", "A style of the engine's library", "ASSET_MANAGER", 0),
    _FILE,
    _RIG,
)
GESTURE_KINDS = (_FILE, _RIG)
PARTS = (
    ("FACE", "Whole Face", "All of the face and the head", "USER", 0),
    ("lips", "Lips", "Jaw, mouth and tongue", "MESH_TORUS", 1),
    ("eyes", "Eyes", "Lids and gaze", "HIDE_OFF", 2),
    ("brows", "Brows", "Brows, cheeks and nose", "SPHERECURVE", 3),
    ("head", "Head", "Turns and nods of the head", "ORIENTATION_GIMBAL", 4),
)
_EXTENTS = (
    ("ACTION", "Action", "Only the curves of one action, quickest"),
    (
        "ALL",
        "All Animation",
        "Everything that moves the face: strips, bones, drivers. Frame after frame, so it takes "
        "longer on a heavy rig",
    ),
)


def can_be_character(_owner: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return candidate.type in {"MESH", "ARMATURE", "EMPTY"}


class _Clip:
    """Where a performance comes from: fields that styles and gestures share."""

    path: StringProperty(
        name="File",
        description="The clip: a Live Link Face .csv, an .npz, a .json or a .mynahstyle file",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    rig: PointerProperty(
        name="Rig",
        description="The mesh with the face shapes that performs, or its parent",
        type=bpy.types.Object,
        poll=can_be_character,
    )
    extent: EnumProperty(
        name="Read", description="How much of the rig's animation is meant", items=_EXTENTS
    )
    action: PointerProperty(
        name="Action",
        description="The action that holds the performance",
        type=bpy.types.Action,
    )
    region: EnumProperty(
        name="Part", description="The part of the face that it is meant for", items=PARTS
    )

    if TYPE_CHECKING:
        kind: str  # each class has a choice of its own

    @property
    def title(self) -> str:
        """What the list and sentences call it."""
        return self.clip_title

    @property
    def clip_title(self) -> str:
        if self.kind == "FILE":
            return Path(bpy.path.abspath(self.path)).stem or "No file"
        if self.extent == "ACTION" and self.action is not None:
            return self.action.name
        return self.rig.name if self.rig is not None else "No rig"

    @property
    def protocol_region(self) -> str:
        return "" if self.region == "FACE" else self.region

    def read_file(self) -> Path:
        """The clip's file. Raises `BadInputError` if it can't be one."""
        path = Path(bpy.path.abspath(self.path))
        if not self.path or not path.is_file():
            raise BadInputError(
                f"The clip file '{path.name}' is not at {path.parent}; choose another or remove it "
                "from the list."
            )
        if path.suffix.lower() not in STYLE_SUFFIXES:
            raise BadInputError(
                f"'{path.name}' is no clip: use a {', '.join(STYLE_SUFFIXES)} file."
            )
        return path

    def read_rig(self, first: int, last: int, fps: float) -> Passage:
        """The frames `first` to `last` of the rig. Raises `BadInputError` if it or its action is
        gone, or there are none."""
        if self.rig is None:
            raise BadInputError(
                f"The rig of '{self.title}' was deleted; choose another or remove it from the list."
            )
        if self.extent == "ACTION" and self.action is None:
            raise BadInputError(
                f"The action with the performance of '{self.rig.name}' was deleted; choose "
                "another or remove it from the list."
            )
        if last < first:
            raise BadInputError(
                f"The frames {first} to {last} of '{self.title}' are none; the last must not lie "
                "before the first."
            )
        action = Reference.to(self.action) if self.extent == "ACTION" else None
        frames = tuple(float(frame) for frame in range(first, last + 1))
        return Passage(Reference.to(self.rig), action, frames, fps, self.title)


class MYNAH_PG_style(_Clip, bpy.types.PropertyGroup):
    """A performance to imitate, how much, where and from when."""

    kind: EnumProperty(name="From", description="Where the style comes from", items=STYLE_KINDS)
    style_name: StringProperty(
        name="Style", description="The name of a style of the library, or one of its tags"
    )
    first: IntProperty(
        name="First Frame", description="The frame of the rig's animation to begin with", default=1
    )
    last: IntProperty(
        name="Last Frame", description="The frame of the rig's animation to end with", default=250
    )
    weight: FloatProperty(
        name="Weight",
        description="How much of this style shows beside the others; what is left of 1 is neutral",
        default=1.0,
        min=0.0,
        max=2.0,
        soft_max=1.0,
        subtype="FACTOR",
    )
    from_frame: IntProperty(
        name="From Frame",
        description="The scene frame from which on the style shows; 0: from the line's start",
        default=0,
    )

    @property
    def title(self) -> str:
        return self.style_name or "No style" if self.kind == "LIBRARY" else self.clip_title

    def to_use(self, start_frame: float, fps: float) -> StyleUse:
        """What the request says of it. Raises `BadInputError` for a style without a name."""
        if self.kind == "LIBRARY" and not self.style_name:
            raise BadInputError(
                "A style of the list has no name; choose one from the library or remove it."
            )
        start_s = max(0.0, (self.from_frame - start_frame) / fps) if self.from_frame else 0.0
        return StyleUse(self._use_name, self.weight, self.protocol_region, start_s=start_s)

    @property
    def _use_name(self) -> str:
        """The style's name; of a clip that of its file, whose suffix tells the format."""
        if self.kind == "FILE":
            return Path(bpy.path.abspath(self.path)).name
        return f"{self.title}.npz" if self.kind == "RIG" else self.style_name

    def to_passage(self, fps: float) -> Passage:
        """What a rig shows of the style. Raises `BadInputError` if it can't be read."""
        return self.read_rig(self.first, self.last, fps)


class MYNAH_PG_gesture(_Clip, bpy.types.PropertyGroup):
    """A passage of a performance, pinned to a moment of the line."""

    kind: EnumProperty(name="From", description="Where it comes from", items=GESTURE_KINDS)
    first: IntProperty(
        name="First Frame",
        description=(
            "The frame that the passage begins with: of the rig's animation, or of the file, whose "
            "first frame is 1, at the scene's rate"
        ),
        default=1,
    )
    last: IntProperty(
        name="Last Frame", description="The frame that the passage ends with", default=24
    )
    at_frame: IntProperty(
        name="At Frame", description="The scene frame at which the gesture begins", default=1
    )

    def to_use(self, start_frame: float, fps: float) -> GestureUse:
        """What the request says of it. Raises `BadInputError` if it lies before the line or has no
        frames."""
        at_s = (self.at_frame - start_frame) / fps
        if at_s < 0:
            raise BadInputError(
                f"The gesture '{self.title}' begins at frame {self.at_frame}, before the line, "
                f"which begins at frame {start_frame:g}; move it."
            )
        if self.last <= self.first:
            raise BadInputError(
                f"The gesture '{self.title}' ends at frame {self.last} and begins at frame "
                f"{self.first}; the end must lie behind the start."
            )
        if self.kind == "RIG":  # only the passage is read
            name, from_s = f"{self.title}.npz", 0.0
        else:
            path = self.read_file()
            # a style's file is a clip in NPZ form, too
            name = f"{path.stem}.npz" if path.suffix.lower() == ".mynahstyle" else path.name
            from_s = max(0.0, (self.first - 1) / fps)
        to_s = from_s + (self.last - self.first) / fps
        return GestureUse(name, "", from_s, to_s, at_s, self.protocol_region)

    def to_passage(self, fps: float) -> Passage:
        """What a rig shows of the gesture. Raises `BadInputError` if it can't be read."""
        return self.read_rig(self.first, self.last, fps)
