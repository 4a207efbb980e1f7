"""How the lines of the list are, for the panel to draw. Nothing here is saved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import bpy

from ..session import session


class State(Enum):
    """`done` to `blocked` are how a line is; the others tell what is being done with it."""

    unknown = "unknown"
    not_made = "not made"
    changed = "changed since"
    done = "done"
    blocked = "can't be made"
    failed = "failed"
    waiting = "waiting"
    reading = "reading"
    performing = "performing"
    keying = "keying"


UNDER_WAY = frozenset({State.waiting, State.reading, State.performing, State.keying})


@dataclass(frozen=True)
class Shown:
    """`message` says why a line failed or is blocked; `fraction` is how far a stage is."""

    state: State
    stage: str = ""
    fraction: float = 0.0
    message: str = ""


Key = tuple[int, str]
"""The identities of a scene and of a line in it."""

_UNKNOWN = Shown(State.unknown)


def key_of(scene: bpy.types.Scene, uid: str) -> Key:
    return scene.session_uid, uid


class Board:
    """What is known of the lines."""

    def __init__(self) -> None:
        self._shown: dict[Key, Shown] = {}
        self._starts: dict[Key, float] = {}

    def get(self, key: Key) -> Shown:
        return self._shown.get(key, _UNKNOWN)

    def put(self, key: Key, shown: Shown) -> None:
        if self.get(key) != shown:
            self._shown[key] = shown
            session.revision += 1

    def start_of(self, key: Key, otherwise: float) -> float:
        """The scene frame at which a line starts, as it was last seen; strips move."""
        return self._starts.get(key, otherwise)

    def put_start(self, key: Key, frame: float) -> None:
        self._starts[key] = frame

    def forget(self) -> None:
        self._shown.clear()
        self._starts.clear()
        session.revision += 1


board = Board()
