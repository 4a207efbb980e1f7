"""Which point of the ARKit head each vertex of FLAME is: the head is moved and scaled into FLAME's
place, FLAME's identity is fitted to it by closest points (ICP), and what is closest then belongs
together.

Lips touch, so a point of one lip is close to the other. FLAME's jaw weights and the head's jawOpen
both tell which lip is which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from .arkit_head import ArkitHead
from .geometry import ClosestPoints, to_matrices
from .model import JAW, LEFT_EYE, MM, RIGHT_EYE, FlameModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Components of identity to fit, cost of a squared unit of one in mm², and how far closest points
# may lie apart in mm, from round to round.
_ROUNDS: Final = (
    *[(0, 1.0, 30.0)] * 8,
    *[(10, 0.02, 20.0)] * 6,
    *[(40, 0.01, 12.0)] * 6,
    *[(100, 0.004, 8.0)] * 10,
)
_SAME_SIDE: Final = 0.5
"""Least cosine between the normals of points that belong together."""
_UPPER, _LOWER = 0.3, 0.7
"""Shares of the jaw's motion up to and from which a vertex belongs to upper and lower face."""
_NEAREST: Final = 4
_ALONG: Final = 0.2
"""Weight of the distance along the surface beside that across it: points may slide."""
_N_PLACE: Final = 4
_GROWTH_COST: Final = 100.0
"""Of a head larger or smaller than the eyes' distance tells, in mm² for a squared logarithm: both
FLAME's identity and the place could make it so."""
_LEAST: Final = 1e-9
_PARTNER_MM: Final = 6.0
_LEAST_MATCHED: Final = 0.5
_LIKELY_SCALES: Final = (0.7, 1.4)


@dataclass(frozen=True, eq=False)
class Alignment:
    """`person` [V, 3]: FLAME's vertices in metres with the head's identity; `head` [Va, 3]: the
    ARKit head in FLAME's place, in mm, by `scale` and `rotation`; `matched`: the vertices [M] that
    have a partner; `deltas` [52, M, 3]: what ARKit's shapes do to them in mm; `distance_mm` [M] to
    the partner; `on_face` [M] whether that lies on the face; `lip_distance_mm` [M] to the lips'
    contours."""

    person: FloatArray
    head: FloatArray
    rotation: FloatArray
    scale: float
    matched: IntArray
    deltas: FloatArray
    distance_mm: FloatArray
    on_face: NDArray[np.bool_]
    lip_distance_mm: FloatArray


def align(model: FlameModel, head: ArkitHead) -> Alignment:
    """Raises `BadInputError` if the two are no heads in the same attitude."""
    skin = np.flatnonzero(model.weights[:, [LEFT_EYE, RIGHT_EYE]].sum(axis=1) < 0.5)
    jaw = model.weights[:, JAW]
    drop = np.linalg.norm(head.deltas[ARKIT_BLENDSHAPES.index("jawOpen")], axis=1)
    finder = _Finder(head, drop / drop[head.lips].max())
    place = _Place.between(head.eye_centres, model.joints(model.template)[[LEFT_EYE, RIGHT_EYE]])
    shape = np.zeros(0)
    for n_shape, stiffness, reach in _ROUNDS:
        n_shape = min(n_shape, model.shapes.shape[-1])
        shape = np.concatenate([shape, np.zeros(n_shape - len(shape))])
        person = model.identity(shape) * MM
        normals = vertex_normals(person, model.triangles)
        moved = place.apply(head.points)
        found = finder.find(moved, person[skin], normals[skin], jaw[skin], reach)
        if len(found.rows) == 0:
            break
        rows = skin[found.rows]
        place, shape = _step(model, place, shape, person[rows], rows, found, stiffness)
    person = model.identity(shape) * MM
    normals = vertex_normals(person, model.triangles)
    moved = place.apply(head.points)
    found = finder.find(moved, person[skin], normals[skin], jaw[skin], _PARTNER_MM)
    _check(len(found.rows) / len(skin), place.scale)
    rows = skin[found.rows]
    deltas = np.einsum("mk,smkc->smc", found.weights, head.deltas[:, found.partners])
    return Alignment(
        person / MM,
        moved,
        place.rotation,
        place.scale,
        rows,
        place.scale * deltas @ place.rotation.T,
        np.linalg.norm(person[rows] - found.points, axis=1),
        found.partners[:, 0] < head.face_end,
        ClosestPoints(moved[head.lips]).find(person[rows])[0],
    )


def _check(matched: float, scale: float) -> None:
    low, high = _LIKELY_SCALES
    if matched < _LEAST_MATCHED or not low < scale < high:
        raise BadInputError(
            f"FLAME's head and the ARKit head don't come to lie on each other ({matched:.0%} of "
            f"the skin, at {scale:.2f} times the size); give an unturned FLAME model in metres."
        )


def vertex_normals(points: FloatArray, triangles: IntArray) -> FloatArray:
    """Unit normals [V, 3], weighted by area; 0 for a vertex without triangle."""
    corners = points[triangles]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.stack(
        [
            np.bincount(triangles.ravel(), np.repeat(area[:, axis], 3), len(points))
            for axis in range(3)
        ],
        axis=1,
    )
    return normals / np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-12)


@dataclass(frozen=True, eq=False)
class _Place:
    """Where the ARKit head lies: scale × rotation × point + shift. The scale is that of the eyes'
    distances, times e to the `growth`."""

    eyes_scale: float
    growth: float
    rotation: FloatArray
    shift: FloatArray

    @classmethod
    def between(cls, eyes: FloatArray, joints: FloatArray) -> _Place:
        """Unturned, with the eyes [2, 3] in mm on FLAME's eye joints [2, 3] in metres."""
        wanted = joints * MM
        scale = np.linalg.norm(wanted[0] - wanted[1]) / np.linalg.norm(eyes[0] - eyes[1])
        return cls(float(scale), 0.0, np.eye(3), wanted.mean(axis=0) - scale * eyes.mean(axis=0))

    @property
    def scale(self) -> float:
        return self.eyes_scale * float(np.exp(self.growth))

    def apply(self, points: FloatArray) -> FloatArray:
        return self.scale * points @ self.rotation.T + self.shift


@dataclass(frozen=True, eq=False)
class _Found:
    """`rows` [M] of the asked points that have partners; `partners` [M, K] of the head with
    `weights` [M, K]; `points` and `normals` [M, 3] of the mean partner."""

    rows: IntArray
    partners: IntArray
    weights: FloatArray
    points: FloatArray
    normals: FloatArray


class _Finder:
    """Closest points of the ARKit head's skin. `jaw` [V] is each vertex' share of the jaw's
    motion."""

    def __init__(self, head: ArkitHead, jaw: FloatArray) -> None:
        self._triangles = head.triangles
        used = np.unique(head.triangles)
        rim = _rim(head.triangles)
        self._is_rim = np.isin(np.arange(len(head.points)), rim)
        self._sides = (used[jaw[used] < _LOWER], used[jaw[used] > _UPPER], used)

    def find(
        self,
        head: FloatArray,
        points: FloatArray,
        normals: FloatArray,
        jaw: FloatArray,
        reach_mm: float,
    ) -> _Found:
        """For points [N, 3] with normals and shares of the jaw's motion: the vertices of `head`
        [V, 3] close by that face the same way, and don't end at a rim, where a partner lacks."""
        of_head = vertex_normals(head, self._triangles)
        partners = np.zeros((len(points), _NEAREST), np.int64)
        distances = np.zeros((len(points), _NEAREST))
        is_upper, is_lower = jaw < _UPPER, jaw > _LOWER
        asked = (is_upper, is_lower, ~is_upper & ~is_lower)
        for mine, theirs in zip(asked, self._sides, strict=True):
            if mine.any():
                distances[mine], near = ClosestPoints(head[theirs]).find(points[mine], _NEAREST)
                partners[mine] = theirs[near]
        same = np.einsum("nc,nkc->nk", normals, of_head[partners]) > _SAME_SIDE
        weights = same / (distances + 0.1) ** 2
        total = weights.sum(axis=1)
        is_good = (distances[:, 0] < reach_mm) & same[:, 0] & ~self._is_rim[partners[:, 0]]
        rows = np.flatnonzero(is_good & (total > 0))
        partners, weights = partners[rows], weights[rows] / total[rows, None]
        mean_normal = np.einsum("mk,mkc->mc", weights, of_head[partners])
        mean_normal /= np.linalg.norm(mean_normal, axis=1, keepdims=True).clip(1e-12)
        mean = np.einsum("mk,mkc->mc", weights, head[partners])
        return _Found(rows, partners, weights, mean, mean_normal)


def _rim(triangles: IntArray) -> IntArray:
    """Vertices at the ends of a mesh: those of edges with one triangle only."""
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    return np.unique(unique[counts == 1])


def _step(
    model: FlameModel,
    place: _Place,
    shape: FloatArray,
    person: FloatArray,
    rows: IntArray,
    found: _Found,
    stiffness: float,
) -> tuple[_Place, FloatArray]:
    """One Gauss-Newton step of place and identity towards FLAME's vertices `rows` [M] at `person`
    [M, 3] lying on their partners. Both heads are symmetric: the place only nods, moves up and
    forward, and grows."""
    n = len(shape)
    arms = found.points - place.shift
    move = np.zeros((len(rows), 3, _N_PLACE))
    move[:, 1, 0], move[:, 2, 0] = -arms[:, 2], arms[:, 1]
    move[:, 1, 1] = move[:, 2, 2] = 1
    move[..., 3] = arms
    columns = np.concatenate([-move, model.shapes[rows, :, :n] * MM], axis=2)
    miss = found.points - person
    across = np.einsum("mc,mcp->mp", found.normals, columns)
    matrix = np.concatenate([across, _ALONG * columns.reshape(-1, _N_PLACE + n)])
    wanted = np.concatenate([(found.normals * miss).sum(axis=1), _ALONG * miss.reshape(-1)])
    ridge = np.array([*[_LEAST] * (_N_PLACE - 1), _GROWTH_COST, *[stiffness] * n])
    slope = matrix.T @ wanted / len(rows)
    slope -= ridge * np.array([*[0.0] * (_N_PLACE - 1), place.growth, *shape])
    change = np.linalg.solve(matrix.T @ matrix / len(rows) + np.diag(ridge), slope)
    nod, up, forward, growth = change[:_N_PLACE]
    turned = to_matrices(np.array([nod, 0, 0])) @ place.rotation
    shift = place.shift + np.array([0, up, forward])
    moved = _Place(place.eyes_scale, place.growth + float(growth), turned, shift)
    return moved, shape + change[_N_PLACE:]
