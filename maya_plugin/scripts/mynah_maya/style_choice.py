"""A style of a line as the window holds it: in scene frames, before the line's place is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from maya import cmds

from .character import Character
from .library import STYLE_SUFFIXES, BadInputError, StyleUse
from .reference import Reference
from .rig_reader import Passage, passage_of
from .scene_reader import seconds_of

_NO_FILE_NAME = re.compile(r'[\\/:*?"<>|]+')


@dataclass(frozen=True)
class Performance:
    """What a rig performs from the scene frame `first` to `last`; of one animation layer, or all
    that moves it."""

    rig: Character
    first: int
    last: int
    layer: Reference | None = None

    @property
    def title(self) -> str:
        """What lists call it."""
        return self.rig.name if self.layer is None else f"{self.rig.name} {self.layer.name}"

    def to_passage(self) -> Passage:
        """What is to be read. Raises `BadInputError` if there are no frames, or no layer any
        more."""
        if self.layer is not None and self.layer.find() is None:
            raise BadInputError(
                f"The layer '{self.layer.name}' with the performance of '{self.rig.name}' was "
                "deleted; choose another or remove it from the list."
            )
        return replace(passage_of(self.rig, self.first, self.last, self.title), layer=self.layer)


@dataclass(frozen=True)
class StyleChoice:
    """`name` is that of a style of the library, one of its tags, or a clip's path; not used where a
    rig of the scene performs. `part` is '' for the whole face; the style shows from the scene frame
    `from_frame` on, 0: from the line's start."""

    name: str = ""
    weight: float = 1.0
    part: str = ""
    from_frame: int = 0
    performance: Performance | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a clip's file."""
        return self.performance is None and self.name.lower().endswith(STYLE_SUFFIXES)

    @property
    def title(self) -> str:
        """What lists call it."""
        if self.performance is not None:
            return self.performance.title
        return Path(self.name).stem if self.is_file else self.name

    @property
    def clip_name(self) -> str:
        """What a clip's file is called; a rig's has none, but a name that tells its format."""
        if self.performance is not None:
            return f"{_NO_FILE_NAME.sub('_', self.title)}.npz"
        return Path(self.name).name

    def to_use(self, scene_s: float) -> StyleUse:
        """What the request says of it, for a line that begins at this time of the scene's clock."""
        name = self.name if self.performance is None else self.clip_name
        use = StyleUse(name, self.weight, self.part)
        if not self.from_frame:
            return use
        return replace(use, start_s=max(0.0, seconds_of(self.from_frame) - scene_s))

    def read_file(self) -> Path:
        """The clip's file. Raises `BadInputError` if it is not there."""
        path = Path(self.name)
        if not path.is_file():
            raise BadInputError(
                f"The clip file '{path.name}' is not at {path.parent}; choose another or remove it "
                "from the list."
            )
        return path


def playback_frames() -> tuple[int, int]:
    """The first and the last frame of the playback range."""
    first, last = (
        float(cmds.playbackOptions(query=True, minTime=True)),
        float(cmds.playbackOptions(query=True, maxTime=True)),
    )
    return round(first), round(last)


def animation_layers() -> list[str]:
    """The scene's animation layers but for the one below all others."""
    root = cmds.animLayer(query=True, root=True)
    return [layer for layer in cmds.ls(type="animLayer") if layer != root]
