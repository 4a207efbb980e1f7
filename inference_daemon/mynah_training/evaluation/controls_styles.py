"""Controls over which style shows and how much: strength, weights and parts of the face."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mynah_daemon.engine.style_plan import STYLE_REGIONS

from ..metrics.codes import cosine
from ..metrics.dynamics import join_ratio
from ..metrics.head import LandmarkHead
from ..metrics.lips import compare, correlation
from .columns import Column
from .controls_document import Section, bound_verdict
from .controls_measures import (
    channel_deviation,
    face_deviation_mm,
    grows,
    head_deviation_deg,
    percent,
)
from .controls_stage import Asked, Manner, Stage, manner_of, sample, sentence
from .filmed import Scores, mean_scores
from .judge import Judge
from .lines import N_SHAPES, FloatArray, Line
from .restyled import Restyled

STRENGTHS: Final = tuple(i / 4 for i in range(9))
WEIGHTS: Final = (1.0, 0.75, 0.5, 0.25, 0.0)
N_JOINED: Final = 2
"""Manners of a group in which the long line is performed, at the strengths below."""
JOINED_AT: Final = (0.0, 1.0, 2.0)
N_MIXES: Final = 6
"""Pairs, and triples for regions, of a group."""
LARGEST_JOIN_RATIO: Final = 1.2
_REGIONS: Final = ("brows", "lips", "head")


@dataclass(frozen=True, eq=False)
class Spoken:
    """A sentence in a manner; how it was performed in it, if somebody knows."""

    line: Line
    manner: Manner
    truth: FloatArray | None = None


def spoken_in(lines: Sequence[Line], manners: Sequence[Manner]) -> list[Spoken]:
    return [Spoken(line, manner) for manner in manners for line in lines]


def spoken_by_performers(trials: Restyled) -> list[Spoken]:
    """The sentences of the made performers, whose own performances are known."""
    found: list[Spoken] = []
    for p, own in enumerate(trials.lines):
        for s, line in enumerate(own[: trials.n_spoken]):
            manner = manner_of(f"performer {p}, {s}", trials.style_of(p, s), line.known)
            cut = sentence(line)
            found.append(Spoken(cut, manner, cut.motion))
    return found


# Strength

_SENTENCES: Final = "sentences"
_STRENGTH_COLUMNS: Final = (
    Column(
        "face", "face, from neutral (mm)", _SENTENCES,
        "mean over frames and the 68 landmarks of the distance to the same line and seed at "
        "strength 0, head pose apart",
    ),
    Column(
        "turned", "head, from neutral (°)", _SENTENCES,
        "mean over frames of the length of the difference of the head's three angles to those at "
        "strength 0",
    ),
    Column(
        "similarity", "style similarity", _SENTENCES,
        "cosine of the judge's codes of output and style clip, in channels that the clip knows; of "
        "made performers, of output and the same sentence in their manner",
        3,
    ),
    Column(
        "kept", "lip-gap correlation with neutral", _SENTENCES,
        "Pearson correlation over time of the distances between the middles of the inner lips, "
        "with strength 0",
        3,
    ),
    Column(
        "lips", "lip vertex error (mm)", _SENTENCES,
        "mean over frames of the largest distance among the 20 lip landmarks to the same sentence "
        "in the made performer's manner; of the others nobody knows the right answer",
    ),
    Column(
        "joins", "join ratio", "long line",
        "mean |second difference| of all channels within a frame of where a window begins or its "
        "cross-fade ends, over that elsewhere (1 = seamless), as in RESULTS.md",
    ),
)  # fmt: skip


def strength_section(
    stage: Stage,
    groups: dict[str, list[Spoken]],
    long: Line,
    joins: Sequence[int],
    head: LandmarkHead,
    judge: Judge | None,
) -> Section:
    """Rows are (group, strength); `joins` are the frames of the long line where windows meet."""
    rows: dict[str, Scores] = {}
    verdicts: list[str] = []
    for group, spoken in groups.items():
        found = [_strengths_of(stage, asked, head, judge) for asked in spoken]
        joined = sample(list({s.manner.name: s.manner for s in spoken}.values()), N_JOINED)
        for i, strength in enumerate(STRENGTHS):
            row = mean_scores([scores[i] for scores in found])
            if strength in JOINED_AT:
                motions = [stage.whole(long, manner, strength) for manner in joined]
                row["joins"] = float(np.mean([join_ratio(motion, joins) for motion in motions]))
            rows[f"{group}, {strength:g}"] = row
        verdicts.append(_growth(group, found))
    verdicts.append(bound_verdict("a join ratio of", rows, "joins", LARGEST_JOIN_RATIO))
    about = (
        "`--style-strength`. 0 is the neutral manner, 1 the style as shown. Asked: a monotonic "
        "effect on the style measures from 0 to 2."
    )
    return Section("Strength", about, "style, strength", _STRENGTH_COLUMNS, rows, tuple(verdicts))


def _strengths_of(
    stage: Stage, asked: Spoken, head: LandmarkHead, judge: Judge | None
) -> list[Scores]:
    """The scores at each strength."""
    line, manner = asked.line, asked.manner
    motions = [stage.whole(line, manner, strength) for strength in STRENGTHS]
    neutral = motions[0]
    wanted = manner.clip.values if asked.truth is None else asked.truth
    code = None if judge is None else judge.code(wanted, manner.known)
    gaps = [head.lip_gap(motion[:, :N_SHAPES]) for motion in motions]
    found: list[Scores] = []
    for motion, gap in zip(motions, gaps, strict=True):
        row = {
            "face": face_deviation_mm(motion, neutral, head),
            "turned": head_deviation_deg(motion, neutral),
            "similarity": float("nan"),
            "kept": correlation(gap, gaps[0]),
            "lips": float("nan"),
        }
        if judge is not None and code is not None:
            row["similarity"] = cosine(judge.code(motion, manner.known), code)
        if asked.truth is not None:
            ours, theirs = motion * line.known, asked.truth * line.known
            scores = compare(ours[:, :N_SHAPES], theirs[:, :N_SHAPES], line.fps, head)
            row["lips"] = scores.lip_vertex_error_mm
        found.append(row)
    return found


def _growth(group: str, found: list[list[Scores]]) -> str:
    """In how many (sentence, style) pairs each measure grows from strength to strength, and where
    the similarity is greatest."""

    def share(key: str, last: float) -> float:
        until = STRENGTHS.index(last) + 1
        return percent([grows([row[key] for row in rows[:until]]) for rows in found])

    sentence = (
        f"{group}: in {share('face', 2):.1f} % of {len(found)} (sentence, style) pairs the face's "
        "deviation from neutral grows with each step from 0 to 2, the head's in "
        f"{share('turned', 2):.1f} %"
    )
    similar = [
        mean_scores([rows[i] for rows in found])["similarity"] for i in range(len(STRENGTHS))
    ]
    if np.isnan(similar).any():
        return f"{sentence}."
    return (
        f"{sentence}; style similarity grows with each step from 0 to 1 in "
        f"{share('similarity', 1):.1f} %, and its mean is greatest at "
        f"{STRENGTHS[int(np.argmax(similar))]:g}."
    )


# Weights

_MIX_COLUMNS: Final = (
    Column("to_first", "to the first (mm)", _SENTENCES,
           "face deviation, as above, from the line wholly in the first style"),
    Column("to_second", "to the second (mm)", _SENTENCES, "from that wholly in the second"),
    Column("way", "way from the first to the second (%)", _SENTENCES,
           "distance to the first over the sum of both distances, the mean over pairs", 1),
)  # fmt: skip


def weights_section(
    stage: Stage,
    groups: dict[str, list[Manner]],
    lines: Sequence[Line],
    head: LandmarkHead,
) -> Section:
    rows: dict[str, Scores] = {}
    verdicts: list[str] = []
    for group, manners in groups.items():
        found = [
            _mixes(stage, line, first, second, head)
            for first, second in _tuples(manners, 2)
            for line in lines
        ]
        for i, weight in enumerate(WEIGHTS):
            rows[f"{group}, {weight:g} : {1 - weight:g}"] = mean_scores([row[i] for row in found])
        both = [
            grows([row["to_first"] for row in pair])
            and grows([row["to_second"] for row in pair[::-1]])
            for pair in found
        ]
        verdicts.append(
            f"{group}: in {percent(both):.1f} % of {len(both)} (sentence, pair) trials each step "
            "of the weights leads away from the first style and nearer to the second."
        )
    about = (
        "`--style A@0.75 --style B@0.25`. The mixture is one performance: the model is asked for "
        "both styles at each of its steps. An even way would be 0, 25, 50, 75 and 100 %."
    )
    return Section("Weights", about, "styles, weights", _MIX_COLUMNS, rows, tuple(verdicts))


def _mixes(
    stage: Stage, line: Line, first: Manner, second: Manner, head: LandmarkHead
) -> list[Scores]:
    ends = stage.whole(line, first), stage.whole(line, second)
    found: list[Scores] = []
    for weight in WEIGHTS:
        asked = [Asked(first, weight), Asked(second, 1 - weight)]
        mixed = stage.perform(line, asked)
        apart = [face_deviation_mm(mixed, end, head) for end in ends]
        way = 100 * apart[0] / max(sum(apart), 1e-9)
        found.append({"to_first": apart[0], "to_second": apart[1], "way": way})
    return found


def _tuples(manners: Sequence[Manner], size: int) -> list[tuple[Manner, ...]]:
    """Groups of so many different manners that lie far from each other in the list."""
    n, apart = len(manners), max(1, len(manners) // (size + 1))
    # The corpus lists the same moods for each person: not a mood and the same one again.
    apart += n > 2 * size and n % apart == 0
    starts = sample(range(n), N_MIXES)
    return [tuple(manners[(i + k * apart) % n] for k in range(size)) for i in starts]


# Parts of the face

_REGION_COLUMNS: Final = (
    Column("own", "to its own style", _SENTENCES,
           "root mean square difference, over frames and the part's channels (a shape counts from "
           "0 to 1, the head in radians), from the line wholly in the style asked for there", 3),
    Column("others", "to the others", _SENTENCES,
           "the mean of the same to the line wholly in each of the other two styles and in the "
           "neutral manner", 3),
    Column("right", "nearest is its own (%)", _SENTENCES,
           "trials in which the distance to its own style is the least of the four", 1),
    *(Column(f"moved_{region}", f"exchanged: change of {region}", _SENTENCES,
             f"root mean square change of the channels of the {region} when this row's part is "
             "given a fourth style and nothing else is", 3)
      for region in STYLE_REGIONS),
    Column("leak", "leak (%)", _SENTENCES,
           "change of the other two parts when this one is exchanged, over their change when they "
           "are exchanged themselves; 0 = parts are independent", 1),
)  # fmt: skip


def regions_section(
    stage: Stage, groups: dict[str, list[Manner]], lines: Sequence[Line]
) -> Section:
    rows: dict[str, Scores] = {}
    for group, manners in groups.items():
        found: dict[str, list[Scores]] = defaultdict(list)
        for four in _tuples(manners, 4):
            for line in lines:
                for region, scores in _regions_of(stage, line, four).items():
                    found[region].append(scores)
        rows |= {f"{group}, {region}": mean_scores(scores) for region, scores in found.items()}
    about = (
        "`--style A:brows --style B:lips --style C:head`; eyes are left to the neutral manner. "
        "Styles are exchanged one part at a time for a fourth one."
    )
    return Section("Parts of the face", about, "styles, part", _REGION_COLUMNS, rows)


def _regions_of(stage: Stage, line: Line, four: tuple[Manner, ...]) -> dict[str, Scores]:
    *three, other = four
    asked = [Asked(manner, region=r) for manner, r in zip(three, _REGIONS, strict=True)]
    mixed = stage.perform(line, asked)
    wholes = [stage.whole(line, manner) for manner in (*three, None)]
    found: dict[str, Scores] = {}
    for i, region in enumerate(_REGIONS):
        apart = [channel_deviation(mixed, whole, STYLE_REGIONS[region]) for whole in wholes]
        others = np.delete(apart, i)
        exchanged = [*asked]
        exchanged[i] = replace(asked[i], manner=other)
        changed = stage.perform(line, exchanged)
        found[region] = {
            "own": apart[i],
            "others": float(others.mean()),
            "right": 100.0 * float(apart[i] < others.min()),
        } | {
            f"moved_{name}": channel_deviation(changed, mixed, channels)
            for name, channels in STYLE_REGIONS.items()
        }
    for region, scores in found.items():
        leaks = [
            scores[f"moved_{other}"] / max(found[other][f"moved_{other}"], 1e-9)
            for other in _REGIONS
            if other != region
        ]
        scores["leak"] = 100.0 * float(np.mean(leaks))
    return found
