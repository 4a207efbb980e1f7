"""Units of time, angle and length: what the interface shows and what is stored.

Stored are ticks (141 120 000 a second, Maya's own resolution since 2017), radians and centimetres.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

TICKS = 141_120_000  # MTime.ticksPerSecond()

# Names and rates: Autodesk's page of the command currentUnit; numbers: MTime's enumeration.
_NTSC = Fraction(1000, 1001)
_NAMED: dict[str, tuple[int, Fraction]] = {
    "hour": (1, Fraction(1, 3600)),
    "min": (2, Fraction(1, 60)),
    "sec": (3, Fraction(1)),
    "millisec": (4, Fraction(1000)),
    "game": (5, Fraction(15)),
    "film": (6, Fraction(24)),
    "pal": (7, Fraction(25)),
    "ntsc": (8, Fraction(30)),
    "show": (9, Fraction(48)),
    "palf": (10, Fraction(50)),
    "ntscf": (11, Fraction(60)),
    "23.976fps": (43, 24 * _NTSC),
    "29.97fps": (44, 30 * _NTSC),
    "29.97df": (45, 30 * _NTSC),
    "47.952fps": (46, 48 * _NTSC),
    "59.94fps": (47, 60 * _NTSC),
    "44100fps": (48, Fraction(44100)),
    "48000fps": (49, Fraction(48000)),
    "90fps": (50, Fraction(90)),
    "119.88fps": (51, 120 * _NTSC),
}
_WHOLE = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 40, 75, 80, 100, 120, 125, 150, 200, 240, 250, 300)
_WHOLE += (375, 400, 500, 600, 750, 1200, 1500, 2000, 3000, 6000)
_NAMED.update({f"{rate}fps": (12 + i, Fraction(rate)) for i, rate in enumerate(_WHOLE)})
_SYNONYMS = {
    "15fps": "game",
    "24fps": "film",
    "25fps": "pal",
    "30fps": "ntsc",
    "48fps": "show",
    "50fps": "palf",
    "60fps": "ntscf",
}
USER_DEFINED = 52
RATES: dict[int, Fraction] = dict(_NAMED.values())
ANGLES = {"rad": 1.0, "radian": 1.0, "deg": math.radians(1.0), "degree": math.radians(1.0)}
LENGTHS = {"mm": 0.1, "cm": 1.0, "m": 100.0, "in": 2.54, "ft": 30.48, "yd": 91.44, "km": 100000.0}


def rate_of(name: str) -> tuple[int, Fraction, str]:
    """Number, units a second and name of a time unit.

    A rate that is not in the list counts as user-defined ([unverified]: that Maya takes it by the
    same form of name).
    """
    name = _SYNONYMS.get(name, name)
    if name in _NAMED:
        return (*_NAMED[name], name)
    custom = re.fullmatch(r"(\d+(?:\.\d+)?)fps", name)
    if custom is None or not float(custom[1]):
        raise RuntimeError(f"Invalid time unit: {name}")
    return USER_DEFINED, Fraction(custom[1]), name


class Units:
    """What the interface of one session shows."""

    def __init__(self) -> None:
        self.time = "film"
        self.angle = "deg"
        self.length = "cm"

    @property
    def time_unit(self) -> int:
        return rate_of(self.time)[0]

    @property
    def fps(self) -> Fraction:
        return rate_of(self.time)[1]

    def rate(self, unit: int) -> Fraction:
        """Units a second of one of MTime's numbers."""
        if unit == USER_DEFINED:
            if self.time_unit != USER_DEFINED:
                raise RuntimeError("(kInvalidParameter): no user-defined time unit is set")
            return self.fps
        if unit not in RATES:
            raise ValueError(f"{unit} is no unit of MTime")
        return RATES[unit]

    def ticks(self, frame: float) -> int:
        return round(Fraction(frame) / self.fps * TICKS)

    def frame(self, ticks: int) -> float:
        return float(Fraction(ticks, TICKS) * self.fps)

    def to_ui(self, kind: str, value: float) -> float:
        """A stored number as commands show it."""
        if kind == "doubleAngle":
            return value / ANGLES[self.angle]
        if kind == "doubleLinear":
            return value / LENGTHS[self.length]
        return self.frame(int(value)) if kind == "time" else value

    def from_ui(self, kind: str, value: float) -> float:
        """A number as commands take it, to be stored."""
        if kind == "doubleAngle":
            return value * ANGLES[self.angle]
        if kind == "doubleLinear":
            return value * LENGTHS[self.length]
        return self.ticks(value) if kind == "time" else value
