"""Solves a performance on a morphable head: bounded least squares on what was measured.

Unknown in each frame are 52 shapes between 0 and 1, and a small correction of the head's turn,
shift and size, since brows and jaw pull at the points that the pose was told from. The identity is
the clip's: the performer's resting face is taken out before (see `observation`); what of it is a
lasting expression and not the shape of the skull is solved once, against the head's identities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from .bounded import SharesFit, build_fit
from .face_points import N_SKIN, SKIN_TRUST
from .head_model import HeadModel
from .observation import Observation, lid_apertures, measure

FloatArray = NDArray[np.float64]

_N_SHAPES: Final = len(ARKIT_BLENDSHAPES)
_JAW, _CLOSE = (ARKIT_BLENDSHAPES.index(name) for name in ("jawOpen", "mouthClose"))

_PRIOR: Final = np.array(
    [40.0 if name.startswith(("mouth", "eyeSquint")) else 6.0 for name in ARKIT_BLENDSHAPES]
)
"""mm² that a shape's full strength costs beside the measured errors. The mouth's shapes are many
and alike: there the prior decides among mixtures that fit as well. And lids that shut blink rather
than squint."""
_THRESHOLD: Final = 2.0
"""mm² of gain below which a shape stays at rest."""
_FREE_PRIOR: Final = 1e-3

LASTING: Final = tuple(
    name
    for name in ARKIT_BLENDSHAPES
    if name.startswith(("brow", "mouthSmile", "mouthFrown", "eyeSquint", "eyeWide", "noseSneer"))
)
"""Shapes that may rest in an expression for a whole clip."""
LASTING_COLUMNS: Final = np.array([ARKIT_BLENDSHAPES.index(name) for name in LASTING])
_IDENTITY_NOISE_MM: Final = 2.0
_LASTING_PRIOR, _LASTING_THRESHOLD = 20.0, 20.0


@dataclass(frozen=True, eq=False)
class Solution:
    """`coefficients` [T, 52] in 0..1, Apple's order; `turns` [T, 3] corrects the head's pose: a
    rotation vector in the head's axes, in radians."""

    coefficients: FloatArray
    turns: FloatArray


class Solver:
    """The solve on one head.

    `frames` fits a frame's measurements; its shares are those of `mix`. `lasting` fits what a
    resting face [1404] (weighted by `SKIN_TRUST`) has of the shapes `LASTING`.
    """

    def __init__(self, head: HeadModel) -> None:
        self.effects = _shape_effects(head)
        # mouthClose is solved as a dropped jaw under closed lips, so it never exceeds jawOpen
        self.effects[_CLOSE] += self.effects[_JAW]
        moves = _measured_points(_rigid_moves(head.neutral))
        self.frames = build_fit(
            self.effects, _PRIOR, _THRESHOLD, moves, np.full(len(moves), _FREE_PRIOR)
        )
        self.lasting = _lasting_fit(head)

    def solve(self, seen: Observation) -> Solution:
        """The performance in every frame, each by itself."""
        lasting = np.zeros((1, _N_SHAPES))
        lasting[:, LASTING_COLUMNS] = self.lasting.shares((SKIN_TRUST * seen.rest).reshape(1, -1))
        measured = seen.measured + lasting @ self.effects
        shares = self.frames.shares(measured)
        return Solution(unmix(shares), self.frames.free(measured, shares)[:, :3])


def unmix(shares: FloatArray) -> FloatArray:
    """Coefficients [T, 52] of shares as they are solved: jawOpen counts without the drop of
    mouthClose there."""
    coefficients = shares.copy()
    coefficients[:, _JAW] = np.minimum(shares[:, _JAW] + shares[:, _CLOSE], 1)
    return coefficients


def _shape_effects(head: HeadModel) -> FloatArray:
    """The measurements [52, N] of each shape at full strength."""
    blinking = [ARKIT_BLENDSHAPES.index(f"eyeBlink{side}") for side in ("Right", "Left")]
    opened = lid_apertures(head.neutral[None])
    shut = lid_apertures(head.neutral + head.deltas[blinking].sum(axis=0, keepdims=True))
    moved = lid_apertures(head.neutral + head.deltas)
    return measure(head.deltas, (opened - moved) / (opened - shut), _looks())


def _looks() -> FloatArray:
    """How much each shape [52, 2] turns the eyes to the own left and down; both eyes count half.

    The head's eyeballs don't move with its shapes, so the looks are stated here.
    """
    looks = np.zeros((_N_SHAPES, 2))
    for axis, more, less in (
        (0, ("eyeLookOutLeft", "eyeLookInRight"), ("eyeLookInLeft", "eyeLookOutRight")),
        (1, ("eyeLookDownLeft", "eyeLookDownRight"), ("eyeLookUpLeft", "eyeLookUpRight")),
    ):
        looks[[ARKIT_BLENDSHAPES.index(name) for name in more], axis] = 0.5
        looks[[ARKIT_BLENDSHAPES.index(name) for name in less], axis] = -0.5
    return looks


def _lasting_fit(head: HeadModel) -> SharesFit:
    """Free beside the expression are the identity, a rigid move, pixels that aren't square and
    wrong depth."""
    stretches = head.neutral[None] * np.eye(3)[1:, None]
    free = np.concatenate([head.identities, _rigid_moves(head.neutral), stretches])
    free_prior = np.full(len(free), _FREE_PRIOR)
    free_prior[: len(head.identities)] = np.square(_IDENTITY_NOISE_MM)
    effects = (SKIN_TRUST * head.deltas[LASTING_COLUMNS]).reshape(len(LASTING), -1)
    return build_fit(
        effects,
        np.full(len(LASTING), _LASTING_PRIOR * np.square(_IDENTITY_NOISE_MM)),
        _LASTING_THRESHOLD * np.square(_IDENTITY_NOISE_MM),
        (SKIN_TRUST * free).reshape(len(free), 3 * N_SKIN),
        free_prior,
    )


def _measured_points(moved: FloatArray) -> FloatArray:
    """The measurements [M, N] of points that move by `moved` [M, 468, 3] mm; lids and gaze
    keep."""
    still = np.zeros((len(moved), 2))
    return measure(moved, still, still)


def _rigid_moves(points: FloatArray) -> FloatArray:
    """How points [K, 3] move [7, K, 3] when the head turns about each axis by a radian, shifts by
    a millimetre, grows by a hundredth."""
    centred = points - points.mean(axis=0)
    x, y, z = centred.T
    still = np.zeros_like(x)
    turns = np.stack([[still, -z, y], [z, still, -x], [-y, x, still]]).swapaxes(1, 2)
    shifts = np.broadcast_to(np.eye(3)[:, None], turns.shape)
    return np.concatenate([turns, shifts, centred[None] / 100])
