"""What the artist sets on a take that is baked: `action.mynah_take`."""

# pyright: reportInvalidTypeForm=false
# Blender declares properties as annotations that are calls.

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, FloatProperty

from .baking.amounts import set_amounts
from .library import BadInputError
from .properties import PARTS
from .scene_reader import character_of
from .session import session


def _set_amounts(take: MYNAH_PG_take, context: bpy.types.Context) -> None:
    character = character_of(context)
    if character is None:
        return
    try:
        set_amounts(character, take.id_data, {part: take.amount_of(part) for part in PARTS})
    except BadInputError as error:
        session.tell(str(error), is_error=True)


def _amount(name: str, what: str) -> FloatProperty:
    return FloatProperty(
        name=name,
        description=(
            f"How much the {what} move in this take, at once and without touching a key: 0 not "
            "at all, 1 as baked"
        ),
        default=1.0,
        min=0.0,
        max=2.0,
        soft_max=1.5,
        subtype="FACTOR",
        update=_set_amounts,
    )


def _mute(name: str, what: str) -> BoolProperty:
    return BoolProperty(
        name=f"Mute {name}",
        description=f"Show this take with still {what}",
        default=False,
        update=_set_amounts,
    )


class MYNAH_PG_take(bpy.types.PropertyGroup):
    """How much each part of the face moves in a take."""

    lips: _amount("Lips", "jaw, lips and tongue")
    brows: _amount("Brows", "brows, cheeks and nose")
    blinks: _amount("Blinks", "lids")
    gaze: _amount("Gaze", "eyes")
    head: _amount("Head", "head turns and nods")
    mute_lips: _mute("Lips", "jaw, lips and tongue")
    mute_brows: _mute("Brows", "brows, cheeks and nose")
    mute_blinks: _mute("Blinks", "lids")
    mute_gaze: _mute("Gaze", "eyes")
    mute_head: _mute("Head", "head")

    def amount_of(self, part: str) -> float:
        """0 if the part is muted."""
        return 0.0 if getattr(self, f"mute_{part}") else getattr(self, part)

    def reset(self) -> None:
        """As baked."""
        for part in PARTS:
            self.property_unset(part)
            self.property_unset(f"mute_{part}")
