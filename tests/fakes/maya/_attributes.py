"""What an attribute is: name, type, default, limits. Values are stored in internal units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

NUMBERS = ("double", "float", "doubleAngle", "doubleLinear", "time", "long", "short", "byte")
WHOLE = ("long", "short", "byte", "enum")
COMPOUNDS = ("double3", "float3", "compound")
UNSETTABLE = ("message", "mesh", "nurbsCurve", "geometry", "function", "generic")
OPAQUE = (*UNSETTABLE, "matrix", "doubleArray", "stringArray", "nurbsSurface")


@dataclass(frozen=True)
class Spec:
    """One attribute of a node. `children` are the long names of a compound's parts."""

    long: str
    short: str
    type: str = "double"
    default: Any = 0.0
    keyable: bool = False
    multi: bool = False
    low: float | None = None
    high: float | None = None
    soft_low: float | None = None
    soft_high: float | None = None
    enum: tuple[tuple[str, int], ...] = ()
    parent: str | None = None
    children: tuple[str, ...] = ()
    writable: bool = True
    readable: bool = True
    hidden: bool = False
    storable: bool = True
    dynamic: bool = False
    nice: str = ""

    @property
    def is_compound(self) -> bool:
        return self.type in COMPOUNDS

    @property
    def nice_name(self) -> str:
        """ "jawOpen" -> "Jaw Open"."""
        spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", self.long)
        return self.nice or spaced[:1].upper() + spaced[1:]


def spec(names: str, kind: str = "double", default: Any = None, **rest: Any) -> Spec:
    """`spec("visibility/v", "bool", True)`; the default is the type's zero."""
    long, _, short = names.partition("/")
    if default is None:
        default = {"string": None, "bool": False}.get(kind, None if kind in OPAQUE else 0.0)
        default = 0 if kind in (*WHOLE, "time") else default
    return Spec(long=long, short=short or long, type=kind, default=default, **rest)


def triple(
    names: str,
    suffixes: Iterable[str],
    kind: str,
    default: float = 0.0,
    holder: str = "double3",
    **rest: Any,
) -> tuple[Spec, ...]:
    """A compound with a child per suffix: `triple("rotate/r", "XYZ", "doubleAngle")`."""
    long, _, short = names.partition("/")
    parts = [
        spec(f"{long}{s}/{short}{s.lower()}", kind, default, parent=long, **rest) for s in suffixes
    ]
    whole = spec(names, holder, 0.0, **rest)
    return (replace(whole, children=tuple(part.long for part in parts)), *parts)


def compound(names: str, children: Iterable[Spec], **rest: Any) -> tuple[Spec, ...]:
    """A compound of any children, which may be compounds themselves."""
    parts = list(children)
    whole = spec(names, "compound", 0.0, **rest)
    own = [replace(part, parent=whole.long) if part.parent is None else part for part in parts]
    direct = tuple(part.long for part in own if part.parent == whole.long)
    return (replace(whole, children=direct), *own)
