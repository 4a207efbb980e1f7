"""Which videos a folder holds, who speaks in each, and what is known to be said.

videos/anna/monday/take1.mp4      anna: the first folder is the speaker
videos/anna/monday/take1.txt      what she says there, if known
videos/interview.mov              interview: a video at the top is a speaker of its own
videos/transcripts.csv            or the texts of many videos, in columns `video` and `text`
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mynah_shared.errors import BadInputError

from ..data.layouts.folder import MOODS

VIDEO_SUFFIXES: Final = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .ts .mts .m2ts .mxf .flv .ogv".split()
)
TRANSCRIPTS: Final = "transcripts.csv"
_COLUMNS: Final = ("video", "text")
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class SourceVideo:
    """A video to curate. `place` is its path within the folder, and its name in sentences; its
    clips are called `name` with a number."""

    path: Path
    place: str
    speaker: str
    name: str

    def clip_name(self, number: int) -> str:
        """What a clip is called in the corpus, as "anna/hello_003_happy": a word for a mood stays
        last, where the layout `folder` looks for it."""
        before, line, mood = self.name.rpartition("_")
        named = f"{before}_{number:03d}_{mood}" if line and mood.lower() in MOODS else ""
        return f"{self.speaker}/{named or f'{self.name}_{number:03d}'}"

    def content_hash(self) -> str:
        """SHA-256 of the file. Raises `BadInputError` if it can't be read."""
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise BadInputError(f"'{self.place}' can't be read ({error.strerror}).") from error
        return digest.hexdigest()


def find_videos(root: Path) -> list[SourceVideo]:
    """Every video below `root`, those of a speaker together, in the order of names.

    Raises `BadInputError` for a folder without any.
    """
    if not root.is_dir():
        raise BadInputError(f"'{root}' is not a folder; give the folder of the videos.")
    found = [
        _source(path, path.relative_to(root))
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in VIDEO_SUFFIXES and path.name[0] != "." and path.is_file()
    ]
    if not found:
        raise BadInputError(
            f"'{root}' holds no videos; put videos of people who speak there "
            f"({', '.join(sorted(VIDEO_SUFFIXES))})."
        )
    return _with_own_names(sorted(found, key=lambda video: (video.speaker, video.place)))


def _source(path: Path, place: Path) -> SourceVideo:
    *folders, _ = place.parts
    speaker = folders[0] if folders else place.stem
    return SourceVideo(path, place.as_posix(), speaker, "-".join([*folders[1:], place.stem]))


def _with_own_names(videos: Sequence[SourceVideo]) -> list[SourceVideo]:
    """Videos of one name tell their suffixes too ("take1-mov")."""
    counts = Counter((v.speaker, v.name.casefold()) for v in videos)
    return [
        replace(v, name=f"{v.name}-{v.path.suffix[1:].lower()}")
        if counts[v.speaker, v.name.casefold()] > 1
        else v
        for v in videos
    ]


@dataclass(frozen=True)
class Transcripts:
    """What is said, and which text can't be read, by the place of the video."""

    texts: Mapping[str, str]
    problems: Mapping[str, str]


def read_transcripts(root: Path, videos: Sequence[SourceVideo]) -> Transcripts:
    """The texts beside the videos and of the table at the top, which count where there is no file
    beside. Raises `BadInputError` if the table can't be read or names a video that isn't there."""
    texts, problems = _read_table(root / TRANSCRIPTS, videos), dict[str, str]()
    for video in videos:
        path = video.path.with_suffix(".txt")
        if not path.exists():
            continue
        try:
            texts[video.place] = path.read_text("utf-8-sig")
        except (OSError, ValueError):
            texts.pop(video.place, None)
            problems[video.place] = (
                f"The transcript '{path.name}' can't be read; save it as plain text in UTF-8."
            )
    return Transcripts(texts, problems)


def _read_table(path: Path, videos: Sequence[SourceVideo]) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[row[name].strip() for name in _COLUMNS] for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, AttributeError, csv.Error) as error:
        raise BadInputError(
            f"'{path}' can't be read as a table of transcripts; save it as CSV in UTF-8 with the "
            f"columns {' and '.join(_COLUMNS)}."
        ) from error
    known = {video.place for video in videos}
    if unknown := [place for place, _ in rows if place not in known]:
        raise BadInputError(
            f"'{path}' has a text for '{unknown[0]}', but there is no such video; write paths as "
            f"they are within the folder, as '{videos[0].place}'."
        )
    return {place: text for place, text in rows if text}
