"""What became of every video, as the corpus keeps it in `dataset.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from mynah_daemon.clip_files import replace_file
from mynah_shared.errors import BadInputError

NOTE: Final = "dataset.json"
_MADE_BY: Final = "mynah dataset build"


@dataclass(frozen=True)
class ClipOutcome:
    """A clip and the reasons why it was left out, none if it was kept. `name` is its path in the
    corpus without suffixes, `picture` that of its picture ("" without one); start and end in the
    video."""

    name: str
    start_s: float
    end_s: float
    picture: str
    reasons: tuple[str, ...] = ()
    has_phones: bool = False

    @property
    def is_kept(self) -> bool:
        return not self.reasons


@dataclass(frozen=True)
class VideoOutcome:
    """A video's clips, or the `problem` that left none. `notes` are worth knowing. `lag_s` is the
    lag that was taken out, None if none could be told; `lag_about` says what it was told from.
    `is_gone`: the video is no longer in the folder, its clips are as they were."""

    place: str
    speaker: str
    clips: tuple[ClipOutcome, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()
    lag_s: float | None = None
    lag_about: str = ""
    is_gone: bool = False

    @property
    def kept(self) -> list[ClipOutcome]:
        return [clip for clip in self.clips if clip.is_kept]


def write_outcomes(corpus: Path, videos: Sequence[VideoOutcome]) -> None:
    """Writes the note, complete or not at all."""
    content = {"made_by": _MADE_BY, "videos": [asdict(video) for video in videos]}
    text = json.dumps(content, indent=1, ensure_ascii=False)
    replace_file(corpus / NOTE, text.encode("utf-8"))


def read_outcomes(corpus: Path) -> list[VideoOutcome]:
    """What an earlier run found. Raises `BadInputError` if the note was damaged."""
    try:
        content = json.loads((corpus / NOTE).read_text("utf-8"))
        if content["made_by"] != _MADE_BY:
            raise ValueError("it is another program's")
        return [_video(item) for item in content["videos"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(
            f"'{corpus / NOTE}' is damaged, or not Mynah's; give another output folder."
        ) from error


def _video(item: dict[str, Any]) -> VideoOutcome:
    clips = tuple(
        ClipOutcome(**{**clip, "reasons": tuple(clip["reasons"])}) for clip in item["clips"]
    )
    return VideoOutcome(**{**item, "clips": clips, "notes": tuple(item["notes"])})
