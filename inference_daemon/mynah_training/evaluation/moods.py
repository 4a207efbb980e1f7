"""Real performances that no weight was trained on: does a model that is shown one look more like it
than like any other, and what does the mood cost the lips?"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..data.corpus import Recording
from ..metrics.articulation import ArticulationCounts, count_articulation
from ..metrics.codes import nearest
from ..metrics.head import LandmarkHead
from ..metrics.lips import compare, matched_lip_error_mm
from .contestants import Contestant
from .filmed import Scores
from .judge import Judge
from .lines import N_SHAPES, FloatArray, Line, Performance, choose, line_of, sentences
from .restyled import Restyled

SOURCES: Final = ("style_mead", "style_styletalk")
_SHOWN: Final = "mead"
"""Begin of the names of people whose performances are shown; all others only may be mistaken."""
_NO_MOOD: Final = "neutral"


@dataclass(frozen=True, eq=False)
class MoodTrials:
    """Sentences to speak in the style of each of the performances that are shown."""

    lines: list[Line]
    performances: list[Performance]

    @property
    def shown(self) -> list[Performance]:
        return [p for p in self.performances if p.person.startswith(_SHOWN)]

    @property
    def n_references(self) -> int:
        return len({(p.person, p.mood) for p in self.performances})

    @property
    def known(self) -> NDArray[np.bool_]:
        return np.logical_and.reduce([p.known for p in self.performances])


def mood_trials(
    recordings: list[Recording], performances: list[Performance], n_lines: int
) -> MoodTrials:
    return MoodTrials([line_of(r) for r in choose(sentences(recordings), n_lines)], performances)


@dataclass
class _Lips:
    """Of sentences spoken in a mood, against how they were filmed in none."""

    errors_mm: list[float] = field(default_factory=list)
    matched_mm: list[float] = field(default_factory=list)
    correlations: list[float] = field(default_factory=list)
    counts: ArticulationCounts = field(default_factory=ArticulationCounts)

    def add(self, motion: FloatArray, line: Line, head: LandmarkHead) -> None:
        assert line.motion is not None
        found = (motion * line.known)[:, :N_SHAPES]
        wanted = line.motion[:, :N_SHAPES]
        scores = compare(found, wanted, line.fps, head)
        self.errors_mm.append(scores.lip_vertex_error_mm)
        self.matched_mm.append(matched_lip_error_mm(found, wanted, head))
        self.correlations.append(scores.gap_correlation)
        self.counts.add(count_articulation(found, line.fps, line.phones, head))

    def scores(self, kind: str) -> Scores:
        return {
            f"{kind}_lips": float(np.mean(self.errors_mm)),
            f"{kind}_matched": float(np.mean(self.matched_mm)),
            f"{kind}_gap": float(np.mean(self.correlations)),
            f"{kind}_closed": self.counts.closure_percent,
        }


def score_moods(
    contestant: Contestant, trials: MoodTrials, head: LandmarkHead, judge: Judge | None
) -> Scores:
    """A hit is an output whose code is nearest to the (person, mood) that was shown, of those of
    all performances; only channels that all of them know are seen. The lips of models with a style
    are compared with those in their neutral style."""
    if not trials.shown:
        return {"mood_hits": float("nan")}
    known = trials.known
    references = _references(trials.performances, known, judge) if judge else {}
    has_style = contestant.encode_style(trials.shown[0].motion) is not None
    neutral, moods = _Lips(), defaultdict[str, _Lips](_Lips)
    hits: list[bool] = []
    for line in trials.lines:
        unstyled = contestant.perform(line)
        neutral.add(unstyled, line, head)
        for p in trials.shown:
            found = contestant.perform(line, p.motion) if has_style else unstyled
            if judge is not None:
                hits.append(nearest(judge.code(found, known), references) == (p.person, p.mood))
            if p.mood != _NO_MOOD:
                moods[p.mood].add(found, line, head)
    scores = {"mood_hits": 100.0 * float(np.mean(hits)) if hits else float("nan")}
    return scores | _lips_in_moods(neutral, moods) if has_style and moods else scores


def _lips_in_moods(neutral: _Lips, moods: dict[str, _Lips]) -> Scores:
    everywhere = _Lips()
    for lips in moods.values():
        everywhere.errors_mm += lips.errors_mm
        everywhere.matched_mm += lips.matched_mm
        everywhere.correlations += lips.correlations
        everywhere.counts.add(lips.counts)
    scores = neutral.scores("neutral") | everywhere.scores("mood")
    worst = max((lips.errors_mm for lips in moods.values()), key=np.mean)
    return scores | {
        "mood_rise": _rise(everywhere.errors_mm, neutral.errors_mm),
        "worst_rise": _rise(worst, neutral.errors_mm),
        "matched_rise": _rise(everywhere.matched_mm, neutral.matched_mm),
    }


def score_manners(trials: Restyled, head: LandmarkHead) -> Scores:
    """What a manner costs where the lips are known to be right: the made performers' sentences
    against the filmed ones that they were made of."""
    lips = _Lips()
    for own in trials.lines:
        for line, filmed in zip(own, trials.filmed, strict=True):
            assert line.motion is not None
            lips.add(line.motion, filmed, head)
    return lips.scores("mood")


def _rise(errors: list[float], base: list[float]) -> float:
    """Percent by which the mean of errors exceeds that of the base."""
    return 100.0 * (float(np.mean(errors)) / max(float(np.mean(base)), 1e-6) - 1.0)


def score_judge(trials: MoodTrials, judge: Judge | None) -> Scores:
    """What the judge itself can tell: second halves of what is shown, among first halves of all."""
    if judge is None or not trials.shown:
        return {"mood_hits": float("nan")}
    known = trials.known
    halves = [replace(p, motion=p.motion[: len(p.motion) // 2]) for p in trials.performances]
    references = _references(halves, known, judge)
    hits = [
        nearest(judge.code(p.motion[len(p.motion) // 2 :], known), references) == (p.person, p.mood)
        for p in trials.shown
    ]
    return {"mood_hits": 100.0 * float(np.mean(hits))}


def _references(
    performances: list[Performance], known: NDArray[np.bool_], judge: Judge
) -> dict[tuple[str, str], FloatArray]:
    """Mean code of each person in each mood."""
    codes: dict[tuple[str, str], list[FloatArray]] = {}
    for p in performances:
        codes.setdefault((p.person, p.mood), []).append(judge.code(p.motion, known))
    return {who: np.mean(found, axis=0) for who, found in codes.items()}
