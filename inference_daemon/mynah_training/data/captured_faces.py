"""Random, plausible faces as the landmarker would see them: the lessons of the capture network.

Each clip is one made-up person: a random identity of the ICT-FaceKit head, the ways in which a real
face differs from any such head (a smooth random field, pixels that aren't square, wrong depth),
perhaps a lasting expression; a new expression, gaze, head pose and landmark noise in every frame.
No film has part in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mynah_daemon.capture.face_points import (
    LEFT_EYE_CORNERS,
    LEFT_IRIS,
    LIPS,
    N_POINTS,
    N_SKIN,
    RIGHT_EYE_CORNERS,
    RIGHT_IRIS,
)
from mynah_daemon.capture.head_model import HeadModel
from mynah_daemon.capture.observation import Observation, observe
from mynah_daemon.capture.solver import LASTING
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.regions import MIRROR_PAIRS

FloatArray = NDArray[np.float64]

_AT_REST: Final = 0.15
"""Share of frames with nothing but the lasting expression."""
_BIAS_MM, _BIAS_REACH_MM = 2.0, 25.0
_PIXEL_ASPECT: Final = 0.07
_DEPTH_ERROR: Final = 0.2
_STEADY_NOISE_MM, _SMOOTH_NOISE_MM = 0.4, 0.8
_DEPTH_NOISE: Final = 2.0
_TURN_DEG: Final = (20.0, 35.0, 20.0)
_EYE_RADIUS_MM: Final = 12.0
_LONGEST_LOOK: Final = 0.8


@dataclass(frozen=True)
class FaceMaker:
    """Makes clips of random faces on `head`, around the `reference` face [468, 3] mm."""

    head: HeadModel
    reference: FloatArray

    def clip(self, n_frames: int, rng: np.random.Generator) -> Observation:
        """What the capture sees of one made-up person in frames that follow in no order."""
        return observe(self.landmarks(n_frames, rng), self.reference, None)

    def landmarks(self, n_frames: int, rng: np.random.Generator) -> FloatArray:
        """Landmarks [n_frames, 478, 3] in pixels."""
        own = self._own_shape(rng)
        skin = own + np.tensordot(_expressions(n_frames, rng), self.head.deltas, axes=1)
        skin += self._noise(n_frames, rng)
        points = np.zeros((n_frames, N_POINTS, 3))
        points[:, :N_SKIN] = skin
        look = rng.normal(0, 0.25, (n_frames, 2)).clip(-_LONGEST_LOOK, _LONGEST_LOOK)
        shift = _EYE_RADIUS_MM * np.sin(0.5236 * look) * [1, -1]
        for iris, corners in ((RIGHT_IRIS, RIGHT_EYE_CORNERS), (LEFT_IRIS, LEFT_EYE_CORNERS)):
            middle = skin[:, list(corners)].mean(axis=1, keepdims=True)
            points[:, iris : iris + 5] = middle
            points[:, iris : iris + 5, :2] += shift[:, None] + rng.normal(0, 0.2, (n_frames, 1, 2))
        turns = Rotation.from_euler(
            "XYZ", rng.uniform(-1, 1, (n_frames, 3)) * _TURN_DEG, degrees=True
        )
        size = rng.uniform(0.5, 5.0) * rng.uniform(0.95, 1.05, (n_frames, 1, 1))
        return size * points @ np.swapaxes(turns.as_matrix(), 1, 2)

    def _own_shape(self, rng: np.random.Generator) -> FloatArray:
        identity = rng.normal(0, 1, len(self.head.identities))
        own = self.head.neutral + np.tensordot(identity, self.head.identities, axes=1)
        # MediaPipe's average face is another than the head's; but its lips stand apart
        other = self.reference - self.head.neutral
        other[list(LIPS)] = 0
        own = own + rng.uniform(0, 1) * other
        own = own + rng.uniform(0, _BIAS_MM) * self._smooth_field(rng)
        stretch = 1 + rng.uniform(-1, 1, 3) * [0, _PIXEL_ASPECT, _DEPTH_ERROR]
        return own * stretch

    def _smooth_field(self, rng: np.random.Generator) -> FloatArray:
        """A random displacement [468, 3] that neighbours share, of unit size."""
        centres = self.reference[rng.choice(N_SKIN, 40, replace=False)]
        distance = np.linalg.norm(self.reference[:, None] - centres, axis=-1)
        field = np.exp(-np.square(distance / _BIAS_REACH_MM)) @ rng.normal(0, 1, (len(centres), 3))
        return field / np.sqrt(np.square(field).mean())

    def _noise(self, n_frames: int, rng: np.random.Generator) -> FloatArray:
        """Errors of the landmarker [n_frames, 468, 3]: of each point, and shared by neighbours."""
        noise = rng.normal(0, rng.uniform(0.02, _STEADY_NOISE_MM), (n_frames, N_SKIN, 3))
        basis = np.stack([self._smooth_field(rng)[:, 0] for _ in range(60)])
        drawn = rng.normal(0, 1, (n_frames, 3, len(basis))) @ basis / np.sqrt(len(basis))
        noise += rng.uniform(0, _SMOOTH_NOISE_MM) * np.swapaxes(drawn, 1, 2)
        return noise * [1, 1, _DEPTH_NOISE]


def _expressions(n_frames: int, rng: np.random.Generator) -> FloatArray:
    """Coefficients [n_frames, 52]: most shapes at rest, sides mostly alike."""
    n = len(ARKIT_BLENDSHAPES)
    busy = rng.uniform(0.05, 0.5, (n_frames, 1))  # quiet and lively frames
    values = rng.beta(1.0, 2.0, (n_frames, n)) * (rng.uniform(size=(n_frames, n)) < busy)
    for left, right in MIRROR_PAIRS:
        a, b = ARKIT_BLENDSHAPES.index(left), ARKIT_BLENDSHAPES.index(right)
        alike = rng.uniform(size=n_frames) < 0.7
        values[alike, b] = values[alike, a] * rng.uniform(0.8, 1.2, alike.sum())
    jaw, close = ARKIT_BLENDSHAPES.index("jawOpen"), ARKIT_BLENDSHAPES.index("mouthClose")
    speaking = rng.uniform(size=n_frames) < 0.7
    values[speaking, jaw] = rng.beta(1.2, 5.0, speaking.sum())
    values[:, close] = np.minimum(values[:, close], values[:, jaw])
    blinking = rng.uniform(size=n_frames) < 0.15
    lids = [ARKIT_BLENDSHAPES.index(f"eyeBlink{side}") for side in ("Left", "Right")]
    shut = rng.uniform(0.2, 1.0, (n_frames, 1))
    values[:, lids] = np.where(blinking[:, None], shut, values[:, lids])
    values[rng.uniform(size=n_frames) < _AT_REST] = 0
    lasting = np.zeros(n)
    if rng.uniform() < 0.6:
        chosen = [ARKIT_BLENDSHAPES.index(name) for name in rng.choice(LASTING, 4, replace=False)]
        lasting[chosen] = rng.uniform(0, 0.6, 4)
    return np.clip(values + lasting, 0, 1)
