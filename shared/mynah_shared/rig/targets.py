"""What on a rig a performance can move: shapes, bones and properties, each with its own unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ..errors import BadInputError


class Kind(Enum):
    """What a target is on the rig."""

    SHAPE = "shape"
    """A shape key or blend shape of one mesh or several, 0..1."""
    BONE = "bone"
    """One motion of a bone or control about or along one axis."""
    PROPERTY = "property"
    """A number with a name: a custom property, an attribute, a curve of the animation."""


class Motion(Enum):
    """What a bone does."""

    TURN = "turn"
    """Rotates about its axis, in degrees. Several turns of one bone are made about its own up,
    then left, then front, as the head's."""
    MOVE = "move"
    """Moves along its axis, in metres."""
    SLIDE = "slide"
    """Moves along its axis in the scene's own units, as the controls of a board beside the face
    do."""


AXES: Final = ("left", "up", "front", "x", "y", "z")
"""left, up, front: the character's own at rest, right-handed as in `HEAD_CHANNELS`, whatever way
the bone lies; a turn about left opens the jaw and nods. x, y, z: the bone's own."""


@dataclass(frozen=True)
class Target:
    """What a name in a mapping stands for: a shape of that name unless `kind` says otherwise.

    Its value is `rest` where nothing drives it and `full` where what drives it is 1, in its own
    unit: degrees, metres, or the property's. `limits` (lowest, highest), in that unit, bound it;
    without them it goes from `rest` to `full`, as far to the other side where a weight is negative,
    and anywhere where the head's angles or FLAME drive it. `owner` is a hint where a property lies:
    a bone's or an object's name. Raises `BadInputError` if these contradict each other.
    """

    kind: Kind = Kind.SHAPE
    name: str = ""
    motion: Motion | None = None
    axis: str = ""
    owner: str = ""
    rest: float = 0.0
    full: float = 1.0
    limits: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for number in (self.rest, self.full, *(self.limits or ())):
            if not math.isfinite(number):
                raise BadInputError(f"It holds the value {number}; give a finite number.")
        if self.rest == self.full:
            raise BadInputError(
                f"Its rest and its full value are both {self.rest:g}, so it can't move; give two "
                "different numbers."
            )
        if self.limits is not None and not self.limits[0] < self.limits[1]:
            raise BadInputError(
                f"Its limits are {self.limits[0]:g} and {self.limits[1]:g}; the lower one comes "
                "first."
            )
        if self.kind is not Kind.SHAPE and not self.name:
            raise BadInputError(f"It doesn't name its {self.kind.value}; add '{self.kind.value}'.")
        if self.kind is Kind.BONE and (self.motion is None or self.axis not in AXES):
            raise BadInputError(
                "It doesn't say how the bone moves; add 'turn', 'move' or 'slide' with one of the "
                f"axes {', '.join(AXES)}."
            )

    @property
    def unit(self) -> str:
        """The unit of its values, for people; empty for a plain number."""
        units = {Motion.TURN: "°", Motion.MOVE: "m"}
        return units.get(self.motion, "") if self.motion is not None else ""

    @property
    def is_plain(self) -> bool:
        """Whether it is a shape from 0 to 1, about which there is nothing to say."""
        return self == Target()

    def value(self, activation: float) -> float:
        """Its value where what drives it comes to `activation`."""
        return self.rest + activation * (self.full - self.rest)


PLAIN: Final = Target()
