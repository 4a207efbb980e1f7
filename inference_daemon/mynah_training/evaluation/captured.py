"""Measures the capture against landmarks: `python -m mynah_training.evaluation.captured FOLDER
--head HEAD`.

FOLDER holds landmarks of videos as NAME.npz: `lm` [T, 478, 3] as MediaPipe gives them, `wh` (width
and height in pixels), `fps`, and its own scores `bs` [T, 52], for comparison. Prints a table, for
the solve and for the network that ships.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.capture.distilled import CaptureNetwork
from mynah_daemon.capture.head_model import HeadModel, load_head, reference_face
from mynah_daemon.capture.observation import Observation, lip_gap, observe
from mynah_daemon.capture.solver import Solver
from mynah_shared.errors import BadInputError

from ..metrics.lips import correlation

FloatArray = NDArray[np.float64]

_LIVE: Final = 0.01
"""A channel that deviates by less over a clip is dead."""


@dataclass(frozen=True)
class Figures:
    """Of one clip: correlation of the mesh's lip gap with that of the landmarks, root mean square
    difference in mm as it is and with both counted from rest, live channels; `from_solver_mm`: the
    largest difference from the solver's gap."""

    correlation: float
    error_mm: float
    error_from_rest_mm: float
    live: int
    from_solver_mm: float


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--head", type=Path, required=True, help="ict_arkit52.npz or its folder")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.glob("*.npz"))
    if not files:
        raise BadInputError(f"{arguments.folder} holds no .npz files with landmarks.")
    head = load_head(arguments.head)
    solver, network = Solver(head), CaptureNetwork()
    print("| clip | by | gap correlation | gap error (mm) | from rest (mm) | live | from solver |")
    print("|---|---|---|---|---|---|---|")
    for file in files:
        seen, scores = read_sample(file)
        solved = solver.solve(seen).coefficients
        for name, found in (("solver", solved), ("network", network.solve(seen).coefficients)):
            f = measure_capture(seen, found, solved, head)
            print(
                f"| {file.stem} | {name} | {f.correlation:.4f} | {f.error_mm:.2f} | "
                f"{f.error_from_rest_mm:.2f} | {f.live} | {f.from_solver_mm:.3f} |"
            )
        print(f"| {file.stem} | MediaPipe's scores | – | – | – | {count_live(scores)} | – |")


def read_sample(file: Path) -> tuple[Observation, FloatArray]:
    """What the capture sees in stored landmarks, and MediaPipe's own scores [T, 51]."""
    with np.load(file) as data:
        width, height = data["wh"]
        points = data["lm"].astype(np.float64) * [width, -height, -width]
        seen = observe(points, reference_face(), float(data["fps"]))
        return seen, data["bs"].astype(np.float64)[:, 1:]


def measure_capture(
    seen: Observation, found: FloatArray, solved: FloatArray, head: HeadModel
) -> Figures:
    """Scores coefficients [T, 52]; `solved` are the solver's."""
    gap, wanted = lip_gap(head.pose(found)), seen.lip_gap_mm
    from_rest = gap - lip_gap(head.neutral[None])[0] - (wanted - seen.resting_gap_mm)
    return Figures(
        correlation(gap.astype(np.float32), wanted.astype(np.float32)),
        float(np.sqrt(np.mean((gap - wanted) ** 2))),
        float(np.sqrt(np.mean(from_rest**2))),
        count_live(found),
        float(np.abs(gap - lip_gap(head.pose(solved))).max()),
    )


def count_live(coefficients: FloatArray) -> int:
    """Channels [T, C] that move."""
    return int((coefficients.std(axis=0) > _LIVE).sum())


if __name__ == "__main__":
    main()
