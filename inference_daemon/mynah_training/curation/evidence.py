"""What was heard and seen in a video, kept in the corpus so that a run goes on where another one
was stopped: a folder per video, named after its content, each file complete or not there."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.clip_files import replace_file
from mynah_shared.motion.clip import MotionClip

from ..data.corpus import Segment
from .filters import Measures
from .segments import Stretch
from .watching import Watched

EVIDENCE: Final = "_curation"
"""Folder in the corpus."""
_Kept = TypeVar("_Kept")
_DAMAGED: Final = (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile)


@dataclass(frozen=True, eq=False)
class Heard:
    """A video's `stretches` of speech, beside `n_short` that are too short; `closure` [N] and
    `silence` [N]: how likely b, m or p and silence are, at 50/s; `opening` [M]: how far a mouth
    opens that says this, in no unit, at 25/s."""

    length_s: float
    stretches: tuple[Stretch, ...]
    n_short: int
    closure: NDArray[np.float32]
    silence: NDArray[np.float32]
    opening: NDArray[np.float32]


@dataclass(frozen=True)
class Placed:
    """The phones of a text ([] where it doesn't fit, for the reason in `problem`). `text` is what
    the transcript said, with the language."""

    text: str
    phones: tuple[Segment, ...]
    problem: str = ""


class Evidence:
    """The folder of one video. What is damaged counts as not there."""

    def __init__(self, corpus: Path, key: str) -> None:
        self._corpus, self._folder = corpus, corpus / EVIDENCE / key
        self._folder.mkdir(parents=True, exist_ok=True)

    def heard(self) -> Heard | None:
        return _read(self._folder / "heard.npz", _to_heard)

    def keep_heard(self, heard: Heard) -> None:
        _write(
            self._folder / "heard.npz",
            stretches=np.array(heard.stretches, np.float64).reshape(-1, 2),
            n_short=np.array(heard.n_short),
            closure=heard.closure,
            silence=heard.silence,
            opening=heard.opening,
            length_s=np.array(heard.length_s),
        )

    def placed(self) -> Placed | None:
        try:
            content = json.loads((self._folder / "phones.json").read_text("utf-8"))
            phones = tuple((str(p), float(a), float(b)) for p, a, b in content["phones"])
            return Placed(content["text"], phones, content["problem"])
        except _DAMAGED:
            return None

    def keep_placed(self, placed: Placed) -> None:
        replace_file(self._folder / "phones.json", json.dumps(asdict(placed)).encode("utf-8"))

    def watched(self, number: int) -> tuple[Watched | None] | None:
        """What was seen, in a tuple, as that may be no face; None if nobody looked yet."""
        return _read(self._folder / f"{number:03d}.npz", _to_watched)

    def keep_watched(self, number: int, watched: Watched | None, picture: bytes) -> None:
        """None: no face was seen."""
        known: dict[str, Any] = {}
        if watched is not None:
            clip = watched.clip
            known = {
                **asdict(watched.measures),
                "lip_gap_mm": watched.lip_gap_mm,
                "fps": clip.fps,
                "channels": np.array(clip.channels),
                "values": clip.values,
            }
        if picture:
            replace_file(self._picture(number), picture)
        _write(self._folder / f"{number:03d}.npz", **known, is_seen=np.array(bool(known)))

    def picture(self, number: int) -> str:
        """Path of a clip's picture within the corpus, "" without one."""
        path = self._picture(number)
        return path.relative_to(self._corpus).as_posix() if path.is_file() else ""

    def _picture(self, number: int) -> Path:
        return self._folder / f"{number:03d}.jpg"


def _read(path: Path, build: Callable[[Any], _Kept]) -> _Kept | None:
    try:
        with np.load(path, allow_pickle=False) as content:
            return build(content)
    except _DAMAGED:
        return None


def _write(path: Path, **arrays: Any) -> None:
    data = io.BytesIO()
    np.savez_compressed(data, **arrays)
    replace_file(path, data.getvalue())


def _to_heard(content: Any) -> Heard:
    return Heard(
        float(content["length_s"]),
        tuple((float(start), float(end)) for start, end in content["stretches"]),
        int(content["n_short"]),
        content["closure"],
        content["silence"],
        content["opening"],
    )


def _to_watched(content: Any) -> tuple[Watched | None]:
    if not content["is_seen"]:
        return (None,)
    known: dict[str, Any] = {field.name: content[field.name] for field in fields(Measures)}
    measures = Measures(**{name: _as_measured(value) for name, value in known.items()})
    channels = tuple(str(name) for name in content["channels"])
    clip = MotionClip(float(content["fps"]), channels, content["values"])
    return (Watched(clip, content["lip_gap_mm"], measures),)


def _as_measured(value: Any) -> Any:
    return value if value.ndim else float(value)
