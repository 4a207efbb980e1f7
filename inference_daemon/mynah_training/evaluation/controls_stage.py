"""One model of a bundle as the daemon serves it, the performances that it is shown, and the lines
that it speaks to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.holds import Holds
from mynah_daemon.styles.library import SHIPPED
from mynah_daemon.styles.style_file import read_style
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import StyleUse, SynthesizeRequest

from ..data.corpus import SAMPLE_RATE
from ..data.pack import MOTION_FPS
from ..data.phones import phone_index
from .lines import FloatArray, Line
from .lines import Performance as Shown

SENTENCE_S: Final = 2.8
"""Sentences are cut to one window of the model, behind which there is silence only."""
PASSAGE_S: Final = 6.0
"""Two sentences: long enough to change in the middle of the second one."""
Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Manner:
    """A performance to imitate: of `clip` only the channels `known` [55] can be judged."""

    name: str
    clip: MotionClip
    known: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Asked:
    """A manner and how it shall show; None is the neutral one."""

    manner: Manner | None
    weight: float = 1.0
    region: str = ""
    start_s: float = 0.0


class Stage:
    """Performs lines with seeds of their own, so that whatever differs comes from what is asked."""

    def __init__(self, engine: LipSyncEngine, model: str) -> None:
        self.engine, self.model = engine, model
        self._whole: dict[tuple[str, str, float], FloatArray] = {}

    def perform(
        self,
        line: Line,
        asked: Sequence[Asked] = (),
        holds: Holds | None = None,
        *,
        seeds_on: int = 0,
        **fields: Any,
    ) -> FloatArray:
        """Motion [T, 55]; `fields` are those of the request, `seeds_on` gives another take."""
        uses = [
            StyleUse(a.manner.name if a.manner else "neutral", a.weight, a.region, "", a.start_s)
            for a in asked or (Asked(None),)
        ]
        request = SynthesizeRequest(
            line.name,
            line.name,
            line.fps,
            model=self.model,
            styles=tuple(uses),
            seed=line.seed + seeds_on,
            **fields,
        )
        clips = [a.manner.clip if a.manner else None for a in asked]
        made = self.engine.synthesize(
            request, line.samples, lambda *_: None, clips, holds or Holds()
        )
        values = made.select(ARKIT_CHANNELS).values
        # Stored audio is padded to whole frames: a frame more or less.
        return values[np.arange(line.n_frames).clip(0, len(values) - 1)]

    def whole(self, line: Line, manner: Manner | None, strength: float = 1.0) -> FloatArray:
        """The line wholly in one manner; remembered, since many things are compared with it."""
        key = (line.name, manner.name if manner else "", strength)
        if key not in self._whole:
            self._whole[key] = self.perform(line, [Asked(manner)], style_strength=strength)
        return self._whole[key]


def shipped_manners() -> list[Manner]:
    """The styles that come with Mynah, by name."""
    known = np.ones(len(ARKIT_CHANNELS), bool)
    return [Manner(path.stem, read_style(path).clip, known) for path in sorted(SHIPPED.iterdir())]


def shown_manner(shown: Shown) -> Manner:
    """A performance of the corpus."""
    return manner_of(f"{shown.person}, {shown.mood}", shown.motion, shown.known)


def manner_of(name: str, motion: FloatArray, known: NDArray[np.bool_]) -> Manner:
    """Of a performance [S, 55] at 25/s."""
    return Manner(name, MotionClip(MOTION_FPS, ARKIT_CHANNELS, motion), known)


def sample(items: Sequence[Item], count: int) -> list[Item]:
    """So many of them, evenly spread, always the same."""
    if len(items) <= count:
        return list(items)
    return [items[i * len(items) // count] for i in range(count)]


def sentence(line: Line) -> Line:
    """The line without the silence at its end."""
    return _piece(line, 0.0, min(SENTENCE_S, len(line.samples) / SAMPLE_RATE), line.name)


def passages(line: Line, count: int) -> list[Line]:
    """Up to `count` pieces of a long line, one behind the other; the line itself if it is too
    short."""
    n_pieces = min(count, int(len(line.samples) / SAMPLE_RATE / PASSAGE_S))
    starts_s = [i * PASSAGE_S for i in range(n_pieces)]
    found = [_piece(line, start_s, start_s + PASSAGE_S, f"passage at {start_s:g} s")
             for start_s in starts_s]  # fmt: skip
    return found or [line]


def _piece(line: Line, start_s: float, end_s: float, name: str) -> Line:
    samples = line.samples[round(start_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)]
    motion = line.motion
    if motion is not None:
        motion = motion[round(start_s * line.fps) : round(end_s * line.fps)]
    phones = tuple(
        (phone, first - start_s, last - start_s)
        for phone, first, last in line.phones
        if first < end_s and last > start_s
    )
    return replace(line, name=name, samples=samples, phones=phones, motion=motion)


def mid_speech_frame(line: Line) -> int:
    """The middle of what is said in a passage's second half; its middle if nobody knows."""
    half_s = line.n_frames / line.fps / 2
    said = [p for p in line.phones if phone_index(p[0]) > 0 and p[1] >= half_s]
    middle_s = (said[0][1] + said[-1][2]) / 2 if said else half_s
    return min(round(middle_s * line.fps), line.n_frames - 2)
