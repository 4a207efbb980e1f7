"""Both heads beside each other: the ARKit head above, FLAME with the map's coefficients below."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.flame import JAW_POSE

from ..pictures.head_asset import HeadAsset
from ..pictures.portrait import Painter
from ..pictures.rasteriser import View
from .arkit_head import ArkitHead
from .calibrate import Calibration
from .geometry import ClosestPoints
from .model import JAW, LEFT_EYE, MM, RIGHT_EYE, FlameModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FACES: Final[Mapping[str, Mapping[str, float]]] = {
    "at rest": {},
    "jawOpen 0.6": {"jawOpen": 0.6},
    "lips closed, jaw open": {"jawOpen": 0.3, "mouthClose": 0.3},
    "mouthPucker": {"mouthPucker": 1},
    "mouthSmile": {"mouthSmileLeft": 1, "mouthSmileRight": 1},
    "eyeBlink": {"eyeBlinkLeft": 1, "eyeBlinkRight": 1},
    "browInnerUp": {"browInnerUp": 1, "browOuterUpLeft": 1, "browOuterUpRight": 1},
    "noseSneer, mouthRoll": {
        "noseSneerLeft": 1, "noseSneerRight": 1, "mouthRollLower": 1, "mouthRollUpper": 1,
    },
}  # fmt: skip
_WIDTH, _HEIGHT = 220, 290
_SEEN, _DISTANCE = 3.9, 12.0
"""In distances between the eyes: height of the picture at the face, and the viewer's distance."""
_SKIN, _LIPS, _INSIDE = (0.80, 0.65, 0.57), (0.74, 0.46, 0.43), (0.25, 0.11, 0.11)
_WHITE, _IRIS, _PUPIL = (0.93, 0.93, 0.93), (0.27, 0.40, 0.45), (0.06, 0.06, 0.07)
_LIP_MM: Final = 3.0
_STEPS: Final = 6
_CAPTION, _MARGIN = 26, 70
_IRIS_DEG, _PUPIL_DEG = 26.0, 11.0
_NO_SHAPES: Final = np.zeros((1, len(ARKIT_BLENDSHAPES) + 3), np.float32)


def paint_heads(
    calibration: Calibration, model: FlameModel, head: ArkitHead
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Pictures [N, height, width, 3] of the ARKit head and of FLAME with each of `FACES`."""
    aligned, flame_map = calibration.alignment, calibration.flame_map
    lips = ClosestPoints(_contours(aligned.head[head.lips]))
    eyes = model.joints(aligned.person)[[LEFT_EYE, RIGHT_EYE]] * MM
    apart = float(np.linalg.norm(eyes[0] - eyes[1]))
    x, y, z = eyes.mean(axis=0)
    view = View(_WIDTH, _HEIGHT, (x, y - 0.55 * apart, z), _DISTANCE * apart, _SEEN * apart)
    of_arkit = _Mesh(aligned.head, head.triangles, head.eyeballs, lips, head.mouth)
    is_ball = model.weights[:, [LEFT_EYE, RIGHT_EYE]] > 0.5
    balls = [model.triangles[ball[model.triangles].all(axis=1)] for ball in is_ball.T]
    skin = model.triangles[~np.any(is_ball[model.triangles], axis=(1, 2))]
    of_flame = _Mesh(aligned.person * MM, skin, (balls[0], balls[1]), lips)
    arkit: list[NDArray[np.uint8]] = []
    flame: list[NDArray[np.uint8]] = []
    width = flame_map.exp_width
    for face in FACES.values():
        weights = np.array([face.get(name, 0.0) for name in ARKIT_BLENDSHAPES])
        moved = aligned.scale * np.tensordot(weights, head.deltas, axes=1) @ aligned.rotation.T
        arkit.append(of_arkit.paint(aligned.head + moved, view))
        coefficients = weights @ flame_map.coefficients
        pose = np.zeros((5, 3))
        pose[JAW] = coefficients[width : width + len(JAW_POSE)]
        mesh = model.mesh(aligned.person, coefficients[:width], pose)
        flame.append(of_flame.paint(mesh * MM, view))
    return np.stack(arkit), np.stack(flame)


def write_picture(calibration: Calibration, model: FlameModel, head: ArkitHead, path: Path) -> None:
    """Writes `FACES` of both heads as a PNG. Raises `OSError` if it can't be written."""
    rows = paint_heads(calibration, model, head)
    sheet = Image.new(
        "RGB", (_MARGIN + _WIDTH * len(FACES), _HEIGHT * len(rows) + _CAPTION), "white"
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for i, (title, pictures) in enumerate(zip(("ARKit", "FLAME"), rows, strict=True)):
        draw.text((_MARGIN / 2, _HEIGHT * (i + 0.5)), title, "black", font=font, anchor="mm")
        sheet.paste(Image.fromarray(np.concatenate(list(pictures), axis=1)), (_MARGIN, _HEIGHT * i))
    for i, name in enumerate(FACES):
        place = (_MARGIN + _WIDTH * (i + 0.5), _HEIGHT * len(rows) + 4)
        draw.text(place, name, "black", font=font, anchor="ma")
    sheet.save(path)


def _contours(lips: FloatArray) -> FloatArray:
    """Points along the outer and the inner lip contour, which close, and midway between them."""
    dense: list[FloatArray] = []
    for ring in (lips[:12], lips[12:]):
        steps = np.linspace(0, 1, _STEPS, endpoint=False)[:, None, None]
        dense.append((ring + steps * (np.roll(ring, -1, axis=0) - ring)).reshape(-1, 3))
    outer, inner = dense
    across = inner[ClosestPoints(inner).find(outer)[1]]
    return np.concatenate([outer, inner, (outer + across) / 2])


class _Mesh:
    """Skin and eyeballs with colours; the skin's inside is dark, as neither head has a throat."""

    def __init__(
        self,
        points: FloatArray,
        skin: IntArray,
        balls: tuple[IntArray, IntArray],
        lips: ClosestPoints,
        mouth: slice = slice(0),
    ) -> None:
        n = len(points)
        self._triangles = np.concatenate([skin, *balls, skin[:, ::-1] + n])
        redness = np.exp(-((lips.find(points)[0] / _LIP_MM) ** 2))[:, None]
        colours = (1 - redness) * np.array(_SKIN) + redness * np.array(_LIPS)
        colours[mouth] = _INSIDE
        for ball in balls:
            used = np.unique(ball)
            arms = points[used] - points[used].mean(axis=0)
            angle = np.degrees(np.arccos(arms[:, 2] / np.linalg.norm(arms, axis=1)))[:, None]
            colours[used] = np.where(
                angle < _PUPIL_DEG, _PUPIL, np.where(angle < _IRIS_DEG, _IRIS, _WHITE)
            )
        self._colours = np.concatenate([colours, np.broadcast_to(_INSIDE, (n, 3))])

    def paint(self, points: FloatArray, view: View) -> NDArray[np.uint8]:
        """[height, width, 3]."""
        twice = np.concatenate([points, points]).astype(np.float32)
        stays = np.zeros((len(ARKIT_BLENDSHAPES), 1, 3), np.float32)
        asset = HeadAsset(twice, stays, self._triangles, self._colours.astype(np.float32))
        return Painter(asset).paint(_NO_SHAPES, view)[0]
