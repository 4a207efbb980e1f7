"""A line of dialogue of a scene, before anything of it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..client.steps import Line
from ..protocol.messages import Quality, StyleUse
from .style_words import style_file

AUDIO_SUFFIXES: Final = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".wma"),
    *(".mp4", ".mov", ".m4v", ".mkv", ".avi", ".webm"),
)
"""What a folder of dialogue is searched for: sounds, and videos with sound."""


@dataclass(frozen=True)
class DialogueLine:
    """Who says what, when and how.

    `name` is unique for its character, '' for whoever is chosen. `start_frame` is where the audio
    begins in the scene, None where that is not told; `from_s` and `to_s` cut the audio (`to_s` 0:
    its end). No `styles`: neutral.
    """

    name: str
    audio: Path
    character: str = ""
    start_frame: float | None = None
    from_s: float = 0.0
    to_s: float = 0.0
    styles: tuple[StyleUse, ...] = ()
    strength: float = 1.0
    seed: int = 0
    quality: Quality = Quality.normal
    model: str = ""
    text: str = ""

    def to_line(self, fps: float, folder: Path = Path()) -> Line:
        """What the daemon is asked for; styles that are files lie in `folder`."""
        files = [style_file(use.name, folder) for use in self.styles]
        uses = tuple(
            use if file is None else replace(use, name=file.name)
            for use, file in zip(self.styles, files, strict=True)
        )
        return Line(
            audio=self.audio,
            audio_name=self.audio.name,
            fps=fps,
            model=self.model,
            styles=uses or (StyleUse("neutral"),),
            style_clips=tuple(files),
            style_strength=self.strength,
            seed=self.seed,
            quality=self.quality,
            start_s=self.from_s,
            end_s=self.to_s,
            text=self.text,
        )


def repeated_names(lines: Sequence[DialogueLine]) -> list[tuple[int, int]]:
    """Places of lines that have name and character of an earlier one: (earlier, later)."""
    first: dict[tuple[str, str], int] = {}
    found: list[tuple[int, int]] = []
    for place, line in enumerate(lines):
        key = (line.character.casefold(), line.name.casefold())
        if first.setdefault(key, place) != place:
            found.append((first[key], place))
    return found
