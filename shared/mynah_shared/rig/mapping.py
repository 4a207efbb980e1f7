"""A rig's mapping: what drives each of its targets, as a small JSON file that any host reads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ..errors import BadInputError
from ..motion.arkit import ARKIT_CHANNELS, HEAD_CHANNELS
from ..motion.curves import CLOSING_CHANNELS
from ..motion.flame import FLAME, MOST_EXP, flame_channels
from . import mapping_file
from .targets import PLAIN, Target

Row = Mapping[str, float]
"""Channel → weight."""

FLAME_CHANNELS: Final = flame_channels(MOST_EXP)
CHANNELS: Final = (*ARKIT_CHANNELS, *FLAME_CHANNELS)
"""All that a mapping may be driven by."""
UNBOUNDED: Final = frozenset((*HEAD_CHANNELS, *FLAME_CHANNELS))
"""Angles and FLAME's components, which have no full value."""
_CLOSING: Final = frozenset(CLOSING_CHANNELS)


def _no_rows() -> dict[str, Row]:
    return {}


def _no_targets() -> dict[str, Target]:
    return {}


@dataclass(frozen=True)
class RigMapping:
    """What drives the targets of a rig, by their names.

    `weights`: target → {channel: weight}. The target is the weighted sum of its channels. A shape
    split in two names the same channel twice, a shape that merges two channels holds both.
    `shows`: target → {channel: how much of it is seen when the target is 1}. Such targets, the
    visemes and expressions of a rig that has no finer shapes, are found together, frame by frame
    (see `drive`). A target is in one of the two.
    `targets` tells what a name stands for where it isn't a shape's from 0 to 1.
    Raises `BadInputError` if a target has no channel or two rows, a weight is not a finite number,
    or `targets` names one that nothing drives.
    """

    weights: Mapping[str, Row]
    name: str = ""
    shows: Mapping[str, Row] = field(default_factory=_no_rows)
    targets: Mapping[str, Target] = field(default_factory=_no_targets)

    def __post_init__(self) -> None:
        for target, row in (*self.weights.items(), *self.shows.items()):
            if not row:
                raise BadInputError(f"The mapping of '{target}' names no channel; remove it.")
            for channel, weight in row.items():
                if not math.isfinite(weight):
                    raise BadInputError(
                        f"The mapping of '{target}' weighs '{channel}' with {weight}; "
                        "a weight must be a finite number."
                    )
        for target in self.shows.keys() & self.weights.keys():
            raise BadInputError(
                f"'{target}' has both weights that drive it and channels that it shows; keep one."
            )
        for target in self.targets.keys() - self.weights.keys() - self.shows.keys():
            raise BadInputError(f"Nothing drives '{target}'; give it a channel or remove it.")

    @property
    def names(self) -> tuple[str, ...]:
        """All targets, in the order of the values that `drive` gives."""
        return (*self.weights, *self.shows)

    def target(self, name: str) -> Target:
        """What `name` stands for on the rig."""
        return self.targets.get(name, PLAIN)

    @property
    def influences(self) -> Mapping[str, Row]:
        """Target → all channels that can move it: what `carry_pins` and the like need."""
        found: dict[str, Row] = dict(self.weights)
        for name, row in self.shows.items():
            # whatever closes the lips moves all that opens or shuts them
            closing = _CLOSING if not _CLOSING.isdisjoint(row) else frozenset[str]()
            found[name] = {**dict.fromkeys(sorted(closing), 0.0), **row}
        return found

    @property
    def representation(self) -> str:
        """In what a performance for this rig must be written: "arkit" or "flame"."""
        used = {channel for row in self.weights.values() for channel in row}
        return FLAME if not used.isdisjoint(FLAME_CHANNELS) else "arkit"

    def limits(self, name: str) -> tuple[float, float]:
        """The lowest and highest value of a target, in its own unit."""
        target = self.target(name)
        if target.limits is not None:
            return target.limits
        row = self.weights.get(name, {})
        if not UNBOUNDED.isdisjoint(row):
            return -math.inf, math.inf
        ends = (target.value(-1.0 if min(row.values(), default=0.0) < 0 else 0.0), target.full)
        return min(ends), max(ends)

    def check_channels(self, channels: Sequence[str] = CHANNELS) -> None:
        """Raises `BadInputError` if a target is driven by something not among `channels`."""
        for target, row in (*self.weights.items(), *self.shows.items()):
            for channel in row:
                if channel not in channels:
                    raise BadInputError(
                        f"The mapping drives '{target}' by '{channel}', which is no channel of "
                        "the performance; correct the name."
                    )

    def restricted_to(self, targets: Sequence[str]) -> RigMapping:
        """The part of the mapping whose targets the rig has."""
        present = set(targets)
        return replace(
            self,
            weights={name: row for name, row in self.weights.items() if name in present},
            shows={name: row for name, row in self.shows.items() if name in present},
            targets={name: target for name, target in self.targets.items() if name in present},
        )

    def save(self, path: Path) -> None:
        """Write the mapping as JSON. The file is complete or not there."""
        mapping_file.write(path, self.to_text())

    def to_text(self) -> str:
        """The mapping as its file has it."""
        return mapping_file.text_of(self.name, self.weights, self.shows, self.targets)

    @classmethod
    def load(cls, path: Path) -> RigMapping:
        """Read and check a mapping file. Raises `BadInputError` naming the file and the fault."""
        document = mapping_file.read(path)
        try:
            return cls._from_document(document)
        except BadInputError as err:
            raise BadInputError(f"The mapping file {path.name} is not usable. {err}") from err

    @classmethod
    def from_text(cls, text: str) -> RigMapping:
        """What `to_text` gave. Raises `BadInputError` naming the fault."""
        try:
            document = mapping_file.parse(text)
        except (ValueError, RecursionError) as err:
            raise BadInputError(f"It is not JSON: {err}.") from err
        return cls._from_document(document)

    @classmethod
    def _from_document(cls, document: object) -> RigMapping:
        content = mapping_file.content_of(document)
        mapping = cls(content.weights, content.name, content.shows, content.targets)
        mapping.check_channels()
        return mapping
