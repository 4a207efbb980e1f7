"""How long lines take, and which of them take so long that a host shows a draft first."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ..protocol.messages import Quality, StyleUse
from .steps import Line

_LONG_S = 2.0
"""For less nobody looks at a draft."""
_USUAL_PACE = {Quality.normal: 0.15, Quality.best: 0.4}
"""Seconds for a second of voice on one core, of a line with styles; the others take next to
nothing."""

_Kind = tuple[str, bool, Quality]


class Paces:
    """How long lines take, from those that were made since the host was started."""

    def __init__(self) -> None:
        self._paces: dict[_Kind, float] = {}
        self._lengths: dict[tuple[Path, float, float], float] = {}

    def note(self, line: Line, meta: Mapping[str, Any]) -> None:
        """A line was made, of which `meta` tells; transfers and ranges made anew say nothing of how
        long a whole line takes."""
        if line.is_transfer or line.take is not None:
            return
        seconds, length_s = meta.get("seconds"), meta.get("audio_s")
        if not isinstance(seconds, dict) or not isinstance(length_s, float) or length_s <= 0:
            return
        stages = cast("dict[str, float]", seconds)
        self._paces[_kind(line)] = sum(stages.values()) / length_s
        if isinstance(line.audio, Path):
            self._lengths[line.audio, line.start_s, line.end_s] = length_s

    def draft_of(self, line: Line) -> Line | None:
        """The same line as a draft; None if that is not worth its time, or nobody knows."""
        if line.quality is Quality.draft or line.is_transfer or line.take is not None:
            return None
        usual = _USUAL_PACE[line.quality] if _has_styles(line) else 0.0
        pace, length_s = self._paces.get(_kind(line), usual), self._length_of(line)
        if length_s is None or pace * length_s < _LONG_S:
            return None
        return replace(line, quality=Quality.draft)

    def _length_of(self, line: Line) -> float | None:
        if line.end_s:
            return line.end_s - line.start_s
        if isinstance(line.audio, Path):
            known = self._lengths.get((line.audio, line.start_s, line.end_s))
            if known is not None:
                return known
        source = io.BytesIO(line.audio) if isinstance(line.audio, bytes) else str(line.audio)
        try:
            with wave.open(source, "rb") as header:
                return header.getnframes() / header.getframerate() - line.start_s
        except (wave.Error, EOFError, OSError, ZeroDivisionError):
            return None  # another format, of which only the engine knows the length


def _kind(line: Line) -> _Kind:
    return line.model, _has_styles(line), line.quality


def _has_styles(line: Line) -> bool:
    return line.styles != (StyleUse("neutral"),)
