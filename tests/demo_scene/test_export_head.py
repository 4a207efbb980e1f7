"""The head as a file: the one that ships is the one that the code builds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bpy", reason="the head is built in Blender; see .venv/blender")

from demo_scene.anatomy import Anatomy
from demo_scene.export_head import STEP_MM, head_arrays
from demo_scene.head import build_parts
from demo_scene.shapes import build_shapes

pytestmark = pytest.mark.bpy


def test_the_file_that_ships_is_this_head(repository: Path) -> None:
    parts = build_parts()
    shapes = build_shapes(Anatomy(parts))
    arrays = head_arrays(parts, shapes)

    folder = repository / "inference_daemon" / "mynah_daemon" / "pictures"
    with np.load(folder / "head.npz") as shipped:
        assert set(shipped.files) == set(arrays)
        np.testing.assert_array_equal(shipped["triangles"], arrays["triangles"])
        for name in ("positions", "colours"):  # the last step may be rounded otherwise elsewhere
            np.testing.assert_allclose(shipped[name], arrays[name].astype(int), atol=1)

    ends = arrays["shape_ends"].astype(int)
    jaw = list(arrays["shapes"]).index("jawOpen")
    rows = slice(ends[jaw - 1], ends[jaw])
    moved = np.zeros((len(arrays["positions"]), 3))
    moved[arrays["moved_vertices"][rows]] = STEP_MM * arrays["moves"][:, rows].T
    x, y, z = shapes["jawOpen"].T
    np.testing.assert_allclose(moved, np.stack([x, z, -y], axis=1), atol=STEP_MM)
