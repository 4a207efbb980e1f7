"""Weights of visemes and expressions that together look most like a performance.

A rig without finer shapes has each viseme as one picture of a whole mouth. Looking up "jawOpen" in
it makes no speech: the pictures overlap, and lips that should shut stay open. So the weights are
solved, frame by frame and bounded, for what can be seen: first the expressions, which move brows,
lids and cheeks, then the mouth's shapes for what the expressions leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from ..motion.arkit import ARKIT_BLENDSHAPES
from ..motion.clip import MotionClip
from ..motion.regions import LIPS
from .mouth import MOUTH, PRESSED, mouth_of
from .solver import FloatArray, least

_SMALL: Final = 0.03
"""In square millimetres: how much rather two shapes are used a little than one a lot. It also
keeps the weights from leaping where shapes look alike."""
_FEW: Final = 0.15
"""In square millimetres: the price of using a shape at all, so that few are used."""
_STEADY: Final = 5.0
"""In square millimetres: how much a weight is held to the mean of its neighbours in time."""
_UPPER_FACE: Final = 6.0
"""Millimetres of the mouth that one whole shape of brows, lids or cheeks is worth."""
_MOUTH_IN_EXPRESSIONS: Final = 0.3
"""How much of the mouth is asked when expressions are sought; the rest is for the visemes."""

_LIP_ROWS: Final = np.isin(ARKIT_BLENDSHAPES, LIPS)

Shows = Mapping[str, Mapping[str, float]]
"""Target → {channel: how much of it is seen when the target is 1}."""


def weights_that_show(
    clip: MotionClip, shows: Shows, elsewhere: Iterable[str] = (), most: float = 1.0
) -> FloatArray:
    """Weights [T, N] of the targets of `shows`, 0..`most`, in its order.

    `elsewhere` are channels that other targets show already. Channels the clip lacks count as 0.
    """
    left = clip.select(ARKIT_BLENDSHAPES).values.astype(np.float64)
    left[:, np.isin(ARKIT_BLENDSHAPES, list(elsewhere))] = 0.0
    pictures = picture_matrix(shows)
    moves_more = (pictures[:, ~_LIP_ROWS] != 0).any(axis=1)
    weights = np.zeros((clip.n_frames, len(pictures)))
    if clip.n_frames == 0:
        return weights
    if moves_more.any():
        features = np.concatenate(
            [
                _UPPER_FACE * np.eye(len(ARKIT_BLENDSHAPES))[:, ~_LIP_ROWS],
                _MOUTH_IN_EXPRESSIONS * MOUTH[:, :PRESSED],
            ],
            axis=1,
        )
        faces = pictures[moves_more]
        weights[:, moves_more] = _solve(faces @ features, left @ features, most)
        left = left - weights[:, moves_more] @ faces
    if not moves_more.all():
        mouths = pictures[~moves_more] @ MOUTH
        seen = mouth_of(left, clip.fps, float(mouths[:, PRESSED].max(initial=0.0)))
        weights[:, ~moves_more] = _solve(mouths, seen, most)
    return weights


def picture_matrix(shows: Shows) -> FloatArray:
    """[N, 52]: what each target shows, in Apple's order."""
    matrix = np.zeros((len(shows), len(ARKIT_BLENDSHAPES)))
    for i, row in enumerate(shows.values()):
        for channel, amount in row.items():
            if channel in ARKIT_BLENDSHAPES:
                matrix[i, ARKIT_BLENDSHAPES.index(channel)] = amount
    return matrix


def _solve(pictures: FloatArray, seen: FloatArray, most: float) -> FloatArray:
    """Weights [T, N] for pictures [N, F] of what is seen [T, F]; the second time each frame is held
    to its neighbours."""
    low, high = np.zeros(len(pictures)), np.full(len(pictures), most)
    hessian = pictures @ pictures.T + _SMALL * np.eye(len(pictures))
    wanted = seen @ pictures.T - _FEW
    weights = least(hessian, wanted, low, high)
    around = np.pad(weights, ((1, 1), (0, 0)), mode="edge")
    calm = around[:-2] / 4 + weights / 2 + around[2:] / 4
    return least(hessian + _STEADY * np.eye(len(pictures)), wanted + _STEADY * calm, low, high)
