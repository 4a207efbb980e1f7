"""What is keyed: numbers of data-blocks, each with the targets of the mapping that move it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..library import LIPS, KeyedCurve, MotionClip, RigMapping, carry_pins
from ..pieces import Pieces
from ..reference import Reference
from .keying import Keying, key_curves


@dataclass(frozen=True)
class Track:
    """A number: `path` and `index` on its data-block, and the names of the `targets` that move it.

    The error bound is a share of `span`, or of how far the number goes where it `grows` and that is
    more.
    """

    path: str
    index: int
    targets: tuple[str, ...]
    span: float = 1.0
    grows: bool = False

    @property
    def name(self) -> str:
        return f"{self.path}[{self.index}]"


@dataclass(frozen=True, eq=False)
class Performed:
    """A performance on one data-block: the values of its tracks [T, N]."""

    owner: Reference
    tracks: tuple[Track, ...]
    values: np.ndarray

    def to_clip(self, fps: float) -> MotionClip:
        names = tuple(track.name for track in self.tracks)
        return MotionClip(fps, names, self.values.astype(np.float32))


def join(parts: Sequence[Performed]) -> list[Performed]:
    """The same with one for each data-block."""
    owners = dict.fromkeys(part.owner for part in parts)
    joined: list[Performed] = []
    for owner in owners:
        own = [part for part in parts if part.owner == owner and part.tracks]
        if own:
            tracks = tuple(track for part in own for track in part.tracks)
            joined.append(Performed(owner, tracks, np.concatenate([p.values for p in own], axis=1)))
    return joined


def track_curves(
    tracks: Sequence[Track],
    values: MotionClip,
    mapping: RigMapping,
    keying: Keying,
    rows: Sequence[int] = (),
) -> Pieces[list[KeyedCurve]]:
    """Curves for `values`, which are the tracks'; `rows` get a key in any case, but in stepped
    curves."""
    influences = mapping.influences
    carried = carry_pins(keying.closures, influences)
    pins = {track.name: _union(carried, track.targets, rows) for track in tracks}
    mouth = [
        track.name
        for track in tracks
        if any(not influences.get(name, {}).keys().isdisjoint(LIPS) for name in track.targets)
    ]
    ranges = {
        track.name: max(track.span, float(np.ptp(values.column(track.name))) if track.grows else 0)
        for track in tracks
    }
    return (yield from key_curves(keying, values, pins, mouth, ranges))


def _union(
    carried: dict[str, np.ndarray], targets: Sequence[str], rows: Sequence[int]
) -> np.ndarray:
    found = [carried[name] for name in targets if name in carried]
    return np.unique(np.concatenate([np.array(rows, np.intp), *found])).astype(np.intp)
