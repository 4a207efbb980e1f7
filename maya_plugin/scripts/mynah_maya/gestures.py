"""Gestures: passages of other performances, pinned to moments of a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .character import find_character
from .library import STYLE_SUFFIXES, BadInputError, GestureUse
from .rig_reader import Passage, check_passage, passage_of
from .scene_reader import effective_fps, frame_of

PARTS = ("lips", "eyes", "brows", "head")
_AND = " + "
_WORDS = re.compile(
    r"(?P<source>.+?)\s+(?P<first>-?\d+)\s+(?P<last>-?\d+)\s+(?P<at>-?\d+)"
    rf"(\s+(?P<part>{'|'.join(PARTS)}))?"
)


@dataclass(frozen=True)
class Gesture:
    """The frames `first` to `last` of a clip file or of a rig in the scene, played at `at_frame` of
    the scene by a part of the face, '' for all of it.

    `source` is the file's path or the rig's name. A file's first frame is 1, at the scene's rate.
    """

    source: str
    first: int
    last: int
    at_frame: int
    region: str = ""

    @property
    def is_file(self) -> bool:
        return self.source.lower().endswith(STYLE_SUFFIXES)

    @property
    def title(self) -> str:
        """What the list and sentences call it."""
        return Path(self.source).stem if self.is_file else self.source.strip(":")

    def read_file(self) -> Path:
        """The clip's file. Raises `BadInputError` if there is none."""
        path = Path(self.source)
        if not path.is_file():
            raise BadInputError(
                f"The clip file '{path.name}' is not at {path.parent}; choose another or remove it "
                "from the list."
            )
        return path

    def to_passage(self) -> Passage:
        """What a rig shows of the gesture. Raises `BadInputError` if it can't be read."""
        passage = passage_of(find_character((self.source,)), self.first, self.last, self.title)
        check_passage(passage)
        return passage

    def to_use(self, scene_s: float, fps: float) -> GestureUse:
        """What the request says of it, for a line that begins at `scene_s` of the scene's clock.
        Raises `BadInputError` if it lies before the line or has no frames."""
        begin = frame_of(scene_s)
        if self.at_frame < begin:
            raise BadInputError(
                f"The gesture '{self.title}' begins at frame {self.at_frame}, before the line, "
                f"which begins at frame {begin:g}; move it."
            )
        if self.last <= self.first:
            raise BadInputError(
                f"The gesture '{self.title}' ends at frame {self.last} and begins at frame "
                f"{self.first}; the end must lie behind the start."
            )
        name, from_s = f"{self.title}.npz", 0.0  # of a rig only the passage is read
        if self.is_file:
            from_s = max(0.0, (self.first - 1) / fps)
            if not self.source.lower().endswith(".mynahstyle"):  # that is in NPZ form, too
                name = Path(self.source).name
        to_s = from_s + (self.last - self.first) / fps
        return GestureUse(name, "", from_s, to_s, (self.at_frame - begin) / fps, self.region)


@dataclass(frozen=True)
class Pinned:
    """Gestures as a line and its order carry them: `clips` are files, `passages` those of rigs by
    their place."""

    uses: tuple[GestureUse, ...]
    clips: tuple[Path | None, ...]
    passages: dict[int, Passage]


def pin(gestures: Sequence[Gesture], scene_s: float) -> Pinned:
    """Raises `BadInputError` with the remedy."""
    fps = effective_fps()
    return Pinned(
        tuple(gesture.to_use(scene_s, fps) for gesture in gestures),
        tuple(gesture.read_file() if gesture.is_file else None for gesture in gestures),
        {i: gesture.to_passage() for i, gesture in enumerate(gestures) if not gesture.is_file},
    )


def parse_gestures(words: str) -> tuple[Gesture, ...]:
    """`CLIP FIRST LAST AT [PART]`, several with ` + ` between them, CLIP being a file or a rig.
    Raises `BadInputError` with the remedy."""
    return tuple(_parse(part) for part in words.split(_AND)) if words.strip() else ()


def _parse(words: str) -> Gesture:
    match = _WORDS.fullmatch(words.strip())
    if match is None:
        raise BadInputError(
            f"'{words}' is no gesture; write a clip or rig, its first and last frame, the frame to "
            f"play it at, and a part ({', '.join(PARTS)}) if not the whole face: nod.csv 1 24 101 "
            "head."
        )
    first, last, at_frame = (int(match[name]) for name in ("first", "last", "at"))
    return Gesture(match["source"], first, last, at_frame, match["part"] or "")
