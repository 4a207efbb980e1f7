"""What a bake with a mapping would do to a rig, before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..motion.arkit import ARKIT_CHANNELS
from ..motion.clip import MotionClip
from .drive import Limits, activations, bounds
from .mapping import RigMapping
from .rig_matcher import RigNames
from .targets import Kind

_STILL: Final = 0.02
"""A channel that moves less than this isn't missed."""
_TOLERANCE: Final = 1e-6


@dataclass(frozen=True)
class Driven:
    """A target and, in words, what it is and what moves it."""

    target: str
    what: str
    by: str


@dataclass(frozen=True)
class Clipped:
    """A target that a clip would drive out of its range: in `share` of the frames, 0..1, at worst
    to `wanted` where `limit` is the end, both in the target's unit."""

    target: str
    share: float
    wanted: float
    limit: float


@dataclass(frozen=True)
class DryRun:
    """What a mapping does to a rig: what it drives, what the rig lacks of it (`missing`), what of
    the rig it leaves alone, which channels move nothing (`homeless`), and what a clip would drive
    beyond its range."""

    driven: tuple[Driven, ...]
    missing: tuple[str, ...]
    left_alone: tuple[str, ...]
    homeless: tuple[str, ...]
    clipped: tuple[Clipped, ...]

    def sentences(self) -> list[str]:
        """The report for people, one sentence per thing to know."""
        lines = [f"Drives {len(self.driven)} targets."]
        if self.missing:
            lines.append(f"Not on this rig: {', '.join(self.missing)}.")
        if self.left_alone:
            lines.append(f"Left alone: {', '.join(self.left_alone)}.")
        if self.homeless:
            lines.append(f"Shown by nothing on this rig: {', '.join(self.homeless)}.")
        for cut in self.clipped:
            lines.append(
                f"'{cut.target}' would go to {cut.wanted:.2f} and stops at {cut.limit:.2f}, in "
                f"{100 * cut.share:.0f} % of the frames."
            )
        return lines


def dry_run(
    mapping: RigMapping,
    names: RigNames,
    clip: MotionClip | None = None,
    limits: Limits | None = None,
) -> DryRun:
    """Look at what `mapping` would do to the rig of `names`, and with a clip, whether its motion
    fits within the targets' limits. With a clip only channels that it moves count as homeless."""
    shapes = {name for mesh in names.shapes.values() for name in mesh}
    there = {
        Kind.SHAPE: shapes,
        Kind.BONE: set(names.bones),
        Kind.PROPERTY: {name for _, name in names.properties},
    }
    called = {key: mapping.target(key).name or key for key in mapping.names}
    present = [key for key, name in called.items() if name in there[mapping.target(key).kind]]
    used = {called[key] for key in present}
    rest = [*dict.fromkeys(n for mesh in names.shapes.values() for n in mesh), *names.bones]
    rest += [name for _, name in names.properties]
    part = mapping.restricted_to(present)
    moved = {c for row in (*part.weights.values(), *part.shows.values()) for c in row}
    channels = ARKIT_CHANNELS if clip is None else _moving(clip)
    return DryRun(
        tuple(_driven(part, key) for key in present),
        tuple(key for key in mapping.names if key not in present),
        tuple(name for name in rest if name not in used),
        tuple(channel for channel in channels if channel not in moved),
        () if clip is None else _clipped(part, clip, limits or {}),
    )


def _moving(clip: MotionClip) -> list[str]:
    if clip.n_frames == 0:
        return []
    most = np.abs(clip.values).max(axis=0)
    return [name for name, top in zip(clip.channels, most, strict=True) if top > _STILL]


def _driven(mapping: RigMapping, key: str) -> Driven:
    target = mapping.target(key)
    low, high = mapping.limits(key)
    span = "" if np.isinf(low) or np.isinf(high) else f" {low:g} to {high:g}{target.unit}"
    if target.motion is not None:
        what = f"bone '{target.name}', {target.motion.value} {target.axis}{span}"
    elif target.kind is Kind.PROPERTY:
        what = f"property '{target.name}'{' of ' + target.owner if target.owner else ''}{span}"
    else:
        what = f"shape{span}"
    rows = mapping.weights if key in mapping.weights else mapping.shows
    parts = " + ".join(f"{weight:g} × {channel}" for channel, weight in rows[key].items())
    return Driven(key, what, parts if key in mapping.weights else f"shows {parts}")


def _clipped(mapping: RigMapping, clip: MotionClip, limits: Limits) -> tuple[Clipped, ...]:
    found: list[Clipped] = []
    wanted = activations(clip, mapping)
    for i, key in enumerate(mapping.names):
        target = mapping.target(key)
        low, high = bounds(mapping, key, limits)
        column = target.rest + wanted[:, i] * (target.full - target.rest)
        beyond = np.maximum(column - high, low - column)
        slack = _TOLERANCE * abs(target.full - target.rest)
        out = beyond > slack
        if out.any():
            worst = int(np.argmax(beyond))
            end = high if column[worst] > high else low
            found.append(Clipped(key, float(out.mean()), float(column[worst]), float(end)))
    return tuple(found)
