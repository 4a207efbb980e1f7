"""Real performances that no weight was trained on: does a model that is shown one look more like it
than like any other?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..data.corpus import Recording
from ..metrics.codes import nearest
from .contestants import Contestant
from .filmed import Scores
from .judge import Judge
from .lines import FloatArray, Line, Performance, choose, line_of, sentences

SOURCES: Final = ("style_mead", "style_styletalk")
_SHOWN: Final = "mead"
"""Begin of the names of people whose performances are shown; all others only may be mistaken."""


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


def score_moods(contestant: Contestant, trials: MoodTrials, judge: Judge | None) -> Scores:
    """A hit is an output whose code is nearest to the (person, mood) that was shown, of those of
    all performances. Only channels that all of them know are seen."""
    if judge is None or not trials.shown:
        return {"mood_hits": float("nan")}
    known, references = trials.known, _references(trials.performances, trials.known, judge)
    has_style = contestant.encode_style(trials.shown[0].motion) is not None
    hits: list[bool] = []
    for line in trials.lines:
        motion = None if has_style else contestant.perform(line)  # the same for all
        for p in trials.shown:
            found = contestant.perform(line, p.motion) if motion is None else motion
            hits.append(nearest(judge.code(found, known), references) == (p.person, p.mood))
    return {"mood_hits": 100.0 * float(np.mean(hits))}


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
