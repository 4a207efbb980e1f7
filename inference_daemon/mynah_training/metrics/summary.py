"""Scores of many clips as the rows of one table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.clip import MotionClip

from .articulation import ArticulationCounts, Segment, count_articulation
from .head import LandmarkHead
from .lips import FloatArray, LipScores, compare, lag_profile, peak_lag_s

HEADER = (
    "| clips | n | lip vertex error (mm) | lip-gap correlation | mouth opening error "
    "(mm) | upper-face dynamics error (mm)"
    " | lag (ms) | b/m/p closed (%) | open vowels shut (%) | open in silence (%) |"
)


@dataclass(frozen=True)
class ClipResult:
    """One clip's scores; `scores` is None without a reference performance."""

    name: str
    fps: float
    scores: LipScores | None
    lag_profile: FloatArray | None
    articulation: ArticulationCounts


def score_clip(
    name: str,
    predicted: MotionClip,
    reference: MotionClip | None,
    segments: tuple[Segment, ...],
    head: LandmarkHead,
) -> ClipResult:
    """Scores a clip against a reference of the same rate and length (None: articulation only)."""
    values = predicted.select(ARKIT_BLENDSHAPES).values
    counts = count_articulation(values, predicted.fps, segments, head)
    if reference is None:
        return ClipResult(name, predicted.fps, None, None, counts)
    wanted = reference.select(ARKIT_BLENDSHAPES).values
    profile = lag_profile(head.lip_gap(values), head.lip_gap(wanted), reference.fps)
    return ClipResult(
        name, predicted.fps, compare(values, wanted, reference.fps, head), profile, counts
    )


def markdown_table(groups: dict[str, list[ClipResult]]) -> str:
    """A Markdown table with a row per group: means over clips, and counts pooled over clips."""
    lines = [HEADER, "|" + "---|" * (HEADER.count("|") - 1)]
    lines += [_row(name, results) for name, results in groups.items()]
    return "\n".join(lines)


def _row(name: str, results: list[ClipResult]) -> str:
    counts = ArticulationCounts()
    for result in results:
        counts.add(result.articulation)
    scores = [r.scores for r in results if r.scores is not None]
    cells = [name, str(len(results))]
    if scores:
        profile = np.sum([r.lag_profile for r in results if r.lag_profile is not None], axis=0)
        cells += [
            f"{np.mean([s.lip_vertex_error_mm for s in scores]):.2f}",
            f"{np.mean([s.gap_correlation for s in scores]):z.3f}",
            f"{np.mean([s.mouth_opening_error_mm for s in scores]):.2f}",
            f"{np.mean([s.upper_face_dynamics_error_mm for s in scores]):.2f}",
            f"{1000 * peak_lag_s(profile, results[0].fps):+z.0f}"
            if profile.max() > 0.1 * len(scores)
            else "–",
        ]
    else:
        cells += ["–"] * 5
    percents = (counts.closure_percent, counts.shut_vowel_percent, counts.open_silence_percent)
    cells += ["–" if np.isnan(p) else f"{p:.1f}" for p in percents]
    return "| " + " | ".join(cells) + " |"
