"""Dev clips as filmed: how near is the face, the lips and their timing to the real performance?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.regions import BROWS, channel_indices

from ..data.corpus import Recording
from ..metrics.articulation import ArticulationCounts, count_articulation
from ..metrics.dynamics import mouth_timing_ms
from ..metrics.head import LandmarkHead
from ..metrics.lips import compare
from ..metrics.mesh import FaceMesh
from .contestants import Contestant
from .lines import N_SHAPES, Line, choose, line_of, performance_of

FloatArray = NDArray[np.float32]
Scores = dict[str, float]

_LONGEST_S: Final = 30.0
_BROWS = channel_indices(BROWS)


@dataclass(frozen=True, eq=False)
class Filmed:
    """A filmed line, and another performance [S, 55] of the same person to imitate."""

    person: str
    line: Line
    style: FloatArray


def filmed_trials(recordings: list[Recording], n_lines: int) -> list[Filmed]:
    """Up to `n_lines` dev clips of each person; the style is a train clip of the same person, or
    another dev clip of a stranger."""
    filmed = [r for r in recordings if r.motion is not None]
    dev = [r for r in filmed if r.split == "dev"]
    trials: list[Filmed] = []
    for person in sorted({r.speaker for r in dev}):
        own = [r for r in dev if r.speaker == person]
        others = [r for r in filmed if r.speaker == person and r.split == "train"] or own
        for i, recording in enumerate(choose(own, n_lines)):
            source = [r for r in others if r is not recording] or others
            style = performance_of(source[(7 * i + 3) % len(source)]).motion
            trials.append(Filmed(person, line_of(recording, _LONGEST_S), style))
    return trials


def score_filmed(
    contestant: Contestant, trials: list[Filmed], head: LandmarkHead, mesh: FaceMesh
) -> Scores:
    """Means over clips; closures pooled over clips. Channels that the reference does not know count
    for neither side, and the upper face only where it is known."""
    rows: list[Scores] = []
    counts = ArticulationCounts()
    for trial in trials:
        line = trial.line
        assert line.motion is not None
        found = (contestant.perform(line, trial.style) * line.known)[:, :N_SHAPES]
        wanted = line.motion[:, :N_SHAPES]
        scores = compare(found, wanted, line.fps, head)
        dynamics = scores.upper_face_dynamics_error_mm
        gaps = head.lip_gap(found), head.lip_gap(wanted)
        rows.append(
            {
                "mean_vertex": mesh.mean_error_mm(found, wanted),
                "lip_vertex": scores.lip_vertex_error_mm,
                "gap": scores.gap_correlation,
                "dynamics": dynamics if line.known[_BROWS].all() else float("nan"),
                "opening": scores.mouth_opening_error_mm,
                "timing": mouth_timing_ms(*gaps, line.fps),
            }
        )
        counts.add(count_articulation(found, line.fps, line.phones, head))
    return mean_scores(rows) | {"closed": counts.closure_percent}


def mean_scores(rows: list[Scores]) -> Scores:
    """Mean of each score over the rows that have it as a number."""
    found: Scores = {}
    for key in rows[0] if rows else ():
        values = [row[key] for row in rows if not np.isnan(row[key])]
        found[key] = float(np.mean(values)) if values else float("nan")
    return found
