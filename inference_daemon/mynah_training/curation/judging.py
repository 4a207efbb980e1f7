"""From what was heard and seen in a speaker's videos to which clips are kept, and how far picture
and sound of each video are apart.

Filters come first. Of the clips that pass, the lag is measured video by video. A video with too few
closures for that counts together with the speaker's others: short takes are mostly filmed in one
go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..metrics.lips import lag_profile
from .examining import Examined
from .filters import FloatArray, reasons_against
from .lag import (
    LEAST_CLOSURES,
    Lag,
    around_closures,
    closure_moments,
    lag_reason,
    measure_lag,
)
from .listening import OPENING_RATE
from .outcomes import ClipOutcome, VideoOutcome
from .segments import SHORTEST_S
from .watching import Watched

_NO_FACE = "no face is seen"


def judge_speaker(videos: Sequence[Examined]) -> list[VideoOutcome]:
    """What becomes of the videos of one speaker."""
    found = [_filtered(video) for video in videos]
    closures = [_closures(video, out) for video, out in zip(videos, found, strict=True)]
    own = [measure_lag(each) for each in closures]
    # who was measured by himself and isn't in step says nothing of the others
    usable = [c for c, lag in zip(closures, own, strict=True) if _is_few(lag) or lag.is_certain]
    shared = measure_lag(np.concatenate(usable)) if usable else None
    judged: list[VideoOutcome] = []
    for outcome, lag in zip(found, own, strict=True):
        if _is_few(lag) and shared is not None and len(videos) > 1:
            judged.append(_with_lag(outcome, shared, f"the videos of {outcome.speaker}"))
        else:
            judged.append(_with_lag(outcome, lag, "this video"))
    return judged


def _is_few(lag: Lag) -> bool:
    return lag.n_closures < LEAST_CLOSURES


def _filtered(examined: Examined) -> VideoOutcome:
    video, heard = examined.video, examined.heard
    spoken = examined.placed is not None and bool(examined.placed.phones)
    clips: list[ClipOutcome] = []
    for i, ((start_s, end_s), seen) in enumerate(zip(heard.stretches, examined.seen, strict=True)):
        reasons = (_NO_FACE,)
        if seen is not None:
            reasons = reasons_against(seen.measures, _agreement(seen, heard.opening, start_s))
        name, picture = video.clip_name(i + 1), examined.evidence.picture(i + 1)
        clips.append(ClipOutcome(name, start_s, end_s, picture, reasons, spoken))
    notes: list[str] = []
    if examined.placed is not None and examined.placed.problem:
        notes.append(examined.placed.problem)
    short = f"speech between long pauses that lasts less than {SHORTEST_S:g} s with its margins"
    if heard.n_short and clips:
        times = "once" if heard.n_short == 1 else f"{heard.n_short} times"
        notes.append(f"Left out {times}: {short}.")
    problem = ""
    if not clips:
        problem = f"it holds only {short}" if heard.n_short else "no speech is heard in it"
    return VideoOutcome(video.place, video.speaker, tuple(clips), problem, tuple(notes))


def _agreement(seen: Watched, opening: NDArray[np.float32], start_s: float) -> float:
    """The best correlation of the lips with what the sound asks for, within 0.2 s of each other."""
    fps = seen.clip.fps
    times_s = start_s + np.arange(len(seen.lip_gap_mm)) / fps
    asked = np.interp(times_s * OPENING_RATE, np.arange(len(opening)), opening)
    return float(
        lag_profile(seen.lip_gap_mm.astype(np.float32), asked.astype(np.float32), fps).max()
    )


def _closures(examined: Examined, outcome: VideoOutcome) -> FloatArray:
    """The lips around the closures [E, 81] of a video's clips that passed the filters."""
    moments_s = closure_moments(examined.heard.closure, examined.heard.silence)
    found = [around_closures(moments_s[:0], np.zeros(1), 1.0)]
    for clip, seen in zip(outcome.clips, examined.seen, strict=True):
        if clip.is_kept and seen is not None:
            found.append(around_closures(moments_s - clip.start_s, seen.lip_gap_mm, seen.clip.fps))
    return np.concatenate(found)


def _with_lag(outcome: VideoOutcome, lag: Lag, whose: str) -> VideoOutcome:
    """The outcome with what the lag says about those of its clips that passed the filters."""
    if not outcome.kept:
        return outcome
    reason = lag_reason(lag, whose)
    if reason:
        clips = tuple(
            replace(clip, reasons=(reason,)) if clip.is_kept else clip for clip in outcome.clips
        )
        return replace(outcome, clips=clips)
    about = f"± {1000 * lag.uncertainty_s:.0f} ms, from {lag.n_closures} closures in {whose}"
    return replace(outcome, lag_s=lag.lag_s, lag_about=about)
