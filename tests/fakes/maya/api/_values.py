"""Times, angles and arrays of the API. The API counts in internal units: radians, centimetres."""

from __future__ import annotations

import math
from collections.abc import Iterable, MutableSequence
from fractions import Fraction
from typing import Any, Generic, TypeVar

from maya._units import TICKS, USER_DEFINED, rate_of
from maya._world import world

_T = TypeVar("_T")


class MTime:
    """A time: a value in a unit. Compared by ticks, so that units don't matter."""

    kInvalid = 0
    kHours, kMinutes, kSeconds, kMilliseconds = 1, 2, 3, 4
    k15FPS, k24FPS, k25FPS, k30FPS, k48FPS, k50FPS, k60FPS = range(5, 12)
    kGames, kFilm, kPALFrame, kNTSCFrame, kShowScan, kPALField, kNTSCField = range(5, 12)
    k12FPS, k100FPS, k120FPS = 19, 25, 26
    k23_976FPS, k29_97FPS, k29_97DF, k47_952FPS, k59_94FPS = 43, 44, 45, 46, 47
    k90FPS, k119_88FPS, kUserDef = 50, 51, USER_DEFINED

    def __init__(self, value: float | MTime = 0.0, unit: int = 6) -> None:
        if isinstance(value, MTime):
            value, unit = value.value, value.unit
        if isinstance(value, str) or not hasattr(value, "__float__"):
            raise TypeError(f"MTime: a number is needed, not {type(value).__name__}")
        world.units.rate(unit)
        self.value, self.unit = float(value), unit

    @property
    def ticks(self) -> int:
        """Not in Maya: what the fake keeps."""
        return round(Fraction(self.value) / world.units.rate(self.unit) * TICKS)

    @classmethod
    def from_ticks(cls, ticks: float, unit: int | None = None) -> MTime:
        """Not in Maya: a time of the fake, in the interface's unit."""
        unit = world.units.time_unit if unit is None else unit
        return cls(float(Fraction(ticks) / TICKS * world.units.rate(unit)), unit)

    def asUnits(self, unit: int, /) -> float:
        return float(Fraction(self.value) / world.units.rate(self.unit) * world.units.rate(unit))

    @staticmethod
    def uiUnit() -> int:
        return world.units.time_unit

    @staticmethod
    def setUIUnit(unit: int, /) -> None:
        names = [name for name in _unit_names() if rate_of(name)[0] == unit]
        if not names:
            raise ValueError(f"{unit} is no unit of MTime")
        world.units.time = names[0]

    @staticmethod
    def ticksPerSecond() -> int:
        return TICKS

    def __repr__(self) -> str:
        return f"maya.api.OpenMaya.MTime({self.value}, {self.unit})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MTime) and self.ticks == other.ticks

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: MTime) -> bool:
        return self.ticks < other.ticks

    def __le__(self, other: MTime) -> bool:
        return self.ticks <= other.ticks

    def __gt__(self, other: MTime) -> bool:
        return self.ticks > other.ticks

    def __ge__(self, other: MTime) -> bool:
        return self.ticks >= other.ticks

    def _with(self, seconds_of_unit: float) -> MTime:
        return MTime(seconds_of_unit, self.unit)

    def __add__(self, other: MTime) -> MTime:
        return self._with(self.value + other.asUnits(self.unit))

    def __sub__(self, other: MTime) -> MTime:
        return self._with(self.value - other.asUnits(self.unit))

    def __mul__(self, factor: float) -> MTime:
        return self._with(self.value * factor)

    def __truediv__(self, divisor: float) -> MTime:
        return self._with(self.value / divisor)


def _unit_names() -> list[str]:
    names = [
        "hour",
        "min",
        "sec",
        "millisec",
        "game",
        "film",
        "pal",
        "ntsc",
        "show",
        "palf",
        "ntscf",
    ]
    return names + ["23.976fps", "29.97fps", "29.97df", "47.952fps", "59.94fps", "90fps"]


class MAngle:
    """An angle."""

    kInvalid, kRadians, kDegrees, kAngMinutes, kAngSeconds = range(5)

    def __init__(self, value: float = 0.0, unit: int = 1) -> None:
        if unit not in (self.kRadians, self.kDegrees):
            raise ValueError(f"{unit} is no unit of MAngle that is here")
        self.value, self.unit = float(value), unit

    def asRadians(self) -> float:
        return self.value if self.unit == self.kRadians else math.radians(self.value)

    def asDegrees(self) -> float:
        return math.degrees(self.value) if self.unit == self.kRadians else self.value

    @staticmethod
    def uiUnit() -> int:
        return MAngle.kDegrees if world.units.angle.startswith("deg") else MAngle.kRadians

    @staticmethod
    def internalUnit() -> int:
        return MAngle.kRadians

    @staticmethod
    def internalToUI(value: float, /) -> float:
        return world.units.to_ui("doubleAngle", value)

    @staticmethod
    def uiToInternal(value: float, /) -> float:
        return world.units.from_ui("doubleAngle", value)


class MDistance:
    """A length."""

    @staticmethod
    def internalToUI(value: float, /) -> float:
        return world.units.to_ui("doubleLinear", value)

    @staticmethod
    def uiToInternal(value: float, /) -> float:
        return world.units.from_ui("doubleLinear", value)


class _Array(MutableSequence[_T], Generic[_T]):
    """An array of one kind of element; whatever does not fit raises TypeError."""

    def __init__(self, source: Any = (), value: Any = None) -> None:
        if isinstance(source, int):
            source = [self._default() if value is None else value] * source
        self._items = [self._checked(item) for item in source]

    @staticmethod
    def _default() -> Any:
        return 0

    @staticmethod
    def _checked(item: Any) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        found = self._items[index]
        return type(self)(found) if isinstance(index, slice) else found

    def __setitem__(self, index: Any, value: Any) -> None:
        is_slice = isinstance(index, slice)
        self._items[index] = [self._checked(v) for v in value] if is_slice else self._checked(value)

    def __delitem__(self, index: Any) -> None:
        del self._items[index]

    def insert(self, value: Any, index: int) -> None:  # type: ignore[override]
        """The value first, as in the API."""
        self._items.insert(index, self._checked(value))

    def append(self, value: Any) -> None:
        self._items.append(self._checked(value))

    def copy(self, source: Iterable[Any]) -> None:
        self._items = [self._checked(item) for item in source]

    def setLength(self, length: int) -> None:
        missing = [self._checked(self._default()) for _ in range(length - len(self._items))]
        self._items = self._items[:length] + missing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Array) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"maya.api.OpenMaya.{type(self).__name__}({self._items})"


class MDoubleArray(_Array[float]):
    @staticmethod
    def _checked(item: Any) -> float:
        if isinstance(item, str) or not hasattr(item, "__float__"):
            raise TypeError(f"MDoubleArray: a number is needed, not {type(item).__name__}")
        return float(item)


class MIntArray(_Array[int]):
    @staticmethod
    def _checked(item: Any) -> int:
        if not hasattr(item, "__index__"):
            raise TypeError(f"MIntArray: a whole number is needed, not {type(item).__name__}")
        return int(item)


class MTimeArray(_Array[MTime]):
    @staticmethod
    def _default() -> MTime:
        return MTime()

    @staticmethod
    def _checked(item: Any) -> MTime:
        if not isinstance(item, MTime):
            raise TypeError(f"MTimeArray: an MTime is needed, not {type(item).__name__}")
        return MTime(item)


class MObjectArray(_Array[Any]):
    @staticmethod
    def _checked(item: Any) -> Any:
        return item


class MPlugArray(MObjectArray):
    pass
