"""The demo head's anatomy, measured on its vertices in millimetres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

bpy = pytest.importorskip("bpy", reason="the head is built in Blender; see .venv/blender")

from demo_scene import eyelids, lips  # noqa: E402 (bpy must be there first)
from demo_scene.anatomy import Anatomy  # noqa: E402
from demo_scene.head import build_head, build_parts  # noqa: E402
from demo_scene.sculpt import EYE_CENTRE, EYE_RADIUS  # noqa: E402
from demo_scene.shapes import Shapes, build_shapes  # noqa: E402

if TYPE_CHECKING:
    from demo_scene.sculpt import Points

pytestmark = pytest.mark.bpy


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return Anatomy(build_parts())


@pytest.fixture(scope="module")
def shapes(anatomy: Anatomy) -> Shapes:
    return build_shapes(anatomy)


def lip_gap(anatomy: Anatomy, moved: Points) -> Points:
    """Heights [N] of the upper over the lower lip along their line; below 0 they are pressed."""
    ring = (anatomy.points + moved)[anatomy.contact_ring()]
    half = lips.SPOKES // 2
    return ring[1:half, 2] - ring[:half:-1, 2]


def test_the_52_shapes_exist_and_move_something(anatomy: Anatomy, shapes: Shapes) -> None:
    assert set(shapes) == set(ARKIT_BLENDSHAPES)
    for name, delta in shapes.items():
        assert delta.shape == anatomy.points.shape
        assert np.isfinite(delta).all()
        assert 2.0 < np.linalg.norm(delta, axis=1).max() < 60.0, name


def test_lips_are_sealed_at_rest(anatomy: Anatomy) -> None:
    gap = lip_gap(anatomy, anatomy.zeros())
    assert gap.min() > -3.0
    assert gap.max() < 0.0


def test_the_open_jaw_parts_the_lips_by_34_mm(anatomy: Anatomy, shapes: Shapes) -> None:
    gap = lip_gap(anatomy, shapes["jawOpen"]).max()
    assert 30.0 <= gap <= 38.0


@pytest.mark.parametrize("amount", [0.1, 0.5, 1.0])
def test_mouth_close_seals_what_jaw_open_parted(
    anatomy: Anatomy, shapes: Shapes, amount: float
) -> None:
    gap = lip_gap(anatomy, amount * (shapes["jawOpen"] + shapes["mouthClose"]))
    assert gap.max() < 0.0


@pytest.mark.parametrize("name", ["mouthPucker", "mouthSmileLeft", "mouthPressLeft", "cheekPuff"])
def test_these_shapes_keep_the_lips_together(anatomy: Anatomy, shapes: Shapes, name: str) -> None:
    assert lip_gap(anatomy, shapes[name]).max() < 0.0


def test_pucker_narrows_the_mouth_and_smile_widens_it(anatomy: Anatomy, shapes: Shapes) -> None:
    def width(moved: Points) -> float:
        ring = (anatomy.points + moved)[anatomy.contact_ring()]
        return float(ring[0, 0] - ring[lips.SPOKES // 2, 0])

    rest = width(anatomy.zeros())
    assert width(shapes["mouthPucker"]) < 0.7 * rest
    assert width(shapes["mouthPucker"] + shapes["mouthFunnel"]) > 0.2 * rest
    assert width(shapes["mouthSmileLeft"] + shapes["mouthSmileRight"]) > 1.25 * rest


def test_a_blink_covers_the_eye(anatomy: Anatomy, shapes: Shapes) -> None:
    rest, closed = anatomy.points, anatomy.points + shapes["eyeBlinkLeft"]
    rings = eyelids.build_lids()
    edge = rings.points[rings.edge > 0][: eyelids.SPOKES]
    index = [int(np.linalg.norm(rest - p, axis=1).argmin()) for p in edge]
    upper, lower = index[1 : eyelids.SPOKES // 2], index[: eyelids.SPOKES // 2 : -1]
    assert (rest[upper, 2] - rest[lower, 2]).max() > 14.0
    assert (closed[upper, 2] - closed[lower, 2]).max() < 0.3


def test_the_eyeball_turns_and_keeps_its_size(anatomy: Anatomy, shapes: Shapes) -> None:
    ball = anatomy.mask("left eyeball")
    turned = (anatomy.points + shapes["eyeLookOutLeft"])[ball]
    radius = np.linalg.norm(turned - EYE_CENTRE, axis=1)
    np.testing.assert_allclose(radius, EYE_RADIUS, atol=0.01)
    front = anatomy.points[ball, 1].argmin()
    assert shapes["eyeLookOutLeft"][ball][front, 0] > 5.0


@pytest.mark.parametrize("name", [n for n in ARKIT_BLENDSHAPES if n.endswith("Left")])
def test_left_and_right_mirror_each_other(anatomy: Anatomy, shapes: Shapes, name: str) -> None:
    left = shapes[name]
    right = shapes[name.removesuffix("Left") + "Right"]
    ring = anatomy.contact_ring()
    mirrored = np.roll(left[ring][::-1], lips.SPOKES // 2 + 1, axis=0) * [-1, 1, 1]
    np.testing.assert_allclose(right[ring], mirrored, atol=0.3)
    assert np.abs(left).sum() == pytest.approx(np.abs(right).sum(), rel=0.05)


def test_blender_gets_one_object_at_rest() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    head = build_head()
    blocks = head.data.shape_keys.key_blocks
    assert [block.name for block in blocks] == ["Basis", *ARKIT_BLENDSHAPES]
    assert all(block.value == 0.0 for block in blocks[1:])
    assert 3_000 < len(head.data.vertices) < 10_000
    assert not head.data.validate()
