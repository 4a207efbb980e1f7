"""Where a line begins: as a frame number or as a timecode."""

from __future__ import annotations

import re
from typing import Final

from ..errors import BadInputError

_TIMECODE: Final = re.compile(
    r"(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)(?P<mark>[:;.])(?P<frames>\d{2,3})"
)
_DROPPING: Final = {30: 2, 60: 4}
"""Numbers that drop-frame leaves out each minute but every tenth, by the nominal rate."""
_LARGEST: Final = 1e7


def parse_frame(text: str, fps: float) -> float:
    """The scene frame that `text` means: a number, or hours:minutes:seconds:frames counted from
    frame 0 at `fps`; with a semicolon before the frames it is drop-frame (29.97 and 59.94).

    Raises `BadInputError` with the remedy.
    """
    try:
        frame = float(text)
    except ValueError:
        return float(_count(text, fps))
    if not abs(frame) < _LARGEST:  # nor is not-a-number
        raise BadInputError(f"'{text}' is no frame; use a number such as 101.")
    return frame


def _count(text: str, fps: float) -> int:
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        raise BadInputError(f"'{text}' is neither a frame nor a timecode; use 101 or 00:00:04:05.")
    nominal = round(fps)
    hours, minutes, seconds, frames = (
        int(match[name]) for name in ("hours", "minutes", "seconds", "frames")
    )
    if frames >= nominal:
        raise BadInputError(
            f"'{text}' names frame {frames} of a second, which has only {nominal} of them at "
            f"{fps:g} frames per second; correct it, or the scene's rate."
        )
    minutes += 60 * hours
    count = (60 * minutes + seconds) * nominal + frames
    if match["mark"] == ":":
        return count
    dropped = _DROPPING.get(nominal)
    if dropped is None or fps == nominal:
        raise BadInputError(
            f"'{text}' is a drop-frame timecode, which only 29.97 and 59.94 frames per second "
            f"have; the scene has {fps:g}: write it with a colon."
        )
    return count - dropped * (minutes - minutes // 10)
