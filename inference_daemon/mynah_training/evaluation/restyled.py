"""Dev sentences in the manners of made performers that no model and no judge was trained with: is
the style hit, do the lips still speak, and does the style code keep to the style?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_CHANNELS

from ..data.corpus import Recording, Segment
from ..data.performers import draw_performer, perform
from ..data.phones import PHONES, phone_index
from ..data.style_batches import FIRST_HELD_OUT_PERFORMER
from ..metrics.codes import content_leak, cosine, nearest
from ..metrics.head import LandmarkHead
from ..metrics.lips import compare
from ..modules.cepstrum import loudness
from .contestants import Contestant
from .filmed import Scores, mean_scores
from .judge import Judge
from .lines import N_SHAPES, STYLE_FPS, Line, choose, line_of, sentences

FloatArray = NDArray[np.float32]

N_PERFORMERS: Final = 12
N_SENTENCES: Final = 24
"""Performed for style codes and as references; only the first few are spoken by the models."""
_KNOWN = np.arange(len(ARKIT_CHANNELS)) != ARKIT_CHANNELS.index("tongueOut")


@dataclass(frozen=True, eq=False)
class Restyled:
    """`lines[p][s]`: sentence s by performer p, `filmed[s]` as it was filmed; the models speak the
    first `n_spoken` sentences."""

    lines: list[list[Line]]
    filmed: list[Line]
    n_spoken: int

    def style_of(self, performer: int, sentence: int) -> FloatArray:
        """The performance that is shown for a sentence: the next one."""
        own = self.lines[performer]
        motion = own[(sentence + 1) % len(own)].motion
        assert motion is not None
        return motion


def restyled_trials(recordings: list[Recording], poses: FloatArray, n_lines: int) -> Restyled:
    """The same sentences by every held-out performer."""
    chosen = choose(sentences(recordings), max(n_lines, N_SENTENCES))
    spoken = [line_of(recording) for recording in chosen]
    levels = [loudness(line.samples) for line in spoken]
    lines = []
    for p in range(N_PERFORMERS):
        performer = draw_performer(FIRST_HELD_OUT_PERFORMER + p, poses)
        own = []
        for s, (line, loud) in enumerate(zip(spoken, levels, strict=True)):
            assert line.motion is not None
            assert line.fps == STYLE_FPS, "sentences are filmed at 25/s"
            rng = np.random.default_rng([p, s])
            level = loud[np.arange(line.n_frames).clip(0, len(loud) - 1)]
            motion = perform(performer, line.motion, level, line.known, rng) * _KNOWN
            own.append(replace(line, name=f"{line.name}_{p}", motion=motion, known=_KNOWN))
        lines.append(own)
    return Restyled(lines, spoken, min(n_lines, len(spoken)))


def score_restyled(
    contestant: Contestant, trials: Restyled, head: LandmarkHead, judge: Judge | None
) -> Scores:
    """`score_spoken`, and what leaks into the style codes."""
    spoken = score_spoken(contestant, trials, head, judge)
    return spoken | {"content_leak": _content_leak(contestant, trials)}


def score_spoken(
    contestant: Contestant, trials: Restyled, head: LandmarkHead, judge: Judge | None
) -> Scores:
    """Lips, and with a judge the similarity and retrieval of the style."""
    codes = judged_codes(trials, judge) if judge else None
    rows: list[Scores] = []
    for p, own in enumerate(trials.lines):
        for s, line in enumerate(own[: trials.n_spoken]):
            assert line.motion is not None
            found = contestant.perform(line, trials.style_of(p, s)) * line.known
            lips = compare(found[:, :N_SHAPES], line.motion[:, :N_SHAPES], line.fps, head)
            row = {"restyled_lips": lips.lip_vertex_error_mm}
            if judge is not None and codes is not None:
                code = judge.code(found, line.known)
                row["similarity"] = cosine(code, codes[p, s])
                row["retrieval"] = 100.0 * (nearest(code, performer_codes(codes, s)) == p)
            rows.append(row)
    return mean_scores(rows)


def judged_codes(trials: Restyled, judge: Judge) -> FloatArray:
    """Codes [P, S, K] of the references."""
    return np.stack(
        [[judge.code(x.motion, x.known) for x in own if x.motion is not None]
         for own in trials.lines]
    )  # fmt: skip


def performer_codes(codes: FloatArray, sentence: int) -> dict[int, FloatArray]:
    """Mean code of each performer in sentences that were neither spoken nor shown."""
    n_sentences = codes.shape[1]
    others = np.setdiff1d(np.arange(n_sentences), [sentence, (sentence + 1) % n_sentences])
    return dict(enumerate(codes[:, others].mean(axis=1)))


def _content_leak(contestant: Contestant, trials: Restyled) -> float:
    """How well the phones of a sentence can be read from the style code of its performance."""
    codes: list[FloatArray] = []
    said: list[FloatArray] = []
    people: list[int] = []
    for p, own in enumerate(trials.lines):
        for line in own:
            assert line.motion is not None
            code = contestant.encode_style(line.motion)
            if code is None:
                return float("nan")
            codes.append(code)
            said.append(phone_histogram(line.phones))
            people.append(p)
    return content_leak(np.stack(codes), np.stack(said), people)


def phone_histogram(segments: Sequence[Segment]) -> FloatArray:
    """Share of the speaking time [P] that each phone takes, without silence."""
    seconds = np.zeros(len(PHONES), np.float32)
    for name, start_s, end_s in segments:
        if (index := phone_index(name)) > 0:
            seconds[index] += end_s - start_s
    return seconds / max(float(seconds.sum()), 1e-6)
