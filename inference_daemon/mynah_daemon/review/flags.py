"""Automatic flags: what a supervisor should look at first, each by a stated rule."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from mynah_shared.motion.arkit import ARKIT_CHANNELS, HEAD_CHANNELS
from mynah_shared.motion.regions import EYES, channel_indices

from ..engine.heard import SILENCE
from ..engine.lip_closure import BILABIALS, opening_mm
from .evidence import Evidence, Span, silences, spans

_CLIPPED_RUN: Final = 3
_CLIPPED_SAMPLES: Final = 10
_LOUDEST_UNCLIPPED: Final = 0.9
_LONG_SILENCE_S: Final = 2.0
_LEAST_CONFIDENCE: Final = 0.6
_OPEN_MM: Final = 2.0
_OPEN_S: Final = 0.2
_NEAR_SPEECH_S: Final = 0.6
_MISSED_MM: Final = 1.5
_SATURATED: Final = 0.995
_SATURATED_S: Final = 0.25
_FASTEST_SHAPE: Final = 10.0
_FASTEST_HEAD: Final = 3.0
_MOST_NAMED: Final = 3
_APART_S: Final = 0.1


class FlagKind(enum.StrEnum):
    """What a line is flagged for."""

    failed = enum.auto()
    warning = enum.auto()
    edited = enum.auto()
    clipped = enum.auto()
    silence = enum.auto()
    unsure = enum.auto()
    open_lips = enum.auto()
    closure = enum.auto()
    saturated = enum.auto()
    jump = enum.auto()


TITLES: Final[dict[FlagKind, str]] = {
    FlagKind.failed: "Not made",
    FlagKind.warning: "Warning",
    FlagKind.edited: "Edited by hand",
    FlagKind.clipped: "Clipped audio",
    FlagKind.silence: "Long silence",
    FlagKind.unsure: "Speech unclear",
    FlagKind.open_lips: "Lips open in silence",
    FlagKind.closure: "Closure missed",
    FlagKind.saturated: "Channel at its limit",
    FlagKind.jump: "Sudden jump",
}

RULES: Final[dict[FlagKind, str]] = {
    FlagKind.failed: "The line could not be made, or its recording can't be read.",
    FlagKind.warning: "The engine warned about the styles of the line.",
    FlagKind.edited: "The result was changed since the batch made it.",
    FlagKind.clipped: f"{_CLIPPED_SAMPLES} or more samples are flattened: {_CLIPPED_RUN} or more "
    f"in a row are equal above {_LOUDEST_UNCLIPPED:.0%} of full scale, or beyond full scale.",
    FlagKind.silence: f"Nobody speaks for {_LONG_SILENCE_S:g} s or longer.",
    FlagKind.unsure: f"The phones are less than {_LEAST_CONFIDENCE:.0%} sure on average, or no "
    "speech was heard.",
    FlagKind.open_lips: f"The lips are more than {_OPEN_MM:g} mm apart for {_OPEN_S:g} s or "
    f"longer in silence, {_NEAR_SPEECH_S:g} s or more from speech.",
    FlagKind.closure: f"The lips stay more than {_MISSED_MM:g} mm apart throughout a b, m or p.",
    FlagKind.saturated: f"A shape stays at {_SATURATED:g} or above for {_SATURATED_S:g} s or "
    "longer.",
    FlagKind.jump: f"A shape moves faster than {_FASTEST_SHAPE:g} per second between two frames "
    f"(eyes aside), or the head faster than {_FASTEST_HEAD:g} radians per second.",
}
"""In lines that need no look, phones are 0.75 to 0.9 sure, lips come to 1.3 mm or nearer on
closures, shapes move at 4 per second and heads at 0.25 radians per second at most."""

_SHAPES: Final = tuple(name for name in ARKIT_CHANNELS if name not in HEAD_CHANNELS)
_WITHOUT_EYES: Final = tuple(name for name in _SHAPES if name not in EYES)


@dataclass(frozen=True)
class Flag:
    """`sentence` says what was measured, `spans` where."""

    kind: FlagKind
    sentence: str
    spans: tuple[Span, ...] = ()


def find_flags(evidence: Evidence) -> tuple[Flag, ...]:
    """All that sound, phones and curves give reason for. Without phones, closures and clear speech
    can't be judged."""
    return tuple(
        flag
        for rule in (_clipped, _silence, _unsure, _open_lips, _closure, _saturated, _jump)
        for flag in rule(evidence)
    )


def _clipped(evidence: Evidence) -> Iterator[Flag]:
    loud = np.abs(evidence.samples)
    flat = (np.diff(evidence.samples) == 0) & (loud[1:] >= _LOUDEST_UNCLIPPED)
    beyond = loud > 1.0
    # a stretch of n equal samples has n - 1 pairs of equal ones
    both = np.concatenate([flat, [False]]) | np.concatenate([[False], flat]) | beyond
    runs = [
        span
        for span in spans(both, evidence.rate)
        if (span[1] - span[0]) * evidence.rate > _CLIPPED_RUN - 0.5
    ]
    count = round(sum(end - begin for begin, end in runs) * evidence.rate)
    if count >= _CLIPPED_SAMPLES:
        places = f"{len(runs)} places" if len(runs) > 1 else "one place"
        yield _flag(FlagKind.clipped, f"{count} samples are flattened at {places}.", runs)


def _silence(evidence: Evidence) -> Iterator[Flag]:
    long = [span for span in silences(evidence) if span[1] - span[0] >= _LONG_SILENCE_S]
    if long:
        begin, end = max(long, key=lambda span: span[1] - span[0])
        sentence = f"Nobody speaks for {end - begin:.1f} s, from {begin:.1f} s on."
        yield _flag(FlagKind.silence, sentence, long)


def _unsure(evidence: Evidence) -> Iterator[Flag]:
    if not evidence.phones:
        return
    if all(name == SILENCE for _, _, name in evidence.phones):
        yield Flag(FlagKind.unsure, "No speech was heard.")
    elif evidence.confidence is not None and evidence.confidence < _LEAST_CONFIDENCE:
        yield Flag(FlagKind.unsure, f"The phones are {evidence.confidence:.0%} sure on average.")


def _open_lips(evidence: Evidence) -> Iterator[Flag]:
    clip = evidence.clip
    opening = opening_mm(clip.values)
    found: list[Span] = []
    widest = 0.0
    for begin, end in silences(evidence):
        first = round((begin + _NEAR_SPEECH_S if begin > 0 else 0.0) * clip.fps)
        is_last = end > evidence.duration_s - 0.05
        stop = clip.n_frames if is_last else round((end - _NEAR_SPEECH_S) * clip.fps)
        for a, b in spans(opening[first : max(first, stop)] > _OPEN_MM, clip.fps):
            if b - a > _OPEN_S - 0.5 / clip.fps:
                within = slice(first + round(a * clip.fps), first + round(b * clip.fps))
                widest = max(widest, float(opening[within].max()))
                found.append((first / clip.fps + a, first / clip.fps + b))
    if found:
        longest = max(end - begin for begin, end in found)
        sentence = f"The lips are up to {widest:.1f} mm apart for {longest:.1f} s in silence."
        yield _flag(FlagKind.open_lips, sentence, found)


def _closure(evidence: Evidence) -> Iterator[Flag]:
    clip = evidence.clip
    opening = opening_mm(clip.values)
    heard = [(begin, end) for begin, end, name in evidence.phones if name in BILABIALS]
    missed: list[Span] = []
    worst = 0.0
    for begin, end in heard:
        # a frame beside it counts, too: a closure may fall between two frames
        first, stop = int(begin * clip.fps), int(np.ceil(end * clip.fps)) + 1
        around = opening[first:stop]
        if len(around) and around.min() > _MISSED_MM:
            missed.append((begin, end))
            worst = max(worst, float(around.min()))
    if missed:
        sentence = f"The lips stay open on {len(missed)} of {len(heard)} b, m and p, by {worst:.1f}"
        yield _flag(FlagKind.closure, f"{sentence} mm at most.", missed)


def _saturated(evidence: Evidence) -> Iterator[Flag]:
    clip = evidence.clip
    found: dict[str, list[Span]] = {}
    for name in _SHAPES:
        long = [
            span
            for span in spans(clip.column(name) >= _SATURATED, clip.fps)
            if span[1] - span[0] > _SATURATED_S - 0.5 / clip.fps
        ]
        if long:
            found[name] = long
    if found:
        seconds = max(end - begin for long in found.values() for begin, end in long)
        sentence = f"{_named(list(found))} for up to {seconds:.1f} s."
        yield _flag(
            FlagKind.saturated, sentence, [span for long in found.values() for span in long]
        )


def _jump(evidence: Evidence) -> Iterator[Flag]:
    clip = evidence.clip
    names = _WITHOUT_EYES + HEAD_CHANNELS
    limits = np.array([_FASTEST_SHAPE] * len(_WITHOUT_EYES) + [_FASTEST_HEAD] * len(HEAD_CHANNELS))
    speed = np.abs(np.diff(clip.values[:, channel_indices(names)], axis=0)) * clip.fps
    excess = speed / limits
    if not excess.size or excess.max() <= 1:
        return
    order: list[int] = np.argsort(-excess.max(axis=0), kind="stable").tolist()
    jumping = [names[column] for column in order if excess[:, column].max() > 1]
    frame = int(excess.max(axis=1).argmax())
    too_fast = np.asarray(excess.max(axis=1) > 1, np.bool_)
    where = [(begin, end + 1 / clip.fps) for begin, end in spans(too_fast, clip.fps)]
    sentence = (
        f"{_named(jumping)}: {float(speed[frame, order[0]]):.1f} per second at "
        f"{frame / clip.fps:.2f} s."
    )
    yield _flag(FlagKind.jump, sentence, where)


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _flag(kind: FlagKind, sentence: str, where: list[Span]) -> Flag:
    """Spans that nearly touch become one."""
    merged: list[Span] = []
    for begin, end in sorted((round(begin, 3), round(end, 3)) for begin, end in where):
        if merged and begin - merged[-1][1] < _APART_S:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return Flag(kind, sentence, tuple(merged))
