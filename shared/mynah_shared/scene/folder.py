"""A folder of recordings as lines of dialogue, by the names of its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ..errors import BadInputError
from .dialogue import AUDIO_SUFFIXES, DialogueLine

_SEPARATORS: Final = re.compile(r"[ _\-.]+")


def lines_in_folder(folder: Path, characters: Iterable[str] = ()) -> tuple[DialogueLine, ...]:
    """A line per recording in `folder`, in the order of numbers and letters.

    A file belongs to the character with whose name its own begins, or who is its subfolder; the
    longest of `characters` wins, whatever the case. Other lines name nobody. Raises
    `BadInputError` if nothing is found.
    """
    if not folder.is_dir():
        raise BadInputError(f"The folder '{folder}' doesn't exist; choose another.")
    files = sorted(
        (f for f in folder.rglob("*") if _is_recording(f.relative_to(folder)) and f.is_file()),
        key=lambda file: _in_order(file.relative_to(folder).as_posix()),
    )
    if not files:
        raise BadInputError(
            f"The folder '{folder}' holds no recordings; files such as .wav, .flac or .mp3 are "
            "taken."
        )
    known = sorted(characters, key=len, reverse=True)
    return tuple(
        DialogueLine(file.stem, file, _speaker(file.relative_to(folder), known)) for file in files
    )


def _is_recording(path: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix.lower() in AUDIO_SUFFIXES and not is_hidden


def _speaker(path: Path, characters: Sequence[str]) -> str:
    """`characters` with the longest name first."""
    for part in (path.stem, *reversed(path.parts[:-1])):
        words = _words(part)
        for name in characters:
            own = _words(name)
            if own and words[: len(own)] == own:
                return name
    return ""


def _words(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(name.casefold()) if word]


def _in_order(name: str) -> list[tuple[int, str]]:
    """Sorts "line 2" before "line 10"."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
