"""FLAME-format models for the tests, made of a head with ARKit's shapes: another mesh, another
person, another place, and expressions that are a mixture of the shapes. So it is known what a right
map does.

Nothing of FLAME is in them but the names and shapes of its arrays. Where ICT-FaceKit is not at
hand, a head of simple forms in its file's layout does.
"""

from __future__ import annotations

import pickle
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.transform import Rotation

from mynah_daemon.flame.arkit_head import ArkitHead
from mynah_daemon.pictures.head_asset import HeadAsset
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

FloatArray = NDArray[np.float64]
Model = dict[str, Any]

N_SHAPE, N_EXP = 100, 50
_MM = 0.001
JAW_RAD = 0.42
"""How far jawOpen turns the jaw."""
TURN = Rotation.from_euler("X", 5, degrees=True).as_matrix()
SCALE, _SHIFT_MM = 0.95, np.array([1.0, -12.0, 7.0])


def write_head(path: Path) -> None:
    """A head of simple forms as `ict_arkit52.npz`: half an ellipsoid with a nose and a slit for a
    mouth, eyeballs behind it, jawOpen that turns what lies below the slit, and bumps."""
    across, down = np.meshgrid(np.linspace(-1.7, 1.7, 61), np.linspace(1.2, -1.2, 71))
    surface = np.stack(
        [
            8 * np.sin(across) * np.cos(down), 11.5 * np.sin(down),
            9.5 * np.cos(across) * np.cos(down),
        ],
        axis=-1,
    )  # fmt: skip
    surface[..., 2] += 2.5 * _bump(surface, (0, 0, 9), 1.3) + 0.6 * _bump(surface, (0, -4, 9), 1.6)
    slit = int(np.argmin(np.abs(surface[:, 30, 1] + 3.6)))
    upper, lower = surface[: slit + 1], surface[slit:].copy()
    skin = np.concatenate([upper.reshape(-1, 3), lower.reshape(-1, 3)])
    n_upper = upper.shape[0] * 61
    faces = [*_grid(upper.shape[0], 61, 0), *_grid(lower.shape[0], 61, n_upper)]
    # Outside the mouth the two are one: the lower row's vertices are the upper's last ones.
    is_lip = np.abs(surface[slit, :, 0]) < 2.5
    joined = np.arange(len(skin))
    joined[n_upper : n_upper + 61] = np.where(
        is_lip, joined[n_upper : n_upper + 61], n_upper - 61 + np.arange(61)
    )
    quads = joined[np.array(faces)]

    points = np.zeros((23791, 3))
    points[: len(skin)] = skin
    for start, side in ((21451, 1), (23021, -1)):
        ball, ball_faces = _ball(np.array([3.2 * side, 3.0, 5.5]))
        points[start : start + len(ball)] = ball
        quads = np.concatenate([quads, ball_faces + start])
    deltas = np.zeros((52, *points.shape))
    below = np.zeros(len(skin))
    below[n_upper:] = np.repeat(np.cos(across[0] / 1.7 * np.pi / 2)[None], len(lower), 0).ravel()
    below[joined[n_upper : n_upper + 61][~is_lip]] = 0
    below *= np.clip((-2.8 - skin[:, 1]) / 0.5, 0, 1)
    turn = Rotation.from_rotvec([0.3, 0, 0]).as_matrix()
    drop = below[:, None] * ((skin - [0, 0, 1]) @ (turn.T - np.eye(3)))
    rng = np.random.default_rng(5)
    for i, name in enumerate(ARKIT_BLENDSHAPES):
        middle = np.array([rng.uniform(-4, 4), rng.uniform(-7, 6), 8])
        shift = rng.normal(size=3) * 0.5
        deltas[i, : len(skin)] = _bump(skin, middle, 2.0)[:, None] * shift
        if name == "jawOpen":
            deltas[i, : len(skin)] = drop
        elif name == "mouthClose":
            near = np.exp(-((skin[:, 1] + 3.6) ** 2) / 4)[:, None]
            deltas[i, : len(skin)] = -drop * near
        elif name == "tongueOut":
            deltas[i] = 0
    lips = np.flatnonzero(is_lip)
    outline = n_upper - 61 + np.resize(lips, 12), n_upper + np.resize(lips, 8)
    np.savez(
        path, neutral=points.astype(np.float32), deltas=deltas.astype(np.float16),
        faces=quads.astype(np.int32), arkit_names=np.array(ARKIT_BLENDSHAPES),
        landmarks68=np.concatenate([np.zeros(48, np.int32), *outline]).astype(np.int32),
    )  # fmt: skip


def smooth_identities(head: ArkitHead) -> FloatArray:
    """Other people [4, V, 3] in mm: narrower, taller, a longer nose and, unknown to a model, a
    flatter brow."""
    x, y, _z = head.points.T
    zero = np.zeros_like(x)
    nose = _bump(head.points, (0, 0, 95), 15)
    brow = _bump(head.points, (0, 70, 70), 40)
    return np.stack(
        [
            np.stack([-0.05 * x, zero, zero], axis=1), np.stack([zero, 0.05 * y, zero], axis=1),
            np.stack([zero, -2 * nose, 4 * nose], axis=1),
            np.stack([zero, zero, -2 * brow], axis=1),
        ]
    )  # fmt: skip


def _bump(points: NDArray[Any], middle: Any, width: float) -> FloatArray:
    return np.exp(-((points - np.asarray(middle)) ** 2).sum(axis=-1) / (2 * width**2))


def _grid(rows: int, columns: int, start: int) -> list[tuple[int, int, int, int]]:
    """Quads of a grid whose rows go down and columns to the left, seen from outside."""
    corners = [(r * columns + c + start) for r in range(rows - 1) for c in range(columns - 1)]
    return [(i, i + columns, i + columns + 1, i + 1) for i in corners]


def _ball(centre: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """A sphere of 770 vertices with a radius of 12 mm."""
    around, up = np.meshgrid(np.linspace(-np.pi, np.pi, 35), np.linspace(1.5, -1.5, 22))
    points = np.stack(
        [np.sin(around) * np.cos(up), np.sin(up), np.cos(around) * np.cos(up)], axis=-1
    )
    return centre + 1.2 * points.reshape(-1, 3), np.array(_grid(22, 35, 0))


def make_model(head: ArkitHead, identities: FloatArray, cell_mm: float = 4.5) -> Model:
    """A model in FLAME's layout with the mean vertices of small cells of the head's skin, whose
    person differs from the head by all of `identities` [I, V, 3]; the last of them is not among the
    model's own components."""
    cells, triangles = clusters(head, cell_mm)
    n_cells = int(cells.max()) + 1
    members = csc_matrix((np.ones(len(cells)), (cells, np.arange(len(cells)))))
    mean = members.multiply(1 / members.sum(axis=1)).tocsr()
    between = SCALE * TURN.T

    balls = [np.unique(ball) for ball in head.eyeballs]

    def at(field: NDArray[Any]) -> FloatArray:
        eyes = [field[ball] @ between for ball in balls]
        return np.concatenate([mean @ field[: len(cells)] @ between, *eyes])

    points = at(head.points + identities.sum(axis=0)) + _SHIFT_MM
    fields = np.stack([at(delta) for delta in head.deltas])[:, :n_cells]
    drop = np.linalg.norm(fields[ARKIT_BLENDSHAPES.index("jawOpen")], axis=1)
    weights = np.zeros((len(points), 5))
    weights[:n_cells, 2] = np.clip(1.4 * drop / drop.max() - 0.2, 0, 1)
    weights[:n_cells, 1] = 1 - weights[:n_cells, 2]
    weights[n_cells : n_cells + len(balls[0]), 3] = 1
    weights[n_cells + len(balls[0]) :, 4] = 1
    people = [at(identity) for identity in identities[:-1]]
    return _assemble(
        points, weights, fields, people, _with_balls(triangles, head.eyeballs, n_cells)
    )


def make_stranger(asset: HeadAsset) -> Model:
    """A model in FLAME's layout of Mynah's own head: another person, whose shapes were sculpted by
    other hands. Its identities are waves, symmetric from left to right."""
    of = _islands(asset.triangles, len(asset.positions))
    skin, left, right = (np.flatnonzero(of == i) for i in range(3))
    kept = np.concatenate([skin, left, right])
    points = asset.positions[kept] / _MM
    weights = np.zeros((len(kept), 5))
    drop = np.linalg.norm(asset.moves[ARKIT_BLENDSHAPES.index("jawOpen")][skin], axis=1)
    weights[: len(skin), 2] = np.clip(1.3 * drop / drop.max() - 0.15, 0, 1)
    weights[: len(skin), 1] = 1 - weights[: len(skin), 2]
    weights[len(skin) : len(skin) + len(left), 3] = 1
    weights[len(skin) + len(left) :, 4] = 1
    rng = np.random.default_rng(0)
    people = []
    for _ in range(33):
        way, phase = rng.normal(size=3) / 60, rng.uniform(0, 2 * np.pi)
        wave = np.cos(points @ way + phase)
        mirrored = np.cos(points * [-1, 1, 1] @ way + phase)
        signs = np.array([-1, 1, 1])  # what moves to the left here moves to the right there
        people += [
            a * (wave + s * mirrored)[:, None] for a, s in zip(np.eye(3), signs, strict=True)
        ]
    numbered = np.full(len(asset.positions), -1)
    numbered[kept] = np.arange(len(kept))
    triangles = numbered[asset.triangles]
    fields = asset.moves[:, skin] / _MM
    return _assemble(points, weights, fields, people, triangles[(triangles >= 0).all(axis=1)])


def _islands(triangles: NDArray[np.int64], n_points: int) -> NDArray[np.int64]:
    """The number of each point's connected part, in the order of their first points."""
    links = csc_matrix(
        (np.ones(triangles.size), (triangles.ravel(), np.roll(triangles, 1, axis=1).ravel())),
        shape=(n_points, n_points),
    )
    return connected_components(links, directed=False)[1]


def _assemble(
    points: FloatArray,
    weights: FloatArray,
    fields: NDArray[Any],
    people: list[FloatArray],
    triangles: NDArray[np.int64],
) -> Model:
    """The arrays of a model in mm whose expressions show `fields` [52, N, 3], what ARKit's shapes
    do to its first N vertices, with `people` [V, 3] as identities."""
    n_skin = fields.shape[1]
    regressor = _regressor(points, weights)
    turn = Rotation.from_rotvec([JAW_RAD, 0, 0]).as_matrix()
    arms = points[:n_skin] - regressor[2] @ points
    swung = weights[:n_skin, 2, None] * (arms @ (turn.T - np.eye(3)))
    fields = np.array(fields, np.float64)
    fields[ARKIT_BLENDSHAPES.index("jawOpen")] -= swung
    # Every face is within reach: the basis spans all fields (tongueOut has none), mixed at random.
    axes = np.linalg.svd(fields.reshape(len(fields), -1), full_matrices=False)[2][:N_EXP]
    mixing = np.linalg.qr(np.random.default_rng(1).normal(size=(N_EXP, N_EXP)))[0]
    shapes = np.zeros((len(points), 3, N_SHAPE + N_EXP))
    for i, person in enumerate(people):
        shapes[..., i] = person
    shapes[:n_skin, :, N_SHAPE:] = (mixing @ axes).T.reshape(n_skin, 3, N_EXP) * np.sqrt(n_skin)
    return {
        "v_template": points * _MM,
        "shapedirs": shapes * _MM,
        "posedirs": np.zeros((len(points), 3, 36)),
        "J_regressor": csc_matrix(regressor),
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], range(5)], np.uint32),
        "weights": weights,
        "f": triangles.astype(np.uint32),
        "bs_style": "lrotmin",
    }


def clusters(head: ArkitHead, cell_mm: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cell of each vertex of the skin, and the triangles between cells. Lips that touch stay
    apart."""
    points = head.points[: head.triangles.max() + 1]
    drop = np.linalg.norm(head.deltas[ARKIT_BLENDSHAPES.index("jawOpen")], axis=1)[: len(points)]
    key = np.column_stack([np.floor(points / cell_mm), drop > 0.3 * drop.max()])
    _, cells = np.unique(key, axis=0, return_inverse=True)
    cells = cells.reshape(-1)
    triangles = cells[head.triangles]
    a, b, c = triangles.T
    return cells, np.unique(triangles[(a != b) & (b != c) & (a != c)], axis=0)


def _regressor(points: FloatArray, weights: FloatArray) -> FloatArray:
    """Root and neck below the chin, the jaw's hinge between the ears, eyes in their middles."""
    regressor = np.zeros((5, len(points)))
    skin = weights[:, 3:].sum(axis=1) == 0
    low = skin & (points[:, 1] < np.quantile(points[skin, 1], 0.03))
    regressor[0, low] = regressor[1, low] = 1 / low.sum()
    height = points[weights[:, 3] > 0, 1].mean() - 35
    rear = np.where(skin, points[:, 2] + np.abs(points[:, 1] - height), np.inf)
    hinge = np.argsort(rear)[:80]
    regressor[2, hinge] = 1 / len(hinge)
    for joint in (3, 4):
        ball = weights[:, joint] > 0
        regressor[joint, ball] = 1 / ball.sum()
    return regressor


def _with_balls(
    triangles: NDArray[np.int64], balls: tuple[NDArray[np.int64], ...], start: int
) -> NDArray[np.int64]:
    parts = [triangles]
    for ball in balls:
        used, numbered = np.unique(ball, return_inverse=True)
        parts.append(numbered.reshape(-1, 3) + start)
        start += len(used)
    return np.concatenate(parts)


# --- files ----------------------------------------------------------------------------------------


def write_python3(path: Path, model: Mapping[str, Any], protocol: int = 4) -> None:
    """A plain pickle, as 2023's."""
    path.write_bytes(pickle.dumps(dict(model), protocol))


class _Python2Pickler(pickle._Pickler):  # type: ignore
    """Writes bytes as Python 2 wrote its strings."""

    def save_bytes(self, obj: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(obj)) + obj)
        self.memoize(obj)

    dispatch: ClassVar = {**pickle._Pickler.dispatch, bytes: save_bytes}  # type: ignore


class Ch:
    """As chumpy.ch.Ch in a file: the numbers are `x`."""

    def __init__(self, x: NDArray[Any]) -> None:
        self.x, self._dirty_vars, self._itr = x, {"x"}, None


class Select:
    """As chumpy.reordering.Select in a file."""

    def __init__(self, a: Ch, idxs: NDArray[Any], preferred_shape: tuple[int, ...]) -> None:
        self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape


def write_python2(path: Path, model: Mapping[str, Any]) -> None:
    """A pickle as Python 2 wrote it, with chumpy's arrays and older packages' names, as 2020's."""
    numbers = dict(model)
    numbers["v_template"] = Ch(numbers["v_template"])
    whole = np.repeat(numbers["shapedirs"], 2, axis=2)
    rows = np.arange(whole.size).reshape(whole.shape)[..., ::2]
    numbers["shapedirs"] = Select(Ch(whole), rows.ravel(), rows.shape)
    with path.open("wb") as file, _as_chumpy():
        _Python2Pickler(file, 2).dump(numbers)
    content = path.read_bytes()
    for new, old in (
        (b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"),
        (b"cscipy.sparse._csc\n", b"cscipy.sparse.csc\n"),
    ):
        content = content.replace(new, old)
    path.write_bytes(content)


@contextmanager
def _as_chumpy() -> Iterator[None]:
    """chumpy's names for the two classes, while they are written."""
    modules = {"chumpy": None, "chumpy.ch": Ch, "chumpy.reordering": Select}
    for name, kind in modules.items():
        sys.modules[name] = ModuleType(name)
        if kind is not None:
            setattr(sys.modules[name], kind.__name__, kind)
            kind.__module__ = name
    try:
        yield
    finally:
        for name, kind in modules.items():
            del sys.modules[name]
            if kind is not None:
                kind.__module__ = __name__
