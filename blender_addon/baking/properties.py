"""Custom properties that the mapping moves: sliders that drivers of the rig read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..reference import Reference
from ..rigging.names import Place
from .tracks import Performed, Track

_ROUND_UP = 0.1
"""Blender cuts the decimals of whole numbers off; so much keeps a curve that is a little below its
number from falling to the one before."""


@dataclass(frozen=True)
class PropertyTarget:
    """A property and the target that it is. `limits` are those of its slider."""

    owner: Reference
    path: str
    target: str
    span: float
    limits: tuple[float, float]
    is_whole: bool

    @property
    def track(self) -> Track:
        return Track(self.path, 0, (self.target,), self.span)

    def perform(self, columns: Mapping[str, np.ndarray]) -> Performed:
        column = columns[self.target]
        values = np.round(column) + _ROUND_UP if self.is_whole else column
        return Performed(self.owner, (self.track,), values[:, None])

    def read(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """The inverse of `perform`."""
        return {self.target: np.floor(values[:, 0]) if self.is_whole else values[:, 0]}


def read_property(place: Place, name: str, target: str, span: float) -> PropertyTarget:
    holder = place.holder
    told = holder.id_properties_ui(name).as_dict()
    return PropertyTarget(
        Reference.to(place.owner),
        place.path_of(name),
        target,
        abs(span),
        (float(told.get("min", -np.inf)), float(told.get("max", np.inf))),
        type(holder[name]) is int,
    )
