"""Data-blocks by their identity in this session: undo makes Python references invalid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import bpy


@dataclass(frozen=True)
class Reference:
    """A data-block that may be asked for again later, in another tick or after an undo."""

    uid: int
    name: str

    @classmethod
    def to(cls, target: bpy.types.ID) -> Reference:
        return cls(target.session_uid, target.name)

    def find_in(self, collection: Iterable[bpy.types.ID]) -> Any:
        """The data-block, or None if it is gone."""
        return next((item for item in collection if item.session_uid == self.uid), None)
