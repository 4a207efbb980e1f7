"""FLAME's mesh function, from the formulas of Li et al. 2017 (section 3) and of SMPL, which it
follows (Loper et al. 2015, equations 2 to 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .geometry import to_matrices

FloatArray = NDArray[np.float64]

ROOT, NECK, JAW, LEFT_EYE, RIGHT_EYE = range(5)
MM: Final = 1000.0
"""FLAME models in metres."""


@dataclass(frozen=True, eq=False)
class FlameModel:
    """`template` [V, 3] in metres; what a unit of each component adds: `shapes` [V, 3, S],
    `expressions` [V, 3, E], `correctives` [V, 3, 36] (of the pose's rotations); `joint_regressor`
    [5, V] gives joints from vertices, `weights` [V, 5] bind vertices to joints, `parents` are the
    joints' (the root's own is itself); `triangles` [F, 3]."""

    template: FloatArray
    shapes: FloatArray
    expressions: FloatArray
    correctives: FloatArray
    joint_regressor: FloatArray
    parents: tuple[int, ...]
    weights: FloatArray
    triangles: NDArray[np.int64]

    @property
    def exp_width(self) -> int:
        return self.expressions.shape[-1]

    def identity(self, shape: FloatArray) -> FloatArray:
        """Vertices [V, 3] in metres of a person at rest, by the first components of shape."""
        return self.template + self.shapes[..., : len(shape)] @ shape

    def joints(self, vertices: FloatArray) -> FloatArray:
        """Joints [5, 3] of a face before it is posed."""
        return self.joint_regressor @ vertices

    def mesh(self, person: FloatArray, exp: FloatArray, pose: FloatArray) -> FloatArray:
        """Vertices [V, 3] in metres of a person at rest [V, 3] with expression [E'] and pose [5, 3]
        as axis-angle: blend shapes, correctives, then linear blend skinning.

        Joints follow the expression as in FLAME's released code; the paper has them follow the
        identity alone.
        """
        face = person + self.expressions[..., : len(exp)] @ exp
        joints, chain = self.joints(face), self._chain(pose)
        places = joints.copy()
        for joint, parent in enumerate(self.parents):
            if joint:
                places[joint] = places[parent] + chain[parent] @ (joints[joint] - joints[parent])
        shifts = places - (chain @ joints[..., None])[..., 0]
        corrected = face + self.correctives @ _pose_feature(pose)
        turned = np.tensordot(self.weights, chain, axes=1) @ corrected[..., None]
        return turned[..., 0] + self.weights @ shifts

    def turns(self, pose: FloatArray) -> FloatArray:
        """How the pose turns what an expression adds to each vertex [V, 3, 3]."""
        return np.tensordot(self.weights, self._chain(pose), axes=1)

    def _chain(self, pose: FloatArray) -> FloatArray:
        """Each joint's rotation in the world [5, 3, 3] from the pose's, within its parent."""
        chain = to_matrices(pose)
        for joint, parent in enumerate(self.parents):
            if joint:
                chain[joint] = chain[parent] @ chain[joint]
        return chain


def _pose_feature(pose: FloatArray) -> FloatArray:
    """What drives the correctives [36]: all rotations but the root's, less those at rest."""
    return (to_matrices(pose[1:]) - np.eye(3)).reshape(-1)
