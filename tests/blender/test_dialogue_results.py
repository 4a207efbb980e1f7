"""Results are kept on the disk, the oldest given up first."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from blender_addon.dialogue.results import load_result, store_result
from mynah_shared.testing.clips import make_clip

pytestmark = pytest.mark.bpy


def test_results_are_dropped_oldest_first(tmp_path: Path) -> None:
    clip = make_clip(n_frames=100)
    store_result(tmp_path, "a", clip, {"seed": 1})
    size = (tmp_path / "a.npz").stat().st_size
    for key in "bc":
        time.sleep(0.02)
        store_result(tmp_path, key, clip, {})
    found = load_result(tmp_path, "a")  # which makes it the youngest
    assert found is not None
    assert (found[0].values == clip.values).all()
    assert found[1] == {"seed": 1}
    time.sleep(0.02)
    store_result(tmp_path, "d", clip, {}, limit=2 * size + size // 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "d.npz"]


def test_a_disk_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store_result(tmp_path / "file", "a", make_clip(), {})
    assert load_result(tmp_path / "file", "a") is None
