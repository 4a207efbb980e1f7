"""The face's skin: lip rings, lid rings and, sewn to them, evenly scattered vertices."""

from __future__ import annotations

import bmesh
import numpy as np

from . import eyelids, lips
from .part import Face, Part, smoothstep
from .sculpt import RAY_ORIGIN, Points, face, project

_CANDIDATES = 24_000
_RELAXATIONS = 6


def build_skin() -> Part:
    """Skin, lips, inner mouth and lids as one connected surface, symmetric in x."""
    mouth, lids = lips.build_lips(), eyelids.build_lids()
    rings = [mouth.points[list(mouth.outer)]]
    rings += [lids.points[: eyelids.SPOKES] * side for side in ([1, 1, 1], [-1, 1, 1])]
    filler = _scatter(np.vstack(rings))
    fixed = np.vstack(rings)
    for _ in range(_RELAXATIONS):
        filler = _relax(fixed, filler)
    faces = _sew(fixed, filler)

    # Order of vertices: lips, left lids, right lids, filler.
    n_lips, n_lids = len(mouth.points), len(lids.points)
    starts = (0, n_lips, n_lips + n_lids)
    index = np.concatenate(
        [
            np.arange(lips.SPOKES),
            starts[1] + np.arange(eyelids.SPOKES),
            starts[2] + np.arange(eyelids.SPOKES),
            starts[2] + n_lids + np.arange(len(filler)),
        ]
    )
    points = np.vstack([mouth.points, lids.points, lids.points * [-1, 1, 1], filler])
    all_faces = [tuple(int(index[i]) for i in f) for f in faces]
    all_faces += mouth.faces
    all_faces += [tuple(starts[1] + i for i in f) for f in lids.faces]
    all_faces += [tuple(starts[2] + i for i in f[::-1]) for f in lids.faces]
    red, edge = np.zeros(len(points)), np.zeros(len(points))
    red[:n_lips] = mouth.red
    edge[n_lips : starts[2] + n_lids] = np.tile(lids.edge, 2)
    return Part("skin", points, all_faces, np.zeros((len(points), 3)), {"red": red, "edge": edge})


def _spacing(points: Points) -> Points:
    """Wanted distance between vertices in mm: fine at the nose, coarse under the hair."""
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    nose = np.exp(-((x / 17.0) ** 2) - ((z + 28.0) / 22.0) ** 2)
    front = smoothstep(-30.0, -62.0, y)
    hair = smoothstep(50.0, 78.0, z) + smoothstep(-20.0, 20.0, y)
    return (9.0 - 3.6 * front + 6.0 * np.minimum(hair, 1.0)) * (1 - nose) + 2.3 * nose


def _scatter(fixed: Points) -> Points:
    """Poisson-disc vertices on the left half and their mirror images."""
    rng = np.random.default_rng(7)
    direction = rng.normal(size=(_CANDIDATES, 3))
    # Twice as many towards the face, where they will lie closer.
    direction[::2, 1] = -np.abs(direction[::2, 1]) * 2.0
    direction[:, 0] = np.abs(direction[:, 0])
    direction[:400, 0] = 0.0  # offer the midline first, for exact symmetry
    points = project(face, RAY_ORIGIN, direction)
    points = points[~(eyelids.is_inside(points, 1.1) | lips.is_inside(points, 1.12))]
    spacing = _spacing(points)
    chosen = np.empty((len(fixed) + len(points), 3))
    chosen[: len(fixed)] = fixed
    n = len(fixed)
    for p, r in zip(points, spacing, strict=True):
        if 0.0 < p[0] < 0.5 * r:
            continue  # too near to its own mirror image
        gap = chosen[:n] - p
        if (gap * gap).sum(axis=1).min() > r * r:
            chosen[n] = p
            n += 1
    half = chosen[len(fixed) : n]
    return _both_halves(half)


def _both_halves(half: Points) -> Points:
    middle = half[:, 0] == 0.0
    return np.vstack([half[middle], half[~middle], half[~middle] * [-1, 1, 1]])


def _sew(fixed: Points, filler: Points) -> list[Face]:
    """Delaunay triangles on the sphere of directions, without those that would fill a ring."""
    direction = np.vstack([fixed, filler]) - RAY_ORIGIN
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    mesh = bmesh.new()
    for co in direction:
        mesh.verts.new(co)
    mesh.verts.index_update()
    bmesh.ops.convex_hull(mesh, input=list(mesh.verts))
    mesh.verts.index_update()
    mesh.verts.ensure_lookup_table()
    ring = np.full(len(direction), -1)
    ends = np.cumsum([0, lips.SPOKES, eyelids.SPOKES, eyelids.SPOKES])
    for k in range(3):
        ring[ends[k] : ends[k + 1]] = k
    faces: list[Face] = []
    for f in mesh.faces:
        corner = tuple(v.index for v in f.verts)
        if not (ring[corner[0]] >= 0 and len({int(ring[i]) for i in corner}) == 1):
            faces.append(corner)
    mesh.free()
    return faces


def _relax(fixed: Points, filler: Points) -> Points:
    """Moves each scattered vertex towards the middle of its neighbours, on the surface."""
    points = np.vstack([fixed, filler])
    total, count = np.zeros_like(points), np.zeros(len(points))
    for f in _sew(fixed, filler):
        for a, b in zip(f, (*f[1:], f[0]), strict=True):
            total[a] += points[b]
            total[b] += points[a]
            count[a] += 1
            count[b] += 1
    n = len(fixed)
    middle = total[n:] / np.maximum(count[n:, None], 1)
    moved = 0.5 * filler + 0.5 * middle
    moved[filler[:, 0] == 0.0, 0] = 0.0
    # The hull may break ties differently left and right; the left half leads.
    left = moved[moved[:, 0] > 0.0]
    centre = moved[filler[:, 0] == 0.0]
    half = np.vstack([centre, left])
    return _both_halves(project(face, RAY_ORIGIN, half - RAY_ORIGIN))
