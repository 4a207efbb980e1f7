"""A rig's mapping: what drives each of its targets, as a small JSON file that any host reads."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from ..errors import BadInputError
from ..motion.arkit import ARKIT_CHANNELS

SCHEMA: Final = 1


@dataclass(frozen=True)
class RigMapping:
    """`weights`: target name → {channel: weight}. A target is the weighted sum of its channels.

    A shape split in two names the same channel twice, a shape that merges two channels holds both.
    Raises `BadInputError` if a target has no channel or a weight is not a finite number.
    """

    weights: Mapping[str, Mapping[str, float]]
    name: str = ""

    def __post_init__(self) -> None:
        for target, row in self.weights.items():
            if not row:
                raise BadInputError(f"The mapping of '{target}' names no channel; remove it.")
            for channel, weight in row.items():
                if not math.isfinite(weight):
                    raise BadInputError(
                        f"The mapping of '{target}' weighs '{channel}' with {weight}; "
                        "a weight must be a finite number."
                    )

    def check_channels(self, channels: Sequence[str] = ARKIT_CHANNELS) -> None:
        """Raises `BadInputError` if a target is driven by something not among `channels`."""
        for target, row in self.weights.items():
            for channel in row:
                if channel not in channels:
                    raise BadInputError(
                        f"The mapping drives '{target}' by '{channel}', which is no channel of "
                        "the performance; correct the name."
                    )

    def restricted_to(self, targets: Sequence[str]) -> RigMapping:
        """The part of the mapping whose targets the rig has."""
        present = set(targets)
        kept = {target: row for target, row in self.weights.items() if target in present}
        return RigMapping(kept, self.name)

    def save(self, path: Path) -> None:
        """Write the mapping as JSON. The file is complete or not there."""
        targets = {target: dict(row) for target, row in self.weights.items()}
        document = {"schema": SCHEMA, "name": self.name, "targets": targets}
        unfinished = path.with_name(path.name + ".part")
        unfinished.write_text(json.dumps(document, indent=1, ensure_ascii=False), "utf-8")
        os.replace(unfinished, path)

    @classmethod
    def load(cls, path: Path) -> RigMapping:
        """Read and check a mapping file. Raises `BadInputError` naming the file and the fault."""
        try:
            document: Any = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as err:
            raise BadInputError(f"The mapping file {path.name} can't be read: {err}.") from err
        try:
            mapping = cls(_weights_in(document), str(document.get("name", "")))
            mapping.check_channels()
        except BadInputError as err:
            raise BadInputError(f"The mapping file {path.name} is not usable. {err}") from err
        return mapping


def _weights_in(document: Any) -> dict[str, dict[str, float]]:
    if not isinstance(document, dict):
        raise BadInputError("It must hold one JSON object.")
    fields = cast(dict[str, Any], document)
    if fields.get("schema") != SCHEMA:
        raise BadInputError(f"Its schema is {fields.get('schema')!r}; this version reads {SCHEMA}.")
    targets = fields.get("targets")
    if not isinstance(targets, dict):
        raise BadInputError("It has no object 'targets'.")
    return {
        target: _weights_of(target, row) for target, row in cast(dict[str, Any], targets).items()
    }


def _weights_of(target: str, row: Any) -> dict[str, float]:
    if not isinstance(row, dict):
        raise BadInputError(f"'{target}' must be an object of channels and weights.")
    weights: dict[str, float] = {}
    for channel, weight in cast(dict[str, Any], row).items():
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise BadInputError(f"'{target}' weighs '{channel}' with {weight!r}, not a number.")
        weights[channel] = float(weight)
    return weights
