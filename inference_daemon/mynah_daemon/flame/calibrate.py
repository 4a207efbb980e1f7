"""Fits the map between ARKit and FLAME on the meshes: for each ARKit shape the expression and jaw
pose of FLAME whose vertices move most alike, by bounded least squares with a small cost of large
coefficients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.flame import EYE_POSE, JAW_POSE

from ..clip_files import EYE_RANGE_RAD
from .align import Alignment, align
from .arkit_head import ArkitHead
from .geometry import solve_bounded
from .mapping import FlameMap
from .model import JAW, LEFT_EYE, MM, RIGHT_EYE, FlameModel

FloatArray = NDArray[np.float64]

_STRENGTHS: Final = (0.5, 1.0)
"""A jaw turns while ARKit's goes straight: it is right at these strengths of a shape on average."""
_LARGEST_EXP: Final = 6.0
_LEAST_JAW: Final = (-0.1, -0.3, -0.15)
_LARGEST_JAW: Final = (0.7, 0.3, 0.15)
_EXP_COST: Final = 0.002
"""Of a squared unit of `exp`, in mm² of mean squared motion."""
_ITERATIONS: Final = 6
_SETTLED: Final = 1e-3
_SLACK: Final = 1e-12
_STEP_RAD: Final = 1e-4
_MOVES: Final = 0.1
"""A vertex belongs to a shape if it moves at least this share of the shape's largest motion."""
_N_FACES: Final = 300
_SHOWN: Final = 0.2
_JAW_OPEN: Final = ARKIT_BLENDSHAPES.index("jawOpen")
_MOUTH_CLOSE: Final = ARKIT_BLENDSHAPES.index("mouthClose")
_OPPOSITES: Final = tuple(
    (ARKIT_BLENDSHAPES.index(one), ARKIT_BLENDSHAPES.index(other))
    for one, other in (
        *(("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")),
        *((f"eyeLookIn{side}", f"eyeLookOut{side}") for side in ("Left", "Right")),
        *((f"eyeLookDown{side}", f"eyeLookUp{side}") for side in ("Left", "Right")),
    )
)
_LIP_WEIGHT: Final = 4.0
_LIP_REACH_MM: Final = 8.0

Progress = Callable[[str, float], None]
"""Called as progress(stage, fraction)."""


@dataclass(frozen=True, eq=False)
class Fit:
    """How well each shape is shown, [52] each: `moves_mm` its largest motion, `motion_mm` the root
    mean square of the motion where there is any and `residual_mm` of what is missed there,
    `worst_mm` the largest miss on the face, and `round_trip` the root mean square error of ARKit →
    FLAME → ARKit over random faces. mouthClose is measured on an open jaw."""

    moves_mm: FloatArray
    motion_mm: FloatArray
    residual_mm: FloatArray
    worst_mm: FloatArray
    round_trip: FloatArray


@dataclass(frozen=True, eq=False)
class Calibration:
    """The map, how good it is, and how the two heads lie."""

    flame_map: FlameMap
    fit: Fit
    alignment: Alignment


def calibrate(
    model: FlameModel,
    head: ArkitHead,
    width: int,
    name: str,
    sha256: str,
    progress: Progress,
) -> Calibration:
    """The map for the first `width` components of the model in a file called `name`.

    Raises `BadInputError` if the heads can't be laid on each other.
    """
    progress("align", 0.0)
    alignment = align(model, head)
    fitter = _Fitter(model, alignment, width)
    solutions: list[FloatArray] = []
    for i, wanted in enumerate(_shown_motions(alignment)):
        progress("fit", i / len(ARKIT_BLENDSHAPES))
        solutions.append(fitter.fit(wanted))
    solutions[_MOUTH_CLOSE] -= solutions[_JAW_OPEN]
    coefficients = np.concatenate([np.stack(solutions), _eye_poses()], axis=1)
    flame_map = FlameMap(coefficients, fitter.metric(), name, sha256)
    progress("fit", 1.0)
    return Calibration(flame_map, _measure(flame_map, fitter, alignment), alignment)


def _shown_motions(alignment: Alignment) -> FloatArray:
    """What each shape moves [52, M, 3], in mm. mouthClose shuts an open mouth: it comes with
    jawOpen, as alone it would push the lower lip through the upper one."""
    motions = alignment.deltas.copy()
    motions[_MOUTH_CLOSE] += motions[_JAW_OPEN]
    return motions


def _eye_poses() -> FloatArray:
    """eye_pose [52, 6] of the look shapes: the heads' eyeballs stay, so the range is ARKit's."""
    poses = np.zeros((len(ARKIT_BLENDSHAPES), len(EYE_POSE)))
    for side, outward in (("Left", 1.0), ("Right", -1.0)):
        turns = {
            "Out": ("Y", outward),
            "In": ("Y", -outward),
            "Down": ("X", 1.0),
            "Up": ("X", -1.0),
        }
        for way, (axis, sign) in turns.items():
            row = ARKIT_BLENDSHAPES.index(f"eyeLook{way}{side}")
            poses[row, EYE_POSE.index(f"eyePose{side}{axis}")] = sign * EYE_RANGE_RAD
    return poses


class _Fitter:
    """Least squares over the vertices that have a partner. Coefficients are exp, then jaw_pose."""

    def __init__(self, model: FlameModel, alignment: Alignment, width: int) -> None:
        self._model, self._person = model, alignment.person
        self._rows, self._width = alignment.matched, width
        self._basis = model.expressions[self._rows, :, :width] * MM
        self._rest = alignment.person[self._rows] * MM
        on_lips = alignment.lip_distance_mm < _LIP_REACH_MM
        self._weights = np.where(on_lips, _LIP_WEIGHT, 1.0)
        limits = (_LARGEST_EXP,) * width
        self._low = np.array([-limit for limit in limits] + [*_LEAST_JAW])
        self._high = np.array([*limits, *_LARGEST_JAW])
        self._cost = np.diag([_EXP_COST] * width + [1e-6] * len(JAW_POSE))

    def fit(self, wanted: FloatArray) -> FloatArray:
        """Coefficients [W + 3] whose motion is closest to `wanted` [M, 3] in mm: Gauss-Newton."""
        x = np.zeros(self._width + len(JAW_POSE))
        for _ in range(_ITERATIONS):
            square, slope = self._cost.copy(), -self._cost @ x
            for strength in _STRENGTHS:
                moved = self.motion(strength * x)
                columns = strength * self._columns(strength * x, moved)
                columns *= np.sqrt(self._weights)[:, None, None]
                miss = (strength * wanted - moved) * np.sqrt(self._weights)[:, None]
                flat = columns.reshape(-1, len(x))
                square += flat.T @ flat / self._weights.sum()
                slope += flat.T @ miss.ravel() / self._weights.sum()
            root = np.linalg.cholesky(square).T
            target = np.linalg.solve(root.T, slope).astype(np.float64)
            step = solve_bounded(root, target, self._low - x - _SLACK, self._high - x + _SLACK)
            x = x + step
            if np.abs(step).max() < _SETTLED:
                break
        return x

    def motion(self, x: FloatArray) -> FloatArray:
        """What coefficients move the vertices [M, 3], in mm."""
        return self._mesh(x) - self._rest

    def metric(self) -> FloatArray:
        """Of small motions by exp, jaw_pose and eye_pose; eyeballs count with the face."""
        n = self._width + len(JAW_POSE)
        face = self._columns(np.zeros(n), np.zeros_like(self._rest))
        face *= np.sqrt(self._weights)[:, None, None]
        metric = np.zeros((n + len(EYE_POSE), n + len(EYE_POSE)))
        metric[:n, :n] = np.einsum("mci,mcj->ij", face, face)
        balls = np.flatnonzero(self._model.weights[:, [LEFT_EYE, RIGHT_EYE]].sum(axis=1) > 0.5)
        columns: list[FloatArray] = []
        for joint in (LEFT_EYE, RIGHT_EYE):
            for axis in range(3):
                pose = np.zeros((5, 3))
                pose[joint, axis] = _STEP_RAD
                mesh = self._model.mesh(self._person, np.zeros(0), pose)
                columns.append((mesh - self._person)[balls].ravel() * MM / _STEP_RAD)
        eyes = np.stack(columns, axis=1)
        metric[n:, n:] = eyes.T @ eyes
        return metric / self._weights.sum()

    def _mesh(self, x: FloatArray) -> FloatArray:
        pose = np.zeros((5, 3))
        pose[JAW] = x[self._width :]
        return self._model.mesh(self._person, x[: self._width], pose)[self._rows] * MM

    def _columns(self, x: FloatArray, moved: FloatArray) -> FloatArray:
        """What a unit of each coefficient moves each vertex [M, 3, W + 3] near `x`; that `exp` also
        moves the jaw's joint is left out."""
        pose = np.zeros((5, 3))
        pose[JAW] = x[self._width :]
        columns = np.empty((*moved.shape, len(x)))
        columns[..., : self._width] = self._model.turns(pose)[self._rows] @ self._basis
        for i in range(self._width, len(x)):
            ahead = x.copy()
            ahead[i] += _STEP_RAD
            columns[..., i] = (self.motion(ahead) - moved) / _STEP_RAD
        return columns


def _measure(flame_map: FlameMap, fitter: _Fitter, alignment: Alignment) -> Fit:
    coefficients = flame_map.coefficients[:, : -len(EYE_POSE)].copy()
    coefficients[_MOUTH_CLOSE] += coefficients[_JAW_OPEN]
    n = len(coefficients)
    moves, motion, residual, worst = np.zeros((4, n))
    shown = _shown_motions(alignment)[:, alignment.on_face]
    for i, wanted in enumerate(shown):
        missed = wanted - fitter.motion(coefficients[i])[alignment.on_face]
        size: FloatArray = np.linalg.norm(wanted, axis=1)
        miss: FloatArray = np.linalg.norm(missed, axis=1)
        moves[i], worst[i] = size.max(), miss.max()
        is_part = size >= _MOVES * size.max()
        motion[i] = np.sqrt(np.mean(size[is_part] ** 2))
        residual[i] = np.sqrt(np.mean(miss[is_part] ** 2))
    return Fit(moves, motion, residual, worst, _round_trip(flame_map))


def _round_trip(flame_map: FlameMap) -> FloatArray:
    """Root mean square error [52] over faces in which each shape shows in one of five, but never
    its opposite with it: eyes that look to both sides look nowhere."""
    rng = np.random.default_rng(0)
    shape = (_N_FACES, len(ARKIT_BLENDSHAPES))
    values = (rng.random(shape) * (rng.random(shape) < _SHOWN)).astype(np.float32)
    for one, other in _OPPOSITES:
        values[:, other] *= values[:, one] == 0
    values[:, _MOUTH_CLOSE] = np.minimum(values[:, _MOUTH_CLOSE], values[:, _JAW_OPEN])
    clip = MotionClip(30.0, ARKIT_BLENDSHAPES, values)
    back = flame_map.to_arkit(flame_map.to_flame(clip)).select(ARKIT_BLENDSHAPES)
    return np.sqrt(np.mean((back.values - values) ** 2, axis=0))
